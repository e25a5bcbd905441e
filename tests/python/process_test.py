"""Threads, signals, fork, spawn and the end of the interpreter."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time

import headrace
import pytest

PREPARE = """
import os, sys, threading, time, warnings
import headrace
warnings.filterwarnings("ignore", ".*fork.*", DeprecationWarning)  # Python's own, from 3.12 on
def open_loader(**options):
    return headrace.Loader(dataset=sys.argv[1], batch_size=4, workers=1, pin="none", log=None,
                           augment=[{"op": "resize", "size": [32, 32]}], **options)
"""


def run(python, images, code, *arguments, **options):
    return python(PREPARE + textwrap.dedent(code), images, *arguments, **options)


class Gate:
    """A model callback that holds the loader's consumer until it is opened."""

    def __init__(self):
        self.entered = threading.Event()
        self.opened = threading.Event()

    def __call__(self, images, labels, soft_labels, step):
        self.entered.set()
        assert self.opened.wait(30)
        return images.sum((1, 2, 3)), images * 0


ACE = [{"op": "ace", "steps": 1, "p": 1.0}]


def test_a_consumer_thread_and_stop_from_another(load):
    loader = load()
    seen, raised = [], []

    def consume():
        try:
            while True:
                for batch in loader:
                    seen.append(batch.number)
        except headrace.StoppedError as error:
            raised.append(error)

    thread = threading.Thread(target=consume)
    thread.start()
    while len(seen) < 5:
        time.sleep(0.001)
    loader.stop()
    thread.join(10)
    assert not thread.is_alive() and len(raised) == 1


def test_close_while_another_thread_waits(load):
    for _ in range(20):
        loader = load()
        raised, started = [], threading.Event()

        def consume():
            try:
                while True:
                    started.set()
                    loader.next()
            except (headrace.ClosedError, headrace.StoppedError) as error:
                raised.append(error)

        threads = [threading.Thread(target=consume) for _ in range(3)]
        for thread in threads:
            thread.start()
        started.wait()
        loader.close()
        for thread in threads:
            thread.join(10)
        assert len(raised) == 3 and loader.closed


