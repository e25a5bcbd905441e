"""--state FILE: a run goes on where it ended, however it ended."""

import json
import os
import signal
import subprocess
import time

import pytest

MIX = """
[[mix]]
op = "mixup"
alpha = 0.4
"""


@pytest.fixture
def mixed(config, demo):
    path = demo / "state_mixed.toml"
    path.write_text(config.read_text() + MIX)
    return path


def wait_until(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_parts_joined_are_the_unbroken_run(good, mixed, tmp_path):
    unbroken = good("digest", mixed, "--epochs", "3", "-s", "loader.workers=1").out
    state = tmp_path / "run.state"
    joined = ""
    for part, batches in enumerate((1, 2, 1, 3, 2)):  # the end of an epoch in and between them
        joined += good(
            "digest", mixed, "--epochs", "3", "--batches", batches, "--state", state,
            "-s", f"loader.workers={1 + part % 3}",
        ).out
    assert joined == unbroken
    assert 0 < state.stat().st_size < 256
    assert os.listdir(tmp_path) == ["run.state"]


def test_verbose_says_where_it_goes_on(run, good, config, tmp_path):
    state = tmp_path / "run.state"
    good("digest", config, "--batches", "1", "--state", state)
    result = run("digest", config, "--batches", "1", "--state", state, "-v")
    assert result.code == 0
    assert "goes on in epoch 0 at position 8 of 30: 2 batches of this rank" in result.err


def test_an_epoch_a_call_by_default(good, mixed, tmp_path):
    state = tmp_path / "run.state"
    unbroken = good("digest", mixed, "--epochs", "2").out
    assert good("digest", mixed, "--state", state).out + good(
        "digest", mixed, "--state", state
    ).out == unbroken


def test_what_was_begun_is_finished_first(good, mixed, tmp_path):
    state = tmp_path / "run.state"
    lines = good("digest", mixed, "--epochs", "2").out.splitlines()
    good("digest", mixed, "--batches", "2", "--state", state)
    assert good("digest", mixed, "--state", state).out.splitlines() == lines[2:3]
    assert good("digest", mixed, "--state", state).out.splitlines() == lines[3:]


def test_bench_and_digest_share_the_file(good, mixed, tmp_path):
    state = tmp_path / "run.state"
    lines = good("digest", mixed, "--epochs", "3").out.splitlines()
    result = json.loads(good("bench", mixed, "--epochs", "2", "--state", state, "--json", "-").out)
    assert (result["images"], result["epochs"]) == (48, 2)
    assert good("digest", mixed, "--state", state).out.splitlines() == lines[6:]
    result = json.loads(good("bench", mixed, "--seconds", "0.2", "--state", state, "--json", "-").out)
    assert result["epochs"] <= result["batches"] // 3 + 1


def test_an_interrupted_run_goes_on_where_it_was(binary, good, config, tmp_path):
    """Ctrl-C, with every batch written down: the lines before and after are those of one run."""
    for number in (signal.SIGINT, signal.SIGTERM):
        state = tmp_path / f"{number}.state"
        lines = tmp_path / f"{number}.txt"
        with open(lines, "w") as out, subprocess.Popen(
            [binary, "digest", config, "--epochs", "100000", "--state", state],
            stdout=out, stderr=subprocess.PIPE, text=True,
        ) as process:
            wait_until(lambda: lines.stat().st_size > 0)
            process.send_signal(number)
            _, err = process.communicate(timeout=60)
        assert process.returncode == 130, err
        begun = lines.read_text().splitlines()
        done = len(begun)
        epochs = done // 3 + 2
        rest = good("digest", config, "--epochs", "1", "--state", state).out.splitlines()
        unbroken = good("digest", config, "--epochs", epochs).out.splitlines()
        assert (begun + rest) == unbroken[: done + len(rest)]


def test_killed_it_has_lost_little_and_the_file_is_whole(binary, good, config, tmp_path):
    state = tmp_path / "run.state"
    with subprocess.Popen(
        [binary, "bench", config, "--seconds", "1000", "--state", state, "--state-every", "0.001"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as process:
        wait_until(state.exists)
        process.kill()
    assert state.stat().st_size < 256
    rest = good("digest", config, "--state", state).out.splitlines()
    if not rest:  # the kill came between the last batch of an epoch and its end
        rest = good("digest", config, "--state", state).out.splitlines()
    assert 1 <= len(rest) <= 3
    epoch = int(rest[0].split()[0])
    unbroken = good("digest", config, "--epochs", epoch + 1).out.splitlines()
    assert rest == unbroken[len(unbroken) - len(rest):]


@pytest.mark.parametrize(
    "change, says",
    [
        ("loader.seed=6", "seed 5 against 6"),
        ("loader.shuffle=none", "shuffle full against none"),
        ("output.layout=nhwc", "[output]"),
        ("augment.0.size=65", "[[augment]]"),
        ("decode.exif=false", "[decode]"),
    ],
)
def test_a_state_of_another_run_is_refused(run, good, config, tmp_path, change, says):
    state = tmp_path / "run.state"
    good("digest", config, "--batches", "1", "--state", state)
    before = state.read_bytes()
    result = run("digest", config, "--state", state, "-s", change)
    assert result.code == 2
    assert result.out == ""
    assert str(state) in result.err
    assert says in result.err
    assert result.err.count("\n") == 1
    assert state.read_bytes() == before


def test_a_state_of_another_data_set_is_refused(run, good, demo, write_config, tmp_path):
    state = tmp_path / "run.state"
    first = write_config(demo / "images")
    good("digest", first, "--batches", "1", "--state", state)
    other = tmp_path / "other"
    good("synth", other, "--images", 31, "--classes", 5, "--size", "160x120", "--seed", 3)
    result = run("digest", write_config(other / "images", name="o.toml"), "--state", state)
    assert result.code == 2
    assert "30 against 31" in result.err


@pytest.mark.parametrize("content", [b"", b"no state", b"hrstate\n" + bytes(104), bytes(5000)])
def test_what_is_no_state_is_said_so(run, config, tmp_path, content):
    state = tmp_path / "run.state"
    state.write_bytes(content)
    result = run("bench", config, "--state", state)
    assert result.code in (1, 2)
    assert str(state) in result.err
    assert state.read_bytes() == content


def test_a_file_that_cannot_be_written_is_an_error(run, config, tmp_path):
    started = time.monotonic()
    result = run("bench", config, "--seconds", "30", "--state", tmp_path / "no" / "such" / "folder")
    assert result.code == 2
    assert "folder" in result.err
    assert time.monotonic() - started < 20
    result = run("bench", config, "--state", tmp_path)
    assert result.code == 1
    assert str(tmp_path) in result.err


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_dumps_joined_are_the_unbroken_dump(good, mixed, tmp_path):
    good("dump", mixed, "-o", tmp_path / "whole", "--epochs", "2")
    for batches in (2, 3, 1):  # over the end of an epoch
        good("dump", mixed, "-o", tmp_path / "parts", "--epochs", "2", "--batches", batches,
             "--state", tmp_path / "run.state")
    assert contents(tmp_path / "parts") == contents(tmp_path / "whole")


def test_a_dump_writes_over_no_other_batch(run, good, config, tmp_path):
    out, state = tmp_path / "out", tmp_path / "run.state"
    good("dump", config, "-o", out, "--batches", "2", "--state", state)
    before, saved = contents(out), state.read_bytes()
    # Position 16 of batches of 14 is in batch 1, which is there and begins at position 8.
    result = run("dump", config, "-o", out, "--state", state, "-s", "loader.batch_size=14")
    assert result.code == 1
    assert "000001.ids.npy: holds another batch" in result.err
    assert contents(out) == before
    assert state.read_bytes() == saved
    # What a lost state makes come again is the same batch.
    state.unlink()
    good("dump", config, "-o", out, "--batches", "2", "--state", state)
    assert contents(out) == before


def test_a_batch_that_could_not_be_written_is_not_done(run, good, config, tmp_path):
    out, state = tmp_path / "out", tmp_path / "run.state"
    (out / "000001.images.npy").mkdir(parents=True)
    result = run("dump", config, "-o", out, "--state", state)
    assert result.code == 1
    assert not state.exists()
    (out / "000001.images.npy").rmdir()
    good("dump", config, "-o", out, "--state", state)
    good("dump", config, "-o", tmp_path / "whole")
    assert contents(out) == contents(tmp_path / "whole")


def test_ranks_share_the_option(run, good, mixed, tmp_path, monkeypatch):
    state = tmp_path / "run.state"
    monkeypatch.setenv("WORLD_SIZE", "2")
    lines = []
    for _ in range(2):
        for rank in "01":
            monkeypatch.setenv("RANK", rank)
            lines += good("digest", mixed, "--global", "--batches", "2", "--state", state,
                          "-s", "loader.batch_size=4").out.splitlines()
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "run.state.0", "run.state.1", "run.state.ranks"]
    monkeypatch.delenv("WORLD_SIZE")
    monkeypatch.delenv("RANK")
    unbroken = good("digest", mixed, "--batches", "8", "--epochs", "2", "-s", "loader.batch_size=4")
    assert sorted(lines) == sorted(unbroken.out.splitlines()[: len(lines)])
    assert "run.state.0" in run("digest", mixed, "--state", state).err
    state.write_bytes((tmp_path / "run.state.0").read_bytes())
    (tmp_path / "run.state.0").unlink()
    result = run("digest", mixed, "--state", state, "-s", "loader.rank=0",
                 "-s", "loader.world_size=2")
    assert result.code == 2
    assert "of a single process" in result.err


@pytest.fixture
def rank_of(run, good, config, tmp_path, monkeypatch):
    """rank_of(1, 3, *options): one rank of three, with the state of all in run.state."""

    def call(rank, ranks, *options):
        monkeypatch.setenv("RANK", str(rank))
        monkeypatch.setenv("WORLD_SIZE", str(ranks))
        return run("digest", config, "--global", "--state", tmp_path / "run.state",
                   "-s", "loader.batch_size=2", "-s", "loader.tail=exact", *options)

    call.alone = good("digest", config, "--global", "-s", "loader.batch_size=2",
                      "-s", "loader.tail=exact").out
    return call


def refused(result, *words):
    assert result.code == 2 and result.out == "", result
    assert result.err.count("\n") == 1, result
    for word in words:
        assert word in result.err, result


def test_more_ranks_begin_where_the_others_are_or_not_at_all(rank_of, tmp_path):
    first = [rank_of(rank, 2, "--batches", "3").out for rank in range(2)]
    assert all(first)
    saved = (tmp_path / "run.state.0").read_bytes()
    assert saved == (tmp_path / "run.state.1").read_bytes()
    for rank in (2, 0, 1, 2):  # whichever comes first, and again
        refused(rank_of(rank, 3), "run.state.2 is not there", "of a run with 2 ranks", "copy")
        assert sorted(p.name for p in tmp_path.iterdir()) == [
            "run.state.0", "run.state.1", "run.state.ranks"]
        assert (tmp_path / "run.state.0").read_bytes() == saved
    (tmp_path / "run.state.2").write_bytes(saved)
    rest = [rank_of(rank, 3).out for rank in range(3)]
    alone = rank_of.alone
    assert sorted("".join(first + rest).splitlines()) == sorted(alone.splitlines())


def test_a_rank_that_begins_late_takes_no_other_ranks_state(rank_of, tmp_path):
    """Rank 0 has saved, also over a state of fewer ranks, when the others come."""
    for rank in range(2):
        assert rank_of(rank, 2, "--batches", "3").code == 0
    for name in ("run.state.0", "run.state.1"):
        (tmp_path / name).unlink()
    first = [rank_of(0, 3, "--batches", "2").out] + [rank_of(rank, 3).out for rank in (0, 1, 2)]
    alone = rank_of.alone
    assert sorted("".join(first).splitlines()) == sorted(alone.splitlines())


def test_a_rank_that_was_left_out_does_not_go_on_from_its_old_state(rank_of, tmp_path):
    for rank in range(3):
        assert rank_of(rank, 3, "--batches", "1").code == 0
    for rank in range(2):
        assert rank_of(rank, 2, "--batches", "1").code == 0
    for rank in (0, 2, 1):
        refused(rank_of(rank, 3), "run.state.2 is another state than", "run.state.0", "2 ranks")


def test_fewer_ranks_do_not_leave_out_what_another_had_not_come_to(rank_of, tmp_path):
    """Ranks 0 and 1 stand at one position, and rank 2 of three a batch behind."""
    first = [rank_of(rank, 3, "--batches", "2").out for rank in (0, 1)]
    first.append(rank_of(2, 3, "--batches", "1").out)
    assert (tmp_path / "run.state.0").read_bytes() == (tmp_path / "run.state.1").read_bytes()
    for rank in (0, 1):
        refused(rank_of(rank, 2), "run.state.2 is another state than", "run.state.0", "3 ranks",
                "run.state.0 to " + str(tmp_path / "run.state.2"), "twice or not at all")
    first.append(rank_of(2, 3, "--batches", "1").out)  # all are there now
    rest = [rank_of(rank, 2).out for rank in range(2)]
    assert sorted("".join(first + rest).splitlines()) == sorted(rank_of.alone.splitlines())


def test_a_state_of_a_left_out_rank_may_be_gone(rank_of, tmp_path):
    for rank in range(3):
        assert rank_of(rank, 3, "--batches", "1").code == 0
    (tmp_path / "run.state.2").unlink()
    assert rank_of(0, 2, "--batches", "1").code == 0


def test_states_without_a_note_of_their_ranks(rank_of, tmp_path):
    """As they are on another machine to which they were copied."""
    for rank in range(2):
        assert rank_of(rank, 2, "--batches", str(1 + rank)).code == 0
    (tmp_path / "run.state.ranks").unlink()
    refused(rank_of(2, 3), "run.state.2 is not there", "perhaps of a run with another number of ranks",
            "run.state.ranks is missing", "echo 3 > ")
    assert rank_of(1, 2, "--batches", "1").code == 0  # of two they are all


def test_json_of_an_interrupted_digest_is_not_lost(binary, good, config, tmp_path):
    state = tmp_path / "run.state"
    with subprocess.Popen(
        [binary, "digest", config, "--epochs", "100000", "--state", state, "--state-every",
         "0.001", "--json", "-"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:
        time.sleep(1)
        assert not state.exists()
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    begun = [(b["epoch"], b["batch"], b["xxh3_128"]) for b in json.loads(out)["batches"]]
    rest = [line.split() for line in good("digest", config, "--state", state).out.splitlines()]
    whole = [line.split() for line in
             good("digest", config, "--epochs", len(begun) // 3 + 2).out.splitlines()]
    wanted = [(int(epoch), int(batch), value) for epoch, batch, _, value in whole]
    joined = begun + [(int(epoch), int(batch), value) for epoch, batch, _, value in rest]
    assert joined == wanted[: len(joined)]


def test_the_options_are_checked(run, config, tmp_path):
    for arguments in (["--state-every", "1"], ["--state", ""],
                      ["--state", tmp_path / "x", "--state-every", "0"]):
        result = run("digest", config, *arguments)
        assert result.code == 2, result
        assert "--state" in result.err
