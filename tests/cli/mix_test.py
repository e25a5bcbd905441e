"""headrace dump with [[mix]]: pixels, labels, lambda and partners, made a second time in NumPy from the
batches without a mix and the streams of docs/rng.md."""

import importlib.util
import math
import pathlib

import pytest

from random_stream import RandomStream

np = pytest.importorskip("numpy")

HEIGHT, WIDTH, BATCH, BATCHES, SEED = 48, 40, 9, 3, 7
CONFIG = """
[dataset]
path = "{path}"
[loader]
batch_size = 9
seed = 7
[output]
pin = "none"
labels = "soft"
dtype = "DTYPE"
layout = "LAYOUT"
[decode]
checkpoints = "off"
jpeg = "JPEG"
[[augment]]
op = "random_resized_crop"
size = [48, 40]
[[augment]]
op = "random_horizontal_flip"
"""


def load(folder, number, name):
    return np.load(folder / f"{number:06}.{name}.npy")


class Dump:
    """The first batches of the photographs, as [B, C, H, W]."""

    def __init__(self, folder, layout):
        self.batches = []
        for number in range(BATCHES):
            arrays = {
                name: load(folder, number, name) for name in ("images", "labels", "ids", "lambda", "partner")
            }
            if layout == "nhwc":
                arrays["images"] = arrays["images"].transpose(0, 3, 1, 2)
            self.batches.append(arrays)


@pytest.fixture(scope="module")
def dump(good, photographs, tmp_path_factory):
    """dump(mix, dtype, layout, jpeg) -> Dump; mix: [[mix]] entries as TOML, or nothing."""
    made = {}

    def call(mix="[]", dtype="f32", layout="nchw", jpeg="exact", more=()):
        key = (mix, dtype, layout, jpeg, tuple(more))
        if key not in made:
            folder = tmp_path_factory.mktemp("mix")
            text = CONFIG.format(path=photographs[0].parents[1])
            text = text.replace("DTYPE", dtype).replace("LAYOUT", layout).replace("JPEG", jpeg)
            (folder / "config.toml").write_text(text)
            changes = [part for change in (f"mix={mix}", *more) for part in ("-s", change)]
            good("dump", folder / "config.toml", "-o", folder, "--batches", BATCHES, *changes)
            made[key] = Dump(folder, layout)
        return made[key]

    return call


