"""Model and saliency callbacks, and what they do to a batch by hand."""

import gc
import weakref

import headrace
import numpy as np
import pytest

from conftest import SIZE

ACE = [{"op": "ace", "steps": 2, "p": 1.0}]
KEEP = {"keep_u8": True}


def darkness(images, labels, soft_labels, step):
    """A model whose loss is how dark a picture is: ACE has to make it darker."""
    count = images[0].size
    return -images.mean((1, 2, 3)), np.full_like(images, -1 / count)


def test_a_model_sees_what_training_sees(load):
    calls = []

    def model(images, labels, soft_labels, step):
        calls.append((images.shape, images.dtype, labels.copy(), soft_labels, step, images.copy()))
        return darkness(images, labels, soft_labels, step)

    batch = load(mix=ACE, model=model).next()
    clean = load().next()
    assert batch.mix.entry == 0 and not batch.mix.failed
    assert [call[4] for call in calls] == [0, 1]
    shape, dtype, labels, soft, _, images = calls[0]
    assert shape == (8, 3, SIZE, SIZE) and dtype == np.float32 and soft is None
    assert labels.dtype == np.int32 and labels.tolist() == clean.labels.tolist()
    assert np.abs(images - clean.images).max() < 1e-6
    assert batch.images.mean() < clean.images.mean()


def test_torch_tensors_are_taken(load):
    torch = pytest.importorskip("torch")

    def model(images, labels, soft_labels, step):
        tensor = torch.from_numpy(images)
        return -tensor.mean((1, 2, 3)), torch.full_like(tensor, -1.0), None

    assert not load(mix=ACE, model=model).next().mix.failed


@pytest.mark.parametrize(
    "answer, class_, text",
    [
        (lambda images: 1 / 0, ZeroDivisionError, "division"),
        (lambda images: None, ValueError, "loss, gradient"),
        (lambda images: (images.sum((1, 2, 3)),), ValueError, "loss, gradient"),
        (lambda images: (images.sum(), images), ValueError, r"expected \(8,\)"),
        (lambda images: (images.sum((1, 2, 3)), images[:3]), ValueError, "that of the images"),
        (lambda images: (["x"] * 8, images), TypeError, "loss"),
    ],
)
def test_what_a_model_raises_next_raises_and_the_batch_comes_after(load, answer, class_, text):
    loader = load(mix=ACE, model=lambda images, *rest: answer(images))
    clean = load().next()
    kept = iter(loader)
    with pytest.raises(class_, match=text):
        next(kept)
    batch = next(kept)
    assert batch.number == 0 and batch.mix.failed and batch.mix.entry == -1
    assert np.array_equal(batch.images, clean.images)
    with pytest.raises(class_):
        next(kept)


def test_a_keyboard_interrupt_in_a_model_comes_through(load):
    def model(*arguments):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load(mix=ACE, model=model).next()


def test_the_log_tells_of_a_failed_model_in_pythons_words(load):
    def model(*arguments):
        raise KeyError("mine")

    lines = []
    loader = load(mix=ACE, model=model, log=lambda level, text: lines.append(text))
    with pytest.raises(KeyError, match="mine"):
        loader.next()
    assert lines[-1] == (
        "[[mix]] ace: the model callback failed: it raised; "
        "batches come clean and unmixed when that happens (batch.mix.failed)"
    )
    assert loader.next().mix.failed


def test_saliency(load):
    seen = []

    def saliency(images, labels, soft_labels):
        seen.append(images.shape)
        return np.ones((len(images), 6, 6))

    mix = [{"op": "rmix", "saliency": "callback"}]
    batch = load(mix=mix, saliency=saliency).next()
    assert seen == [(8, 3, SIZE, SIZE)] and batch.mix.entry == 0 and not batch.mix.failed
    assert sorted(batch.mix.partner.tolist()) == list(range(8))
    with pytest.raises(ValueError, match="height, width"):
        load(mix=mix, saliency=lambda images, *rest: np.ones(8)).next()
    with pytest.raises(headrace.ConfigError, match="saliency"):
        load(mix=mix)


