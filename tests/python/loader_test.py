"""headrace.Loader: epochs, places, and that its bytes are those of the command line."""

import contextlib
import ctypes
import logging
import os
import pathlib
import pickle
import shutil
import signal
import time

import headrace
import numpy as np
import pytest

from conftest import AUGMENT


def test_a_for_is_an_epoch_and_the_next_one_the_next(load):
    loader = load()
    assert len(loader) == 3 and loader.epoch == 0
    seen = [[(batch.epoch, batch.number, batch.ids.tolist()) for batch in loader] for _ in range(3)]
    assert [[entry[:2] for entry in epoch] for epoch in seen] == [[(e, b) for b in range(3)] for e in range(3)]
    assert loader.epoch == 3
    orders = [sum((entry[2] for entry in epoch), []) for epoch in seen]
    assert orders[0] != orders[1] != orders[2]
    assert all(len(set(order)) == 24 for order in orders)


def test_a_for_that_was_left_is_over(load):
    loader = load()
    for batch in loader:
        break
    assert batch.epoch == 0
    assert loader.epoch == 1 and len(loader) == 3
    assert [b.epoch for b in loader] == [1, 1, 1]


def test_an_iterator_that_is_kept_goes_on(load):
    loader = load()
    kept = iter(loader)
    first = next(kept)
    assert [first.number] + [b.number for b in kept] == [0, 1, 2]
    assert list(kept) == []
    assert [b.epoch for b in loader] == [1, 1, 1]


def test_an_iterator_that_another_one_has_ended_says_so(load):
    loader = load()
    old = iter(loader)
    next(old)
    new = iter(loader)
    next(new)
    with pytest.raises(headrace.HeadraceError, match="another iteration"):
        next(old)
    assert [b.epoch for b in new] == [1, 1]


def test_an_iterator_without_a_batch_changes_nothing(load):
    loader = load()
    iter(loader)
    assert next(iter(loader)).epoch == 0


def test_set_epoch(load):
    loader = load()
    loader.set_epoch(7)
    seven = [b.ids.tolist() for b in loader]
    loader.set_epoch(7)
    assert [b.ids.tolist() for b in loader] == seven
    # In the middle of an epoch too.
    next(iter(loader))
    loader.set_epoch(7)
    assert [b.ids.tolist() for b in loader] == seven
    with pytest.raises(headrace.InvalidArgumentError):
        loader.set_epoch(-1)
    with pytest.raises(headrace.InvalidArgumentError):
        loader.set_epoch(2**40)
    with pytest.raises(headrace.InvalidArgumentError):
        loader.set_epoch("3")


def test_next_gives_none_between_epochs(load):
    loader = load()
    seen = [loader.next() for _ in range(8)]
    assert [b and (b.epoch, b.number) for b in seen] == [
        (0, 0), (0, 1), (0, 2), None, (1, 0), (1, 1), (1, 2), None
    ]


def test_a_state_goes_on_where_it_was_taken(load):
    loader = load()
    whole = [b.images.copy() for _ in range(2) for b in loader]
    first = load()
    kept = iter(first)
    next(kept)
    state = pickle.loads(pickle.dumps(first.state_dict()))
    assert state["epoch"] == 0 and state["position"] == 8
    assert len(state["state"]) < 256

    second = load(workers=1, prefetch_batches=1)
    second.load_state_dict(state)
    assert len(second) == 2
    second.set_epoch(0)  # as training scripts do: keeps the place
    rest = [b.images.copy() for b in second]
    rest += [b.images.copy() for b in second]
    assert len(rest) == 5
    for mine, expected in zip(rest, whole[1:]):
        assert np.array_equal(mine, expected)


def test_a_state_of_another_run_is_refused(load):
    state = load(seed=1).state_dict()
    loader = load(seed=2)
    with pytest.raises(headrace.ConfigError, match="seed"):
        loader.load_state_dict(state)
    with pytest.raises(headrace.SampleError):
        loader.load_state_dict({"state": state["state"][:-1] + b"x"})
    with pytest.raises(headrace.ConfigError, match="state_dict"):
        loader.load_state_dict({})
    assert len(list(loader)) == 3