def test_threads_that_iterate_together_take_turns(load):
    loader = load(batch_size=2)
    seen, lock = [], threading.Lock()

    def consume():
        while True:
            batch = loader.next()
            if batch is None:
                return
            with lock:
                seen.append((batch.epoch, batch.number, batch.ids.sum()))

    threads = [threading.Thread(target=consume) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(seen) == len({entry[:2] for entry in seen}) == 4 * 15


def test_threads_that_share_an_iterator_share_one_epoch(load):
    loader = load(batch_size=2)
    for epoch in range(8):
        iterator, seen = iter(loader), []

        def consume():
            for batch in iterator:
                seen.append((batch.epoch, batch.number))

        threads = [threading.Thread(target=consume) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert sorted(seen) == [(epoch, number) for number in range(15)]
        assert loader.epoch == epoch + 1


# One batch takes a worker seconds: whoever asks for it waits inside the library.
SLOW = dict(
    sample_ids=list(range(30)) * 40,
    batch_size=1200,
    workers=1,
    prefetch_batches=1,
    dtype="u8",
    max_host_bytes=4 << 30,
    augment=[{"op": "resize", "size": [448, 448]}, {"op": "random_rotation", "degrees": 30, "interpolation": "bicubic"}],
)


def test_other_threads_run_while_one_waits(load):
    """The GIL is free while a batch is waited for."""
    loader = load(**SLOW)
    counted, ended = [0], threading.Event()

    def count():
        while not ended.is_set():
            counted[0] += 1
            time.sleep(0.001)

    thread = threading.Thread(target=count)
    thread.start()
    began, before = time.monotonic(), counted[0]
    with pytest.raises(TimeoutError):
        loader.next(timeout=0.5)  # this thread is inside of the library all that while
    took, grown = time.monotonic() - began, counted[0] - before
    ended.set()
    thread.join()
    assert took >= 0.5 and grown > 100, (took, grown)


def test_close_in_a_callback_is_refused(load):
    raised = []

    def model(images, labels, soft_labels, step):
        for call in (loader.close, loader.next, lambda: loader.stats, lambda: loader.set_epoch(1)):
            try:
                call()
            except headrace.ReenteredError as error:
                raised.append(error)
        return images.sum((1, 2, 3)), images * 0

    loader = load(mix=ACE, model=model)
    loader.next()
    assert len(raised) >= 4
    loader.close()


def interrupted(images, code):
    """Runs `code`, sends SIGINT when it prints "now", and gives (seconds until it ended, its output)."""
    process = subprocess.Popen(
        [sys.executable, "-c", PREPARE + textwrap.dedent(code), str(images)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        for line in process.stdout:
            if line == "now\n":
                break
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        line = process.stdout.readline()
        took = time.monotonic() - began
        rest = process.stdout.read()
        process.wait(30)
        return took, line + rest, process.returncode
    finally:
        process.kill()
        process.wait()


# Waits in next() for a batch that takes seconds.
WAIT = f"""
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
loader = headrace.Loader(dataset=sys.argv[1], pin="none", log=None, **{SLOW!r})
try:
    print("now", flush=True)
    loader.next()
    print("a batch", flush=True)
except KeyboardInterrupt:
    print("interrupted", flush=True)
os._exit(0)
"""


def test_ctrl_c_ends_a_wait_at_once(images):
    took = []
    for _ in range(3):
        seconds, out, code = interrupted(images, WAIT)
        assert out.startswith("interrupted") and code == 0, out
        took.append(seconds)
    assert min(took) < 0.1 and max(took) < 1.0, took


# The handler of a signal may use the loader that the signal has found waiting.
HANDLER = f"""
import signal
loader = headrace.Loader(dataset=sys.argv[1], pin="none", log=None, **{SLOW!r})
inside = threading.Event()
def handler(number, frame):
    try:
        print(loader.state_dict()["position"], flush=True)
        if sys.argv[2] == "close":
            loader.close()
            print("closed", flush=True)
    except Exception as error:
        print(repr(error), flush=True)
    loader.stop() if not loader.closed else None
signal.signal(signal.SIGALRM, handler)
signal.setitimer(signal.ITIMER_REAL, 0.2)
began = time.monotonic()
try:
    loader.next() if sys.argv[3] == "next" else next(iter(loader))
except (headrace.ClosedError, headrace.StoppedError) as error:
    print(type(error).__name__, flush=True)
assert time.monotonic() - began < 1.5
os._exit(0)
"""


@pytest.mark.parametrize("how", ["next", "iterate"])
@pytest.mark.parametrize("what, lines", [("close", ["0", "closed", "ClosedError"]), ("stop", ["0", "StoppedError"])])
def test_a_signal_handler_may_use_the_loader(python, images, what, lines, how):
    result = run(python, images, HANDLER, what, how)
    assert (result.code, result.out.splitlines(), result.err) == (0, lines, ""), result


def test_a_signal_handler_may_close_what_another_thread_consumes(python, images):
    result = run(
        python,
        images,
        """
        import signal
        inside, opened = threading.Event(), threading.Event()
        def model(images, labels, soft_labels, step):
            inside.set()
            opened.wait()
            return images.sum((1, 2, 3)), images * 0
        loader = open_loader(mix=[{"op": "ace", "steps": 1, "p": 1.0}], model=model)
        threading.Thread(target=loader.next, daemon=True).start()
        inside.wait()
        def handler(number, frame):
            opened.set()
            loader.close()
            print("closed", flush=True)
        signal.signal(signal.SIGALRM, handler)
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        try:
            loader.next()
        except headrace.ClosedError:
            print("told", flush=True)
        """,
    )
    assert (result.code, result.out, result.err) == (0, "closed\ntold\n", ""), result


def test_ctrl_c_ends_a_loop_over_batches(images):
    code = """
    import signal
    signal.signal(signal.SIGINT, signal.default_int_handler)
    loader = open_loader()
    try:
        print("now", flush=True)
        while True:
            for batch in loader:
                pass
    except KeyboardInterrupt:
        print("interrupted", flush=True)
    loader.close()
    """
    seconds, out, status = interrupted(images, code)
    assert out == "interrupted\n" and status == 0 and seconds < 1.0, (seconds, out)


@pytest.mark.parametrize("what", ["stats", "next", "iterate", "state", "set_epoch", "sample_path", "stop"])
def test_fork_raises(python, images, what):
    result = run(
        python,
        images,
        """
        loader = open_loader()
        batch = loader.next()
        calls = {
            "stats": lambda: loader.stats, "next": loader.next, "iterate": lambda: next(iter(loader)),
            "stop": loader.stop, "state": loader.state_dict, "set_epoch": lambda: loader.set_epoch(5), "sample_path": lambda: loader.sample_path(0),
        }
        pid = os.fork()
        if pid == 0:
            try:
                calls[sys.argv[2]]()
            except headrace.ForkedError as error:
                print(error, flush=True)
            try:
                batch.labels
            except headrace.ForkedError:
                print("batch", flush=True)
            assert not loader.closed and "another process" in repr(loader)
            loader.close()
            del batch, loader
            sys.exit(7)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
        assert loader.next().number == 1
        print("parent")
        """,
        what,
    )
    assert result.code == 0 and result.err == "", result
    lines = result.out.splitlines()
    assert "fork" in lines[0] and "spawn" in lines[0] and lines[1:] == ["batch", "parent"], result


def test_fork_while_another_thread_holds_the_locks(python, images):
    result = run(
        python,
        images,
        """
        loader = open_loader()
        iterator = iter(loader)
        def consume():
            while True:
                for batch in loader:
                    pass
        threading.Thread(target=consume, daemon=True).start()
        for _ in range(60):
            pid = os.fork()
            if pid == 0:
                for call in (loader.stop, lambda: loader.closed, lambda: next(iterator), lambda: repr(loader)):
                    try:
                        call()
                    except headrace.ForkedError:
                        pass
                os._exit(7)
            for _ in range(500):
                done, status = os.waitpid(pid, os.WNOHANG)
                if done:
                    break
                time.sleep(0.01)
            else:
                os.kill(pid, 9)
                raise SystemExit("hangs")
            assert os.waitstatus_to_exitcode(status) == 7
        """,
    )
    assert (result.code, result.err) == (0, ""), result


def test_multiprocessing_by_fork_and_by_spawn(python, images, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        PREPARE
        + textwrap.dedent(
            """
            import multiprocessing
            loader = None
            def inherited(queue):
                try:
                    loader.next()
                except headrace.ForkedError:
                    queue.put("forked")
            def own(queue):
                with open_loader() as mine:
                    queue.put(len(list(mine)))
            if __name__ == "__main__":
                loader = open_loader()
                for method, function in (("fork", inherited), ("fork", own), ("spawn", own)):
                    context = multiprocessing.get_context(method)
                    queue = context.Queue()
                    process = context.Process(target=function, args=(queue,))
                    process.start()
                    print(method, queue.get(timeout=60), flush=True)
                    process.join()
                    assert process.exitcode == 0
            """
        )
    )
    done = subprocess.run([sys.executable, script, images], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["fork forked", "fork 7", "spawn 7"]


@pytest.mark.parametrize(
    "code",
    [
        "loader = open_loader()",
        "loader = open_loader(); batch = loader.next(); images = batch.images",
        "loader = open_loader(); it = iter(loader); batch = next(it)",
        "loader = open_loader(); loader.me = loader",
        "batch = open_loader().next()",
        "loader = open_loader(); batch = loader.next(); view = memoryview(batch.images); loader.close()",
        "import atexit\nloader = open_loader()\natexit.register(lambda: loader.next())",
    ],
)
def test_the_interpreter_ends_cleanly(python, images, code):
    result = run(python, images, code)
    assert (result.code, result.err) == (0, ""), result


@pytest.mark.parametrize(
    "threads, endless", [(1, "for batch in loader: kept = batch"), (3, "loader.next()"), (3, "loader.stats")]
)
def test_the_interpreter_ends_cleanly_under_daemon_threads(python, images, threads, endless):
    for _ in range(4):
        result = run(
            python,
            images,
            f"""
            loader = open_loader()
            running = threading.Event()
            def consume():
                running.set()
                while True:
                    {endless}
            for _ in range({threads}):
                threading.Thread(target=consume, daemon=True).start()
            running.wait()
            time.sleep(0.01)
            """,
        )
        assert (result.code, result.err) == (0, ""), result


@pytest.mark.parametrize(
    "endless",
    [
        pytest.param("headrace.Loader(dataset={'source': 'manifest', 'path': sys.argv[2]}, batch_size=1, log=None, "
                     "augment=[{'op': 'resize', 'size': [8, 8]}])", id="one long opening"),
        pytest.param("open_loader()", id="openings"),
        pytest.param("transform(pixels)", id="transforms"),
        pytest.param("loader.next()", id="batches"),
    ],
)
def test_the_interpreter_ends_cleanly_under_daemon_threads_that_wait_for_it(python, images, tmp_path, endless):
    """They come back from the library while the main thread has the interpreter, which it keeps up to its end."""
    (tmp_path / "a.jpg").write_bytes(b"x")
    (tmp_path / "list.tsv").write_bytes(b"a.jpg\t0\n" * 4_000_000)
    result = run(
        python,
        images,
        f"""
        import numpy
        loader = open_loader() if "loader.next" in {endless!r} else None
        transform, pixels = headrace.Transform(), numpy.zeros((300, 300, 3), numpy.uint8)
        class Last:
            def __del__(self, sleep=time.sleep):
                sleep(0.3)  # while the interpreter goes, everybody gets in
        import builtins
        builtins.last = Last()  # of no module that a thread keeps
        running = threading.Event()
        def work():
            running.set()
            while True:
                {endless}
        threading.Thread(target=work, daemon=True).start()
        running.wait()
        time.sleep(0.1)
        sys.setswitchinterval(1000)  # nobody is let in who only waits
        sum(range(20_000_000))  # does not look whether somebody does
        """,
        tmp_path / "list.tsv",
    )
    assert (result.code, result.err) == (0, ""), result


def test_an_exit_function_that_joins_a_consumer_does_not_hang(python, images):
    result = run(
        python,
        images,
        """
        import atexit
        thread = None
        atexit.unregister(lambda: None)
        def consume():
            try:
                while True:
                    loader.next()
            except headrace.ClosedError:
                print("closed", flush=True)
        # Registered last, so it runs before headrace's.
        loader = open_loader()
        thread = threading.Thread(target=consume, daemon=True)
        thread.start()
        atexit.register(lambda: (loader.close(), thread.join()))
        """,
    )
    assert (result.code, result.out, result.err) == (0, "closed\n", ""), result


def test_a_daemon_thread_in_a_callback_that_never_returns(python, images):
    result = run(
        python,
        images,
        """
        inside = threading.Event()
        def model(images, labels, soft_labels, step):
            inside.set()
            threading.Event().wait()
        loader = open_loader(mix=[{"op": "ace", "steps": 1, "p": 1.0}], model=model)
        threading.Thread(target=loader.next, daemon=True).start()
        inside.wait()
        """,
    )
    assert (result.code, result.err) == (0, ""), result


def test_an_exception_with_a_loader_in_its_traceback(python, images):
    result = run(
        python,
        images,
        """
        def train():
            loader = open_loader()
            for batch in loader:
                raise ValueError("mine")
        train()
        """,
    )
    assert result.code == 1 and result.err.strip().endswith("ValueError: mine"), result