def test_a_model_that_is_needed_and_not_given(load):
    with pytest.raises(headrace.ConfigError, match="model"):
        load(mix=ACE)


def test_ace_by_hand(load):
    loader = load(output=KEEP)
    batch = loader.next()
    before = batch.images.copy()
    report = batch.ace(darkness, p=1.0, steps=3, final_eval=True)
    assert report["rows"] == 8 and report["calls"] == 4
    assert report["loss_after"] > report["loss_before"]
    assert batch.images.mean() < before.mean()


def test_ace_by_hand_refuses(load):
    loader = load(output=KEEP)
    batch = loader.next()
    before = batch.images.copy()
    with pytest.raises(ZeroDivisionError):
        batch.ace(lambda *arguments: 1 / 0, p=1.0)
    assert np.array_equal(batch.images, before)
    with pytest.raises(headrace.InvalidArgumentError, match="pieces"):
        batch.ace(darkness, pieces=1)
    with pytest.raises(headrace.InvalidArgumentError, match="l2, sign"):
        batch.ace(darkness, step="linf")
    with pytest.raises(headrace.InvalidArgumentError, match="keep_u8"):
        load().next().ace(darkness)
    loader.close()
    with pytest.raises(headrace.ClosedError):
        batch.ace(darkness)
    assert np.array_equal(batch.images, before)


def test_rmix_by_hand(load):
    options = {"output": {"keep_u8": True, "labels": "soft"}}
    batch = load(**options).next()
    before = batch.images.copy()
    report = batch.rmix(np.random.default_rng(0).random((8, 12, 12)), patches=[4])
    assert report["patches"] == 4 and report["mixed"] == 8
    assert not np.array_equal(batch.images, before)
    assert batch.mix.lam.min() < 1 and batch.labels.shape == (8, 5)

    by_model = load(**options).next()
    assert by_model.rmix(model=darkness)["mixed"] == 8
    with pytest.raises(headrace.InvalidArgumentError, match="each sample"):
        load(**options).next().rmix(np.ones((3, 12, 12)))
    with pytest.raises(headrace.InvalidArgumentError, match="one of the two"):
        load(**options).next().rmix()


@pytest.mark.parametrize(
    "wrong, text",
    [
        ({"patches": ["a"]}, r"patches: found \['a'\] \(list\); allowed: a list of integers, each from 1 to 64"),
        ({"patches": 4}, "patches: found 4"),
        ({"patches": [-1]}, "from 1 to 64"),
        ({"patches": [2.5]}, "a list of integers"),
        ({"quantiles": "ab"}, "quantiles: found 'ab'"),
        ({"quantiles": [2]}, "from 0 to 1"),
        ({"alpha": "x"}, "alpha: found 'x'"),
        ({"alpha": 0}, "alpha: found 0 .*from 1e-06 to 1000"),
        ({"label_smoothing": None}, "label_smoothing: found None"),
        ({"lam_per_pair": 1}, "lam_per_pair: found 1"),
        ({"pairing": ["reverse"]}, "matching, reverse, permute"),
        ({"occurrence": -1}, "occurrence: found -1"),
        ({"q_index": ["a"] * 8}, "q_index: found <U1"),
        ({"q_index": [-1] * 8}, "q_index: found -1 to -1"),
        ({"q_index": [300] * 8}, "q_index: found 300 to 300"),
        ({"q_index": 3}, r"q_index: found int64 of shape \(\); allowed: integers \[8\]"),
        ({"maps": "abc"}, r"maps: found <U3 .*allowed: numbers \[8, height, width\]"),
        ({"maps": [[1], [2, 3]]}, "maps: found"),
        ({"maps": np.ones((12, 12))}, r"maps: found float64 of shape \(12, 12\)"),
        ({"maps": np.ones((8, 0, 12))}, r"maps: found float64 of shape \(8, 0, 12\)"),
        ({"patches": [2] * 65}, "^patches: expected at most 64 numbers$"),
        ({"quantiles": [0.5] * 65}, "^quantiles: expected at most 64 numbers$"),
    ],
)
def test_rmix_by_hand_refuses(load, wrong, text):
    loader = load(output=KEEP)
    batch = loader.next()
    before = batch.images.copy()
    with pytest.raises(headrace.InvalidArgumentError, match=text) as raised:
        batch.rmix(**{"maps": np.ones((8, 12, 12)), **wrong})
    assert [raised.value.key] == list(wrong) and "_count" not in str(raised.value)
    assert np.array_equal(batch.images, before)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -1, -1e-3, 1e300])
