"""Ctrl-C and other signals while a data set is opened."""

import importlib.util
import subprocess
import sys
import textwrap

import pytest

# A signal comes half a second after the opening has begun, which takes many times longer than anybody waits here.
PREPARE = """
import os, signal, sys, threading, time
import headrace
path = sys.argv[1]
options = {"batch_size": 1, "workers": 1, "pin": "none", "log": None, "augment": [{"op": "resize", "size": [8, 8]}]}
tables = {"dataset": {"source": "manifest", "path": path}}
sent = []
def signal_soon(number=signal.SIGINT):
    signal.signal(signal.SIGINT, signal.default_int_handler)
    def send():
        sent.append(time.monotonic())
        os.kill(os.getpid(), number)
    threading.Timer(0.5, send).start()
def heard():
    print("heard after", time.monotonic() - sent[0], flush=True)
"""


def run(manifest, code):
    result = subprocess.run(
        [sys.executable, "-c", PREPARE + textwrap.dedent(code), str(manifest)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        timeout=120,
    )
    assert (result.returncode, result.stderr) == (0, ""), result
    return result.stdout.splitlines()


def seconds(lines):
    assert len(lines) == 1 and lines[0].startswith("heard after "), lines
    return float(lines[0].split()[-1])


@pytest.fixture(scope="module")
def manifest(tmp_path_factory):
    folder = tmp_path_factory.mktemp("manifest")
    (folder / "a.jpg").write_bytes(b"x")
    path = folder / "list.tsv"
    with open(path, "wb") as file:
        for _ in range(600):  # 39 million samples, 300 MB
            file.write(b"a.jpg\t0\n" * 65536)
    yield path
    path.unlink()


def test_ctrl_c_ends_an_opening(manifest):
    code = """
    signal_soon()
    try:
        headrace.Loader(**tables, **options)
    except KeyboardInterrupt:
        heard()
    """
    # The best of three, for the machine may do other things too. The opening itself takes many seconds.
    took = [seconds(run(manifest, code)) for _ in range(3)]
    assert min(took) < 1 and max(took) < 5, took


def test_ctrl_c_ends_the_opening_of_a_data_loader(manifest):
    if importlib.util.find_spec("torch") is None:
        pytest.skip("no torch")
    took = seconds(
        run(
            manifest,
            """
            import headrace.torch
            with open(path + ".toml", "w") as file:
                file.write("[dataset]\\nsource = 'manifest'\\npath = 'list.tsv'\\n"
                           "[[augment]]\\nop = 'resize'\\nsize = [8, 8]\\n")
            signal_soon()
            try:
                headrace.torch.DataLoader(path + ".toml", batch_size=1)
            except KeyboardInterrupt:
                heard()
            """,
        )
    )
    assert took < 5


def test_ctrl_c_ends_a_preview(manifest):
    took = seconds(
        run(
            manifest,
            """
            signal_soon()
            try:
                headrace.preview(**tables, **options)
            except KeyboardInterrupt:
                heard()
            """,
        )
    )
    assert took < 5


def test_what_a_handler_raises_ends_it_too(manifest):
    took = seconds(
        run(
            manifest,
            """
            class Enough(Exception):
                pass
            def handler(number, frame):
                raise Enough("of this")
            signal.signal(signal.SIGUSR1, handler)
            signal_soon(signal.SIGUSR1)
            try:
                headrace.Loader(**tables, **options)
            except Enough as error:
                assert str(error) == "of this"
                heard()
            """,
        )
    )
    assert took < 5


def test_a_handler_that_raises_nothing_runs_and_the_opening_goes_on(tmp_path):
    samples = 1_000_000
    (tmp_path / "a.jpg").write_bytes(b"x")
    (tmp_path / "list.tsv").write_bytes(b"a.jpg\t0\n" * samples)
    lines = run(
        tmp_path / "list.tsv",
        """
        begun = 0
        handled = []
        def handler(number, frame):
            handled.append(time.monotonic() - begun)
        signal.signal(signal.SIGALRM, handler)
        # Again and again: without the opening's help all of them run as one, when it is over.
        signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
        begun = time.monotonic()
        loader = headrace.Loader(**tables, **options)
        signal.setitimer(signal.ITIMER_REAL, 0)
        took = time.monotonic() - begun
        with loader:
            print(loader.samples)
        print(len([one for one in handled if one < took / 2]), took)
        """,
    )
    assert lines[0] == str(samples)
    early, took = lines[1].split()
    assert int(early) >= 1, (early, took)


def test_an_opening_on_another_thread_hears_nothing(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"x")
    (tmp_path / "list.tsv").write_bytes(b"a.jpg\t0\n" * 1_000_000)
    lines = run(
        tmp_path / "list.tsv",
        """
        signal.signal(signal.SIGINT, signal.default_int_handler)
        def work():
            with headrace.Loader(**tables, **options) as loader:
                print(loader.samples, flush=True)
        thread = threading.Thread(target=work)
        thread.start()
        try:
            os.kill(os.getpid(), signal.SIGINT)
            thread.join()
        except KeyboardInterrupt:
            thread.join()
        """,
    )
    assert lines == ["1000000"]
