"""Loader: batches, epoch after epoch."""

import atexit
import contextlib
import logging
import os
import struct
import threading
import typing
import weakref

from . import _arguments, _core, _messages
from ._batch import Batch
from ._callbacks import check_callback
from ._config import Config, request
from ._epoch import Epoch, tickets
from ._errors import ConfigError, HeadraceError, OutOfMemoryError, integer, seconds
from ._stats import Memory, Stats

# docs/state.md: epoch, and position at byte 56.
_EPOCH_AT, _POSITION_AT = 48, 56

_open: "weakref.WeakSet[Loader]" = weakref.WeakSet()


def _close_all() -> None:
    """Before the interpreter goes: no thread of the library's may outlive it."""
    _core.exit_begins()
    with contextlib.ExitStack() as stack:  # all, whatever interrupts the log lines of one
        for loader in list(_open):
            stack.callback(loader.close)


atexit.register(_close_all)


def _nobody() -> None:
    """Nobody iterates."""


def _by_hand() -> bool:
    """Calls of next() do."""
    return True


class Loader:
    """Images from disk as training batches.

        loader = headrace.Loader("train.toml", batch_size=128)
        for epoch in range(90):
            for batch in loader:
                step(torch.from_dlpack(batch.images), torch.from_dlpack(batch.labels))

    Each ``for`` is one epoch, and the next one the next epoch. A ``for`` that was left early is over, and
    the next one begins the next epoch; ``it = iter(loader)`` can be kept to go on. Threads that work on an epoch
    together share one iterator, and each batch goes to one of them; a ``for`` of another thread's over the loader would
    be another epoch, and end this one.

    Args:
        config: path of a TOML file, a dict of its tables, or None: all by keywords. The path of a folder of
            pictures or of a shard (.tar) is taken as `dataset`.
        dataset: [dataset], or only its path. A file name that ends in .tar, .json or .tsv, a list of
            shards, and a folder with shards in it say what they are by their names.
        augment: [[augment]]: a list of dicts, names of ops, or ops of headrace.ops.
        mix: [[mix]], likewise.
        rank, world_size: of this process, both or neither; by the configuration otherwise.
        model: for [[mix]] ace, and rmix with saliency = "model":
            ``model(images, labels, soft_labels, step) -> (loss, gradient[, margin])`` for n rows: images
            float32 [n, C, H, W], as training would see them, labels int32 [n], soft_labels float32 [n, classes] or
            None, step of the attack; loss float [n], gradient of each row's loss float [n, C, H, W], margin float
            [n]. It runs inside next(), on the consumer's thread; images are valid during the call and
            must not be written to. What it raises, next() raises; the batch comes unmixed with the next call.
        saliency: for rmix with saliency = "callback": ``saliency(images, labels, soft_labels) -> maps``, float
            [n, h, w] of at least 0, any size.
        weights: what an epoch is drawn by, instead of each sample once: ``"balanced"`` (every class as often), or
            a number a sample, by id, as those of torch.utils.data.WeightedRandomSampler. `epoch_samples` draws with
            replacement make an epoch; by default as many as there are samples.
        sample_ids: the samples of an epoch, repeats included, in the order that `shuffle` makes of them
            (``"none"``: this one).
        log: where messages go: a logging.Logger, a function of (level of logging, text), None for
            nowhere; the logger "headrace" by default. Called by the thread that calls the loader.
        options: any table of docs/config.md as a dict (``loader={"workers": 2}``), keys of [loader], [output],
            [decode], [limits] and [dataset] without their table (``batch_size=64``, ``dtype="u8"``), and dotted keys with "__"
            for the dot (``loader__workers=2``, ``augment__0__size=160``). They win over `config`, key by key.
            Their paths are relative to the working folder, those in a TOML file to its folder.

    Raises:
        ConfigError: an unknown name, a wrong type, an impossible value; `key` and `suggestion` say more.
        NotFoundError, AccessError, EmptyDatasetError, OutOfMemoryError: of the data set, and of memory.
    """

    def __init__(
        self,
        config: typing.Optional[Config] = None,
        *,
        rank: typing.Optional[int] = None,
        world_size: typing.Optional[int] = None,
        model: typing.Optional[typing.Callable[..., typing.Any]] = None,
        saliency: typing.Optional[typing.Callable[..., typing.Any]] = None,
        weights: typing.Any = None,
        sample_ids: typing.Any = None,
        log: typing.Union[None, logging.Logger, typing.Callable[[int, str], None]] = logging.getLogger("headrace"),
        **options: typing.Any,
    ) -> None:
        options, lists = _arguments.take_lists(options, weights, sample_ids)
        self._asked = (config, options, lists)  # for headrace.preview
        made = request(config, options)
        rank, world_size = _arguments.place_of_process(rank, world_size)
        for name, function in (("model", model), ("saliency", saliency)):
            if function is not None:
                check_callback(name, function)
        # Who iterates: a reference to an iterator, which may be gone, or a function of next()'s own.
        self._current: typing.Callable[[], typing.Optional[object]] = _nobody
        # Held by who asks for the next batch of an iteration. By a callback inside too: next() refuses it.
        self._turn = threading.RLock()
        self._owner = os.getpid()
        # Whether the next iteration begins where the loader stands, instead of at the next epoch.
        self._fresh = True
        self._epoch = 0
        # Of the call of next that was begun last: its ticket, and what these three were before.
        self._before: typing.Tuple[int, bool, int, typing.Callable[[], typing.Optional[object]]] = (
            0, self._fresh, self._epoch, self._current)
        try:
            self._core = _core.Loader(
                made.path,
                made.text,
                made.overrides,
                world_size,
                rank,
                _arguments.teller(log, lambda text: _messages.of_log(text, made)),
                model,
                saliency,
                lists.weights,
                lists.sample_ids,
            )
        except HeadraceError as error:
            raise _messages.of_loader(error, made) from None
        _open.add(self)

    # -- batches ----------------------------------------------------------------------------------

    def __iter__(self) -> typing.Iterator[Batch]:
        return Epoch(self)

    def __len__(self) -> int:
        """Batches of the epoch that is being iterated, or comes next."""
        return self._core.length()["batches_per_epoch" if self._left() else "batches_this_epoch"]

    def _left(self) -> bool:
        """Whether the epoch that the loader is in was left by who iterated it."""
        return not self._fresh and self._current() is None

    def _begin(self, iteration: Epoch) -> None:
        if not self._fresh:
            self._core.set_epoch(self._epoch + 1)
            self._epoch += 1
        self._current = weakref.ref(iteration)
        self._fresh = False

    def next(self, timeout: typing.Optional[float] = None) -> typing.Optional[Batch]:
        """The next batch, or None at the end of an epoch; the call after that begins the next one.

        Args:
            timeout: seconds to wait at most, from 0; None: as long as it takes.

        Raises:
            TimeoutError: no batch within `timeout`.
            SampleError, ReadError: with ``on_corrupt = "error"``; `sample_id` and `path` say of which sample.
            CorruptBudgetError: too many bad samples.
            NoBufferError: too many batches are held.
            InvalidArgumentError: a `timeout` that is no number of at least 0.
            StoppedError, ClosedError, ForkedError.
            Whatever `model` or `saliency` raise, and what a signal's handler raises (KeyboardInterrupt): the batch
            comes with the call after that.
        """
        return self._next(-1.0 if timeout is None else seconds("timeout", timeout), next(tickets))

    def _next(self, wait: float, ticket: int) -> typing.Optional[Batch]:
        """next() for a caller who gives its ticket to _take_back when something is raised behind this."""
        self._before = (ticket, self._fresh, self._epoch, self._current)
        try:
            lease = self._core.next(wait, ticket)
            if lease is None:
                self._current = _nobody
                self._fresh = True
                self._epoch += 1
                return None
            self._fresh = False
            self._epoch = max(self._epoch, lease.epoch)
            if self._current() is None:
                self._current = _by_hand
            return Batch(lease)
        except BaseException as error:
            self._take_back(ticket)
            if isinstance(error, HeadraceError) and error.sample_id is not None and error.path is None:
                error.path = self._path_of(error.sample_id)
            raise

    def _take_back(self, ticket: int) -> None:
        """What was raised between two of Python's steps, as a signal's handler may, keeps a batch from whoever called:
        the one that was given for `ticket` comes with the next call, unless more was given since."""
        try:
            taken = self._core.take_back(ticket)
        except HeadraceError:
            return  # closed meanwhile
        if taken and self._before[0] == ticket:
            _, self._fresh, self._epoch, self._current = self._before

    def _path_of(self, sample_id: int) -> typing.Optional[str]:
        try:
            return self._core.sample_path(sample_id)
        except HeadraceError:
            return None

    # -- where it stands --------------------------------------------------------------------------

    @property
    def epoch(self) -> int:
        """The epoch that is being iterated, or comes next."""
        return self._epoch + 1 if self._left() else self._epoch

    def set_epoch(self, epoch: int) -> None:
        """Goes to the start of `epoch`, from 0 to 16777215. Nothing happens when that is where the next ``for``
        begins anyway, also inside an epoch that load_state_dict has gone to."""
        epoch = integer("epoch", epoch, _arguments.EPOCH_MAX)
        if self._fresh and epoch == self._epoch:
            return
        self._core.set_epoch(epoch)
        self._current = _nobody
        self._fresh = True
        self._epoch = epoch

    def state_dict(self) -> typing.Dict[str, typing.Any]:
        """Where the run stands: after the batches that were returned, whatever lies prefetched. One that comes with the
        next call, because this one was interrupted, was not.

        Returns:
            A dict to be kept beside the model's weights: ``state``, the bytes of docs/state.md, and, to be
            read by people, ``epoch`` and ``position`` (samples of the epoch that are done, over all ranks).
        """
        return self._stands()

    def _stands(self, but: int = 0) -> typing.Dict[str, typing.Any]:
        """state_dict(), before the batch that was given last if that was for the ticket `but`."""
        state = self._core.save_state(but)
        return {
            "state": state,
            "epoch": struct.unpack_from("<I", state, _EPOCH_AT)[0],
            "position": struct.unpack_from("<Q", state, _POSITION_AT)[0],
        }

    def load_state_dict(self, state: typing.Mapping[str, typing.Any]) -> None:
        """Goes on where `state` was taken, here or in another process: the next ``for`` gives the rest
        of its epoch.

        Raises:
            ConfigError: of another configuration or data set; the loader is as it was.
            SampleError: damaged.
        """
        self._go_to(state)
        self._core.tell()

    def _go_to(self, state: typing.Mapping[str, typing.Any]) -> None:
        """load_state_dict without its log lines, in which it may be interrupted: whoever has to note something does so
        before they are told."""
        if not isinstance(state, typing.Mapping) or not isinstance(state.get("state"), (bytes, bytearray)):
            raise ConfigError('state: expected what state_dict() gave, a dict with bytes as "state"')
        data = bytes(state["state"])
        self._core.load_state(data)
        self._current = _nobody
        self._fresh = True
        self._epoch = struct.unpack_from("<I", data, _EPOCH_AT)[0]

    # -- what it knows ----------------------------------------------------------------------------

    @property
    def classes(self) -> typing.List[str]:
        """Names of the classes, in the order of the labels."""
        return [self._core.class_name(label) or "" for label in range(self._core.length()["classes"])]

    @property
    def samples(self) -> int:
        """Samples of the data set."""
        return self._core.length()["samples"]

    @property
    def epoch_samples(self) -> int:
        """Samples of an epoch over all ranks: `samples`, unless `weights` or `sample_ids` say otherwise."""
        return self._core.length()["epoch_samples"]

    @property
    def batch_size(self) -> int:
        """Samples of a whole batch."""
        return self._core.length()["batch_size"]

    @property
    def rank(self) -> int:
        """Of this process, from 0."""
        return self._core.length()["rank"]

    @property
    def world_size(self) -> int:
        """Processes that share an epoch."""
        return self._core.length()["world_size"]

    @property
    def batches_per_epoch(self) -> int:
        """Of this rank, in a whole epoch."""
        return self._core.length()["batches_per_epoch"]

    @property
    def stats(self) -> Stats:
        """Counters since the loader was opened. Any thread."""
        return Stats(**self._core.stats())

    @property
    def memory(self) -> Memory:
        """What was reserved when it was opened. Any thread."""
        return Memory(**self._core.memory())

    def sample_path(self, sample_id: int) -> str:
        """Path of a sample as the data set knows it, relative; in a shard "shard.tar/member".

        Raises:
            InvalidArgumentError: no such id.
        """
        path = self._core.sample_path(self._id(sample_id))
        if path is None:
            raise OutOfMemoryError("found no memory for the path of a sample")
        return path

    def _id(self, sample_id: int) -> int:
        return integer("sample_id", sample_id, self.samples - 1)

    def read_sample(self, sample_id: int) -> bytes:
        """The encoded bytes of a sample, as they lie in the data set.

        Raises:
            InvalidArgumentError: no such id.
            NotFoundError, AccessError, ReadError: of its file.
        """
        return self._core.read_sample(self._id(sample_id))

    def replay(self, sample_id: int, epoch: int = 0, view: int = 0) -> str:
        """What the ops draw for a sample in `epoch`, before any mixing: TOML [[augment]] entries with each
        parameter fixed.

        Args:
            sample_id: from 0 to `samples` - 1.
            epoch: from 0 to 16777215.
            view: of AugMix with several views; 0 is the clean one.

        Raises:
            InvalidArgumentError: a number out of its range.
            SampleError, ReadError: of its file, which is read for its size.
        """
        number = integer("epoch", epoch, _arguments.EPOCH_MAX)
        return self._core.replay(self._id(sample_id), number, integer("view", view, 2**32 - 1))

    # -- its end ----------------------------------------------------------------------------------

    def stop(self) -> None:
        """Makes next() raise StoppedError, now and later. Any thread."""
        self._core.stop()

    def close(self) -> None:
        """Ends the loader's threads and frees its memory, but for batches that are held. Any thread, any
        number of times; whoever waits in next() gets ClosedError."""
        self._core.close()
        _open.discard(self)

    @property
    def closed(self) -> bool:
        """Whether close() was called."""
        return self._core.closed

    def __enter__(self) -> "Loader":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __reduce__(self) -> typing.NoReturn:
        raise TypeError("a headrace.Loader cannot be pickled: open one in each process")

    def __repr__(self) -> str:
        if self.closed:
            return "<headrace.Loader, closed>"
        if self._owner != os.getpid():
            return "<headrace.Loader of another process>"
        length = self._core.length()
        return (
            f"<headrace.Loader: {length['samples']} samples, {length['classes']} classes, "
            f"{length['batches_per_epoch']} batches of {length['batch_size']}>"
        )
