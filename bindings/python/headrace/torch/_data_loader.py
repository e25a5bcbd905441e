"""DataLoader: headrace with the face of torch.utils.data.DataLoader."""

from __future__ import annotations

import inspect
from typing import Any, Callable, Dict, Generator, Iterable, Iterator, List, NoReturn, Optional, Tuple

import torch

import headrace
from headrace._epoch import Epoch

from ._batches import TorchBatch, Unpadded, tensors_of
from ._datasets import check_folder, check_length, choice_of, seed_of, source_of
from ._models import ace_model, saliency_model
from ._options import check_classes, check_names, check_said_once, loader_options, pipeline_of, process_group, said
from ._transfer import Tensors, at_once, one_ahead, pin, side_of

# Told apart from None, which has a meaning of its own for torch.
_UNSET: Any = ...

# Of DataLoader._pending.
_NOTHING: Tuple[int, Optional[bytes]] = (0, None)

# In a batch whose images and labels go to a device, until they are there.
_MOVED = torch.empty(0)

# Arguments of torch's DataLoader that would run the user's Python for each sample or batch.
_REFUSED = {
    "collate_fn": "batches are put together in headrace's threads; for MixUp and CutMix give mix=..., "
                  "anything else do with the batch",
    "batch_sampler": "batches are batch_size samples in a row; give batch_size with shuffle or sampler",
    "worker_init_fn": "workers are threads without Python, and what they draw follows from seed alone; "
                      "leave it out",
    "multiprocessing_context": "workers are threads; leave it out",
}


