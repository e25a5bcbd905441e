"""instaboost and object_zoom end to end: drawn objects of one colour each are under their masks."""

import json
import random

import pytest

from objects_test import dump, mask_of, write_config

numpy = pytest.importorskip("numpy")
Image = pytest.importorskip("PIL.Image")
ImageDraw = pytest.importorskip("PIL.ImageDraw")

WIDTH, HEIGHT = 240, 180
GROUND = (90, 100, 110)
COLOURS = [(250, 20, 20), (20, 250, 20), (30, 30, 250)]
PICTURES = 12
INSTABOOST = '[[augment]]\nop = "instaboost"\np = 1.0\n'
# Changes nothing; a list has to say that all pictures come out alike.
SAME_SIZE = '[[augment]]\nop = "center_crop"\nsize = [180, 240]\n'


def star(draw_from, x, y, radius):
    points = []
    for i in range(12):
        r = radius * (1 if i % 2 == 0 else draw_from.uniform(0.5, 0.8))
        points += [x + r * numpy.cos(i * numpy.pi / 6), y + r * numpy.sin(i * numpy.pi / 6)]
    return [float(round(v, 2)) for v in points]


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """Pictures on which category k has the colour k, with outlines, a mask, a box each."""
    folder = tmp_path_factory.mktemp("drawn")
    draw_from = random.Random(4)
    images, annotations = [], []
    for number in range(PICTURES):
        picture = Image.new("RGB", (WIDTH, HEIGHT), GROUND)
        pen = ImageDraw.Draw(picture)
        images.append({"id": number, "file_name": f"{number:02}.png", "width": WIDTH, "height": HEIGHT})
        for kind, colour in enumerate(COLOURS):
            x, y = 45 + 75 * kind, draw_from.uniform(50, 130)
            ring = star(draw_from, x, y, draw_from.uniform(25, 34))
            pen.polygon([tuple(ring[i : i + 2]) for i in range(0, len(ring), 2)], fill=colour)
            entry = {"id": 10 * number + kind, "image_id": number, "category_id": kind + 1}
            if kind == 1:
                flat = (numpy.asarray(picture) == colour).all(-1).T.ravel()
                edges = numpy.flatnonzero(numpy.diff(flat.astype(int))) + 1
                counts = numpy.diff([0, *edges, flat.size]).tolist()
                entry["segmentation"] = {"size": [HEIGHT, WIDTH], "counts": counts}
            else:
                entry["segmentation"] = [ring]
            annotations.append(entry)
        picture.save(folder / f"{number:02}.png")
    kinds = [{"id": k + 1, "name": f"kind{k}"} for k in range(len(COLOURS))]
    text = {"images": images, "annotations": annotations, "categories": kinds}
    (folder / "instances.json").write_text(json.dumps(text))
    return folder


def grown(mask, pixels):
    out = mask.copy()
    for _ in range(pixels):
        padded = numpy.pad(out, 1)
        out = sum(padded[dy : dy + mask.shape[0], dx : dx + mask.shape[1]]
                  for dy in range(3) for dx in range(3)) > 0
    return out


def shrunk(mask, pixels):
    """An object's edge may lie just outside of the picture."""
    padded = numpy.pad(mask, pixels)
    return ~grown(~padded, pixels)[pixels:-pixels, pixels:-pixels]


def check(images, target, edge, least):
    """Inside a mask, but for its edge, is the colour of its class; far from all of them, none."""
    seen = moved = 0
    size = list(images.shape[1:3])
    for sample in range(target["count"]):
        first, end = target["offsets"][sample : sample + 2]
        apart = numpy.zeros(size, bool)
        pixels = images[sample].astype(int)
        for i in range(first, end):
            mask = mask_of(target["masks"][i])
            core = shrunk(mask, edge)
            colour = numpy.array(COLOURS[target["classes"][i]])
            assert abs(pixels[core] - colour).max(initial=0) <= 12, (sample, i)
            seen += core.sum()
            moved += target["flags"][i] & 1
            apart |= grown(mask, edge)
        rest = pixels[~apart]
        # Nothing of the bright colours is anywhere else.
        assert rest.max(initial=0) <= 140, sample
    assert seen > least
    return moved


