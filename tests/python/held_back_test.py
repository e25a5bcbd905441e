"""States that are saved after an interrupted call, before anything else: what was not given comes again."""

import signal
import threading

import headrace
import headrace._loader
import pytest

from interrupted import Interrupted


def rest_of_epoch(loader):
    """The ids of the batches up to the end of the epoch."""
    ids = []
    while True:
        batch = loader.next()
        if batch is None:
            return ids
        ids.append(batch.ids.tolist())


@pytest.mark.parametrize("start", [0, 1, 3])
@pytest.mark.parametrize("world_size", [1, 2])
def test_a_state_saved_after_ctrl_c_in_a_log_line_misses_nothing(load, start, world_size):
    options = dict(tail="pad", batch_size=8 // world_size, rank=0, world_size=world_size)
    armed = False

    def log(level, text):
        if armed:
            raise KeyboardInterrupt

    loader, calm, resumed = load(log=log, **options), load(log=None, **options), load(log=None, **options)
    wanted = rest_of_epoch(calm)
    assert len(wanted) == 4
    calm.set_epoch(0)
    for _ in range(start):
        calm.next()
    state = calm.state_dict()
    for _ in range(20):  # leaves a line each, of which each call tells one
        loader._go_to(state)
    armed, given, held = True, start, []
    while True:
        try:
            batch = loader.next()
        except KeyboardInterrupt:
            state = loader.state_dict()
            assert (state["epoch"], state["position"]) == (0, 8 * given) and loader.epoch == 0
            resumed.load_state_dict(state)
            assert rest_of_epoch(resumed) == wanted[given:]
            assert resumed.epoch == 1
            held.append(given)
            continue
        if batch is None:
            break
        # Also here it is still to be had.
        assert batch.ids.tolist() == wanted[given]
        given += 1
    assert held == list(range(start, 5)), "a batch each, and the epoch's end"
    armed = False
    assert loader.state_dict()["epoch"] == 1 and loader.state_dict()["position"] == 0
    # What was held back of another place is forgotten with it.
    armed = True
    with pytest.raises(KeyboardInterrupt):
        loader.next()
    armed = False
    loader.set_epoch(3)
    assert loader.state_dict()["position"] == 0 and loader.state_dict()["epoch"] == 3


@pytest.mark.parametrize("raised", [KeyboardInterrupt, ValueError])
def test_a_state_saved_after_a_callback_raised_misses_nothing(load, raised):
    calls = []

    def saliency(images, labels, soft_labels):
        calls.append(len(images))
        if len(calls) == 3:
            raise raised
        return images.mean(axis=1) + 1

    options = dict(batch_size=4, tail="drop", mix=[{"op": "rmix", "saliency": "callback"}])
    wanted = rest_of_epoch(load(saliency=lambda images, labels, soft_labels: images.mean(axis=1) + 1, **options))
    loader = load(saliency=saliency, **options)
    seen = []
    with pytest.raises(raised):
        for batch in loader:
            seen.append(batch.ids.tolist())
    with load(saliency=lambda images, labels, soft_labels: images.mean(axis=1) + 1, **options) as resumed:
        resumed.load_state_dict(loader.state_dict())
        batch = resumed.next()
        assert not batch.mix.failed, "mixed, although the call that was interrupted was not to end"
        seen.append(batch.ids.tolist())
        seen += rest_of_epoch(resumed)
    assert seen == wanted


def test_a_load_that_is_interrupted_in_its_log_line_is_one(load):
    armed = False

    def log(level, text):
        if armed:
            raise KeyboardInterrupt

    loader, other = load(log=log), load()
    wanted = rest_of_epoch(other)
    other.next()
    state = other.state_dict()
    following = rest_of_epoch(other)
    kept = iter(loader)
    next(kept)
    armed = True
    with pytest.raises(KeyboardInterrupt):
        loader.load_state_dict(state)
    armed = False
    assert loader.epoch == 1 and loader.state_dict() == state
    with pytest.raises(headrace.HeadraceError, match="has ended this one"):
        next(kept)
    assert [batch.ids.tolist() for batch in loader] == following
    assert loader.epoch == 2 and len(wanted) == len(following) + 1


def test_a_signal_in_the_wait_for_a_batch_keeps_it(load):
    slow = [{"op": "random_resized_crop", "size": 512}] + [{"op": "random_rotation", "degrees": 30}] * 10
    options = dict(batch_size=8, tail="pad", workers=1, prefetch_batches=1, augment=slow)
    wanted = rest_of_epoch(load(**options))
    loader, interrupted = load(**options), 0

    def ring(number, frame):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, ring)
    try:
        for number in range(len(wanted) * 3):
            number %= len(wanted)
            loader.set_epoch(0)
            for _ in range(number):
                loader.next()
            batch = None
            try:
                signal.setitimer(signal.ITIMER_REAL, 0.002)
                batch = loader.next()
                signal.setitimer(signal.ITIMER_REAL, 0)
            except KeyboardInterrupt:
                if batch is None:
                    interrupted += 1
                    assert loader.state_dict()["position"] == 8 * number
                    batch = loader.next()
            assert batch.ids.tolist() == wanted[number]
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert interrupted > 0