class DataLoader:
    """`torch.utils.data.DataLoader` for pictures, without processes: `images, labels` an iteration.

        train = headrace.torch.DataLoader("data/train", batch_size=64, shuffle=True, num_workers=8,
                                          transform=transform, drop_last=True, device="cuda")
        for epoch in range(90):
            for images, labels in train:
                ...

    Pixels are those of torchvision on PIL images (decode.jpeg = "exact" and no EXIF orientation, unless
    you say otherwise). Each `for` is the next epoch, with its own order and draws; `set_epoch` goes to
    another one. Everything random follows from `seed`, not from torch's generators.

    `images` are float32 [B, 3, H, W], or what the transform ends with; with `output={"layout": "nhwc"}`
    the same shape in channels_last memory; with AugMix views [V, B, 3, H, W]. They lie in headrace's own
    memory and may be written to; holding many of them holds as many buffers. `labels` are int64 [B], or
    float32 [B, classes] when something mixes.

    Args:
        dataset: what `headrace.Loader(dataset=...)` takes: the path of a folder of classes, of a shard or of
            a folder of shards, a list of shards, a [dataset] table; a torchvision ImageFolder (its
            transform is taken, too) or a Subset of one; or a .toml file, which then says everything that
            is not said here. Its `len` and `classes` are in `.dataset`.
        batch_size: samples a batch and rank; 1 as in torch, or as the .toml file says.
        shuffle: another order each epoch, or the order of the paths.
        sampler: torch's RandomSampler, SequentialSampler, SubsetRandomSampler, WeightedRandomSampler,
            DistributedSampler, made of this data set, or a list of indices.
        num_workers: threads; 0 takes as many as there are CPUs.
        pin_memory: batches in page-locked memory, for your own copies to a GPU; needless with device.
        drop_last: leave out the last, short batch. Without it several ranks, which have to do the same
            number of steps, repeat samples at the end of an epoch, as DistributedSampler does.
        generator: its initial seed is taken as `seed`.
        prefetch_factor: batches made ahead, by all workers together; 3 by default.
        transform: a torchvision pipeline (see `from_torchvision`) or a `Pipeline`.
        mix: `v2.MixUp`, `v2.CutMix`, a `v2.RandomChoice` of these, or [[mix]] entries as `headrace.Loader` takes them.
        device: where tensors are wanted. For "cuda" the copy of a batch runs on a stream of its own
            while the one before is trained on.
        full_batch: iterate `TorchBatch` instead of pairs.
        seed: of the order and of all draws, 0 to 2^63 - 1; 0 by default, for every run and rank.
        rank, world_size: of this process; by default those of torch.distributed when it is initialised,
            otherwise the launcher's (docs/ranks.md).
        model, saliency: for [[mix]] ace and rmix: a network, or `ace_model`, `saliency_model` of one.
        config: any key or table of docs/config.md, as `headrace.Loader` takes them, such as
            `on_corrupt="error"` or `augment=[...]`; and its `log`, `weights` and `sample_ids` (ids of its own, without
            a Subset or a sampler).

    Raises:
        TypeError: an argument that would need Python for each sample, or a thing that is said in two ways;
            it says what to do instead.
        ValueError: a sampler that was made of another data set.
        UnsupportedTransformError, headrace.ConfigError (also of a device that is not there), and what `headrace.Loader` raises.
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: int = _UNSET,
        shuffle: Optional[bool] = None,
        sampler: Any = None,
        batch_sampler: None = None,
        num_workers: int = 0,
        collate_fn: None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: None = None,
        multiprocessing_context: None = None,
        generator: Optional[torch.Generator] = None,
        *,
        prefetch_factor: Optional[int] = None,
        persistent_workers: bool = True,
        pin_memory_device: str = "",
        in_order: bool = True,
        transform: Any = None,
        mix: Any = None,
        device: Any = None,
        full_batch: bool = False,
        seed: Optional[int] = None,
        rank: Optional[int] = None,
        world_size: Optional[int] = None,
        model: Optional[Callable[..., Any]] = None,
        saliency: Optional[Callable[..., Any]] = None,
        **config: Any,
    ) -> None:
        refused = {"collate_fn": collate_fn, "batch_sampler": batch_sampler,
                   "worker_init_fn": worker_init_fn, "multiprocessing_context": multiprocessing_context}
        for name, value in refused.items():
            if value is not None:
                raise TypeError(f"{name}: {_REFUSED[name]}")
        if timeout:
            raise TypeError("timeout: a batch comes, or an error does; leave it out")
        if batch_size is None:
            raise TypeError("batch_size=None: headrace makes batches; read single pictures with "
                            "headrace.Transform")
        if not (shuffle is None or isinstance(shuffle, bool)):
            raise TypeError(f"shuffle: found {shuffle!r}; allowed: True, False or None. headrace's own words go "
                            'into a table: loader={"shuffle": "block"}')
        if sampler is not None and shuffle is not None:
            raise TypeError("sampler and shuffle exclude each other, as in torch")
        if seed is not None and generator is not None:
            raise TypeError("seed and generator are two ways to say the same: give one")
        check_names(config, list(inspect.signature(DataLoader).parameters)[:-1])
        words = said(config)
        check_said_once(words, {
            "batch_size": batch_size is not _UNSET, "shuffle": shuffle is not None or sampler is not None,
            "workers": bool(num_workers), "prefetch_batches": prefetch_factor is not None,
            "seed": seed is not None or generator is not None, "tail": bool(drop_last)})

        source = source_of(dataset)
        choice = choice_of(sampler)
        choice.shuffle = shuffle if sampler is None else choice.shuffle
        if rank is None and choice.rank is None and world_size is None:
            choice.rank, choice.world_size = process_group()
        elif rank is not None or world_size is not None:
            choice.rank, choice.world_size = rank, world_size
        for candidate in (seed_of(generator), seed):
            choice.seed = choice.seed if candidate is None else candidate
        drop_last = drop_last or bool(choice.drop_last)
        if words.get("tail") in ("drop", "pad", "exact"):
            drop_last = words["tail"] == "drop"

        pipeline = pipeline_of(source, transform, mix, config)
        options = loader_options(source, choice, pipeline, config, words)
        if batch_size is not _UNSET:
            options["batch_size"] = batch_size
        elif source.config is None and "batch_size" not in words:
            options["batch_size"] = 1
        if "workers" not in words and (num_workers or source.config is None):
            options["workers"] = num_workers
        if prefetch_factor is not None:
            options["prefetch_batches"] = prefetch_factor
        if drop_last and "tail" not in words:
            options["tail"] = "drop"
        # Where the user, or a file of the user's, says a tail: that one.
        self._repeat = not drop_last and source.config is None and "tail" not in words
        if self._repeat:
            # "pad" is the one of the two that gives every rank the same number of batches; what is
            # padding is filled with samples of this rank.
            options["tail"] = "pad"
        if isinstance(model, torch.nn.Module):
            model = ace_model(model)
        if isinstance(saliency, torch.nn.Module):
            saliency = saliency_model(saliency)
        self._side = None if device is None else side_of(device)
        self._loader = headrace.Loader(source.config, rank=choice.rank, world_size=choice.world_size,
                                       model=model, saliency=saliency, **options)
        try:
            check_folder(source, self._loader)
            check_length(source, choice, self._loader)
            check_classes(pipeline, self._loader)
        except Exception:
            self._loader.close()
            raise
        self.dataset = dataset if source.folder is not None else Described(self._loader)
        self.batch_size = self._loader.batch_size
        self.num_workers = num_workers
        self.drop_last = drop_last
        self.pin_memory = bool(pin_memory) and torch.cuda.is_available()
        self.sampler = sampler
        self.pipeline = pipeline
        self._full_batch = full_batch
        # A model that is asked about the next batch has to have learnt from this one.
        self._ahead = model is None and saliency is None
        self._distributed = choice.distributed
        self._epoch_seen = getattr(self._distributed, "epoch", 0)
        # Where the run stands for the caller, while the loader is a batch further.
        self._state: Optional[Dict[str, Any]] = None
        # What load_state_dict was given, until it is gone on from.
        self._resumed: Optional[Dict[str, Any]] = None
        # While the last batch of an epoch comes next: where the loader stood before the one before it.
        self._before: Optional[bytes] = None
        # Without a device, of the batch that the loop has not got yet: its ticket, and what _before was before it.
        self._pending = _NOTHING

    # -- iteration ------------------------------------------------------------------------------

    def __len__(self) -> int:
        """Batches of the epoch that is being iterated, or comes next; the same for every rank."""
        return len(self._loader)

    def __iter__(self) -> Iterator[Any]:
        if self._distributed is not None and self._distributed.epoch != self._epoch_seen:
            # sampler.set_epoch(epoch), as loops with a DistributedSampler have it.
            self._epoch_seen = self._distributed.epoch
            self.set_epoch(self._epoch_seen)
        batches = self._iterate()
        # With a device the state of the batch that the caller has is kept beside.
        return batches if self._side is not None else _Iteration(self, batches)

    def _iterate(self) -> Generator[Any, None, None]:
        batches: Iterable[Tuple[Tensors, TorchBatch]] = self._host_batches()
        if self._side is not None and self._ahead:
            batches = one_ahead(batches, self._side, _Record(self))
        elif self._side is not None:
            batches = at_once(batches, self._side, _Record(self))
        self._state = None
        for tensors, batch in batches:
            batch = batch._replace(images=tensors["images"], labels=tensors["labels"])
            yield batch if self._full_batch else (batch.images, batch.labels)
        # Not when the loop was left early: the state is then still that of the batch it had last.
        self._state = None

    def _host_batches(self) -> Iterator[Tuple[Tensors, TorchBatch]]:
        padding = Unpadded() if self._repeat else None
        ranks = self._loader.world_size
        resumed = self._resumed
        begun: Optional[bytes] = None  # where the batch before the last one does
        if padding is not None and ranks > 1 and resumed is not None:
            self._remake_before(padding, resumed)
            begun = resumed["state"]
        elif resumed is None:
            self._before = None  # of an epoch that was left
        self._resumed = None
        last = 0
        epoch = Epoch(self._loader)
        epoch.begin()
        if self._side is not None:
            # The caller is at the epoch's start until it has a batch on the device.
            self._state = self._stands()
        for position, batch in enumerate(epoch):
            if self._side is None:
                self._pending = (epoch.ticket, self._before)
            if position == 0:
                last = len(self._loader) - 1  # a resumed epoch is shorter
            tensors, rest = tensors_of(batch, self._full_batch)
            del batch  # its buffer is the tensors' now
            if padding is not None:
                tensors, rest = padding.filled(tensors, rest, keep=position == last - 1, ranks=ranks)
            if self.pin_memory and self._side is None:
                tensors = {name: pin(tensor) for name, tensor in tensors.items()}
            if self._side is not None:
                rest = rest._replace(images=_MOVED, labels=_MOVED)
            self._before = begun if position == last - 1 else None
            made = [(tensors, rest)]
            del tensors, rest  # so that whoever copies decides when the buffer goes back
            yield made.pop()
            if padding is not None and ranks > 1 and position == last - 2:
                begun = self._loader.state_dict()["state"]

    def _remake_before(self, padding: Unpadded, resumed: Dict[str, Any]) -> None:
        """For a run that goes on where this rank's next batch is all padding: makes the batch that takes its
        place, which the unbroken run still had."""
        loader = self._loader
        stands = loader.state_dict()
        first = stands["position"] + loader.rank * loader.batch_size
        if not stands["position"] < loader.epoch_samples <= first:
            return
        try:
            if isinstance(resumed.get("before"), (bytes, bytearray)):
                loader.load_state_dict({"state": resumed["before"]})
                if self._remembered(padding):
                    return
            # A state without, or of so many fewer ranks that this one has nothing there, either: the epoch's
            # first batch. The padding is taken before, for else set_epoch would stay where the state stands.
            loader.next()
            loader.set_epoch(stands["epoch"])
            self._remembered(padding)
        finally:
            loader.load_state_dict(stands)

    def _remembered(self, padding: Unpadded) -> bool:
        """Whether the loader's next batch can stand for one that is all padding."""
        batch = self._loader.next()
        return batch is not None and padding.remember(*tensors_of(batch, self._full_batch))

    # -- where it stands --------------------------------------------------------------------------

    def _stands(self) -> Dict[str, Any]:
        ticket, before = self._pending
        state = self._loader._stands(ticket)
        before = before if ticket else self._before
        return state if before is None else {**state, "before": before}

    def set_epoch(self, epoch: int) -> None:
        """Goes to the start of `epoch`, from 0. Needless when epochs follow each other."""
        self._state = None
        stood = self._loader.state_dict() if self._resumed is not None else None
        self._loader.set_epoch(epoch)
        if stood is None or stood != self._loader.state_dict():
            self._resumed = self._before = None

    def state_dict(self) -> Dict[str, Any]:
        """Where the run stands: behind the batch that the loop has now. To be kept beside the model's weights.

        As torchdata's StatefulDataLoader has it. docs/state.md says what is in it and what is promised.
        """
        return self._stands() if self._state is None else dict(self._state)

    def load_state_dict(self, state_dict: Dict[str, Any]) -> None:
        """Goes on where `state_dict` was taken: the next `for` gives the rest of that epoch.

        Raises:
            headrace.ConfigError: of another configuration or data set.
        """
        self._loader._go_to(state_dict)
        self._state = None
        self._resumed = dict(state_dict)
        self._before = self._resumed.get("before")
        self._loader._core.tell()  # last, for it may be interrupted

    # -- the rest -------------------------------------------------------------------------------

    @property
    def loader(self) -> headrace.Loader:
        """The headrace.Loader behind this: stats, memory, replay, sample_path."""
        return self._loader

    @property
    def _asked(self) -> Any:
        """What it was made of, for headrace.preview."""
        return self._loader._asked

    @property
    def classes(self) -> List[str]:
        """Names of the classes, in the order of the labels."""
        return self._loader.classes

    def close(self) -> None:
        """Ends the threads. Tensors that are held stay valid."""
        self._loader.close()

    def __enter__(self) -> "DataLoader":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __reduce__(self) -> NoReturn:
        raise TypeError("a headrace.torch.DataLoader can be neither pickled nor copied: two of them would take each "
                        "other's batches; open one in each process")


