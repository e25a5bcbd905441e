"""headrace search: evaluators that behave badly, runs that are killed, several processes.

The judges are shell scripts: the score is a number made of the policy's bytes and the seed, so that
two runs agree when they try the same policies in the same order."""

import csv
import html.parser
import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import time
import tomllib

import pytest

LONG = os.environ.get("HEADRACE_LONG_TESTS") == "1"
SHARE = int(os.environ.get("HEADRACE_TEST_SHARE", "1"))  # sanitizers are slow to start
KILLS = 100 if LONG else max(8 // SHARE, 2)
LAUNCHERS = ["RANK", "WORLD_SIZE", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "PMI_RANK", "PMI_SIZE",
             "SLURM_PROCID", "SLURM_NTASKS"]  # fmt: skip

# A number from 0 to 1 that depends on the policy, and a little on the seed.
SCORE = """#!/bin/sh
echo "epoch 1: loss 0.5"
set -- $(cksum < "$1") "$2"
awk -v c="$1" -v s="$3" 'BEGIN { printf "%.6f\\n", (c % 100000) / 100000 + (s % 1000) / 1e7 }'
"""
# The same with crashes and hangs, and lines that only look like scores.
BAD = """#!/bin/sh
echo "0.99 is not the score"
echo "trial $3 speaking" >&2
[ $(( $3 % 5 )) = 4 ] && exit 3
if [ $(( $3 % 11 )) = 10 ]; then sleep 1000 & sleep 1000; fi
set -- $(cksum < "$1") "$2"
awk -v c="$1" -v s="$3" 'BEGIN { printf "{\\"score\\": %.6f, \\"metrics\\": {\\"loss\\": [1, 2]}}\\n\\n  \\n",
  (c % 100000) / 100000 + (s % 1000) / 1e7 }'
"""


@pytest.fixture(autouse=True)
def alone(monkeypatch):
    """Whatever has started the tests is nobody's launcher and has no devices to share."""
    for name in [*LAUNCHERS, "CUDA_VISIBLE_DEVICES"]:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def config(tmp_path):
    """A configuration of which nothing exists but itself."""
    path = tmp_path / "search.toml"
    path.write_text('[dataset]\npath = "no-such-folder"\n')
    return path


@pytest.fixture
def script(tmp_path):
    """script(text, name) -> the path of a program."""

    def write(text, name="evaluate"):
        path = tmp_path / name
        path.write_text(text)
        path.chmod(0o755)
        return path

    return write


@pytest.fixture
def judge(script):
    return f"{script(SCORE)} {{policy}} {{seed}}"


def rows(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def sequence(path):
    """What was tried and what came of it, whatever finished first."""
    kept = ("trial", "kind", "status", "score", "seed", "policy")
    lines = [tuple(row[name] for name in kept) for row in rows(path)]
    assert len(set(lines)) == len(lines), "a trial is in the log twice"
    return sorted(lines)


def processes_with(word):
    """Living or dead processes of which the command line or environment has `word`."""
    found = []
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            text = (folder / "cmdline").read_bytes() + (folder / "environ").read_bytes()
        except OSError:
            continue
        if word.encode() in text and int(folder.name) != os.getpid():
            found.append((folder.name, text[:200]))
    return found


def wait_until(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def test_finds_the_best_and_writes_it(run, config, judge, tmp_path):
    out = tmp_path / "best.toml"
    result = run("search", config, "--evaluate", judge, "--trials", 20, "--parallel", 3, "--seed", 4,
                 "--log", tmp_path / "log.tsv", "--json", "-", "-o", out)  # fmt: skip
    assert result.code == 0, result
    found = json.loads(result.out)
    assert found["trials"] == 20 and found["failed"] == 0
    assert (found["strategy"], found["seed"], found["parallel"]) == ("evolution", 4, 3)
    # 20 trials, the best 6 on 3 seeds, 4 baselines on 3 seeds.
    log = rows(tmp_path / "log.tsv")
    assert len(log) == found["evaluations"] == 20 + 6 * 3 + 4 * 3
    scores = {row["trial"]: float(row["score"]) for row in log if row["kind"] == "search"}
    assert found["best_score"] == max(scores.values())
    again = {}
    for row in log:
        if row["kind"] == "rescore":
            again.setdefault(row["trial"], []).append(float(row["score"]))
    assert sorted(again, key=scores.get) == sorted(scores, key=scores.get)[-6:]
    winner = max(again, key=lambda trial: sum(again[trial]))
    mean = sum(again[winner]) / 3
    error = (sum((score - mean) ** 2 for score in again[winner]) / 2 / 3) ** 0.5
    assert found["winner"]["trial"] == int(winner)
    assert found["winner"]["mean"] == pytest.approx(mean)
    assert found["winner"]["standard_error"] == pytest.approx(error)
    names = ["none", "rand_augment", "trivial_augment_wide", "random"]
    assert [baseline["name"] for baseline in found["baselines"]] == names
    seeds = {row["seed"] for row in log if row["kind"] == "rescore"}
    assert len(seeds) == 3 and not seeds & {row["seed"] for row in log if row["kind"] == "search"}
    assert seeds == {row["seed"] for row in log if row["kind"] == "baseline"}
    policy = tomllib.loads(out.read_text())
    assert policy["format"] == "headrace-policy/1" and len(policy["sub_policy"]) == 5
    assert not list(tmp_path.glob("**/*.tmp*"))


def test_the_policy_is_one_that_auto_augment_reads(run, good, demo, judge, tmp_path):
    config = demo / "search.toml"
    config.write_text((demo / "train.toml").read_text() + '\n[search]\nspace = "sub_policy"\n')
    out = tmp_path / "best.toml"
    result = run("search", config, "--evaluate", judge, "--trials", 6, "--concat", 3, "-o", out)
    assert result.code == 0, result
    assert len(tomllib.loads(out.read_text())["sub_policy"]) == 3
    picture = next((demo / "images").rglob("*.jpg"))
    good("apply", picture, "-o", tmp_path / "x.png", "--op", f'op = "auto_augment", policy = "{out}"')
    assert "winner" in result.out and "baselines" in result.out and "hraa1/" in result.out


def test_crashes_hangs_and_noise(run, config, script, tmp_path):
    command = f"{script(BAD)} {{policy}} {{seed}} {{trial}}"
    mark = f"HEADRACE_TEST_MARK={tmp_path}"
    result = run("search", config, "--evaluate", command, "--trials", 24, "--parallel", 4,
                 "--timeout", 1, "--retries", 1, "--json", "-", "--log", tmp_path / "log.tsv",
                 env={"HEADRACE_TEST_MARK": str(tmp_path)})  # fmt: skip
    assert result.code == 0, result
    found = json.loads(result.out)
    # Of 0 to 23: 4, 9, 14, 19 crash, 10 and 21 hang.
    assert found["trials"] == 24 and found["failed"] == 6
    log = rows(tmp_path / "log.tsv")
    failed = {int(row["trial"]): row for row in log if row["kind"] == "search" and row["status"] == "failed"}
    assert sorted(failed) == [4, 9, 10, 14, 19, 21]
    assert failed[4]["reason"] == "exit status 3; stderr: trial 4 speaking"
    assert "within 1 s" in failed[10]["reason"] and failed[10]["score"] == ""
    assert all(float(row["score"]) < 0.99 for row in log if row["status"] == "ok" and row["trial"] != "0.99")
    assert "trial 4 failed: exit status 3" in result.err
    assert result.err.count("warning") == 1, result
    assert processes_with(mark) == []


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ("/no/such/program {policy}", "exit status 127 (command not found)"),
        ("echo 0.5 {policy}; exit 4", "exit status 4"),
        ("echo 0.5 {policy}; kill -SEGV $$", "ended by SIGSEGV"),
        (": {policy}", "printed nothing"),
        ("printf '\\n \\n'; : {policy}", "printed nothing"),
        ("echo 0.5; echo done; : {policy}", '"done", neither a number nor JSON'),
        ("echo nan; : {policy}", 'not finite: "nan"'),
        ("echo -inf; : {policy}", 'not finite: "-inf"'),
        ("echo 1e400; : {policy}", "not finite"),
        ("echo '{\"score\": NaN}'; : {policy}", "neither a number nor JSON"),
        ("echo '{\"score\": \"0.5\"}'; : {policy}", "neither a number nor JSON"),
        ("echo '{\"accuracy\": 0.5}'; : {policy}", "neither a number nor JSON"),
        ("yes '[' | head -n 500000 | tr -d '\\n'; : {policy}", "neither a number nor JSON"),
        ("head -c 3000000 /dev/zero | tr '\\0' 1; : {policy}", "longer than 1 MiB"),
        ("sleep 1000; : {policy}", "within 0.1 s"),
    ],
)
def test_an_evaluator_that_never_works_ends_the_search(run, config, command, reason):
    result = run("search", config, "--evaluate", command, "--trials", 500, "--parallel", 2,
                 "--timeout", 0.1 if "sleep" in command else 50, "--retries", 0)  # fmt: skip
    assert result.code == 1, result
    assert result.out == ""
    assert re.search("the first [78] trials all failed in the same way", result.err), result
    assert reason in result.err


def test_an_evaluator_that_never_works_shows_its_stderr(run, config):
    command = "echo first >&2; printf 'Traceback:\\n  no module' >&2; exit 1; : {policy}"
    result = run("search", config, "--evaluate", command, "--trials", 500, "--retries", 0)
    assert result.code == 1, result
    for line in ("stderr: first", "stderr: Traceback:", "stderr:   no module"):
        assert f"headrace search: {line}\n" in result.err, result


def test_all_failing_in_many_ways_is_no_result(run, config):
    result = run("search", config, "--evaluate", "exit {trial}; : {policy}", "--trials", 9, "--retries", 0,
                 "--no-baselines")  # fmt: skip
    # Trial 0 prints nothing, the others have exit statuses.
    assert result.code == 1, result
    assert "no trial succeeded" in result.err


def test_a_failed_attempt_is_tried_again(run, config, script, tmp_path):
    once = script('#!/bin/sh\n[ -e "$0.$2" ] && echo "0.$2" && exit\n: > "$0.$2"\nexit 9\n', "once")
    result = run("search", config, "--evaluate", f"{once} {{policy}} {{trial}}", "--trials", 12, "--json", "-")
    assert result.code == 0, result
    assert json.loads(result.out)["evaluations_failed"] == 0
    result = run("search", config, "--evaluate", f"rm -f {once}.{{trial}}; {once} {{policy}} {{trial}}",
                 "--trials", 12, "--retries", 0)  # fmt: skip
    assert result.code == 1, result


def test_what_the_evaluator_is_given(run, config, script, tmp_path):
    command = script(
        "#!/bin/sh\n"
        'cp "$1" "$0.$3.toml"; cp "$HEADRACE_TRIAL" "$0.$3.json"\n'
        'echo "$2 $CUDA_VISIBLE_DEVICES $4" > "$0.$3.txt"; cat; echo 1\n'
    )
    where = f"{command} {{policy}} {{seed}} {{trial}} '{{other}}'"
    result = run("search", config, "--evaluate", where, "--trials", 6, "--parallel", 2,
                 env={"CUDA_VISIBLE_DEVICES": "3,5,7"}, input=None)  # fmt: skip
    assert result.code == 0, result
    devices = set()
    for trial in range(6):
        policy = pathlib.Path(f"{command}.{trial}.toml").read_text()
        assert len(tomllib.loads(policy)["sub_policy"]) == 5
        told = json.loads(pathlib.Path(f"{command}.{trial}.json").read_text())
        seed, device, other = pathlib.Path(f"{command}.{trial}.txt").read_text().split()
        assert (told["id"], told["seed"], told["policy"]) == (trial, int(seed), policy)
        assert other == "{other}"
        devices.add(device)
    assert devices == {"3,7", "5"}


def test_places_between_quotes_and_folders_with_odd_names(run, config, tmp_path):
    odd = tmp_path / "it's a \"folder\" $HOME `x`"
    odd.mkdir()
    commands = [
        "test -f {policy} && echo 1",
        'test -f "{policy}" && echo 1',
        "test -f '{policy}' && echo 1",
        "P={policy}; test -f \"$P\" && awk 'BEGIN { print {trial} }'",
        'python3 -c "import sys; print(open(sys.argv[1]).read().count(chr(10)) > 3 and 1)" "{policy}"',
    ]
    for command in commands:
        result = run("search", config, "--evaluate", command, "--trials", 2, "--no-baselines",
                     "--state", odd / "a b.json", "--log", odd / "a b.tsv", "-o", odd / "a b.toml",
                     env={"TMPDIR": str(odd)})  # fmt: skip
        assert result.code == 0, (command, result)
        assert sorted(path.name for path in odd.iterdir()) == ["a b.json", "a b.toml", "a b.tsv"]
        for path in odd.iterdir():
            path.unlink()


def test_stderr_of_evaluators_is_shown_when_asked_for(run, config, judge):
    command = f"echo 50% done >&2; {judge}"
    quiet = run("search", config, "--evaluate", command, "--trials", 3, "--no-baselines")
    assert quiet.code == 0 and "done" not in quiet.err, quiet
    loud = run("search", config, "--evaluate", command, "--trials", 3, "--no-baselines", "--verbose")
    assert loud.code == 0 and "trial 2: 50% done\n" in loud.err, loud


def test_a_command_without_a_policy_is_a_warning(run, config):
    result = run("search", config, "--evaluate", "echo {trial}", "--trials", 3, "--no-baselines")
    assert result.code == 0, result
    assert "no {policy}" in result.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], ["missing --evaluate"]),
        (["--evaluate", " "], ["missing --evaluate"]),
        (["--evaluate", "x", "--strategy", "evolve"], ['"evolve"', "ppo"]),
        (["--evaluate", "x", "--strategy", "evolutoin"], ['did you mean "evolution"']),
        (["--evaluate", "x", "--trials", "0"], ["--trials", "from 1"]),
        (["--evaluate", "x", "--parallel", "0"], ["--parallel", "from 1 to 1024"]),
        (["--evaluate", "x", "--timeout", "-1"], ["--timeout", "above 0"]),
        (["--evaluate", "x", "--trials", "5", "--rescore", "6"], ["--rescore", "from 0 to 5"]),
        (["--evaluate", "x", "--concat", "5"], ["--concat", "-o FILE"]),
        (["--evaluate", "x", "-o", "/no/such/folder/best.toml"], ["-o: cannot write", "No such file"]),
        (["--evaluate", "x", "--log", "/no/such/folder/log"], ["--log: cannot write", "No such file"]),
        (["--evaluate", "x", "--report", "/"], ["--report: cannot write", "Is a directory"]),
        (["--evaluate", "x", "--json", "/no/such/folder/x"], ["--json: cannot write"]),
        (["--evaluate", "x", "-s", "search.space=\"auto\""], ["space", "auto_augment"]),
    ],
)
def test_wrong_command_lines(run, config, arguments, words):
    result = run("search", config, *arguments)
    assert result.code == 2 and result.out == "", result
    for word in words:
        assert word in result.err, result


