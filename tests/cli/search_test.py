"""headrace search: evaluators that behave well and badly, what is written, what is left behind."""

import html.parser
import json
import os
import pathlib
import re
import signal
import subprocess
import time
import tomllib

import pytest
from search_judges import alone, config, judge, script  # noqa: F401 (fixtures)
from search_judges import BAD, HANG, processes_with, rows, start, wait_until


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
        ("echo +-5; : {policy}", '"+-5", neither a number nor JSON'),
        ("echo nan; : {policy}", 'not finite: "nan"'),
        ("echo -inf; : {policy}", 'not finite: "-inf"'),
        ("echo 1e400; : {policy}", "not finite"),
        ("echo -1e101; : {policy}", "beyond 1e100"),
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


def test_all_failing_in_many_ways_is_no_result(run, config, tmp_path):
    result = run("search", config, "--evaluate", "exit {trial}; : {policy}", "--trials", 9, "--retries", 0,
                 "--no-baselines")  # fmt: skip
    # Trial 0 prints nothing, the others have exit statuses.
    assert result.code == 1, result
    assert "no trial succeeded; the last one: exit status 8" in result.err and result.out == ""
    page, out = tmp_path / "report.html", tmp_path / "best.toml"
    result = run("search", config, "--evaluate", "exit {trial}; : {policy}", "--trials", 9, "--retries", 0,
                 "--json", "-", "--report", page, "-o", out)  # fmt: skip
    assert result.code == 1 and "no trial succeeded; the last one: exit status 8" in result.err, result
    found = json.loads(result.out)
    assert found["best_score"] is None and found["failed"] == found["trials"] == 9 and found["best"] == []
    assert page.exists() and not out.exists()


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
    odd = tmp_path / "it's a \"folder\" $HOME `x` \\\\$"
    odd.mkdir()
    commands = [
        "test -f {policy} && echo 1",
        'test -f "{policy}" && echo 1',
        "test -f '{policy}' && echo 1",
        "P={policy}; test -f \"$P\" && awk 'BEGIN { print {trial} }'",
        'python3 -c "import sys; print(open(sys.argv[1]).read().count(chr(10)) > 3 and 1)" "{policy}"',
        'echo "$(test -f {policy} && echo 1)"',
        'echo "$(test -f "{policy}" && (test -f \'{policy}\') && echo 1)"',
        "echo $(test -f {policy} && echo 1)",
        "echo `test -f {policy} && echo 1`",
        'echo "`test -f {policy} && echo 1`"',
        'echo "it\'s" >&2; S="$(cat {policy})" && test -n "$S" && test -f "{policy}" && echo 1 # it\'s "$(" ',
        "# it's\ntest -f {policy} && echo 1",
    ]
    for command in commands:
        result = run("search", config, "--evaluate", command, "--trials", 2, "--no-baselines",
                     "--state", odd / "a b.json", "--log", odd / "a b.tsv", "-o", odd / "a b.toml",
                     env={"TMPDIR": str(odd)})  # fmt: skip
        assert result.code == 0, (command, result)
        assert sorted(path.name for path in odd.iterdir()) == ["a b.json", "a b.toml", "a b.tsv"]
        for path in odd.iterdir():
            path.unlink()


def test_a_relative_folder_for_temporary_files(run, config, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "temporary").mkdir()
    command = "cd / && test -f {policy} && test -f $HEADRACE_TRIAL && echo 1"
    result = run("search", config, "--evaluate", command, "--trials", 2, "--no-baselines", env={"TMPDIR": "temporary"})
    assert result.code == 0, result
    wait_until(lambda: not list((tmp_path / "temporary").iterdir()))


def test_stderr_of_evaluators_is_shown_when_asked_for(run, config, judge):
    command = f"echo 50% done >&2; {judge}"
    quiet = run("search", config, "--evaluate", command, "--trials", 3, "--no-baselines")
    assert quiet.code == 0 and "done" not in quiet.err, quiet
    loud = run("search", config, "--evaluate", command, "--trials", 3, "--no-baselines", "--verbose")
    assert loud.code == 0 and "trial 2: 50% done\n" in loud.err, loud


@pytest.mark.parametrize(("printed", "score"), [("1e-400", 0), ("-1e-400", 0), ("+5", 5), ("-5e-1", -0.5)])
def test_numbers_of_any_spelling(run, config, printed, score):
    result = run("search", config, "--evaluate", f"echo {printed}; : {{policy}}", "--trials", 1, "--no-baselines",
                 "--json", "-")  # fmt: skip
    assert result.code == 0 and json.loads(result.out)["best_score"] == score, result


def test_two_results_in_one_file_are_refused(run, config, tmp_path):
    for a, b in (("--state", "--log"), ("--report", "-o"), ("--json", "--state"), ("-o", "--json")):
        for name in (tmp_path / "x", tmp_path / ".." / tmp_path.name / "x"):
            result = run("search", config, "--evaluate", "x", a, tmp_path / "x", b, name)
            assert result.code == 2 and a in result.err and b in result.err, result
            assert "a file of its own" in result.err
    (tmp_path / "x").touch()
    (tmp_path / "link").symlink_to(tmp_path / "x")
    result = run("search", config, "--evaluate", "x", "--log", tmp_path / "x", "-o", tmp_path / "link")
    assert result.code == 2 and "--log and -o are both" in result.err, result
    result = run("search", config, "--evaluate", "x", "--state", config)
    assert result.code == 2 and "CONFIG" in result.err, result
    result = run("search", config, "--evaluate", "echo 1; : {policy}", "--trials", 1, "--log", "/dev/null",
                 "--report", "/dev/null")  # fmt: skip
    assert "a file of its own" not in result.err