class _Iteration:
    """Batches without a device: what an exception in the making of one keeps from the caller comes again."""

    def __init__(self, loader: DataLoader, batches: Generator[Any, None, None]) -> None:
        self._loader = loader
        self._batches = batches

    def __iter__(self) -> "_Iteration":
        return self

    def __next__(self) -> Any:
        loader = self._loader
        try:
            made = next(self._batches)
            loader._pending = _NOTHING
            return made
        except StopIteration:
            raise
        except BaseException:
            self._batches.close()  # as it is when this came out of it
            ticket, before = loader._pending
            if ticket:
                loader._loader._take_back(ticket)
                loader._before = before
            loader._pending = _NOTHING
            raise


class _Record:
    """Where a DataLoader's caller stands, for a transfer."""

    def __init__(self, loader: DataLoader) -> None:
        self._loader = loader

    def stands(self) -> Dict[str, Any]:
        return self._loader._stands()

    def reached(self, place: Optional[Dict[str, Any]]) -> None:
        self._loader._state = place


class Described:
    """What `loader.dataset` is when no Dataset was given: its length and its classes."""

    def __init__(self, loader: headrace.Loader) -> None:
        self._length = loader.samples
        self.classes: List[str] = loader.classes
        self.class_to_idx: Dict[str, int] = {name: i for i, name in enumerate(self.classes)}

    def __len__(self) -> int:
        return self._length
