"""Epochs that are not every sample once: weights, balanced classes, lists of ids."""

import numpy as np
import pytest

headrace = pytest.importorskip("headrace", reason="the Python package is not built")
pillow = pytest.importorskip("PIL.Image")

RARE = 3


@pytest.fixture(scope="module")
def skewed(tmp_path_factory):
    """27 pictures of class "common" (ids 0 to 26), 3 of class "rare"."""
    root = tmp_path_factory.mktemp("skewed")
    for number in range(30):
        path = root / ("common" if number < 27 else "rare") / f"{number:02}.png"
        path.parent.mkdir(exist_ok=True)
        pillow.new("RGB", (20, 20), (8 * number, 9, 99)).save(path)
    return root


def opened(folder, **options):
    given = {"batch_size": 10, "augment": [{"op": "resize", "size": [8, 8]}], "tail": "exact", "checkpoints": "off"}
    return headrace.Loader(dataset=folder, **{**given, **options})


def ids_of(loader):
    return np.concatenate([np.asarray(batch.ids) for batch in loader])


def test_balanced_classes(skewed):
    with opened(skewed, weights="balanced", epoch_samples=1000) as loader:
        assert len(loader) == 100 and loader.samples == 30
        labels = np.concatenate([np.asarray(batch.labels) for batch in loader])
        assert len(labels) == 1000 and abs(int((labels == 1).sum()) - 500) < 80  # five deviations


def test_weights_decide_how_often_a_sample_comes(skewed):
    weights = np.zeros(30)
    weights[[2, 5, 28]] = 1, 3, 4
    for given in (weights, weights.tolist(), (weights * 1000).astype(np.int32)):
        with opened(skewed, weights=given, epoch_samples=4000) as loader:
            counts = np.bincount(ids_of(loader), minlength=30)
        assert counts[weights == 0].sum() == 0
        assert abs(counts[[2, 5, 28]] - [500, 1500, 2000]).max() < 5 * 32


def test_an_epoch_draws_anew_and_a_seed_again_the_same(skewed):
    weights = np.ones(30)
    with opened(skewed, weights=weights) as loader, opened(skewed, weights=weights) as other:
        first, second = ids_of(loader), ids_of(loader)
        assert len(first) == 30 and (first != second).any()
        assert (first == ids_of(other)).all()
        loader.set_epoch(0)
        assert (first == ids_of(loader)).all()


def test_a_list_of_ids_is_an_epoch(skewed):
    wanted = [29, 4, 4, 0, 17, 28, 4]
    with opened(skewed, sample_ids=wanted, shuffle="none", batch_size=4) as loader:
        assert len(loader) == 2
        assert ids_of(loader).tolist() == wanted == ids_of(loader).tolist()
    with opened(skewed, sample_ids=np.array(wanted, np.uint8)) as loader:
        epochs = [ids_of(loader).tolist() for _ in range(4)]
        assert all(sorted(epoch) == sorted(wanted) for epoch in epochs)
        assert len({tuple(epoch) for epoch in epochs}) > 1


def test_ranks_and_states_go_on_as_one_run(skewed):
    options = {"weights": np.arange(30.0), "epoch_samples": 100}
    with opened(skewed, **options) as loader:
        alone = ids_of(loader)
    shares = []
    for rank in range(2):
        with opened(skewed, rank=rank, world_size=2, **options) as loader:
            shares.append([np.asarray(batch.ids).copy() for batch in loader])
    joined = [ids for pair in zip(*shares) for ids in pair]
    assert (np.concatenate(joined) == alone).all()
    with opened(skewed, **options) as first, opened(skewed, **options) as second:
        iterator = iter(first)
        for _ in range(3):
            next(iterator)
        second.load_state_dict(first.state_dict())
        assert (ids_of(second) == alone[30:]).all()
        with opened(skewed) as other:
            with pytest.raises(headrace.ConfigError, match="the weights, epoch_samples or the list of ids"):
                other.load_state_dict(first.state_dict())


@pytest.mark.parametrize(
    "options, text",
    [
        ({"weights": [1.0] * 29}, "found 29 weights, expected one for each of the data set's 30 samples"),
        ({"weights": [1.0] * 29 + [float("nan")]}, r"found nan for sample 29 \(rare/29.png\)"),
        ({"weights": [-1] + [1] * 29}, "found -1.000000 for sample 0"),
        ({"weights": [0] * 30}, "all are 0"),
        ({"weights": [[1.0]] * 30}, r"weights: found float64 of shape \(30, 1\)"),
        ({"weights": ["a"] * 30}, "weights: found <U1 of shape"),
        ({"weights": []}, "weights: found an empty list"),
        ({"weights": [1] * 30, "shuffle": "none"}, 'shuffle: found "none"'),
        ({"sample_ids": [1], "weights": "balanced"}, "beside sample_ids"),
        ({"sample_ids": [0, 30]}, "found 30 at index 1, expected 0 to 29"),
        ({"sample_ids": [-1]}, "found -1 at index 0"),
        ({"sample_ids": np.array([1, 2**64 - 3], np.uint64)}, "sample_ids: found 18446744073709551613; allowed"),
        ({"sample_ids": [0.5]}, "sample_ids: found float64 of shape"),
        ({"sample_ids": np.ones(30, bool)}, r"sample_ids: found a mask of bool.*numpy\.flatnonzero"),
        ({"sample_ids": [[1], [2, 3]]}, "sample_ids: "),
        ({"sample_ids": [1], "weights": [1] * 30}, "both given"),
        ({"sample_ids": [1], "shuffle": "block"}, 'shuffle: found "block"'),
        ({"epoch_samples": 5}, "epoch_samples: without weights"),
        ({"weights": "balance"}, 'did you mean "balanced"'),
        ({"weights": "balanced", "shuffle": "none"}, 'shuffle: found "none"'),
    ],
)
def test_what_cannot_be_is_told(skewed, options, text):
    with pytest.raises(headrace.ConfigError, match=text):
        opened(skewed, **options)
