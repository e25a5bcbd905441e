"""The noise ops against numpy, with their field made here from its documentation; the blur against
torchvision where that is installed, else against the formula."""

import re
from statistics import NormalDist

import pytest

IMAGE = pytest.importorskip("PIL.Image", reason="makes and reads the pictures")
np = pytest.importorskip("numpy", reason="the reference here")


def pixels(path):
    with IMAGE.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


@pytest.fixture(scope="module")
def picture(tmp_path_factory):
    array = np.random.default_rng(6).integers(0, 256, (37, 50, 3), dtype=np.uint8)
    path = tmp_path_factory.mktemp("pictures") / "noise.png"
    IMAGE.fromarray(array).save(path)
    return path, array


def run_op(good, path, out, op, arguments=()):
    return good("apply", path, "-o", out, "--op", op, *arguments).out


def words(key, count):
    """The first words of a field: Philox4x32-10, blocks counted from 0."""
    mask = np.uint64(0xFFFFFFFF)
    blocks = np.arange((count + 3) // 4, dtype=np.uint64)
    c = [blocks & mask, blocks >> np.uint64(32), blocks * np.uint64(0), blocks * np.uint64(0)]
    key0, key1 = key & 0xFFFFFFFF, key >> 32
    for _ in range(10):
        p0, p1 = np.uint64(0xD2511F53) * c[0], np.uint64(0xCD9E8D57) * c[2]
        c = [(p1 >> np.uint64(32)) ^ c[1] ^ np.uint64(key0), p1 & mask,
             (p0 >> np.uint64(32)) ^ c[3] ^ np.uint64(key1), p0 & mask]
        key0 = (key0 + 0x9E3779B9) & 0xFFFFFFFF
        key1 = (key1 + 0xBB67AE85) & 0xFFFFFFFF
    return np.stack(c, axis=-1).reshape(-1)[:count]


def normals(key, shape):
    values = words(key, int(np.prod(shape)))
    inverse = NormalDist().inv_cdf
    sizes = [-inverse((int(w & np.uint64(0x7FFFFFFF)) | 1) / 2**32) for w in values]
    signs = np.where(values >> np.uint64(31), -1, 1)
    return (np.array(sizes) * signs).reshape(shape)


def close_to(got, exact):
    """Rounded; the table of normals is 4e-4 from exact, so what lies next to a half may differ."""
    exact = np.clip(exact, 0, 255)
    return np.all(np.abs(got - exact) <= 0.52) and np.mean(got != np.rint(exact)) < 0.02


def test_gaussian_noise_is_its_formula(good, picture, tmp_path):
    path, array = picture
    run_op(good, path, tmp_path / "out.png",
           'op = "gaussian_noise", sigma = 0.1, mean = 0.05, noise_key = 123456789012345')
    noise = normals(123456789012345, array.shape)
    assert close_to(pixels(tmp_path / "out.png"), array + 25.5 * noise + 12.75)


def test_noise_of_pixels_is_shared_by_their_channels(good, picture, tmp_path):
    path, array = picture
    run_op(good, path, tmp_path / "out.png",
           'op = "gaussian_noise", sigma = 0.05, per_channel = false, noise_key = 5')
    noise = normals(5, array.shape[:2])[..., None]
    assert close_to(pixels(tmp_path / "out.png"), array + 12.75 * noise)


def test_speckle_is_its_formula(good, picture, tmp_path):
    path, array = picture
    run_op(good, path, tmp_path / "out.png", 'op = "speckle_noise", sigma = 0.2, noise_key = 7')
    assert close_to(pixels(tmp_path / "out.png"), array + array * 0.2 * normals(7, array.shape))


def test_salt_and_pepper_is_its_formula(good, picture, tmp_path):
    path, array = picture
    run_op(good, path, tmp_path / "out.png",
           'op = "salt_pepper_noise", amount = 0.3, salt_vs_pepper = 0.25, noise_key = 8')
    units = (words(8, 2 * 37 * 50) >> np.uint64(8)) / 2**24
    changed, salt = units[0::2].reshape(37, 50) < 0.3, units[1::2].reshape(37, 50) < 0.25
    wanted = array.copy()
    wanted[changed & salt] = 255
    wanted[changed & ~salt] = 0
    assert np.array_equal(pixels(tmp_path / "out.png"), wanted)


@pytest.mark.parametrize("peak", [3, 60, 255])
def test_poisson_noise_is_the_inverse_of_its_distribution(good, picture, tmp_path, peak):
    path, array = picture
    run_op(good, path, tmp_path / "out.png", f'op = "poisson_noise", peak = {peak}, noise_key = 9')
    uniform = (words(9, array.size) >> np.uint64(1)).reshape(array.shape) / 2**31
    mean = array / 255 * peak
    term, below = np.exp(-mean), np.zeros(array.shape)
    count = np.zeros(array.shape)
    for k in range(1, 500):
        below += term
        count += uniform >= below
        term = term * mean / k
    wanted = np.clip(np.rint(count / peak * 255), 0, 255)
    assert np.array_equal(pixels(tmp_path / "out.png"), wanted)


@pytest.mark.parametrize("op", ['op = "gaussian_noise"', 'op = "salt_pepper_noise"',
                                'op = "poisson_noise", peak = [5, 50]', 'op = "speckle_noise"',
                                'op = "random_erasing", value = "random", p = 1',
                                'op = "gaussian_blur"'])
def test_explain_reproduces(good, picture, tmp_path, op):
    path, _ = picture
    text = run_op(good, path, tmp_path / "first.png", op, ["--explain", "--seed", "3"])
    entry = text.split("[[augment]]")[1].strip().replace("\n", ", ")
    run_op(good, path, tmp_path / "again.png", entry, ["--seed", "44"])
    assert np.array_equal(pixels(tmp_path / "first.png"), pixels(tmp_path / "again.png"))


def blurred(array, kernel, sigma):
    """torchvision's result for a PIL image, or the formula if it is not here."""
    width, height = kernel
    if width // 2 < array.shape[1] and height // 2 < array.shape[0]:
        try:
            from torchvision.transforms import functional
        except ImportError:
            pass
        else:
            return np.asarray(functional.gaussian_blur(IMAGE.fromarray(array), [width, height],
                                                       [sigma, sigma])).astype(float)
    result = array.astype(float)
    for axis, size in ((1, width), (0, height)):
        offsets = np.arange(size) - size // 2
        weights = np.exp(-0.5 * (offsets / sigma) ** 2)
        weights /= weights.sum()
        around = [(0, 0)] * 3
        around[axis] = (size // 2, size // 2)
        wide = np.pad(result, around, mode="reflect")
        length = result.shape[axis]
        result = sum(w * np.take(wide, range(i, i + length), axis=axis)
                     for i, w in enumerate(weights))
    return np.rint(result)


@pytest.mark.parametrize("kernel", [(5, 5), (3, 9), (23, 23), (31, 1), (45, 33), (255, 101)])
@pytest.mark.parametrize("sigma", [0.1, 0.8, 2.0, 9.0])
def test_blur_is_within_one_of_torchvision(good, picture, tmp_path, kernel, sigma):
    path, array = picture
    run_op(good, path, tmp_path / "out.png",
           f'op = "gaussian_blur", kernel_size = {list(kernel)}, sigma = {sigma}')
    off = np.abs(pixels(tmp_path / "out.png") - blurred(array, kernel, sigma))
    assert off.max() <= 1
    assert np.mean(off > 0) < 0.05
