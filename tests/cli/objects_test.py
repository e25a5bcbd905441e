"""Objects end to end: what `headrace dump` says of them against NumPy's own way from the JSON."""

import json
import os
import pathlib
import struct
import zlib

import pytest

numpy = pytest.importorskip("numpy")

DATA = pathlib.Path(os.environ.get("HEADRACE_DATA", "")) / "coco-mini"

HEAD = """
[dataset]
source = "coco"
path = "{path}"
{more}

[loader]
batch_size = {batch}
shuffle = "{shuffle}"
tail = "exact"
workers = {workers}

[output]
dtype = "u8"
layout = "nhwc"
pin = "none"

[decode]
checkpoints = "off"
"""

# Resized to 200 x 160, mirrored, the middle 150 x 120 kept.
RESIZED = (200, 160)
KEPT = (150, 120)
OPS = """
[[augment]]
op = "resize"
size = [160, 200]

[[augment]]
op = "random_horizontal_flip"
p = 1

[[augment]]
op = "center_crop"
size = [120, 150]
"""


@pytest.fixture(params=["coco", "pixelwise"])
def annotated(request):
    if not DATA.is_dir():
        pytest.skip("no sample pictures with objects")
    return DATA / request.param


def write_config(tmp_path, path, ops=OPS, batch=64, workers=1, more="", shuffle="none"):
    file = tmp_path / f"config-{workers}.toml"
    file.write_text(HEAD.format(path=path, batch=batch, workers=workers, more=more, shuffle=shuffle) + ops)
    return file


def dump(good, config, out):
    good("dump", config, "-o", out)
    return [json.loads(path.read_text()) for path in sorted(out.glob("*.targets.json"))]


def numbers_of(text):
    """COCO's run lengths from their text, by the definition."""
    runs, i = [], 0
    while i < len(text):
        value, shift, more = 0, 0, True
        while more:
            symbol = ord(text[i]) - 48
            value |= (symbol & 31) << shift
            more, shift, i = bool(symbol & 32), shift + 5, i + 1
            if not more and symbol & 16:
                value |= -1 << shift
        if len(runs) > 2:
            value += runs[-2]
        runs.append(value)
    return runs


def mask_of(rle):
    height, width = rle["size"]
    runs = numbers_of(rle["counts"]) if isinstance(rle["counts"], str) else rle["counts"]
    flat = numpy.repeat(numpy.arange(len(runs)) % 2, runs).astype(bool)
    assert flat.size == height * width
    return flat.reshape(width, height).T


def outline_mask(rings, width, height):
    """Pixels whose centre is inside: even-odd in each ring, the union over them."""
    x, y = numpy.meshgrid(numpy.arange(width) + 0.5, numpy.arange(height) + 0.5)
    union = numpy.zeros((height, width), bool)
    for ring in rings:
        inside = numpy.zeros((height, width), bool)
        for (ax, ay), (bx, by) in zip(ring, numpy.roll(ring, -1, axis=0)):
            if ay == by:
                continue
            crosses = (y >= min(ay, by)) & (y < max(ay, by))
            inside ^= crosses & (x >= ax + (y - ay) * (bx - ax) / (by - ay))
        union |= inside
    return union


def expected_mask(annotation, image):
    """Where the object is after OPS."""
    width, height = image["width"], image["height"]
    segmentation = annotation["segmentation"]
    left, top = (RESIZED[0] - KEPT[0]) / 2, (RESIZED[1] - KEPT[1]) / 2
    if isinstance(segmentation, list):
        rings = []
        for ring in segmentation:
            points = numpy.array(ring, float).reshape(-1, 2)
            points = numpy.clip(points, 0, [width, height]) * [RESIZED[0] / width, RESIZED[1] / height]
            points[:, 0] = RESIZED[0] - points[:, 0]
            rings.append(points - [left, top])
        return outline_mask(rings, *KEPT)
    mask = mask_of(segmentation)
    columns = RESIZED[0] - (numpy.arange(KEPT[0]) + left + 0.5)
    rows = numpy.arange(KEPT[1]) + top + 0.5
    return mask[(rows * height / RESIZED[1]).astype(int)][:, (columns * width / RESIZED[0]).astype(int)]


def iou(a, b):
    return (a & b).sum() / max((a | b).sum(), 1)


