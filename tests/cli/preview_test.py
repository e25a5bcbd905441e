"""headrace preview: a sheet that opens, with the right pictures on it."""

import json
import struct

import pytest

from npy import Array

MIX = '\n[[mix]]\nop = "mixup"\nalpha = 1.0\n'


def png_size(path):
    content = path.read_bytes()
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    assert content[12:16] == b"IHDR"
    return struct.unpack(">II", content[16:24])


def test_the_sheet_is_a_png_of_the_size_told(good, config, tmp_path):
    sheet = tmp_path / "sheet.png"
    said = json.loads(good("preview", config, "-o", sheet, "--count", "10", "--json", "-").out)
    assert said["images"] == 10
    assert png_size(sheet) == (said["width"], said["height"])


def test_stdout_is_empty_without_json(good, config, tmp_path):
    assert good("preview", config, "-o", tmp_path / "sheet.png").out == ""


def test_count_is_more_than_a_batch_and_at_most_an_epoch(good, config, tmp_path):
    arguments = ["-o", tmp_path / "s.png", "--count", "100", "--json", "-"]
    assert json.loads(good("preview", config, *arguments).out)["images"] == 24


def test_it_shows_what_the_model_sees(good, config, demo, tmp_path):
    """The pixels of the first cell are those of dump, with mean and std undone."""
    image_module = pytest.importorskip("PIL.Image")
    numpy = pytest.importorskip("numpy")
    size = ["-s", "augment.0.size=128"]
    good("preview", config, "-o", tmp_path / "sheet.png", "--count", "1", *size)
    good("dump", config, "-o", tmp_path, "--batches", "1", *size)
    model = numpy.load(tmp_path / "000000.images.npy")[0].transpose(1, 2, 0)
    wanted = (model * [0.229, 0.224, 0.225] + [0.485, 0.456, 0.406]) * 255
    with image_module.open(tmp_path / "sheet.png") as opened:
        sheet = numpy.asarray(opened.convert("RGB")).astype(float)
    cell = sheet[8:136, 8:136]
    assert numpy.abs(cell - wanted).max() <= 1.0
    # Below it there is writing.
    assert (sheet[136:] > 200).any()


@pytest.mark.parametrize(
    "change",
    [
        "output.dtype=u8",
        "output.channels=1",
        "output.layout=nhwc",
        "loader.tail=pad",
        "loader.workers=1",
    ],
)
def test_any_output_can_be_shown(run, config, tmp_path, change):
    lines = config.read_text().splitlines(keepends=True)
    plain = config.parent / "preview.toml"
    plain.write_text("".join(line for line in lines if not line.startswith(("mean", "std"))))
    result = run("preview", plain, "-o", tmp_path / "sheet.png", "--count", "26", "-s", change)
    if "not in this version" in result.err:
        pytest.skip(result.err.strip())
    assert result.code == 0 and result.err == "", result
    png_size(tmp_path / "sheet.png")


def colours(path):
    image_module = pytest.importorskip("PIL.Image")
    with image_module.open(path) as opened:
        return {colour for _, colour in opened.convert("RGB").getcolors(1 << 24)}


def test_mixed_samples_show_the_second_label(good, config, demo, tmp_path):
    mixed = demo / "preview_mixed.toml"
    mixed.write_text(config.read_text() + MIX)
    good("preview", mixed, "-o", tmp_path / "mixed.png")
    good("preview", config, "-o", tmp_path / "plain.png")
    second_ink = (140, 200, 255)
    assert second_ink in colours(tmp_path / "mixed.png")
    assert second_ink not in colours(tmp_path / "plain.png")


@pytest.mark.parametrize("rule,ink", [("mark", (255, 90, 80)), ("substitute", (255, 190, 70))])
def test_bad_samples_are_framed(run, demo, write_config, tmp_path, rule, ink):
    folder = tmp_path / "images" / "only"
    folder.mkdir(parents=True)
    for path in sorted((demo / "images").rglob("*.jpg"))[:7]:
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 no picture")
    file = write_config("images")
    change = ["-s", f"loader.on_corrupt={rule}", "-s", "loader.corrupt_budget=1.0"]
    result = run("preview", file, "-o", tmp_path / "sheet.png", *change)
    assert result.code == 0, result
    assert "broken.jpg" in result.err
    assert ink in colours(tmp_path / "sheet.png")


def test_the_original_beside_each(good, config, demo, tmp_path):
    """The left half of the first cell is the source picture, untouched when there is room."""
    image_module = pytest.importorskip("PIL.Image")
    size = ["-s", "augment.0.size=250"]
    good("preview", config, "-o", tmp_path / "two.png", "--count", "1", "--original", *size)
    good("dump", config, "-o", tmp_path, "--batches", "1", *size)
    sample = Array(tmp_path / "000000.ids.npy").values()[0]
    paths = sorted((demo / "images").rglob("*.jpg"), key=lambda path: str(path).encode())
    with image_module.open(paths[sample]) as opened:
        source = opened.convert("RGB")
    left = 8 + (250 - source.width) // 2
    top = 8 + (250 - source.height) // 2
    with image_module.open(tmp_path / "two.png") as opened:
        shown = opened.convert("RGB").crop((left, top, left + source.width, top + source.height))
    assert shown.tobytes() == source.tobytes()