@pytest.mark.parametrize("more", ["", "heatmap = true\n", 'occlusion = "none"\nscale = [0.5, 0.8]\n',
                                  "actions = { hflip = 1, vflip = 1 }\nrotate = 30\n"])
def test_objects_are_under_their_masks(good, drawn, tmp_path, more):
    config = write_config(tmp_path, drawn, ops=INSTABOOST + more + SAME_SIZE, batch=PICTURES)
    [target] = dump(good, config, tmp_path / "out")
    images = numpy.load(tmp_path / "out/000000.images.npy")
    assert images.shape == (PICTURES, HEIGHT, WIDTH, 3)
    assert check(images, target, 5, 3000) > 20


def test_later_ops_take_them_along(good, drawn, tmp_path):
    ops = INSTABOOST + ('[[augment]]\nop = "random_resized_crop"\nsize = [200, 260]\nscale = [0.5, 1.0]\n'
                        '[[augment]]\nop = "random_horizontal_flip"\n')
    config = write_config(tmp_path, drawn, ops=ops, batch=PICTURES)
    [target] = dump(good, config, tmp_path / "out")
    check(numpy.load(tmp_path / "out/000000.images.npy"), target, 12, 3000)


@pytest.mark.parametrize("mode", ["crop", "rescale", "lens"])
def test_object_zoom_takes_them_along(good, drawn, tmp_path, mode):
    ops = f'[[augment]]\nop = "object_zoom"\np = 1.0\nsize = [180, 240]\nmodes = {{ {mode} = 1 }}\n'
    config = write_config(tmp_path, drawn, ops=ops, batch=PICTURES)
    [target] = dump(good, config, tmp_path / "out")
    # A lens may show the ring of another object, whose outline is straight between its points.
    check(numpy.load(tmp_path / "out/000000.images.npy"), target, 10, 2000)


def test_workers_change_nothing(good, drawn, tmp_path):
    ops = INSTABOOST + ("heatmap = true\n" '[[augment]]\nop = "object_zoom"\nsize = 64\n'
                        '[[augment]]\nop = "random_resized_crop"\nsize = 64\n')
    lines = {good("digest", write_config(tmp_path, drawn, ops=ops, batch=4, workers=workers)).out
             for workers in (1, 2, 5)}
    assert len(lines) == 1 and lines.pop().count("\n") == 3


def flat_folder(tmp_path, ops):
    """A configuration of a plain folder, in whose pictures there is nothing to see."""
    folder = tmp_path / "flat/all"
    folder.mkdir(parents=True)
    for number in range(4):
        Image.new("RGB", (60, 50), (90, 90, 90)).save(folder / f"{number}.png")
    config = tmp_path / "flat.toml"
    config.write_text(f'[dataset]\npath = "{folder.parent}"\n[loader]\nbatch_size = 2\nworkers = 1\n'
                      '[output]\npin = "none"\n' + ops)
    return config


def test_a_data_set_without_annotations_is_told(run, tmp_path):
    result = run("digest", flat_folder(tmp_path, INSTABOOST + SAME_SIZE))
    assert result.code == 0 and result.out.count("\n") == 2
    assert "instaboost" in result.err and "annotations" in result.err, result


def test_what_object_zoom_does_not_find_is_counted(good, tmp_path):
    config = flat_folder(tmp_path, '[[augment]]\nop = "object_zoom"\np = 1.0\nsize = 32\n')
    report = json.loads(good("bench", config, "--epochs", "1", "--json", "-").out)
    assert report["object_zoom_fallbacks"] >= 4
    assert report["jpeg"] == "exact: object_zoom stands before the first crop or resize"