def test_targets_are_where_numpy_puts_them(good, annotated, tmp_path):
    batches = dump(good, write_config(tmp_path, annotated), tmp_path / "out")
    assert len(batches) == 1
    targets = batches[0]
    coco = json.loads((annotated / "instances.json").read_text())
    images = sorted(coco["images"], key=lambda image: image["file_name"])
    categories = sorted(category["id"] for category in coco["categories"])
    assert targets["count"] == len(images)
    seen = 0
    for row, image in enumerate(images):
        first, end = targets["offsets"][row : row + 2]
        at = {targets["ids"][k]: k for k in range(first, end)}
        wanted = [a for a in coco["annotations"] if a["image_id"] == image["id"]]
        order = [a["id"] for a in wanted if a["id"] in at]
        assert list(at) == order, "in the order of the file"
        for annotation in wanted:
            mask = expected_mask(annotation, image)
            if mask.sum() == 0 or annotation["id"] not in at:
                assert mask.sum() <= 2
                continue
            k = at[annotation["id"]]
            found = mask_of(targets["masks"][k])
            assert iou(found, mask) >= (0.98 if mask.sum() > 100 else 0.8), annotation["id"]
            assert targets["area"][k] == found.sum()
            assert targets["classes"][k] == categories.index(annotation["category_id"])
            assert targets["crowd"][k] == annotation.get("iscrowd", 0)
            assert targets["weights"][k] == 1
            rows, columns = numpy.nonzero(found)
            box = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
            assert targets["boxes"][k] == box
            seen += 1
    assert seen >= 0.7 * len(coco["annotations"])


def test_i11_pixelwise_agrees_with_the_colours_of_its_masks(good, tmp_path):
    """The very pixels: no op but a crop that keeps all that a batch can."""
    if not DATA.is_dir():
        pytest.skip("no sample pictures with objects")
    image = pytest.importorskip("PIL.Image")
    colours = {"Laptop": 0, "Pizza": 1, "Table": 2}
    ops = '[[augment]]\nop = "center_crop"\nsize = [853, 1280]\n'
    batches = dump(good, write_config(tmp_path, DATA / "pixelwise", ops), tmp_path / "out")
    coco = json.loads((DATA / "pixelwise" / "instances.json").read_text())
    images = sorted(coco["images"], key=lambda one: one["file_name"])
    names = {c["id"]: c["name"] for c in coco["categories"]}
    for row, one in enumerate(images):
        stem = pathlib.Path(one["file_name"]).stem
        painted = numpy.asarray(image.open(DATA / "pixelwise" / "masks" / f"{stem}.png").convert("RGB"))
        top = (853 - one["height"]) // 2
        for k in range(*batches[0]["offsets"][row : row + 2]):
            annotation = next(a for a in coco["annotations"] if a["id"] == batches[0]["ids"][k])
            found = mask_of(batches[0]["masks"][k])[top : top + one["height"]]
            wanted = painted[..., colours[names[annotation["category_id"]]]] == 255
            others = painted.any(axis=2) & ~wanted  # what lies before it is cut out of one of the two
            assert iou(found & ~others, wanted) >= 0.98, (stem, annotation["id"])


def test_workers_change_nothing(good, annotated, tmp_path):
    ops = """
[[augment]]
op = "random_resized_crop"
size = 96
[[augment]]
op = "random_horizontal_flip"
[[augment]]
op = "random_rotation"
degrees = 20
[[augment]]
op = "trivial_augment_wide"
[[mix]]
op = "cutmix"
alpha = 1.0
mode = "element"
[[mix]]
op = "rmix"
"""
    texts = []
    for workers in (1, 4):
        out = tmp_path / str(workers)
        good("dump", write_config(tmp_path, annotated, ops, 6, workers, "", "full"), "-o", out, "--epochs", "2")
        texts.append({p.name: p.read_bytes() for p in sorted(out.iterdir())})
    assert texts[0] == texts[1]
    assert sum(name.endswith(".targets.json") for name in texts[0]) >= 2


def test_masks_in_place_of_annotations(good, tmp_path):
    """The demo set has both; what they say is the same."""
    demo = tmp_path / "demo"
    good("synth", demo, "--images", "12", "--classes", "3")
    by_json = dump(good, write_config(tmp_path, demo), tmp_path / "json")
    more = f'masks = "{demo}/masks"'
    by_mask = dump(good, write_config(tmp_path, demo, more=more), tmp_path / "mask")
    assert by_json[0]["offsets"] == by_mask[0]["offsets"]
    assert by_json[0]["masks"] == by_mask[0]["masks"]
    assert by_json[0]["boxes"] == by_mask[0]["boxes"]
    assert by_json[0]["offsets"][-1] >= 12