def test_maps_have_finite_numbers_of_at_least_0(load, wrong):
    loader = load(output=KEEP)
    maps = np.ones((8, 12, 12))
    maps[5, 3, 4] = wrong
    with pytest.raises(headrace.InvalidArgumentError, match="maps: found .* for sample 5 of the batch; allowed: finite") as raised:
        loader.next().rmix(maps)
    assert raised.value.key == "maps"
    maps[5, 3, 4] = 0
    assert loader.next().rmix(maps)["uniform_maps"] == 0
    assert loader.next().rmix(maps > 0)["mixed"] == 8


def test_a_name_that_is_none_comes_with_a_suggestion(load):
    batch = load(output=KEEP).next()
    with pytest.raises(headrace.ConfigError, match='Batch.rmix: patchs: .*did you mean "patches"'):
        batch.rmix(model=darkness, patchs=[2])
    with pytest.raises(headrace.ConfigError, match='Batch.ace: step_: .*did you mean "step"'):
        batch.ace(darkness, step_="sign")


@pytest.mark.parametrize(
    "wrong, text",
    [
        ({"steps": "a"}, r"steps: found 'a' \(str\); allowed: an integer from 1 to 10000"),
        ({"steps": 0}, "steps: found 0"),
        ({"chunk": 1.5}, "chunk: found 1.5"),
        ({"bound": None}, "bound: found None .*from 1 to 1000"),
        ({"kappa": float("nan")}, "kappa: found nan"),
        ({"p": 1.5}, "p: found 1.5 .*from 0 to 1"),
        ({"freeze_on_success": "no"}, "freeze_on_success: found 'no'"),
        ({"keep": 1}, "last, best"),
    ],
)
def test_settings_of_ace_by_hand_are_those_of_the_configuration(load, wrong, text):
    loader = load(output=KEEP)
    with pytest.raises(headrace.InvalidArgumentError, match=text) as raised:
        loader.next().ace(darkness, **wrong)
    assert [raised.value.key] == list(wrong)


def test_a_probability_of_0_is_never(load):
    loader = load(output=KEEP)
    for _ in range(3):
        assert loader.next().ace(darkness, p=0)["rows"] == 0


def test_images_that_a_callback_keeps_are_never_gone(load):
    """What they show then is not said; that they can be read is."""
    kept = []

    def model(images, labels, soft_labels, step):
        kept.append(images)
        return darkness(images, labels, soft_labels, step)

    loader = load(mix=ACE, model=model)
    loader.next()
    loader.close()
    assert loader.closed
    del loader
    gc.collect()
    for images in kept:
        assert np.isfinite(images.sum())
    kept.clear()


def test_a_callback_that_refers_to_its_loader_is_collected(load, images):
    class Model:
        def __call__(self, images, *rest):
            return darkness(images, *rest)

    model = Model()
    loader = headrace.Loader(dataset=images, batch_size=8, augment=[{"op": "resize", "size": [16, 16]}], model=model, mix=ACE, log=None)
    model.loader = loader
    gone = weakref.ref(loader)
    loader.next()
    del loader, model
    gc.collect()
    assert gone() is None