def test_what_it_knows(load, images):
    loader = load()
    classes = sorted(os.listdir(images))
    assert loader.classes == classes
    assert (loader.samples, loader.batch_size, loader.rank, loader.world_size) == (30, 8, 0, 1)
    paths = [loader.sample_path(i) for i in range(30)]
    assert paths == sorted(os.path.join(c, f) for c in classes for f in os.listdir(images / c))
    assert loader.read_sample(3) == (images / paths[3]).read_bytes()
    with pytest.raises(headrace.InvalidArgumentError, match="0 to 29"):
        loader.sample_path(30)
    with pytest.raises(headrace.InvalidArgumentError):
        loader.read_sample(30)
    text = loader.replay(3, epoch=2)
    assert "random_resized_crop" in text and "[[augment]]" in text
    assert repr(loader) == "<headrace.Loader: 30 samples, 5 classes, 3 batches of 8>"


def test_stats_and_memory_have_the_fields_of_the_c_api(load):
    loader = load(workers=2)
    list(loader)
    assert loader.stats.batches == 3 and loader.stats.workers == 2 and loader.stats.pin
    assert loader.memory.total_bytes > loader.memory.batch_bytes > 8 * 3 * 48 * 48 * 4


def test_ranks_share_an_epoch(load):
    ids = []
    for rank in range(3):
        loader = load(rank=rank, world_size=3, batch_size=2)
        assert loader.world_size == 3 and loader.rank == rank and loader.stats.rank_source == "options"
        ids += [i for batch in loader for i in batch.ids.tolist()]
    assert sorted(ids) == list(range(30))


def test_weights(load):
    weights = np.zeros(30)
    weights[[3, 7]] = 1, 3
    loader = load(weights=weights, epoch_samples=400)
    ids = np.concatenate([batch.ids for batch in loader])
    assert loader.epoch_samples == len(ids) == 400 and len(loader) == 50
    assert set(ids.tolist()) == {3, 7} and 250 < (ids == 7).sum() < 350
    balanced = load(weights="balanced", loader={"epoch_samples": 800})
    counts = np.bincount(np.concatenate([batch.labels for batch in balanced]), minlength=5)
    assert counts.sum() == 800 and counts.min() > 110
    for wrong in (np.ones(29), -weights, weights * np.nan, np.zeros(30)):
        with pytest.raises(headrace.HeadraceError, match="weight") as raised:
            load(weights=wrong)
        assert isinstance(raised.value, ValueError)
    for wrong in ([], "balance", ["x"] * 30, np.ones((30, 1))):
        with pytest.raises(headrace.ConfigError, match="weights"):
            load(weights=wrong)


def test_sample_ids(load):
    wanted = [5, 5, 9, 0, 29, 9, 5, 1, 2]
    loader = load(sample_ids=wanted, shuffle="none", tail="exact", batch_size=4)
    assert [i for batch in loader for i in batch.ids.tolist()] == wanted and loader.epoch_samples == 9
    loader = load(sample_ids=np.array(wanted, np.int32), tail="exact", batch_size=4)
    assert sorted(i for batch in loader for i in batch.ids.tolist()) == sorted(wanted)
    with pytest.raises(headrace.HeadraceError, match="30"):
        load(sample_ids=[3, 30])
    with pytest.raises(headrace.ConfigError, match="sample_ids"):
        load(sample_ids=[3.5])
    with pytest.raises(headrace.HeadraceError):
        load(sample_ids=[3], weights=np.ones(30))


def test_log_lines_go_to_logging_on_the_callers_thread(load, images, caplog):
    with caplog.at_level(logging.INFO, logger="headrace"):
        load()
    assert any(record.levelno == logging.INFO and "reader" in record.message for record in caplog.records)
    lines = []
    load(log=lambda level, text: lines.append((level, text)))
    assert any(level == logging.INFO for level, _ in lines)
    load(log=None)
    with pytest.raises(headrace.ConfigError):
        load(log=3)


def test_a_log_function_that_raises_does_no_harm(python, images):
    result = python(
        """
        import sys, headrace
        def log(level, text): raise KeyError("mine")
        loader = headrace.Loader(dataset=sys.argv[1], batch_size=4, augment=[{"op": "resize", "size": [8, 8]}], log=log)
        print(len(list(loader)))
        """,
        images,
    )
    assert result.code == 0 and result.out == "7\n" and "KeyError" in result.err, result
    assert "Exception ignored in: <function log at " in result.err, result


def interrupt(level, text):
    """As when Ctrl-C comes while a line is written: the handler of the signal runs inside of this."""
    signal.raise_signal(signal.SIGINT)


