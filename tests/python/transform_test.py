"""headrace.Transform: what a loader makes of a sample, from a file, bytes or pixels; threads, crops, replays."""

import concurrent.futures
import io
import pathlib
import pickle

import numpy as np
import pytest

headrace = pytest.importorskip("headrace", reason="the Python package is not built")
pillow = pytest.importorskip("PIL.Image")
from headrace import ops  # noqa: E402

AUGMENT = [ops.RandomResizedCrop(24), ops.RandomHorizontalFlip(), ops.RandAugment(), ops.RandomErasing(p=0.7)]
MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """12 pictures, JPEG and PNG, in 2 classes."""
    root = tmp_path_factory.mktemp("pictures")
    for number in range(12):
        dice = np.random.RandomState(number)
        pixels = np.repeat(np.repeat(dice.randint(0, 255, (9, 11, 3), np.uint8), 6, 0), 7, 1)
        path = root / "ab"[number % 2] / f"{number:02}.{'jpg' if number % 3 else 'png'}"
        path.parent.mkdir(exist_ok=True)
        pillow.fromarray(pixels).save(path)
    return root


@pytest.mark.parametrize("dtype", ["u8", "f16", "bf16", "f32"])
@pytest.mark.parametrize("layout", ["nchw", "nhwc"])
def test_gives_what_the_loader_gives(folder, dtype, layout):
    output = {"dtype": dtype, "layout": layout}
    if dtype != "u8":
        output.update(mean=MEAN, std=STD)
    transform = headrace.Transform(AUGMENT, output=output, seed=5)
    loader = headrace.Loader(
        dataset=folder, augment=AUGMENT, output=output, seed=5, batch_size=4, shuffle="none", jpeg="exact",
        checkpoints="off", loader={"workers": 2},
    )
    for epoch in range(2):
        for batch in loader:
            images = np.asarray(batch.images)
            for row, number in enumerate(np.asarray(batch.ids)):
                path = folder / loader.sample_path(int(number))
                found = transform(path, epoch=epoch, sample=int(number))
                assert found.dtype == images.dtype and found.shape == images[row].shape
                assert (np.asarray(found) == images[row]).all()
    loader.close()


def test_a_file_its_bytes_and_its_pixels_are_one(folder):
    transform = headrace.Transform(AUGMENT)
    path = folder / "a" / "00.png"
    pixels = np.asarray(pillow.open(path))
    expected = transform(path, seed=3, sample=9)
    for image in (str(path), path.read_bytes(), memoryview(path.read_bytes()), pixels, pillow.open(path)):
        assert (np.asarray(transform(image, seed=3, sample=9)) == expected).all()
    assert expected.shape == (24, 24, 3) and expected.dtype == np.uint8


def test_explain_reproduces_what_was_drawn(folder):
    path = folder / "b" / "01.jpg"
    transform = headrace.Transform(AUGMENT)
    for sample in range(5):
        expected = transform(path, sample=sample)
        again = headrace.Transform([transform.explain()])
        assert (again(path, sample=77) == expected).all()


def test_crops(folder):
    path = folder / "a" / "00.png"
    transform = headrace.Transform([ops.Resize(40)])
    whole = transform(path)
    five = transform.crops(path, (10, 20))
    assert (transform.crops(path, np.array([10, 20])) == five).all()
    ten = transform.crops(path, (10, 20), 10)
    assert five.shape == (5, 10, 20, 3) and (ten[:5] == five).all()
    assert (five[0] == whole[:10, :20]).all() and (five[3] == whole[-10:, -20:]).all()
    assert (ten[5:] == five[:, :, ::-1]).all()
    floats = headrace.Transform([ops.Resize(40)], output={"mean": MEAN, "std": STD}).crops(path, 10)
    assert floats.shape == (5, 3, 10, 10) and floats.dtype == np.float32
    with pytest.raises(headrace.InvalidArgumentError, match="a side is 0 or more than the picture's"):
        transform.crops(path, 41)
    with pytest.raises(headrace.InvalidArgumentError, match="count: found 3; allowed: 5, 10"):
        transform.crops(path, 4, 3)