def test_bad_annotations_and_pictures_go_the_way_of_bad_samples(run, tmp_path):
    demo = tmp_path / "demo"
    assert run("synth", demo, "--images", "6", "--classes", "2").code == 0
    file = demo / "instances.json"
    coco = json.loads(file.read_text())
    images = sorted(coco["images"], key=lambda image: image["file_name"])
    first = next(a for a in coco["annotations"] if a["image_id"] == images[0]["id"])
    first["segmentation"] = [[1, 2, 3, 4, 5]]
    images[1]["width"] += 1
    for annotation in coco["annotations"]:
        if annotation["image_id"] == images[1]["id"]:
            annotation["segmentation"]["size"][1] += 1
            annotation["segmentation"]["counts"][-1] += images[1]["height"]
    file.write_text(json.dumps(coco))
    (demo / "images" / images[2]["file_name"]).unlink()
    config = write_config(tmp_path, demo)
    config.write_text(config.read_text().replace("[loader]", '[loader]\non_corrupt = "mark"\ncorrupt_budget = 1.0'))
    result = run("dump", config, "-o", tmp_path / "out", "-v")
    assert result.code == 0, result
    assert f"annotation {first['id']}: its polygons are not lists of an even number" in result.err
    assert f"{images[1]['file_name']}: the picture has another size than its annotations say" in result.err
    assert f"{images[2]['file_name']}: " in result.err
    assert "1 of 6 pictures are not in" in result.err
    targets = json.loads((tmp_path / "out" / "000000.targets.json").read_text())
    assert targets["offsets"][:4] == [0, 0, 0, 0]
    assert targets["offsets"][-1] >= 3


def write_png(path, values, bits, kind):
    """A PNG of a depth and a kind of colour that Pillow does not write."""

    def chunk(name, content):
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    height, width = values.shape[:2]
    if bits == 4:
        rows = values[:, 0::2] << 4 | values[:, 1::2]
    else:
        rows = values.astype(f">u{bits // 8}")
    content = b"".join(b"\0" + row.tobytes() for row in rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(content))
        + chunk(b"IEND", b"")
    )


def test_an_annotation_file_that_is_mostly_hole_is_named(run, tmp_path):
    with open(tmp_path / "instances.json", "wb") as file:
        try:
            file.truncate(1 << 40)
        except OSError:
            pytest.skip("no files of that size here")
    result = run("digest", write_config(tmp_path, tmp_path))
    assert result.code == 2, result
    assert "instances.json: is not JSON from byte" in result.err


def test_large_masks_take_no_more_memory_than_the_plan_says(run, tmp_path):
    image = pytest.importorskip("PIL.Image")
    side = 5000
    image.new("RGB", (side, side), (90, 120, 150)).save(tmp_path / "0.jpg")
    for i in range(1, 6):
        os.link(tmp_path / "0.jpg", tmp_path / f"{i}.jpg")
    images = [{"id": i, "file_name": f"{i}.jpg", "width": side, "height": side} for i in range(6)]
    full = {"size": [side, side], "counts": [0, side * side]}
    annotations = [{"id": i, "image_id": i, "category_id": 1, "segmentation": full} for i in range(6)]
    coco = {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "a"}]}
    file = tmp_path / "instances.json"
    ops = '[[augment]]\nop = "random_resized_crop"\nsize = 64\nscale = 1\nratio = 1\n'
    config = write_config(tmp_path, tmp_path, ops, batch=1, workers=2)
    peaks = []
    for counts in ([side * side], [0, side * side]):
        full["counts"] = counts
        file.write_text(json.dumps(coco))
        out = tmp_path / "bench.json"
        assert run("bench", config, "--json", out).code == 0
        peaks.append(json.loads(out.read_text())["peak_anon_bytes"])
    assert peaks[1] < peaks[0] + (16 << 20), "a plane of such a mask has 25 MB"


