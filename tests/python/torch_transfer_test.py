"""Copies to a device, one batch ahead: the order of what happens, on a device that only takes notes."""

import gc

import pytest

from interrupted import Interrupted
from torch_support import folder, torch  # noqa: F401
import headrace.torch
from headrace.torch import _transfer


class Notes:
    """A device that copies at once and writes down what it was asked."""

    def __init__(self):
        self.lines = []

    def start(self, tensors):
        self.lines.append(f"start {int(tensors['images'])}")
        return {name: tensor.clone() for name, tensor in tensors.items()}, int(tensors["images"])

    def finish(self, tensors, started):
        assert started == int(tensors["images"])
        self.lines.append(f"finish {started}")


class Places:
    """Writes down where the caller is told to be, by how many batches the source has given."""

    def __init__(self, lines=None):
        self.lines, self.asked, self.place = [] if lines is None else lines, 0, None

    def stands(self):
        self.asked += 1
        self.lines.append("note")
        return f"behind {self.asked - 1}"

    def reached(self, place):
        self.place = place


def batches(count, fail_at=None, error=ValueError):
    for number in range(count):
        if number == fail_at:
            raise error("broken")
        yield {"images": torch.tensor(number)}, f"rest {number}"


def test_the_next_copy_is_begun_before_a_batch_is_handed_out():
    side = Notes()
    places = Places(side.lines)
    for tensors, rest in _transfer.one_ahead(batches(3), side, places):
        assert places.place == f"behind {int(tensors['images'])}"
        assert rest == f"rest {int(tensors['images'])}"
        side.lines.append(f"train {int(tensors['images'])}")
    assert side.lines == ["start 0", "note", "start 1", "finish 0", "train 0", "note", "start 2", "finish 1",
                          "train 1", "note", "finish 2", "train 2"]


def test_without_a_batch_there_is_nothing():
    assert list(_transfer.one_ahead(batches(0), Notes(), Places())) == []


def test_an_error_comes_behind_the_batches_before_it():
    seen = []
    with pytest.raises(ValueError, match="broken"):
        for tensors, _ in _transfer.one_ahead(batches(5, fail_at=2), Notes(), Places()):
            seen.append(int(tensors["images"]))
    assert seen == [0, 1]


def test_at_once_finishes_what_it_starts():
    side = Notes()
    places = Places()
    for number, (_, rest) in enumerate(_transfer.at_once(batches(2), side, places)):
        assert rest == f"rest {number}" and places.place is None, "where the source is"
    assert side.lines == ["start 0", "finish 0", "start 1", "finish 1"]


def test_what_is_no_exception_comes_at_once_and_leaves_the_caller_where_it_is():
    places, seen = Places(), []
    with pytest.raises(KeyboardInterrupt):
        for tensors, _ in _transfer.one_ahead(batches(5, fail_at=2, error=KeyboardInterrupt), Notes(), places):
            seen.append(int(tensors["images"]))
    assert seen == [0] and places.place == "behind 0"


class Plain(_transfer.PlainSide):
    """Counts."""

    started = 0

    def start(self, tensors):
        self.started += 1
        return super().start(tensors)


def ahead(folder, **options):  # noqa: F811
    one = headrace.torch.DataLoader(folder, 4, shuffle=True, full_batch=True,
                                    augment=[{"op": "random_resized_crop", "size": 16}], **options)
    one._side = Plain(torch.device("cpu"))
    return one


def test_state_is_that_of_the_batch_in_the_loop_although_the_loader_is_further(folder):  # noqa: F811
    with ahead(folder) as one, ahead(folder) as two:
        whole = [batch.ids.tolist() for batch in one]
        for stop in range(len(whole)):
            one.set_epoch(0)
            for number, batch in enumerate(one):
                if number == stop:
                    assert one._side.started > 0
                    state = one.state_dict()
                    break
            assert one.state_dict() == state, "behind the loop, too"
            two.load_state_dict(state)
            assert [batch.ids.tolist() for batch in two] == whole[stop + 1:], stop
        # Between epochs, too.
        one.set_epoch(0)
        for batch in one:
            pass
        two.load_state_dict(one.state_dict())
        assert next(iter(two)).epoch == 1


class InterruptedSide(Plain):
    """Ctrl-C comes while the n-th batch is copied."""

    def __init__(self, number):
        super().__init__(torch.device("cpu"))
        self.number = number

    def start(self, tensors):
        if self.started == self.number:
            raise KeyboardInterrupt
        return super().start(tensors)


@pytest.mark.parametrize("running_ahead", [True, False])
@pytest.mark.parametrize("epoch", [0, 1])
def test_a_state_saved_after_ctrl_c_misses_no_batch(folder, running_ahead, epoch):  # noqa: F811
    with ahead(folder) as one, ahead(folder) as two:
        one._ahead = running_ahead
        one.set_epoch(1)
        whole = [batch.ids.tolist() for batch in one]
        for number in range(len(whole)):
            one._side = Plain(torch.device("cpu"))
            one.set_epoch(epoch)
            if epoch == 0:  # left: the next one is the same as if it was asked for
                next(iter(one))
            one._side, seen = InterruptedSide(number), []
            with pytest.raises(KeyboardInterrupt):
                for batch in one:
                    seen.append(batch.ids.tolist())
            assert len(seen) == max(0, number - running_ahead) and one.state_dict()["epoch"] == 1
            two.load_state_dict(one.state_dict())
            assert seen + [batch.ids.tolist() for batch in two] == whole, number
            # And here.
            one._side = Plain(torch.device("cpu"))
            one.load_state_dict(one.state_dict())
            assert seen + [batch.ids.tolist() for batch in one] == whole, number