def test_threads_share_one(folder):
    transform = headrace.Transform(AUGMENT, output={"mean": MEAN, "std": STD})
    paths = sorted(folder.rglob("*.*"))
    jobs = [(path, sample) for sample in range(20) for path in paths]
    expected = [transform(path, sample=sample) for path, sample in jobs]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda job: transform(job[0], sample=job[1]), jobs))
    assert all((one == other).all() for one, other in zip(found, expected))


def test_a_copy_that_was_pickled_does_the_same(folder):
    transform = headrace.Transform(AUGMENT, output={"mean": MEAN, "std": STD}, seed=8)
    copy = pickle.loads(pickle.dumps(transform))
    path = folder / "b" / "01.jpg"
    assert (copy(path) == transform(path)).all()


def test_without_ops_it_decodes_as_pillow_does(folder):
    for path in folder.rglob("*.*"):
        found = headrace.Transform()(path)
        assert (found == np.asarray(pillow.open(path).convert("RGB"))).all()
    grey = pillow.fromarray(np.arange(100, dtype=np.uint8).reshape(10, 10))
    shown = headrace.Transform([ops.Invert()])(grey)
    assert shown.mode == "L" and (np.asarray(shown) == 255 - np.asarray(grey)).all()


def test_results_stay_when_the_transform_is_gone(folder):
    results = [headrace.Transform([ops.Resize(30)])(path) for path in sorted(folder.rglob("*.*")) * 5]
    sums = [int(result.sum()) for result in results]
    assert sums == [int(result.sum()) for result in results]
    results[0][:] = 0  # the caller's own