def test_the_limit_of_open_files(binary, config):
    command = "ulimit -Sn 40 && ulimit -Hn {hard} && exec \"$@\""
    search = [binary, "search", config, "--evaluate", "echo 1; : {policy}", "--trials", "40", "--no-baselines",
              "--rescore", "0", "--parallel", "40"]  # fmt: skip
    done = subprocess.run(["sh", "-c", command.format(hard=1000), "sh", *search], capture_output=True, text=True,
                          timeout=100, check=False)  # fmt: skip
    assert done.returncode == 0, done
    done = subprocess.run(["sh", "-c", command.format(hard=100), "sh", *search], capture_output=True, text=True,
                          timeout=100, check=False)  # fmt: skip
    assert done.returncode == 1 and "144 open files, and the limit is 100" in done.stderr, done


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


def test_the_space_of_rand_augment(run, good, demo, judge, tmp_path):
    config = demo / "rand.toml"
    config.write_text((demo / "train.toml").read_text() + '\n[search]\nspace = "rand_augment"\n')
    common = ["search", config, "--evaluate", judge, "--trials", 6, "-o", tmp_path / "best.toml"]
    result = run(*common, "--concat", 5)
    assert result.code == 2 and "--concat" in result.err, result
    result = run(*common, "--report", tmp_path / "report.html")
    assert result.code == 0, result
    assert "rand_augment" in tomllib.loads((tmp_path / "best.toml").read_text())
    page = (tmp_path / "report.html").read_text()
    assert "RandAugment, " in page and Page(page).tags["img"] == 12
    picture = next((demo / "images").rglob("*.jpg"))
    policy = f'op = "auto_augment", policy = "{tmp_path / "best.toml"}"'
    good("apply", picture, "-o", tmp_path / "x.png", "--op", policy)


def test_wrong_configurations(run, config, tmp_path):
    assert run("search", tmp_path / "missing.toml", "--evaluate", "x").code in (1, 2)
    config.write_text('[search]\nops = ["rotate", "shear_z"]\n')
    result = run("search", config, "--evaluate", "x")
    assert result.code == 2, result
    assert f"{config}:2" in result.err and "shear_z" in result.err, result


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


def test_what_a_shell_has_started_has_time_to_end(run, config, script, tmp_path):
    # The shell dies of SIGTERM at once; its child saves something first.
    child = script(
        "#!/usr/bin/env python3\nimport pathlib, signal, sys, time\n"
        "def end(*_):\n    time.sleep(0.5)\n    pathlib.Path(sys.argv[0] + '.saved').touch()\n    sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, end)\npathlib.Path(sys.argv[0] + '.ready').touch()\ntime.sleep(1000)\n"
    )
    command = f"{child}; echo 1; : {{policy}}"
    begin = time.monotonic()
    result = run("search", config, "--evaluate", command, "--trials", 1, "--retries", 0, "--timeout", 1.5,
                 "--no-baselines", env={"HEADRACE_TEST_MARK": str(tmp_path)})  # fmt: skip
    assert result.code == 1 and "within 1.5 s" in result.err, result
    assert pathlib.Path(f"{child}.ready").exists() and pathlib.Path(f"{child}.saved").exists()
    assert time.monotonic() - begin < 10
    assert processes_with(f"HEADRACE_TEST_MARK={tmp_path}") == []


def test_time_that_the_search_sleeps_is_not_the_evaluators(binary, config, tmp_path):
    command = f": > {tmp_path}/begun; sleep 0.3; echo 1; : {{policy}}"
    process = subprocess.Popen(
        [binary, "search", config, "--evaluate", command, "--trials", "1", "--retries", "0", "--timeout", "2",
         "--no-baselines", "--rescore", "0", "--json", "-"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    wait_until((tmp_path / "begun").exists)
    process.send_signal(signal.SIGSTOP)
    time.sleep(2.5)
    process.send_signal(signal.SIGCONT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    assert json.loads(out)["failed"] == 0


def test_what_an_evaluator_leaves_behind_does_not_keep_it(run, config, tmp_path):
    command = "sleep 1000 & echo 0.5; : {policy}"
    result = run("search", config, "--evaluate", command, "--trials", 4, "--no-baselines", "--rescore", 0,
                 env={"HEADRACE_TEST_MARK": str(tmp_path)})  # fmt: skip
    assert result.code == 0, result
    assert processes_with(f"HEADRACE_TEST_MARK={tmp_path}") == []


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


def test_the_report_of_scores_that_are_nearly_equal(run, config, tmp_path):
    # Their mean is one in the last place away from them; 0 has no neighbour at such a distance.
    for score in ("0.1", "0", "1e-300", "-1e99"):
        page = tmp_path / "report.html"
        result = run("search", config, "--evaluate", f"echo {score}; : {{policy}}", "--trials", 3, "--report", page,
                     "--json", "-")  # fmt: skip
        assert result.code == 0, result
        assert Page(page.read_text()).tags["circle"] == 3
        assert 2 <= page.read_text().count('class="grid"') <= 12
        assert json.loads(result.out)["best_score"] == float(score)


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