def test_ctrl_c_in_a_log_line_comes_through_when_a_loader_opens(load):
    def threads():
        found = []
        for task in os.listdir("/proc/self/task"):
            with contextlib.suppress(OSError):  # it ends just now
                found.append(pathlib.Path("/proc/self/task", task, "comm").read_text().strip())
        return [name for name in found if name.startswith("hr-")]

    loader = load()
    assert "hr-read" in threads()
    loader.close()
    with pytest.raises(KeyboardInterrupt):
        load(log=interrupt)
    # Nobody has a loader to close. The kernel may list a thread that was joined a moment longer.
    end = time.monotonic() + 30
    while threads() and time.monotonic() < end:
        pass
    assert threads() == []


@pytest.mark.parametrize("raised", [KeyboardInterrupt, SystemExit])
def test_ctrl_c_in_a_log_line_loses_no_batch(load, images, tmp_path, raised):
    shutil.copytree(images, tmp_path / "bad")
    for file in sorted((tmp_path / "bad").rglob("*.jpg"))[::3]:
        file.write_bytes(b"nothing")
    lines = []
    armed = False

    def log(level, text):
        lines.append(text)
        if armed and raised is SystemExit:
            raise SystemExit
        if armed:
            interrupt(level, text)

    loader = load(dataset=tmp_path / "bad", corrupt_budget=1.0, tail="exact", log=log)
    told = []
    calm = load(dataset=tmp_path / "bad", corrupt_budget=1.0, tail="exact", log=lambda level, text: told.append(text))
    for one in (loader, calm):  # lines that are told by nobody yet: those of the bad samples may have been while it opened
        for _ in range(10):
            one._go_to(one.state_dict())
    before = len(lines)
    wanted = [batch.ids.tolist() for batch in calm]
    armed, seen, interrupts = True, [], 0
    while True:
        try:
            batch = loader.next()
        except raised:
            interrupts += 1
            continue
        if batch is None:
            break
        seen.append(batch.ids.tolist())
    assert seen == wanted and loader.epoch == 1 and interrupts == len(lines) - before >= 3
    armed = False
    loader.close()
    calm.close()
    assert sorted(lines) == sorted(told)  # those behind an interrupted one came later


def test_progress_bars_see_a_length(load):
    tqdm = pytest.importorskip("tqdm")
    bar = tqdm.tqdm(load(), disable=None)
    assert bar.total == 3
    assert len(list(bar)) == 3


class Hash128(ctypes.Structure):
    _fields_ = [("low", ctypes.c_uint64), ("high", ctypes.c_uint64)]


@pytest.fixture(scope="module")
def xxh3():
    try:
        library = ctypes.CDLL("libxxhash.so.0")
    except OSError:
        pytest.skip("no libxxhash.so.0 to compute the hash with")
    library.XXH3_128bits.restype = Hash128
    library.XXH3_128bits.argtypes = [ctypes.c_char_p, ctypes.c_size_t]

    def digest(batch):
        content = b"".join(np.asarray(part).tobytes() for part in (batch.images, batch.labels, batch.ids))
        value = library.XXH3_128bits(content, len(content))
        return f"{batch.epoch} {batch.number} {batch.count} {value.high:016x}{value.low:016x}"

    return digest


@pytest.mark.parametrize("mix", [[], [{"op": "mixup", "alpha": 0.4}, {"op": "cutmix"}]], ids=["plain", "mixed"])
@pytest.mark.parametrize("layout", ["nchw", "nhwc"])
@pytest.mark.parametrize("dtype", ["u8", "f16", "bf16", "f32"])
def test_the_bytes_are_those_of_the_command_line(load, tool, images, xxh3, tmp_path, dtype, layout, mix):
    options = {"batch_size": 8, "seed": 5, "pin": "none", "dtype": dtype, "layout": layout, "mix": mix}
    config = tmp_path / "config.toml"
    config.write_text(headrace.to_toml(dataset=images, augment=AUGMENT, **options))
    expected = tool("digest", config, "--epochs", 2)
    assert expected.code == 0, expected
    lines = expected.out.splitlines()
    assert len(lines) == 6
    loader = load(**options)
    assert [xxh3(batch) for _ in range(2) for batch in loader] == lines
    # The file itself, and the file with overrides.
    with headrace.Loader(config) as loader:
        assert [xxh3(batch) for batch in loader] == lines[:3]
    with headrace.Loader(str(config), seed=6, loader={"workers": 1}) as loader:
        assert xxh3(next(iter(loader))) != lines[0]
