"""headrace search stopped at any moment and begun again: the same sequence, and nothing lost."""

import json
import os
import random
import signal
import subprocess
import time

import pytest
from search_judges import alone, config, judge, script  # noqa: F401 (fixtures)
from search_judges import HANG, sequence, start, wait_until

LONG = os.environ.get("HEADRACE_LONG_TESTS") == "1"
SHARE = int(os.environ.get("HEADRACE_TEST_SHARE", "1"))  # sanitizers are slow to start
KILLS = 100 if LONG else max(8 // SHARE, 2)


def run_whole(run, config, judge, folder, *more):
    folder.mkdir(exist_ok=True)
    result = run("search", config, "--evaluate", judge, "--trials", 18, "--parallel", 3, "--log", folder / "log.tsv",
                 "--state", folder / "state.json", "--json", "-", *more)  # fmt: skip
    assert result.code == 0, result
    return json.loads(result.out)


def sequence_of_text(text):
    whole = text[: text.rfind("\n") + 1].splitlines()
    for line in whole[1:]:
        trial, kind, status, score, _, seed, policy, _ = line.split("\t")
        yield trial, kind, status, score, seed, policy


@pytest.mark.parametrize("strategy", ["random", "evolution", "reinforce", "ppo"])
def test_killed_at_random_moments(binary, run, config, judge, tmp_path, strategy):
    seed = int(os.environ.get("HEADRACE_SEED", random.randrange(1 << 32)))
    print(f"HEADRACE_SEED={seed}")
    chance = random.Random(seed)
    begin = time.monotonic()
    found = run_whole(run, config, judge, tmp_path / "whole", "--strategy", strategy)
    seconds = time.monotonic() - begin
    expected = sequence(tmp_path / "whole" / "log.tsv")
    assert len(expected) == 18 + 6 * 3 + 4 * 3
    killed = 0
    for round_ in range(max(KILLS // 4, 1)):
        folder = tmp_path / f"killed{round_}"
        folder.mkdir()
        command = [binary, "search", config, "--evaluate", judge, "--trials", "18", "--parallel", "3", "--log",
                   folder / "log.tsv", "--state", folder / "state.json", "--strategy", strategy]  # fmt: skip
        for _ in range(chance.randrange(1, 4)):
            before = sequence(folder / "log.tsv") if (folder / "log.tsv").exists() else []
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                process.wait(timeout=chance.uniform(0, seconds * 0.7))
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                killed += 1
            process.wait()
            if before:
                # Never lost; at most half a line is at the end.
                text = (folder / "log.tsv").read_text()
                assert set(before) <= {tuple(line) for line in sequence_of_text(text)}
        again = run_whole(run, config, judge, folder, "--strategy", strategy)
        assert sequence(folder / "log.tsv") == expected
        for key in ("best_score", "winner", "baselines", "policy", "evaluations"):
            assert again[key] == found[key], key
        assert not list(folder.glob(".*")) and not list(folder.glob("*.lock"))
    assert killed > 0


def test_a_finished_search_runs_nothing_again(run, config, judge, tmp_path):
    found = run_whole(run, config, judge, tmp_path / "x")
    log = (tmp_path / "x" / "log.tsv").read_bytes()
    again = run_whole(run, config, "exit 1; : {policy}", tmp_path / "x")
    assert (tmp_path / "x" / "log.tsv").read_bytes() == log
    assert again["winner"] == found["winner"]


def test_a_lost_log_and_half_a_line_are_put_right(run, config, judge, tmp_path):
    run_whole(run, config, judge, tmp_path / "x")
    log = tmp_path / "x" / "log.tsv"
    whole = log.read_text()
    for text in ("", whole[:20], whole[: len(whole) // 2], whole[:-1]):
        log.write_text(text)
        run_whole(run, config, judge, tmp_path / "x")
        assert sorted(log.read_text().splitlines()) == sorted(whole.splitlines())
    log.unlink()
    run_whole(run, config, judge, tmp_path / "x")
    assert sorted(log.read_text().splitlines()) == sorted(whole.splitlines())


def test_more_trials_go_on_from_fewer(run, config, judge, tmp_path):
    state, log = tmp_path / "state.json", tmp_path / "log.tsv"
    common = ["--evaluate", judge, "--state", state, "--log", log, "--json", "-"]
    assert run("search", config, *common, "--trials", 9).code == 0
    first = sequence(log)
    result = run("search", config, *common, "--trials", 20)
    assert result.code == 0, result
    assert json.loads(result.out)["trials"] == 20
    assert set(first) <= set(sequence(log))
    assert run("search", config, *common, "--trials", 20).code == 0
    result = run("search", config, *common, "--trials", 9)
    assert result.code == 2 and "20" in result.err and "9" in result.err, result


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (["--seed", "9"], ["seed", "0", "9"]),
        (["--strategy", "ppo"], ["strategy", "evolution", "ppo"]),
        (["--parallel", "2"], ["parallel", "3", "2"]),
        (["-s", "search.sub_policies=2"], ["sub_policies", "5", "2"]),
        (["-s", "search.space=\"sub_policy\""], ["space", "auto_augment", "sub_policy"]),
    ],
)
def test_the_state_of_another_search_is_refused(run, config, judge, tmp_path, change, words):
    common = ["--evaluate", judge, "--state", tmp_path / "state.json", "--trials", "4", "--no-baselines"]
    assert run("search", config, *common, "--parallel", "3").code == 0
    before = (tmp_path / "state.json").read_bytes()
    if "--parallel" not in change:
        change = [*change, "--parallel", "3"]
    result = run("search", config, *common, *change)
    assert result.code == 2, result
    assert f"--state {tmp_path / 'state.json'}: " in result.err
    for word in words:
        assert word in result.err, result
    assert (tmp_path / "state.json").read_bytes() == before


FAILED = {"failure": 2, "failure_number": 3, "reason": "exit status 3", "stderr": ""}


def test_damaged_states_are_refused(run, config, judge, tmp_path):
    state = tmp_path / "state.json"
    common = ["search", config, "--evaluate", judge, "--state", state, "--trials", "4", "--no-baselines"]
    assert run(*common).code == 0
    whole = state.read_text()
    object_ = json.loads(whole)
    changed = []
    for edit in (
        lambda o: o["trials"][2].update(name="hraa1/torchvision/10:Rot:1:1"),
        lambda o: o["trials"][2].update(seed=1),
        lambda o: o["trials"][1].pop("kind"),
        lambda o: o["trials"][0].update(id=77),
        lambda o: o.update(trials={}),
        lambda o: o.update(trials=[]),
        lambda o: o["trials"].pop(1),
        lambda o: o["trials"].append(o["trials"][0]),
        lambda o: o["trials"][1].update(o["trials"][0]),
        lambda o: o["trials"][1].update(score=0.5),
        lambda o: o["trials"][1].update(o["trials"][1].pop("score") and FAILED),
        lambda o: o.update(search="{}"),
        lambda o: o.update(format="headrace-search-run/2"),
        lambda o: o.pop("seconds"),
    ):
        copy = json.loads(whole)
        edit(copy)
        changed.append(json.dumps(copy))
    for text in ("", "{}", "[1]", "x", whole[: len(whole) // 2], *changed):
        state.write_text(text)
        result = run(*common)
        assert result.code == 1 and str(state) in result.err and result.err.count("\n") == 1, (text, result)
        assert state.read_text() == text
    assert object_["evaluate"] == judge


def test_logs_of_others_are_left_alone(run, config, judge, tmp_path):
    log = tmp_path / "log.tsv"
    common = ["search", config, "--evaluate", judge, "--trials", "4", "--no-baselines", "--log", log]
    assert run(*common).code == 0
    before = log.read_bytes()
    for more, word in (([], "earlier run"), (["--state", tmp_path / "state.json"], "earlier run")):
        result = run(*common, *more)
        assert result.code == 2 and word in result.err, result
        assert log.read_bytes() == before
    notes = tmp_path / "notes.txt"
    notes.write_text("my notes\n")
    result = run("search", config, "--evaluate", judge, "--log", notes)
    assert result.code == 2 and "no log of a search" in result.err
    assert notes.read_text() == "my notes\n"


def test_one_search_at_a_time_on_a_state(binary, run, config, judge, tmp_path):
    process = start(binary, config, tmp_path, HANG)
    wait_until(lambda: (tmp_path / "state.json").exists())
    result = run("search", config, "--evaluate", judge, "--state", tmp_path / "state.json")
    assert result.code == 1 and "another search is at work" in result.err, result
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
