"""The command line itself: finding commands, options in any order, help, exit statuses."""

import json
import os
import pty
import re
import select
import subprocess
import time

import pytest

COMMANDS = ["bench", "digest", "dump", "preview", "apply", "scan", "pack", "unpack", "index", "search", "synth",
            "doctor"]


def assert_usage_error(result, *words):
    assert result.code == 2, result
    assert result.out == "", result
    assert result.err.count("\n") == 1, result
    for word in words:
        assert word in result.err, result


def test_version(good):
    assert re.fullmatch(r"headrace \d+\.\d+\.\d+\n", good("--version").out)


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["help"]])
def test_overview_names_every_command(good, arguments):
    text = good(*arguments).out
    for command in COMMANDS:
        assert re.search(rf"^  {command} ", text, re.M)


def test_no_command_is_a_usage_error_with_help_on_stderr(run):
    result = run()
    assert result.code == 2
    assert result.out == ""
    assert "Usage" in result.err


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_usage_options_and_an_example(good, command):
    text = good(command, "--help").out
    assert f"Usage: headrace {command}" in text
    assert "Example:\n  headrace " + command in text
    assert "Exit status" in text
    assert good("help", command).out == text
    assert good(command, "-h").out == text
    assert max(map(len, text.splitlines())) <= 100


def test_unknown_command_suggests_the_nearest(run):
    assert_usage_error(run("bensh"), '"bensh"', 'did you mean "bench"?')
    assert_usage_error(run("frobnicate"), "--help")


def test_unknown_option_suggests_the_nearest(run):
    assert_usage_error(run("bench", "c.toml", "--epoch", "2"), 'did you mean "--epochs"?')
    assert_usage_error(run("bench", "c.toml", "--zzz"), "--zzz")
    assert_usage_error(run("bench", "c.toml", "-q"), '"-q"')


def test_operands_are_counted(run):
    assert_usage_error(run("bench"), "CONFIG")
    assert_usage_error(run("bench", "a", "b"), '"b"')
    assert_usage_error(run("doctor", "a"), '"a"')


@pytest.mark.parametrize(
    "arguments",
    [
        ["--epochs", "0"],
        ["--epochs", "-1"],
        ["--epochs", "two"],
        ["--epochs", "1.5"],
        ["--epochs", ""],
        ["--epochs"],
        ["--seconds", "0"],
        ["--seconds", "nan"],
        ["--seconds", "1s"],
        ["--epochs", "1", "--seconds", "1"],
        ["--json"],
        ["--verbose=1"],
        ["-s", "workers"],
        ["-s", "=4"],
        ["-s"],
    ],
)
def test_wrong_values_are_usage_errors(run, config, arguments):
    assert_usage_error(run("bench", config, *arguments))


def test_a_value_that_is_an_option_is_a_forgotten_value(run, config):
    assert_usage_error(run("bench", config, "--epochs", "--json", "-"), "--epochs needs a value")


def test_options_and_operands_in_any_order(good, config):
    reference = good("digest", config, "--batches", "2").out
    assert reference.count("\n") == 2
    assert good("digest", "--batches", "2", config).out == reference
    assert good("digest", "--batches=2", "--", config).out == reference
    assert good("digest", "-sloader.workers=1", config, "--batches", "2").out == reference


def test_overrides_reach_the_configuration_the_last_one_last(good, run, config):
    other_seed = good("digest", config, "--batches", "1", "-s", "loader.seed=6").out
    assert other_seed != good("digest", config, "--batches", "1").out
    twice = good("digest", config, "--batches", "1", "-s", "loader.seed=9", "-sloader.seed=6").out
    assert twice == other_seed
    # Absent from the file, a string without quotes, an array.
    assert good("digest", config, "--batches", "1", "-s", "loader.reader=pread").out
    assert good("digest", config, "--batches", "1", "-s", "output.mean=[0.5, 0.5, 0.5]").out
    assert_usage_error(run("digest", config, "-s", "loader.sed=6"), "sed", "seed")
    assert_usage_error(run("digest", config, "-s", "loader.seed=x"), "seed")


def test_json_goes_to_a_file_whole(good, config, tmp_path):
    file = tmp_path / "bench.json"
    result = good("bench", config, "--json", file)
    assert result.out == ""
    assert json.loads(file.read_text())["images"] == 24
    assert [path.name for path in tmp_path.iterdir()] == ["bench.json"]


def test_json_into_a_missing_folder_fails(run, config, tmp_path):
    result = run("digest", config, "--json", tmp_path / "none" / "x.json")
    assert result.code == 1
    assert result.out == ""
    assert "none/x.json" in result.err
    assert not (tmp_path / "none").exists()


def test_json_into_a_pipe_leaves_it_a_pipe(binary, config, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    process = subprocess.Popen([binary, "digest", str(config), "--json", str(pipe)])
    assert len(json.loads(pipe.read_text())["batches"]) == 3
    assert process.wait(60) == 0
    assert pipe.is_fifo()


def test_a_full_stdout_is_a_failure(binary, config):
    with open("/dev/full", "w") as full:
        finished = subprocess.run([binary, "digest", config], stdout=full, stderr=subprocess.PIPE)
    assert finished.returncode == 1
    assert b"stdout" in finished.stderr


def on_terminal(binary, *arguments, env=None):
    """Exit status and what a terminal saw of stderr; stdout is thrown away."""
    try:
        ours, theirs = pty.openpty()
    except OSError as error:  # a chroot without /dev/pts
        pytest.skip(f"no pseudo-terminal here: {error}")
    process = subprocess.Popen(
        [binary, *map(str, arguments)],
        stdout=subprocess.DEVNULL,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm", **(env or {})},
    )
    os.close(theirs)
    seen = b""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if select.select([ours], [], [], 0.1)[0]:
            try:
                piece = os.read(ours, 65536)
            except OSError:  # the other end is closed
                break
            if not piece:
                break
            seen += piece
    os.close(ours)
    return process.wait(60), seen.decode("utf-8")


def test_progress_bar_on_a_terminal_is_drawn_and_erased(binary, config):
    code, seen = on_terminal(binary, "bench", config, "--epochs", "20", env={"NO_COLOR": ""})
    assert code == 0
    assert "%" in seen and "images" in seen and "/s" in seen
    assert "\x1b[36m" in seen
    assert seen.endswith("\r\x1b[K")
    assert "\n" not in seen


def test_no_color_means_no_colour(binary, config):
    code, seen = on_terminal(binary, "bench", config, "--epochs", "20", env={"NO_COLOR": "1"})
    assert code == 0
    assert "%" in seen
    assert not re.search(r"\x1b\[\d+m", seen)


def test_a_dumb_terminal_gets_no_bar(binary, config):
    assert on_terminal(binary, "bench", config, env={"TERM": "dumb"}) == (0, "")


def test_interrupt_ends_with_130_and_one_line(binary, config):
    process = subprocess.Popen(
        [binary, "bench", str(config), "--seconds", "60"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    # Give it no fixed time: the signal handler is set before the library opens its threads.
    deadline = time.monotonic() + 30
    while len(os.listdir(f"/proc/{process.pid}/task")) < 2 and time.monotonic() < deadline:
        time.sleep(0.005)
    process.send_signal(2)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert out == ""
    assert err == "headrace bench: error: interrupted\n"
