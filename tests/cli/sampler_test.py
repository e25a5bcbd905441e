"""Epochs of draws by weight, from the command line: one run, several ranks, resumed."""

import pytest

import conftest


@pytest.fixture(scope="module")
def skewed(tmp_path_factory):
    """30 pictures, 27 of them of one class."""
    pillow = pytest.importorskip("PIL.Image")
    folder = tmp_path_factory.mktemp("skewed") / "images"
    for number in range(30):
        path = folder / ("common" if number < 27 else "rare") / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        pillow.new("RGB", (70, 70), (8 * number, 255 - 8 * number, 99)).save(path)
    path = folder.parent / "skewed.toml"
    path.write_text(conftest.CONFIG.format(path=folder))
    return path


BALANCED = ["-s", "loader.weights=balanced", "-s", "loader.epoch_samples=200"]


def test_balanced_classes_on_a_skewed_set(good, skewed, tmp_path):
    numpy = pytest.importorskip("numpy")
    good("dump", skewed, "-o", tmp_path, *BALANCED)
    labels = numpy.concatenate([numpy.load(p) for p in sorted(tmp_path.glob("*.labels.npy"))])
    assert len(labels) == 200
    assert abs(int((labels == 1).sum()) - 100) <= 36  # five deviations


def test_any_number_of_workers_gives_the_same_draws(good, skewed):
    lines = {good("digest", skewed, *BALANCED, "--epochs", "2", "-s", f"loader.workers={n}").out
             for n in (1, 3)}
    assert len(lines) == 1
    assert lines.pop().count("\n") == 50
    assert good("digest", skewed, *BALANCED).out != good("digest", skewed).out


def test_ranks_together_are_one_run(good, skewed):
    common = ["--global", *BALANCED, "-s", "loader.tail=exact"]
    alone = good("digest", skewed, *common).out.splitlines()
    ranks = []
    for rank in range(3):
        ranks += good("digest", skewed, *common, "-s", f"loader.rank={rank}",
                      "-s", "loader.world_size=3").out.splitlines()
    assert sorted(ranks) == sorted(alone)


def test_a_resumed_run_is_the_unbroken_one(good, skewed, tmp_path):
    whole = good("digest", skewed, *BALANCED, "--epochs", "2").out.splitlines()
    state = tmp_path / "state"
    parts = []
    while len(parts) < len(whole):
        parts += good("digest", skewed, *BALANCED, "--epochs", "2", "--batches", "7", "--state",
                      state).out.splitlines()
    assert parts[:len(whole)] == whole


def test_wrong_values_are_named(run, skewed):
    result = run("digest", skewed, "-s", "loader.weights=balance")
    assert result.code == 2 and 'did you mean "balanced"?' in result.err
    result = run("digest", skewed, *BALANCED, "-s", "loader.shuffle=none")
    assert result.code == 2 and '[loader] shuffle: found "none"' in result.err
    result = run("digest", skewed, "-s", "loader.epoch_samples=9")
    assert result.code == 2 and "without weights" in result.err