def test_label_masks_of_every_form(run, tmp_path):
    image = pytest.importorskip("PIL.Image")
    pictures, masks = tmp_path / "set", tmp_path / "masks"
    labels = numpy.zeros((40, 60), numpy.uint8)
    labels[5:15, 10:30] = 1
    labels[20:30, 10:30] = 2
    labels[0:40, 50:60] = 7

    def picture(name):
        path = pictures / name
        path.parent.mkdir(parents=True, exist_ok=True)
        image.new("RGB", (60, 40), (90, 120, 150)).save(path)

    def mask(name, made):
        path = masks / name
        path.parent.mkdir(parents=True, exist_ok=True)
        made.save(path)

    # 0: grey, by relative path. 1: by stem; a palette in which 0 is not black and 1 and 2 look alike.
    picture("cat/0.png")
    mask("cat/0.png", image.fromarray(labels))
    picture("cat/1.png")
    palette = image.fromarray(labels, "P")
    palette.putpalette([9, 9, 9] + [200, 10, 10] * 255)
    mask("1.png", palette)
    # 2: colours, some of them grey. 3: none. 4: 16 bits. 5: of another size.
    picture("dog/2.png")
    colours = numpy.array([[0, 0, 0], [255, 0, 0], [7, 7, 7]] + [[0, 0, 0]] * 4 + [[0, 0, 7]], numpy.uint8)
    mask("dog/2.png", image.fromarray(colours[labels]))
    picture("dog/3.png")
    picture("dog/4.png")
    mask("dog/4.png", image.fromarray(labels.astype(numpy.uint16) * 300))
    picture("dog/5.png")
    mask("dog/5.png", image.fromarray(labels[:, 1:]))
    # 6: colours of 16 bits. 7, 8: one bit and four bits of grey. 9: four bits of indices.
    picture("dog/6.png")
    write_png(masks / "dog" / "6.png", labels[..., None].astype(">u2") * [257, 1, 1], 16, 2)
    picture("dog/7.png")
    mask("dog/7.png", image.fromarray(labels > 0))
    picture("dog/8.png")
    write_png(masks / "dog" / "8.png", labels, 4, 0)
    picture("dog/9.png")
    palette = image.fromarray(labels, "P")
    palette.putpalette([9, 9, 9] + [200, 10, 10] * 15)
    masks.joinpath("dog").mkdir(exist_ok=True)
    palette.save(masks / "dog" / "9.png", bits=4)
    assert (masks / "dog" / "9.png").read_bytes()[24] == 4

    ops = '[[augment]]\nop = "center_crop"\nsize = [40, 60]\n'
    config = write_config(tmp_path, pictures, ops, more=f'masks = "{masks}"')
    config.write_text(config.read_text().replace("[loader]", '[loader]\non_corrupt = "mark"\ncorrupt_budget = 1.0'))
    result = run("dump", config, "-o", tmp_path / "out")
    assert result.code == 0, result
    targets = json.loads((tmp_path / "out" / "000000.targets.json").read_text())
    assert targets["offsets"] == [0, 3, 6, 9, 9, 9, 9, 9, 10, 13, 16]
    assert targets["ids"][9:] == [1] + [1, 2, 7] * 2
    for row, ids in enumerate(([1, 2, 7], [1, 2, 7], [0x000007, 0x070707, 0xFF0000])):
        at = dict(zip(targets["ids"][3 * row :], range(3 * row, 3 * row + 3)))
        assert sorted(at) == ids
        values = [1, 2, 7] if row < 2 else [7, 2, 1]
        for value, name in zip(values, ids):
            assert (mask_of(targets["masks"][at[name]]) == (labels == value)).all()
            assert targets["classes"][at[name]] == row // 2
    assert "1 pictures have no mask" in result.err
    assert result.err.count("a mask of 16 bits is not in this version") == 2
    assert "5.png: the picture has another size than its annotations say" in result.err


def test_what_is_wrong_with_the_folders_is_said(run, tmp_path):
    image = pytest.importorskip("PIL.Image")
    (tmp_path / "set").mkdir()
    (tmp_path / "masks").mkdir()
    image.new("RGB", (60, 40)).save(tmp_path / "set" / "a.png")

    def error_of(path, more):
        result = run("digest", write_config(tmp_path, path, more=more))
        assert result.code == 2 or result.code == 1, result
        assert result.err.count("\n") == 1
        return result.err

    more = f'masks = "{tmp_path}/masks"'
    assert "none of the pictures of" in error_of(tmp_path / "set", more)
    assert "a.png" in error_of(tmp_path / "set", more)
    assert "is not a folder" in error_of(tmp_path / "nowhere", more)
    assert "is not a folder" in error_of(tmp_path / "set", 'masks = "nowhere"')
    assert "lie in no folders that are classes" in error_of(tmp_path / "set", more + '\nclasses = ["cat"]')