def box_of(stream, lam):
    cut_height, cut_width = int(HEIGHT * math.sqrt(1 - lam)), int(WIDTH * math.sqrt(1 - lam))
    y, x = stream.below(HEIGHT), stream.below(WIDTH)
    rows = slice(max(0, y - cut_height // 2), min(HEIGHT, y + cut_height // 2))
    columns = slice(max(0, x - cut_width // 2), min(WIDTH, x + cut_width // 2))
    return rows, columns


def draws_of(stream, op, p, alpha):
    fires = stream.unit() < p
    lam = stream.beta(alpha, alpha)
    rows, columns = box_of(stream, lam)
    if op == "cutmix":
        lam = 1 - max(0, rows.stop - rows.start) * max(0, columns.stop - columns.start) / (HEIGHT * WIDTH)
    return fires, np.float32(lam), rows, columns


def partners_of(rule, stream):
    order = list(range(BATCH))
    if rule == "perm":
        for i in range(BATCH - 1, 0, -1):
            j = stream.below(i + 1)
            order[i], order[j] = order[j], order[i]
        return order
    return order[-1:] + order[:-1] if rule == "roll" else order[::-1]


def expect_labels(clean, mixed, smoothing=0.0):
    classes = clean["labels"].shape[1]
    soft = clean["labels"] * (1 - smoothing) + smoothing / classes
    lam = mixed["lambda"][:, None].astype(np.float64)
    expected = lam * soft + (1 - lam) * soft[mixed["partner"]]
    np.testing.assert_allclose(mixed["labels"], expected, atol=1e-6)
    np.testing.assert_allclose(mixed["labels"].sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("op", ["mixup", "cutmix"])
@pytest.mark.parametrize(
    "mode, rule", [("batch", "roll"), ("batch", "perm"), ("pair", "flip"), ("element", "flip"), ("element", "perm")]
)
def test_mixup_and_cutmix(dump, op, mode, rule):
    p, alpha, smoothing = 0.7, 0.8, 0.1
    entry = (
        f'{{ op = "{op}", p = {p}, alpha = {alpha}, mode = "{mode}", partner = "{rule}", '
        f"label_smoothing = {smoothing} }}"
    )
    mixed_samples = 0
    for number, (clean, mixed) in enumerate(zip(dump().batches, dump(f"[{entry}]").batches)):
        np.testing.assert_array_equal(clean["ids"], mixed["ids"])
        stream = RandomStream(SEED, 0, number, f"mix/{op}")
        draws = [None] * BATCH
        if mode == "pair":
            for i in range(BATCH // 2):
                draws[i] = draws[BATCH - 1 - i] = draws_of(stream, op, p, alpha)
            partners = partners_of("flip", stream)
        else:
            of_all = draws_of(stream, op, p, alpha)
            partners = partners_of(rule, stream)
            for i, sample in enumerate(clean["ids"]):
                draws[i] = of_all
                if mode == "element":
                    own = RandomStream(SEED, 0, int(sample), f"mix/{op}/element")
                    draws[i] = draws_of(own, op, p, alpha)
        for i, j in enumerate(partners):
            own, other = clean["images"][i], clean["images"][j]
            fires, lam, rows, columns = draws[i] or (False, 1, None, None)
            if i == j or not fires or lam == 1:
                j, lam, expected = i, 1, own
            elif op == "mixup":
                expected = lam * own + (np.float32(1) - lam) * other
                mixed_samples += 1
            else:
                expected = own.copy()
                expected[:, rows, columns] = other[:, rows, columns]
                mixed_samples += 1
            assert mixed["partner"][i] == j
            assert abs(mixed["lambda"][i] - lam) < 1e-6
            # The C library's logarithms give another last digit of lambda now and then.
            np.testing.assert_allclose(mixed["images"][i], expected, atol=1e-6)
        expect_labels(clean, mixed, smoothing)
    assert mixed_samples > BATCHES


def saliency_maker():
    path = pathlib.Path(__file__).parents[1] / "golden" / "make_saliency_golden.py"
    spec = importlib.util.spec_from_file_location("make_saliency_golden", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def patch_edges(patches, length):
    return [i * length // patches for i in range(patches + 1)]


def masks_of(maker, saliency, pictures, ids, patches, number):
    """Masks, and whether each is sure: no patch lies within rounding of the threshold."""
    masks, sure = [], []
    for picture, sample in zip(pictures, ids):
        grid = {"sr": maker.sr, "sobel": maker.sobel, "contrast": maker.contrast}[saliency](picture)
        grid = grid * maker.prior()
        edges = patch_edges(patches, 64)
        pooled = np.array(
            [
                [grid[edges[r] : edges[r + 1], edges[c] : edges[c + 1]].mean() for c in range(patches)]
                for r in range(patches)
            ]
        )
        q = 0.11 * RandomStream(SEED, 0, int(sample), "mix/rmix/quantile").below(10)
        ordered = np.sort(pooled.reshape(-1))
        place = q * (ordered.size - 1)
        low = int(place)
        high = min(low + 1, ordered.size - 1)
        threshold = ordered[low] + (place - low) * (ordered[high] - ordered[low])
        masks.append(pooled >= threshold if low < place else pooled >= threshold * (1 - 1e-9))
        others = np.abs(pooled - threshold) / pooled.max()
        sure.append(place == low or others.min() > 1e-4)
    return masks, sure


@pytest.mark.parametrize("saliency", ["sr", "sobel", "contrast"])
@pytest.mark.parametrize("dtype, layout, jpeg", [("f32", "nchw", "fast"), ("u8", "nhwc", "exact"), ("f16", "nhwc", "fast")])
def test_rmix(dump, saliency, dtype, layout, jpeg):
    maker = saliency_maker()
    pictures = dump(dtype="u8", jpeg=jpeg).batches
    plain = dump(dtype=dtype, layout=layout, jpeg=jpeg).batches
    entry = f'{{ op = "rmix", saliency = "{saliency}", alpha = 0.9, label_smoothing = 0.1 }}'
    mixed_batches = dump(f"[{entry}]", dtype=dtype, layout=layout, jpeg=jpeg).batches
    compared = 0
    for number, (u8, clean, mixed) in enumerate(zip(pictures, plain, mixed_batches)):
        stream = RandomStream(SEED, 0, number, "mix/rmix")
        stream.unit()
        patches = (2, 4)[stream.below(2)]
        share = stream.beta(0.9, 0.9)
        if dtype == "u8":
            share = math.floor(share * 256 + 0.5) / 256
        order = partners_of("perm", stream)
        partner = list(range(BATCH))
        for a, b in zip(order[0::2], order[1::2]):
            partner[a], partner[b] = b, a
        assert mixed["partner"].tolist() == partner
        masks, sure = masks_of(
            maker, saliency, u8["images"].transpose(0, 2, 3, 1), u8["ids"], patches, number
        )
        rows, columns = patch_edges(patches, HEIGHT), patch_edges(patches, WIDTH)
        for i, j in enumerate(partner):
            own, other = (clean["images"][k].astype(np.float64) for k in (i, j))
            expected, lam = own.copy(), 1.0
            if i != j:
                if not (sure[i] and sure[j]):
                    continue
                lam = 0.0
                for r in range(patches):
                    for c in range(patches):
                        part = np.s_[:, rows[r] : rows[r + 1], columns[c] : columns[c + 1]]
                        a, b = masks[i][r, c], masks[j][r, c]
                        weight = share if a == b else float(a)
                        expected[part] = weight * own[part] + (1 - weight) * other[part]
                        lam += weight * (rows[r + 1] - rows[r]) * (columns[c + 1] - columns[c])
                lam /= HEIGHT * WIDTH
                compared += 1
            assert abs(mixed["lambda"][i] - lam) < 1e-6
            found = mixed["images"][i].astype(np.float64)
            if dtype == "u8":
                np.testing.assert_array_equal(found, np.floor(expected + 0.5))
            else:
                np.testing.assert_allclose(found, expected, atol=1e-6 if dtype == "f32" else 6e-4)
        expect_labels(clean, mixed, 0.1)
    assert compared >= 20


@pytest.mark.parametrize(
    "mix",
    [
        '[{ op = "mixup", mode = "element" }, { op = "cutmix", mode = "pair" }, { op = "rmix" }]',
        '[{ op = "rmix", pairing = "permute", lam_per_pair = true, patches = [3, 7] }]',
    ],
)
def test_workers_change_nothing(dump, mix):
    one = dump(mix, more=["loader.workers=1"]).batches
    four = dump(mix, more=["loader.workers=4", "loader.prefetch_batches=1"]).batches
    for a, b in zip(one, four):
        for name, values in a.items():
            np.testing.assert_array_equal(values, b[name], err_msg=name)


def test_a_mix_leaves_the_samples_alone(dump):
    """What p leaves unmixed keeps its bytes."""
    for mode in ("batch", "pair", "element"):
        entry = f'[{{ op = "cutmix", p = 0.4, mode = "{mode}" }}]'
        kept = 0
        for clean, mixed in zip(dump().batches, dump(entry).batches):
            for i in np.flatnonzero(mixed["partner"] == np.arange(BATCH)):
                np.testing.assert_array_equal(clean["images"][i], mixed["images"][i])
                kept += 1
        assert kept > 0, mode


def test_saliency_maps_that_are_missing_are_told(run, config, tmp_path):
    result = run("digest", config, "-s", 'mix=[{ op = "rmix", saliency = "maps" }]')
    assert result.code == 2
    assert "saliency_maps" in result.err
