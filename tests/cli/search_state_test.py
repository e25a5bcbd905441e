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
from slow_programs import SHARE

LONG = os.environ.get("HEADRACE_LONG_TESTS") == "1"
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
BAD_HEADS = (
    lambda h: h.update(search="{}"),
    lambda h: h.update(format="headrace-search-run/3"),
    lambda h: h.pop("seconds"),
    lambda h: h.pop("known"),
    lambda h: h.update(known=99),
    lambda h: h.update(known=-1),
    lambda h: h.update(known=0),  # what `search` has is told a second time
    lambda h: h.update(trials=0),
    lambda h: h.update(trials=1 << 32),
    lambda h: h.update(trials=2),
    lambda h: h.update(baselines=2),
)
BAD_TRIALS = (
    lambda t: t[2].update(name="hraa1/torchvision/10:Rot:1:1"),
    lambda t: t[2].update(seed=1),
    lambda t: t[2].update(kind="rescore"),
    lambda t: t[1].pop("kind"),
    lambda t: t[0].update(id=77),
    lambda t: t[3].update(id=77),
    lambda t: t[3].update(id=t[2]["id"]),
    lambda t: t.clear(),
    lambda t: t.pop(1),
    lambda t: t.append(t[0]),
    lambda t: t.append(t[3]),
    lambda t: t[1].update(t[0]),
)
# Wrong only where `search` has the score too.
BAD_SCORES = (
    lambda t: t[0].update(score=0.5),
    lambda t: t[0].update(t[0].pop("score") and FAILED),
)


def lines_of(state):
    head, *trials = [json.loads(line) for line in state.read_text().splitlines()]
    return head, trials


def text_of(head, trials):
    return "".join(json.dumps(line) + "\n" for line in (head, *trials))


def as_one_object(head, trials):
    """The state as it was written before lines were added to it; all trials must be known."""
    assert head["known"] == len(trials)
    old = {"format": "headrace-search-run/1", **{key: head[key] for key in ("evaluate", "seconds", "search")}}
    old["trials"] = [{key: value for key, value in trial.items() if key != "run_seconds"} for trial in trials]
    return old


def check_refused(run, common, state, text):
    state.write_text(text)
    result = run(*common)
    assert result.code == 1 and str(state) in result.err and result.err.count("\n") == 1, (text, result)
    assert state.read_text() == text


def test_damaged_states_are_refused(run, config, judge, tmp_path):
    state = tmp_path / "state.json"
    common = ["search", config, "--evaluate", judge, "--state", state, "--trials", "4", "--no-baselines", "--rescore", 0]
    assert run(*common).code == 0
    whole = state.read_text()
    head, trials = lines_of(state)
    assert head["evaluate"] == judge and head["known"] == 1 and len(trials) == 4
    changed = []
    for edit in (*BAD_TRIALS, *BAD_SCORES):
        head, trials = lines_of(state)
        edit(trials)
        changed.append(text_of(head, trials))
    for edit in BAD_HEADS:
        head, trials = lines_of(state)
        edit(head)
        changed.append(text_of(head, trials))
    lines = whole.splitlines(keepends=True)
    changed += ["".join(lines[:2]) + "half a\n" + "".join(lines[2:]), lines[0][:-20], lines[0]]
    for text in ("", "{}", "[1]", "x", *changed):
        check_refused(run, common, state, text)


def known_to_the_end(run, common, state):
    """Head and trials of a state that ends with the run that wrote its head."""
    assert run(*common, "--trials", 3).code == 0
    assert run(*common, "--trials", 4).code == 0
    return lines_of(state)


def test_damaged_states_of_one_object_are_refused(run, config, judge, tmp_path):
    state = tmp_path / "state.json"
    common = ["search", config, "--evaluate", judge, "--state", state, "--no-baselines", "--rescore", 0]
    old = as_one_object(*known_to_the_end(run, common, state))
    for edit in (*BAD_TRIALS, *BAD_SCORES):
        copy = json.loads(json.dumps(old))
        edit(copy["trials"])
        for indent in (None, 2):
            check_refused(run, [*common, "--trials", 4], state, json.dumps(copy, indent=indent))
    for key in ("evaluate", "seconds", "search", "trials", "format"):
        copy = {**old}
        copy.pop(key)
        check_refused(run, [*common, "--trials", 4], state, json.dumps(copy, indent=2))
    check_refused(run, [*common, "--trials", 4], state, json.dumps(old, indent=2)[:-20])


def test_a_state_of_one_object_goes_on(run, config, judge, tmp_path):
    found = run_whole(run, config, judge, tmp_path / "whole")
    state = tmp_path / "x" / "state.json"
    state.parent.mkdir()
    common = ["search", config, "--evaluate", judge, "--parallel", 3, "--state", state, "--log", tmp_path / "x" / "log.tsv",
              "--no-baselines", "--rescore", 0]  # fmt: skip
    old = as_one_object(*known_to_the_end(run, common, state))
    state.write_text(json.dumps(old, indent=2))
    again = run_whole(run, config, judge, tmp_path / "x")
    assert again["winner"] == found["winner"] and again["evaluations"] == found["evaluations"]
    assert sequence(tmp_path / "x" / "log.tsv") == sequence(tmp_path / "whole" / "log.tsv")
    assert lines_of(state)[0]["format"] == "headrace-search-run/2"