@pytest.mark.parametrize("at", [[1], [2, 3], [4]])
def test_an_interrupt_between_the_librarys_call_and_pythons_return_keeps_the_batch(load, monkeypatch, at):
    wanted = rest_of_epoch(load(tail="pad"))
    loader = load(tail="pad")
    monkeypatch.setattr(headrace._loader, "Batch", Interrupted(headrace._loader.Batch, at))
    batches, given, places = iter(loader), [], []
    while True:
        try:
            batch = next(batches)
        except KeyboardInterrupt:
            places.append(loader.state_dict()["position"])
            continue
        except StopIteration:
            break
        given.append(batch.ids.tolist())
    assert given == wanted
    assert places == [8 * (call - 1 - number) for number, call in enumerate(at)]
    assert loader.epoch == 1


def test_an_interrupt_at_the_end_of_an_epoch_keeps_the_end(load, monkeypatch):
    class Core:
        """Raises behind the call that has given the end."""

        def __init__(self, core):
            self.core, self.armed = core, True

        def __getattr__(self, name):
            return getattr(self.core, name)

        def next(self, wait, ticket):
            lease = self.core.next(wait, ticket)
            if lease is None and self.armed:
                self.armed = False
                raise KeyboardInterrupt
            return lease

    loader = load(tail="pad")
    monkeypatch.setattr(loader, "_core", Core(loader._core))
    batches = iter(loader)
    given = [next(batches).ids.tolist() for _ in range(4)]
    with pytest.raises(KeyboardInterrupt):
        next(batches)
    state = loader.state_dict()
    assert (state["epoch"], state["position"]) == (0, 32) and len(given) == 4
    with pytest.raises(StopIteration):
        next(batches)
    assert loader.state_dict()["epoch"] == 1 and loader.epoch == 1


def test_an_interrupted_batch_by_hand_leaves_the_epoch_where_it_was(load, monkeypatch):
    loader = load(tail="pad")
    wanted = rest_of_epoch(loader)
    following = rest_of_epoch(loader)
    loader.set_epoch(0)
    assert rest_of_epoch(loader) == wanted
    monkeypatch.setattr(headrace._loader, "Batch", Interrupted(headrace._loader.Batch, [1]))
    with pytest.raises(KeyboardInterrupt):
        loader.next()
    assert loader.epoch == 1 and loader.state_dict()["position"] == 0
    assert [batch.ids.tolist() for batch in loader] == following


def test_what_was_given_before_the_run_went_elsewhere_stays_given(load, monkeypatch):
    """A handler that goes to another epoch, or takes batches itself, and raises then."""
    made = headrace._loader.Batch
    loader = load(tail="pad")
    wanted = rest_of_epoch(loader)

    def goes(lease):
        loader.set_epoch(0)
        raise KeyboardInterrupt

    monkeypatch.setattr(headrace._loader, "Batch", goes)
    with pytest.raises(KeyboardInterrupt):
        loader.next()
    monkeypatch.setattr(headrace._loader, "Batch", made)
    assert loader.state_dict()["position"] == 0
    assert rest_of_epoch(loader) == wanted
    loader.set_epoch(0)
    taken = []

    def takes(lease):
        monkeypatch.setattr(headrace._loader, "Batch", made)
        taken.append(loader.next().ids.tolist())
        raise KeyboardInterrupt

    monkeypatch.setattr(headrace._loader, "Batch", takes)
    with pytest.raises(KeyboardInterrupt):
        loader.next()
    assert taken + rest_of_epoch(loader) == wanted[1:]


def test_an_error_of_a_handlers_keeps_the_batch_too(load, monkeypatch):
    loader = load(tail="pad")
    wanted = rest_of_epoch(loader)
    loader.set_epoch(0)
    made = headrace._loader.Batch

    def fails(lease):
        raise headrace.StoppedError("from a handler")

    monkeypatch.setattr(headrace._loader, "Batch", fails)
    with pytest.raises(headrace.StoppedError):
        loader.next()
    monkeypatch.setattr(headrace._loader, "Batch", made)
    assert rest_of_epoch(loader) == wanted


def test_what_another_thread_was_given_since_is_not_taken_back(load):
    loader = load(tail="pad")
    loader._next(-1.0, 1 << 40)
    other = threading.Thread(target=loader.next)
    other.start()
    other.join()
    place = loader.state_dict()
    loader._take_back(1 << 40)
    assert loader.state_dict() == place and place["position"] == 16
    loader._next(-1.0, 1 << 41)
    loader.close()
    # Said without a look at the loader, which other threads may have for long.
    assert not loader._core.take_back(1 << 40)
    with pytest.raises(headrace.ClosedError):
        loader._core.take_back(1 << 41)