def test_wrong_lines(run, config, tmp_path):
    for arguments in ([], ["-o", "sheet.gif"], ["-o", "sheet"], ["-o", "s.png", "--count", "0"]):
        result = run("preview", config, *arguments, cwd=tmp_path)
        assert result.code == 2, result
        assert result.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_an_unwritable_place_fails(run, config, tmp_path):
    result = run("preview", config, "-o", tmp_path / "none" / "sheet.png")
    assert result.code == 1
    assert result.err.count("\n") == 1


def test_an_error_is_the_configurations_own(run, config, tmp_path):
    result = run("preview", config, "-o", tmp_path / "s.png", "-s", "loader.batch_size=1000")
    assert result.code in (1, 2)
    assert "batch_size" in result.err and "mean" not in result.err
    assert list(tmp_path.iterdir()) == []


def test_objects_are_boxed_and_tinted_where_the_data_set_knows_them(good, config, demo, tmp_path):
    image_module = pytest.importorskip("PIL.Image")
    numpy = pytest.importorskip("numpy")
    sheets = {}
    for source, path in (("folder", demo / "images"), ("coco", demo)):
        change = ["-s", f'dataset.source="{source}"', "-s", f'dataset.path="{path}"', "-s", 'loader.shuffle="none"',
                  "-s", "augment.0.size=128"]
        good("preview", config, "-o", tmp_path / f"{source}.png", "--count", "1", *change)
        good("dump", config, "-o", tmp_path / source, "--batches", "1", *change)
        sheets[source] = numpy.asarray(image_module.open(tmp_path / f"{source}.png").convert("RGB")).astype(int)
    assert sheets["folder"].shape == sheets["coco"].shape
    changed = (sheets["folder"] != sheets["coco"]).any(axis=2)[8 : 8 + 128, 8 : 8 + 128]
    targets = json.loads((tmp_path / "coco" / "000000.targets.json").read_text())
    assert targets["offsets"][1] >= 1
    inside = numpy.zeros((128, 128), bool)
    for k in range(targets["offsets"][1]):
        left, top, right, bottom = (int(side) for side in targets["boxes"][k])
        inside[top:bottom, left:right] = True
        # The frame stands on the box's own outermost pixels.
        assert changed[bottom - 1, left:right].mean() > 0.9
        inside[top : top + 10, left:] = True  # the name may be wider
    assert changed.any()
    assert not (changed & ~inside).any(), "nothing else is touched"


def test_a_mix_that_asks_for_a_model_gets_one(good, run, config, tmp_path):
    """The sheet is another one than without the mix, and stderr says what stands in."""
    good("preview", config, "-o", tmp_path / "plain.png", "--count", "4")
    mix = ["-s", 'mix=[{ op = "ace" }]']
    done = run("preview", config, "-o", tmp_path / "ace.png", "--count", "4", *mix)
    assert done.code == 0, done
    assert "stands in" in done.err
    assert (tmp_path / "ace.png").read_bytes() != (tmp_path / "plain.png").read_bytes()


def test_an_error_beside_a_model_is_the_users_own(run, config, tmp_path):
    done = run("preview", config, "-o", tmp_path / "s.png", "-s", 'mix=[{ op = "ace" }]',
               "-s", "loader.batch_size=100000")
    assert done.code == 2
    assert "batch_size" in done.err and "model" not in done.err


def test_an_epoch_of_a_list_or_of_weights(good, config, tmp_path):
    def sheet(*arguments):
        good("preview", config, "-o", tmp_path / "sheet.png", "--count", "4", *arguments)
        return (tmp_path / "sheet.png").read_bytes()

    listed = tmp_path / "ids.txt"
    listed.write_text("# the hard ones\n 7\r\n\n7\n7\n7")
    weighted = tmp_path / "weights.txt"
    weighted.write_text("".join(f"{1e-3 if i == 7 else 0}\n" for i in range(30)))
    small = ("-s", "loader.batch_size=4", "-s", "loader.epoch_samples=4")
    chosen = sheet("--sample-ids", listed, *small[:2])
    assert chosen == sheet("--sample-weights", weighted, *small) != sheet()


@pytest.mark.parametrize(
    "text, said",
    [
        ("1\n2 3\n", ':2: found "2 3", expected the id of a sample'),
        ("1.5\n", ':1: found "1.5", expected the id of a sample'),
        ("99999999999999999999\n", ':1: found "99999999999999999999"'),
        ("# none\n", "there is no number in it"),
        ("", "there is no number in it"),
        ("30\n", "sample_ids: found 30 at index 0"),
        ("-1\n", "sample_ids: found -1 at index 0"),
    ],
)
def test_a_list_that_cannot_be_is_told(run, config, tmp_path, text, said):
    listed = tmp_path / "ids.txt"
    listed.write_text(text)
    result = run("preview", config, "-o", tmp_path / "sheet.png", "--sample-ids", listed)
    assert result.code == 2 and said in result.err and "ids" in result.err, result
    assert not (tmp_path / "sheet.png").exists()


def test_a_list_that_is_not_there_is_told(run, config, tmp_path):
    for place in (tmp_path / "none.txt", tmp_path):
        result = run("preview", config, "-o", tmp_path / "sheet.png", "--sample-weights", place)
        assert result.code == 2 and str(place) in result.err, result