def test_wrong_configurations(run, config, tmp_path):
    assert run("search", tmp_path / "missing.toml", "--evaluate", "x").code in (1, 2)
    config.write_text('[search]\nops = ["rotate", "shear_z"]\n')
    result = run("search", config, "--evaluate", "x")
    assert result.code == 2, result
    assert f"{config}:2" in result.err and "shear_z" in result.err, result


def run_whole(run, config, judge, folder, *more):
    folder.mkdir(exist_ok=True)
    result = run("search", config, "--evaluate", judge, "--trials", 18, "--parallel", 3, "--log", folder / "log.tsv",
                 "--state", folder / "state.json", "--json", "-", *more)  # fmt: skip
    assert result.code == 0, result
    return json.loads(result.out)


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


def sequence_of_text(text):
    whole = text[: text.rfind("\n") + 1].splitlines()
    for line in whole[1:]:
        trial, kind, status, score, _, seed, policy, _ = line.split("\t")
        yield trial, kind, status, score, seed, policy


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


def start(binary, config, tmp_path, command, *more):
    return subprocess.Popen(
        [binary, "search", config, "--evaluate", command, "--trials", "40", "--state", tmp_path / "state.json",
         "--log", tmp_path / "log.tsv", *map(str, more)],
        env={**os.environ, "HEADRACE_TEST_MARK": str(tmp_path), "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


HANG = "[ {trial} -lt 5 ] && echo 1 && exit; (sleep 1000 & sleep 1000); : {policy}"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_when_it_is_stopped(binary, run, config, judge, tmp_path, number):
    process = start(binary, config, tmp_path, HANG, "--parallel", 3)
    log = tmp_path / "log.tsv"
    wait_until(lambda: log.exists() and len(rows(log)) == 5)
    wait_until(lambda: len(processes_with("sleep\0" + "1000")) >= 6)
    process.send_signal(number)
    _, err = process.communicate(timeout=20)
    if number == signal.SIGKILL:
        assert process.returncode == -9
    else:
        assert process.returncode == 130
        assert "interrupted after 5 of" in err
    mark = f"HEADRACE_TEST_MARK={tmp_path}"
    wait_until(lambda: processes_with(mark) == [])
    assert len(rows(log)) == 5
    wait_until(lambda: not list(tmp_path.glob("headrace-search-*")))
    # And on, with what is finished kept.
    result = run("search", config, "--evaluate", judge, "--trials", 40, "--parallel", 3, "--log", log, "--state",
                 tmp_path / "state.json", "--no-baselines", "--rescore", 0)  # fmt: skip
    assert result.code == 0, result
    assert "--evaluate was" in result.err
    assert [row["score"] for row in rows(log)[:5]] == ["1"] * 5
    assert len(rows(log)) == 40


def test_evaluators_that_do_not_want_to_end_are_killed(run, config, tmp_path):
    command = "trap '' TERM INT; echo stubborn >&2; while :; do sleep 1; done; : {policy}"
    begin = time.monotonic()
    result = run("search", config, "--evaluate", command, "--trials", 3, "--retries", 0, "--timeout", 0.2,
                 "--parallel", 3, "--no-baselines",
                 env={"HEADRACE_TEST_MARK": str(tmp_path)})  # fmt: skip
    assert result.code == 1, result
    assert time.monotonic() - begin < 20
    assert processes_with(f"HEADRACE_TEST_MARK={tmp_path}") == []


def test_what_an_evaluator_leaves_behind_does_not_keep_it(run, config, tmp_path):
    command = "sleep 1000 & echo 0.5; : {policy}"
    result = run("search", config, "--evaluate", command, "--trials", 4, "--no-baselines", "--rescore", 0,
                 env={"HEADRACE_TEST_MARK": str(tmp_path)})  # fmt: skip
    assert result.code == 0, result
    assert processes_with(f"HEADRACE_TEST_MARK={tmp_path}") == []


def test_one_search_at_a_time_on_a_state(binary, run, config, judge, tmp_path):
    process = start(binary, config, tmp_path, HANG)
    wait_until(lambda: (tmp_path / "state.json").exists())
    result = run("search", config, "--evaluate", judge, "--state", tmp_path / "state.json")
    assert result.code == 1 and "another search is at work" in result.err, result
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)


class Page(html.parser.HTMLParser):
    """What of a page comes from elsewhere, and what is in it."""

    def __init__(self, text):
        super().__init__()
        self.tags = {}
        self.sources = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags[tag] = self.tags.get(tag, 0) + 1
        self.sources += [value for name, value in attrs if name in ("src", "href")]


def test_the_report(run, demo, judge, tmp_path):
    config = demo / "report.toml"
    config.write_text((demo / "train.toml").read_text() + "\n[search]\nsub_policies = 3\n")
    page = tmp_path / "report.html"
    command = f"[ {{trial}} = 3 ] && echo '<script>&amp;' >&2 && exit 2; {judge} # <b>&"
    result = run("search", config, "--evaluate", command, "--trials", 12, "--retries", 0, "--report", page)
    assert result.code == 0, result
    text = page.read_text()
    parsed = Page(text)
    assert "script" not in parsed.tags and "b" in parsed.tags
    # The samples as they are, and a row for each sub-policy.
    assert parsed.tags["img"] == 6 * 4
    assert parsed.sources and all(source.startswith("data:image/png;base64,") for source in parsed.sources)
    assert parsed.tags["svg"] == 1 and parsed.tags["circle"] == 11
    assert "&lt;script&gt;&amp;amp;" in text and "# &lt;b&gt;&amp;" in text
    for name in ("none", "rand_augment", "trivial_augment_wide", "random", "exit status 2", "evolution"):
        assert name in text, name


def test_a_report_without_pictures_says_why(run, config, judge, tmp_path):
    page = tmp_path / "report.html"
    result = run("search", config, "--evaluate", judge, "--trials", 4, "--report", page)
    assert result.code == 0, result
    assert "no pictures" in result.err and "no-such-folder" in result.err
    assert "no pictures" in page.read_text()


def ranks(binary, world_size, *arguments, **variables):
    return [
        subprocess.Popen(
            [binary, "search", *map(str, arguments)],
            env={**os.environ, "RANK": str(rank), "WORLD_SIZE": str(world_size), **variables},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for rank in range(world_size)
    ]  # fmt: skip


def test_ranks_give_what_one_process_gives(binary, run, config, script, tmp_path):
    command = f"{script(BAD)} {{policy}} {{seed}} {{trial}}"
    common = [config, "--evaluate", command, "--trials", 20, "--timeout", 1, "--retries", 0]
    alone = run("search", *common, "--parallel", 6, "--log", tmp_path / "alone.tsv", "--json", "-")
    assert alone.code == 0, alone
    running = ranks(binary, 3, *common, "--parallel", 2, "--log", tmp_path / "ranks.tsv", "--state",
                    tmp_path / "state.json", "--json", "-")  # fmt: skip
    outputs = [process.communicate(timeout=100) for process in running]
    assert [process.returncode for process in running] == [0, 0, 0], outputs
    assert outputs[1][0] == outputs[2][0] == ""
    assert sequence(tmp_path / "ranks.tsv") == sequence(tmp_path / "alone.tsv")
    one, many = json.loads(alone.out), json.loads(outputs[0][0])
    assert many["winner"] == one["winner"] and many["world_size"] == 3 and many["parallel"] == 6
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == ["alone.tsv", "evaluate", "ranks.tsv", "search.toml", "state.json"]


def test_all_ranks_take_part(binary, config, tmp_path):
    # Which knows nothing of ranks itself.
    command = f"echo $HEADRACE_WORKER$RANK$WORLD_SIZE$OMPI_X >> {tmp_path}/who; sleep 0.2; echo 1; : {{policy}}"
    running = ranks(binary, 3, config, "--evaluate", command, "--trials", 15,
                    "--state", tmp_path / "state.json", "--no-baselines", "--rescore", 0, OMPI_X="x")  # fmt: skip
    outputs = [process.communicate(timeout=100) for process in running]
    assert [process.returncode for process in running] == [0, 0, 0], outputs
    who = (tmp_path / "who").read_text().split()
    assert len(who) == 15 and set(who) == {"0", "1", "2"}


def test_a_rank_that_dies_loses_no_trial(binary, run, config, judge, tmp_path):
    common = [config, "--trials", 24, "--parallel", 2, "--no-baselines"]
    expected = run("search", *common, "--parallel", 6, "--evaluate", judge, "--log", tmp_path / "alone.tsv")
    assert expected.code == 0, expected
    # Rank 1 never comes to an end.
    command = f"[ $HEADRACE_WORKER = 2 ] && : > {tmp_path}/busy && sleep 1000; {judge}"
    log = tmp_path / "ranks.tsv"
    running = ranks(binary, 3, *common, "--evaluate", command, "--log", log, "--state", tmp_path / "state.json",
                    "--rank-timeout", 3, HEADRACE_TEST_MARK=str(tmp_path))  # fmt: skip
    wait_until((tmp_path / "busy").exists)
    running[1].send_signal(signal.SIGKILL)
    outputs = [process.communicate(timeout=100) for process in running]
    assert [process.returncode for process in running] == [0, -9, 0], outputs
    assert "rank 1 has not been heard of for 3 s" in outputs[0][1]
    assert sequence(log) == sequence(tmp_path / "alone.tsv")
    wait_until(lambda: processes_with(f"HEADRACE_TEST_MARK={tmp_path}") == [])


def test_ranks_end_when_rank_0_dies_and_go_on_with_it(binary, run, config, judge, tmp_path):
    slow = f"sleep 0.1; {judge}"
    log = tmp_path / "ranks.tsv"
    common = [config, "--evaluate", slow, "--trials", 24, "--log", log, "--state", tmp_path / "state.json",
              "--rank-timeout", 3, "--no-baselines"]  # fmt: skip
    running = ranks(binary, 2, *common)
    wait_until(lambda: log.exists() and len(rows(log)) >= 5)
    running[0].send_signal(signal.SIGKILL)
    outputs = [process.communicate(timeout=60) for process in running]
    assert [process.returncode for process in running] == [-9, 1], outputs
    assert "rank 0 has not been heard of for 3 s" in outputs[1][1]
    before = sequence(log)
    running = ranks(binary, 2, *common)
    outputs = [process.communicate(timeout=60) for process in running]
    assert [process.returncode for process in running] == [0, 0], outputs
    assert set(before) <= set(sequence(log))
    expected = run("search", config, "--evaluate", slow, "--trials", 24, "--parallel", 2, "--log",
                   tmp_path / "alone.tsv", "--no-baselines")  # fmt: skip
    assert expected.code == 0, expected
    assert sequence(log) == sequence(tmp_path / "alone.tsv")


def test_ranks_by_options(binary, run, config, judge, tmp_path):
    alone = run("search", config, "--evaluate", judge, "--trials", 3, "--rank", 0, "--world-size", 1,
                env={"SLURM_PROCID": "0", "SLURM_NTASKS": "8"})  # fmt: skip
    assert alone.code == 0, alone
    for more in (["--rank", "0"], ["--world-size", "2"], ["--rank", "2", "--world-size", "2"]):
        assert run("search", config, "--evaluate", judge, *more).code == 2
    result = run("search", config, "--evaluate", judge, env={"SLURM_PROCID": "0", "SLURM_NTASKS": "8"})
    assert result.code == 2 and "--state FILE is needed" in result.err, result


def test_ranks_need_a_state(binary, config, judge):
    running = ranks(binary, 2, config, "--evaluate", judge)
    outputs = [process.communicate(timeout=60) for process in running]
    assert [process.returncode for process in running] == [2, 2], outputs
    assert all("--state FILE is needed" in err for _, err in outputs)


def test_under_mpirun(binary, run, config, judge, tmp_path):
    mpirun = shutil.which("mpirun")
    if not mpirun:
        pytest.skip("no mpirun here")
    common = [config, "--evaluate", judge, "--trials", "20", "--seed", "3"]
    alone = run("search", *common, "--parallel", 3, "--log", tmp_path / "alone.tsv", "--json", "-")
    assert alone.code == 0, alone
    done = subprocess.run(
        [mpirun, "--allow-run-as-root", "--oversubscribe", "-n", "3", binary, "search", *common,
         "--state", tmp_path / "state.json", "--log", tmp_path / "ranks.tsv", "--json", tmp_path / "out.json"],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done
    assert sequence(tmp_path / "ranks.tsv") == sequence(tmp_path / "alone.tsv")
    found = json.loads((tmp_path / "out.json").read_text())
    assert found["winner"] == json.loads(alone.out)["winner"] and found["world_size"] == 3


def test_the_bar_on_a_terminal(binary, config, judge):
    import pty
    import select

    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [binary, "search", config, "--evaluate", f"sleep 0.1; {judge}", "--trials", "6", "--no-baselines"],
        stdin=follower, stdout=subprocess.PIPE, stderr=follower, env={**os.environ, "TERM": "xterm"},
    )  # fmt: skip
    os.close(follower)
    drawn = b""
    while select.select([leader], [], [], 30)[0]:
        try:
            chunk = os.read(leader, 65536)
        except OSError:
            break
        if not chunk:
            break
        drawn += chunk
    os.close(leader)
    out = process.communicate(timeout=30)[0].decode()
    assert process.returncode == 0
    text = drawn.decode()
    assert re.search(r"\d of 12 trials  best 0\.\d+  0:0\d left", text), text
    assert "winner" in out


if __name__ == "__main__":
    sys.exit(pytest.main([__file__]))