def test_each_trial_adds_a_line_and_the_rest_stays(binary, run, config, judge, tmp_path):
    run_whole(run, config, judge, tmp_path / "x")
    state = tmp_path / "x" / "state.json"
    head, trials = lines_of(state)
    assert head["known"] == 1 and len(trials) == 18 + 6 * 3 + 4 * 3
    assert max(map(len, state.read_text().splitlines()[1:])) < 1000
    process = start(binary, config, tmp_path, HANG)
    waiting = tmp_path / "state.json"
    wait_until(lambda: waiting.exists() and len(waiting.read_text().splitlines()) == 6)
    text = waiting.read_text()
    assert lines_of(waiting)[0]["known"] == 1
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert waiting.read_text() == text


def test_a_state_cut_anywhere_in_its_lines_goes_on(run, config, judge, tmp_path):
    """What was being written when the machine stopped, whatever came of it."""
    found = run_whole(run, config, judge, tmp_path / "whole")
    expected = sequence(tmp_path / "whole" / "log.tsv")
    text = (tmp_path / "whole" / "state.json").read_text()
    first = text.index("\n", text.index("\n") + 1) + 1  # behind the trial that the head knows
    chance = random.Random(5)
    cuts = [first, first + 1, len(text) - 1, *(chance.randrange(first, len(text)) for _ in range(max(8 // SHARE, 2)))]
    for number, cut in enumerate(cuts):
        folder = tmp_path / f"cut{number}"
        folder.mkdir()
        (folder / "state.json").write_text(text[:cut])
        again = run_whole(run, config, judge, folder)
        assert sequence(folder / "log.tsv") == expected, cut
        for key in ("best_score", "winner", "baselines", "policy", "evaluations"):
            assert again[key] == found[key], (cut, key)


def test_a_state_that_was_taken_away_is_written_whole_again(binary, config, tmp_path):
    gate = tmp_path / "gate"
    command = f"[ {{trial}} -lt 3 ] || while [ ! -e {gate} ]; do sleep 0.02; done; echo 1; : {{policy}}"
    process = start(binary, config, tmp_path, command, "--trials", 5, "--no-baselines", "--rescore", 0)
    state = tmp_path / "state.json"
    wait_until(lambda: state.exists() and len(state.read_text().splitlines()) == 4)
    state.rename(tmp_path / "elsewhere.json")
    gate.touch()
    process.communicate(timeout=20)
    assert process.returncode == 0
    head, trials = lines_of(state)
    assert len(trials) == 5 and head["known"] == 4
    assert len((tmp_path / "elsewhere.json").read_text().splitlines()) == 4


@pytest.mark.parametrize("errno", [0, 28, 5], ids=["killed", "no_room", "io_error"])
def test_disturbed_at_each_call(binary, run, config, judge, tmp_path, errno):
    """Killed in the middle of each write, sync and rename, or told that it failed."""
    library = os.environ.get("HEADRACE_FAIL_CALL", "")
    if not os.path.isfile(library):
        pytest.skip("HEADRACE_FAIL_CALL does not name the library that makes calls fail")

    def search(folder, env=None):
        folder.mkdir(exist_ok=True)
        return run("search", config, "--evaluate", judge, "--trials", 5, "--parallel", 2, "--rescore", 1,
                   "--rescore-seeds", 1, "--no-baselines", "--log", folder / "log.tsv", "--state",
                   folder / "state.json", env=env)  # fmt: skip

    def disturbed(folder, at, log=None):
        return search(folder, {"LD_PRELOAD": library, "FAIL_CALL_AT": str(at), "FAIL_CALL_ERRNO": str(errno),
                               **({"FAIL_CALL_LOG": str(log)} if log else {})})  # fmt: skip

    assert disturbed(tmp_path / "counted", 0, tmp_path / "calls").code == 0
    expected = sequence(tmp_path / "counted" / "log.tsv")
    assert len(expected) == 6
    calls = int((tmp_path / "calls").read_text())
    assert calls > 20
    for at in range(1, calls + 1, 1 if LONG else 3):
        folder = tmp_path / f"at{at}"
        done = disturbed(folder, at)
        log = folder / "log.tsv"
        before = set(sequence_of_text(log.read_text())) if log.exists() else set()
        if errno == 0:
            assert done.code in (-signal.SIGKILL, 0), (at, done)
        else:
            # What an evaluator or its files suffer is a trial that fails; all else ends the search.
            assert done.code in (0, 1, 2), (at, done)
        again = search(folder)
        assert again.code == 0, (at, done, again)
        after = sequence(log)
        assert before <= set(after) and len(after) == len(expected), (at, done)
        if errno == 0:
            assert after == expected, (at, done)
        assert not list(folder.glob(".*")) and not list(folder.glob("*.lock"))


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