def test_bad_files_are_told(folder, tmp_path):
    transform = headrace.Transform([ops.Resize(30)])
    good = (folder / "b" / "01.jpg").read_bytes()
    with pytest.raises(headrace.SampleError):
        transform(good[: len(good) // 2])
    with pytest.raises(headrace.SampleError):
        transform(b"not a picture")
    with pytest.raises(headrace.SampleError):
        transform(b"")
    with pytest.raises(FileNotFoundError):
        transform(tmp_path / "no_such.jpg")
    small = headrace.Transform(limits={"max_side": 20})
    with pytest.raises(headrace.LimitError, match="max_side"):
        small(good)
    with pytest.raises(headrace.LimitError, match="max_side"):
        small(np.zeros((30, 30, 3), np.uint8))
    assert transform(good).shape[0] == 30  # still works


@pytest.mark.parametrize("call", [lambda transform, image: transform(image), lambda transform, image: transform.crops(image, 5)])
def test_a_bad_file_is_named(folder, tmp_path, call):
    broken = tmp_path / "bro ken.jpg"
    broken.write_bytes(b"not a picture")
    with pytest.raises(headrace.SampleError, match=r"bro ken\.jpg: .* picture format") as raised:
        call(headrace.Transform(), broken)
    assert raised.value.path == str(broken) and raised.value.name == "HR_UNSUPPORTED_FORMAT"
    small = headrace.Transform(limits={"max_side": 20})
    with pytest.raises(headrace.LimitError, match=r"01\.jpg: .*max_side") as raised:
        call(small, str(folder / "b" / "01.jpg"))
    assert raised.value.path == str(folder / "b" / "01.jpg")
    with pytest.raises(headrace.SampleError) as raised:
        call(headrace.Transform(), b"not a picture")  # of bytes nobody knows a path
    assert raised.value.path is None


def test_bad_configurations_are_told():
    with pytest.raises(headrace.ConfigError, match='size: found 0') as caught:
        headrace.Transform([ops.Resize(0)])
    assert caught.value.key == "augment.size"
    with pytest.raises(headrace.ConfigError, match='did you mean "mean"'):
        headrace.Transform(output={"meen": MEAN})
    with pytest.raises(headrace.ConfigError, match="output: found 3"):
        headrace.Transform(output=3)
    with pytest.raises(headrace.ConfigError, match="dtype"):
        headrace.Transform(output={"dtype": "f64"})


def test_nothing_is_kept_of_ten_thousand_calls(folder):
    resource = pytest.importorskip("resource")
    image = np.asarray(pillow.open(folder / "a" / "00.png"))
    file = io.BytesIO()
    pillow.fromarray(image).save(file, "JPEG")
    transform = headrace.Transform(AUGMENT)
    pages = pathlib.Path("/proc/self/statm")

    def resident():
        return int(pages.read_text().split()[1]) * resource.getpagesize()

    for sample in range(300):
        transform(image, sample=sample)
        transform(file.getvalue(), sample=sample)
    before = resident()
    for sample in range(5000):
        transform(image, sample=sample)
        transform(file.getvalue(), sample=sample)
    assert resident() - before < 8 << 20


def test_wrong_types_are_told_in_pythons_terms():
    for wrong in (None, 5, headrace.ops.Resize, [headrace.ops.Resize], [5]):
        with pytest.raises(headrace.ConfigError, match="allowed: .*op"):
            headrace.Transform(wrong)
    with pytest.raises(headrace.ConfigError, match=r'^\[output\] dtype: found "float32"') as raised:
        headrace.Transform(output={"dtype": "float32"})
    assert raised.value.key == "output.dtype"


@pytest.mark.parametrize(
    "wrong, key, suggestion",
    [
        ({"op": "resize", "size": "a"}, "augment.1.size", None),
        ({"op": "resize", "sise": 2}, "augment.1.sise", "size"),
        ({"op": "reszie"}, "augment.1.op", "resize"),
        ({"op": "resize", "size": object()}, "augment.1.size", None),
        ("op = 'resize', size = ", "augment.1", None),
    ],
)
def test_an_op_has_its_number_as_in_a_loader(folder, wrong, key, suggestion):
    with pytest.raises(headrace.ConfigError, match=f"^{key}: ") as raised:
        headrace.Transform([headrace.ops.Invert(), wrong])
    assert (raised.value.key, raised.value.suggestion) == (key, suggestion)
    if isinstance(wrong, dict):
        with pytest.raises(headrace.ConfigError) as of_loader:
            headrace.Loader(dataset=folder, augment=[headrace.ops.Invert(), wrong])
        assert (of_loader.value.key, str(of_loader.value)) == (key, str(raised.value))


def test_what_is_wrong_with_a_call_is_no_word_about_the_file(folder):
    for image in (folder / "a" / "00.png", (folder / "a" / "00.png").read_bytes(), np.zeros((8, 9, 3), np.uint8)):
        with pytest.raises(headrace.InvalidArgumentError, match="^view: the ops make none of that number; allowed: from 0") as raised:
            headrace.Transform()(image, view=3)
        assert (raised.value.key, raised.value.path) == ("view", None)


@pytest.mark.parametrize(
    "call, key",
    [
        (lambda image: headrace.Transform()(image, layout="x"), "layout"),
        (lambda image: headrace.Transform().crops(image, "a"), "size"),
        (lambda image: headrace.Transform().crops(image, (1, 2, 3)), "size"),
        (lambda image: headrace.Transform().crops(image, -1), "size"),
        (lambda image: headrace.Transform().crops(image, 4, 7), "count"),
        (lambda image: headrace.Transform()(image, sample=-1), "sample"),
    ],
)
def test_an_argument_that_cannot_be_is_named(call, key):
    with pytest.raises(headrace.InvalidArgumentError, match=f"^{key}: found ") as raised:
        call(np.zeros((8, 9, 3), np.uint8))
    assert raised.value.key == key


def test_a_batch_of_bf16_is_bf16():
    transform = headrace.Transform([headrace.ops.Resize((8, 8))], output={"dtype": "bf16"})
    images = np.random.default_rng(0).integers(0, 255, (2, 12, 14, 3), np.uint8)
    found = transform(images)
    assert isinstance(found, headrace.BFloat16Array) and found.shape == (2, 3, 8, 8)
    assert (found[1].float32() == transform(images[1], sample=1).float32()).all()
    assert isinstance(transform.crops(images[0], 4), headrace.BFloat16Array)
    torch = pytest.importorskip("torch")
    assert transform(torch.from_numpy(images)).dtype == torch.bfloat16