@pytest.mark.parametrize("running_ahead", [True, False])
def test_ctrl_c_while_a_batch_is_waited_for_misses_none(folder, running_ahead, monkeypatch):  # noqa: F811
    with ahead(folder) as one, ahead(folder) as two:
        one._ahead = running_ahead
        whole = [batch.ids.tolist() for batch in two]
        monkeypatch.setattr(one.loader, "_next", Interrupted(one.loader._next, [4]))
        seen = []
        with pytest.raises(KeyboardInterrupt):
            for batch in one:
                seen.append(batch.ids.tolist())
        assert len(seen) == 3 - running_ahead
        two.load_state_dict(one.state_dict())
        assert seen + [batch.ids.tolist() for batch in two] == whole


def test_a_load_that_is_interrupted_in_its_log_line_is_one(folder):  # noqa: F811
    with ahead(folder) as one, ahead(folder) as two:
        whole = [batch.ids.tolist() for batch in two]
        two.set_epoch(0)
        next(iter(two))
        state = two.state_dict()
        for number, _ in enumerate(one):
            if number == 3:
                break

        def interrupted():
            raise KeyboardInterrupt

        class Core:
            """The loader's, whose log lines are interrupted."""

            def __init__(self, core):
                self.core = core

            def __getattr__(self, name):
                return interrupted if name == "tell" else getattr(self.core, name)

        core, one.loader._core = one.loader._core, Core(one.loader._core)
        with pytest.raises(KeyboardInterrupt):
            one.load_state_dict(state)
        one.loader._core = core
        assert one.state_dict() == state
        assert [batch.ids.tolist() for batch in one] == whole[1:]


def test_a_model_is_asked_when_the_batch_is_wanted(folder):  # noqa: F811
    calls = []

    def model(images, labels, soft_labels, step):
        calls.append(len(images))
        return images.sum(axis=(1, 2, 3)), images * 0

    mix = [{"op": "ace", "p": 1.0, "steps": 1}]
    with ahead(folder, model=model, mix=mix) as one:
        for number, _ in enumerate(one):
            assert len(calls) == number + 1


class Stream:
    """torch.cuda.Stream and what belongs to it, as far as CudaSide goes."""

    def __init__(self, notes, name):
        self.notes, self.name = notes, name

    def wait_event(self, event):
        self.notes.append(f"{self.name} waits for {event}")

    def __enter__(self):
        self.notes.append(f"on {self.name}")

    def __exit__(self, *_):
        self.notes.append(f"off {self.name}")


class Tensor:
    """Of a pretended GPU."""

    def __init__(self, notes, pinned=False):
        self.notes, self.pinned = notes, pinned

    def is_pinned(self):
        return self.pinned

    def pin_memory(self):
        self.notes.append("pin")
        return Tensor(self.notes, True)

    def to(self, device, non_blocking=False):
        assert self.pinned and non_blocking
        self.notes.append(f"copy to {device}")
        return Tensor(self.notes)

    def record_stream(self, stream):
        self.notes.append(f"used on {stream.name}")


def test_cuda_copies_run_beside_and_are_waited_for(monkeypatch):
    notes = []
    side_stream, training = Stream(notes, "side"), Stream(notes, "training")

    class Event:
        def record(self, stream):
            notes.append(f"mark {stream.name}")

        def __str__(self):
            return "the mark"

    monkeypatch.setattr(torch.cuda, "Stream", lambda device: side_stream)
    monkeypatch.setattr(torch.cuda, "stream", lambda stream: stream)
    monkeypatch.setattr(torch.cuda, "Event", Event)
    monkeypatch.setattr(torch.cuda, "current_stream", lambda device: training)
    side = _transfer.side_for(torch.device("cuda:1"))
    moved, started = side.start({"images": Tensor(notes)})
    assert notes == ["pin", "on side", "copy to cuda:1", "mark side", "off side"]
    del notes[:]
    side.finish(moved, started)
    assert notes == ["training waits for the mark", "used on training"]


def test_the_cpu_needs_no_copies():
    assert _transfer.side_for(torch.device("cpu")) is None


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_batches_on_a_gpu_are_those_of_the_cpu(folder):  # noqa: F811
    options = {"augment": [{"op": "random_resized_crop", "size": 64}], "shuffle": True}
    with headrace.torch.DataLoader(folder, 4, device="cuda", **options) as one, \
            headrace.torch.DataLoader(folder, 4, pin_memory=True, **options) as two:
        for _ in range(5):
            for (images, labels), (wanted, wanted_labels) in zip(one, two):
                assert images.is_cuda and labels.is_cuda and wanted.is_pinned()
                # Work on the training stream, so that a copy that is not waited for would show.
                assert torch.equal((images * 1).cpu(), wanted) and torch.equal(labels.cpu(), wanted_labels)


@pytest.mark.parametrize("running_ahead", [True, False])
def test_a_batchs_own_buffer_is_let_go_when_it_is_copied(folder, running_ahead):  # noqa: F811
    def on_the_host():
        return [one for one in gc.get_objects() if type(one) is torch.Tensor and one.device.type == "cpu"
                and one.shape == (4, 3, 17, 19)]

    with headrace.torch.DataLoader(folder, 4, augment=[{"op": "resize", "size": [17, 19]}],
                                   full_batch=True) as one:
        one._side, one._ahead = _transfer.PlainSide(torch.device("meta")), running_ahead
        for batch in one:
            assert batch.images.shape == (4, 3, 17, 19) and batch.images.device.type == "meta"
            assert batch.labels.device.type == "meta" and on_the_host() == []
