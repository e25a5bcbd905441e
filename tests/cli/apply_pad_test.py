"""pad, random_crop, cutout and random_erasing against numpy.pad and slices."""

import re

import pytest

IMAGE = pytest.importorskip("PIL.Image", reason="makes and reads the pictures")
np = pytest.importorskip("numpy", reason="numpy.pad is the reference here")

MODES = ["constant", "edge", "reflect", "symmetric"]
SIZES = [(1, 1), (1, 7), (7, 1), (3, 2), (40, 31)]  # width, height
FILL = (9, 60, 200)


def pixels(path):
    with IMAGE.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    random = np.random.default_rng(5)
    made = {}
    for width, height in SIZES:
        path = folder / f"{width}x{height}.png"
        made[path] = random.integers(0, 256, (height, width, 3), dtype=np.uint8)
        IMAGE.fromarray(made[path]).save(path)
    return made


def places(length, before, after, mode):
    """Where each pixel of a padded line comes from; -1 for none. numpy's pad, an end at a time:
    before 2.0 it goes wrong where both ends are longer than the line."""
    line = np.arange(length)
    if mode == "constant":
        return np.pad(line, (before, after), constant_values=-1)
    return np.concatenate([np.pad(line, (before, 0), mode=mode)[:before], line,
                           np.pad(line, (0, after), mode=mode)[length:]])


def padded(array, left, top, right, bottom, mode):
    height, width = array.shape[:2]
    array = array[max(-top, 0):height - max(-bottom, 0), max(-left, 0):width - max(-right, 0)]
    rows = places(array.shape[0], max(top, 0), max(bottom, 0), mode)
    columns = places(array.shape[1], max(left, 0), max(right, 0), mode)
    result = array[rows][:, columns].copy()
    result[rows < 0] = FILL
    result[:, columns < 0] = FILL
    return result


def run_op(good, picture, out, op, arguments=()):
    return good("apply", picture, "-o", out, "--op", op, *arguments).out


def number_list(key, text):
    return [int(v) for v in re.search(rf"^{key} = \[(.*?)\]", text, re.M)[1].split(",")]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("padding", [(1, 2, 3, 4), (0, 0, 0, 0), (11, 0, 0, 9), (50, 3, 60, 70)])
def test_pad_is_numpys(good, pictures, tmp_path, mode, padding):
    for picture, array in pictures.items():
        run_op(good, picture, tmp_path / "out.png",
               f'op = "pad", padding = {list(padding)}, mode = "{mode}", fill = {list(FILL)}')
        assert np.array_equal(pixels(tmp_path / "out.png"), padded(array, *padding, mode))


@pytest.mark.parametrize("mode", MODES)
def test_padding_below_zero_cuts(good, pictures, tmp_path, mode):
    picture, array = list(pictures.items())[-1]
    for padding in [(-3, 4, 5, -6), (-1, -2, -3, -4), (7, -5, -5, 7)]:
        run_op(good, picture, tmp_path / "out.png",
               f'op = "pad", padding = {list(padding)}, mode = "{mode}", fill = {list(FILL)}')
        assert np.array_equal(pixels(tmp_path / "out.png"), padded(array, *padding, mode))


@pytest.mark.parametrize("mode", MODES)
def test_random_crop_is_a_window_of_the_padded_picture(good, pictures, tmp_path, mode):
    picture, array = list(pictures.items())[-1]
    whole = padded(array, 6, 5, 4, 3, mode)
    seen = set()
    for sample in range(8):
        text = run_op(good, picture, tmp_path / "out.png",
                      f'op = "random_crop", size = [20, 25], padding = [6, 5, 4, 3], '
                      f'mode = "{mode}", fill = {list(FILL)}', ["--explain", "--sample", sample])
        top, left, height, width = number_list("at", text)
        assert (height, width) == (20, 25)
        seen.add((top, left))
        assert np.array_equal(pixels(tmp_path / "out.png"),
                              whole[top:top + height, left:left + width])
    assert len(seen) > 4


def test_pad_if_needed_grows_both_ends(good, pictures, tmp_path):
    picture, array = list(pictures.items())[-1]  # 40 x 31
    whole = padded(array, 10, 9, 10, 9, "reflect")
    for sample in range(5):
        text = run_op(good, picture, tmp_path / "out.png",
                      'op = "random_crop", size = [40, 50], pad_if_needed = true, '
                      'mode = "reflect"', ["--explain", "--sample", sample])
        top, left, height, width = number_list("at", text)
        assert np.array_equal(pixels(tmp_path / "out.png"),
                              whole[top:top + height, left:left + width])


def test_a_picture_smaller_than_the_crop_is_told(run, pictures, tmp_path):
    picture = next(iter(pictures))
    result = run("apply", picture, "-o", tmp_path / "out.png", "--op",
                 'op = "random_crop", size = 8')
    assert result.code == 1
    assert "random_crop" in result.err and "pad_if_needed" in result.err


def test_random_erasing_changes_its_box_only(good, pictures, tmp_path):
    picture, array = list(pictures.items())[-1]
    for sample in range(10):
        text = run_op(good, picture, tmp_path / "out.png",
                      f'op = "random_erasing", p = 1, value = {list(FILL)}',
                      ["--explain", "--sample", sample])
        wanted = array.copy()
        if "at = " in text:
            top, left, height, width = number_list("at", text)
            wanted[top:top + height, left:left + width] = FILL
        assert np.array_equal(pixels(tmp_path / "out.png"), wanted)


def test_cutout_is_cut_at_the_border(good, pictures, tmp_path):
    picture, array = list(pictures.items())[-1]
    for row, column in [(0, 0), (30, 39), (15, 20), (3, 38)]:
        run_op(good, picture, tmp_path / "out.png",
               f'op = "cutout", length = 11, fill = {list(FILL)}, at = [{row}, {column}]')
        wanted = array.copy()
        wanted[max(row - 5, 0):row + 5, max(column - 5, 0):column + 5] = FILL
        assert np.array_equal(pixels(tmp_path / "out.png"), wanted)
