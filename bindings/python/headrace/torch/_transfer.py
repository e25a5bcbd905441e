"""Batches on their way to a device: one ahead of the training step."""

from __future__ import annotations

from typing import Any, Dict, Iterable, Iterator, Optional, Protocol, Tuple

import torch

from headrace._errors import ConfigError, shown

Tensors = Dict[str, torch.Tensor]


class Side(Protocol):
    """What a transfer needs of a device."""

    def start(self, tensors: Tensors) -> Tuple[Tensors, Any]:
        """Begins to copy; the second value is what `finish` waits for."""

    def finish(self, tensors: Tensors, started: Any) -> None:
        """Makes what the caller does next with `tensors` come after their copy."""


class CudaSide:
    """Copies on a stream beside the one that trains.

    What: pinned memory from torch's caching allocator, an asynchronous copy, an event. Owner: one
    iteration. Thread: the one that iterates. Cost: a copy into pinned memory on the CPU for a batch.

    Who may use which memory when: the batch's own buffer is read by the CPU alone, in `start`, and goes back
    to the loader as soon as its tensors are let go, which both iterations below do after `start`; the
    allocator gives pinned memory to nobody else before the copy from it is done; `record_stream` does the
    same for the tensor on the device, which was allocated for the side stream and is used by the training
    one.
    """

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.stream = torch.cuda.Stream(device)

    def start(self, tensors: Tensors) -> Tuple[Tensors, Any]:
        pinned = {name: pin(tensor) for name, tensor in tensors.items()}
        with torch.cuda.stream(self.stream):
            moved = {name: tensor.to(self.device, non_blocking=True) for name, tensor in pinned.items()}
            done = torch.cuda.Event()
            done.record(self.stream)
        return moved, done

    def finish(self, tensors: Tensors, started: Any) -> None:
        training = torch.cuda.current_stream(self.device)
        training.wait_event(started)
        for tensor in tensors.values():
            tensor.record_stream(training)


class PlainSide:
    """Copies at once, for devices without streams of this kind."""

    def __init__(self, device: torch.device) -> None:
        self.device = device

    def start(self, tensors: Tensors) -> Tuple[Tensors, Any]:
        return {name: tensor.to(self.device) for name, tensor in tensors.items()}, None

    def finish(self, tensors: Tensors, started: Any) -> None:
        pass


def pin(tensor: torch.Tensor) -> torch.Tensor:
    """The same numbers in page-locked memory, strides kept."""
    return tensor if tensor.is_pinned() else tensor.pin_memory()


def side_for(device: torch.device) -> Optional[Side]:
    """None for the CPU: nothing is copied."""
    if device.type == "cpu":
        return None
    return CudaSide(device) if device.type == "cuda" else PlainSide(device)


def side_of(device: Any) -> Optional[Side]:
    """That for what a user calls a device: a name, an index, a torch.device.

    Raises headrace.ConfigError for one that PyTorch does not know, or that cannot be used here: it is not there, it
    fails, or it keeps no numbers.
    """
    try:
        made = torch.device(device)
    except (RuntimeError, TypeError, ValueError) as wrong:
        raise _no_device(device, "no device of PyTorch's", wrong) from wrong
    if made.type == "meta":
        raise _no_device(device, "which cannot be used here", "its tensors have no numbers")
    try:
        torch.empty(0, device=made)
        return side_for(made)
    except (AssertionError, RuntimeError, TypeError, ValueError) as wrong:  # NotImplementedError is a RuntimeError
        raise _no_device(device, "which cannot be used here", wrong) from wrong


def _no_device(device: Any, what: str, why: Any) -> ConfigError:
    suggestion = "cuda" if str(device).lower().startswith("gpu") else None
    first = str(why).split("\n")[0]
    error = ConfigError(f"device: found {shown(device)}, {what}: {first:.300}; allowed: a device that torch.zeros(1, "
                        "device=...) works on" + (f'; did you mean "{suggestion}"?' if suggestion else ""))
    error.key, error.suggestion = "device", suggestion
    return error


class Record(Protocol):
    """What a run's place, as its caller sees it, is written down in. A transfer says so before each thing that an
    exception may interrupt and in which the source is further than the caller."""

    def stands(self) -> Any:
        """Where the source stands: behind the batch that it gave last."""

    def reached(self, place: Any) -> None:
        """The caller is at `place`, whatever the source gives. None: where the source is."""


def at_once(batches: Iterable[Tuple[Tensors, Any]], side: Side, record: Record) -> Iterator[Tuple[Tensors, Any]]:
    """The batches with their tensors on the device, one by one."""
    for tensors, rest in batches:
        moved, started = side.start(tensors)
        del tensors
        side.finish(moved, started)
        record.reached(None)
        yield moved, rest
        record.reached(record.stands())


def one_ahead(batches: Iterable[Tuple[Tensors, Any]], side: Side, record: Record) -> Iterator[Tuple[Tensors, Any]]:
    """The same, and while a batch is trained on, the next one is copied.

    What `batches` raises comes behind the batches that came before it; what is no Exception (KeyboardInterrupt) at
    once: the caller is then where the batch is that it had last, and those that were fetched since come again.
    """
    source = iter(batches)
    waiting: Optional[Tuple[Tensors, Any, Any]] = None
    behind_waiting: Any = None
    while True:
        if waiting is not None:
            behind_waiting = record.stands()
        fetched, failure = None, None
        try:
            fetched = next(source, None)
        except Exception as error:  # pylint: disable=broad-except
            failure = error
        begun = None
        if fetched is not None:
            moved, started = side.start(fetched[0])
            begun = (moved, fetched[1], started)
            fetched = None  # the buffer goes back while the caller trains
        if waiting is not None:
            side.finish(waiting[0], waiting[2])
            record.reached(behind_waiting)
            yield waiting[0], waiting[1]
        if failure is not None:
            raise failure
        if begun is None:
            return
        waiting = begun
