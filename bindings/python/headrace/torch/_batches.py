"""headrace's batches as torch's tensors."""

from __future__ import annotations

from typing import Any, Dict, List, NamedTuple, Optional, Tuple

import torch
from torch.utils import dlpack

import headrace

Tensors = Dict[str, torch.Tensor]


class TorchBatch(NamedTuple):
    """All of a batch of B samples, as tensors; `images` and `labels` on the device that was asked for.

    Attributes:
        images: [B, C, H, W], or [V, B, C, H, W] with V views.
        labels: int64 [B], or float32 [B, classes] when something mixes.
        ids: int64 [B], in the data set; -1 in padding.
        valid: uint8 [B]: 1 good, 0 padding or marked bad, 2 a substitute for a bad sample.
        lam: float32 [B], share of the sample itself when mixed.
        partner: int32 [B], index in the batch of the sample it was mixed with.
        mix_entry: index in [[mix]] of what was applied, or -1.
        epoch: from 0.
        number: of the batch in its epoch, on this rank.
        targets: with objects: of each sample a dict as torchvision's detectors take them, boxes float32
            [n, 4] (x0, y0, x1, y1), labels int64 [n], area float32 [n], iscrowd uint8 [n], weights
            float32 [n], image_id int64 [1]. Else None.
    """

    images: torch.Tensor
    labels: torch.Tensor
    ids: torch.Tensor
    valid: torch.Tensor
    lam: torch.Tensor
    partner: torch.Tensor
    mix_entry: int
    epoch: int
    number: int
    targets: Optional[List[Dict[str, torch.Tensor]]]


def tensors_of(batch: headrace.Batch, with_targets: bool) -> Tuple[Tensors, TorchBatch]:
    """What is worth a copy to a device, and all of the batch. Images share headrace's memory.

    The small ones are copies: whoever gathers labels over an epoch would hold every buffer otherwise.
    """
    images = dlpack.from_dlpack(batch)
    if batch.layout == "nhwc":
        # torch's shape, in the memory format that it calls channels_last.
        images = images.movedim(-1, -3)
    labels = torch.from_numpy(batch.labels.copy())
    mixed = batch.mix
    whole = TorchBatch(
        images=images, labels=labels, ids=torch.from_numpy(batch.ids.copy()),
        valid=torch.from_numpy(batch.valid.copy()), lam=torch.from_numpy(mixed.lam.copy()),
        partner=torch.from_numpy(mixed.partner.copy()), mix_entry=mixed.entry, epoch=batch.epoch,
        number=batch.number, targets=targets_of(batch) if with_targets else None)
    return {"images": images, "labels": labels}, whole


def targets_of(batch: headrace.Batch) -> Optional[List[Dict[str, torch.Tensor]]]:
    """Copies."""
    targets = batch.targets
    if targets is None:
        return None
    names = {"boxes": targets.boxes, "labels": targets.classes, "area": targets.area,
             "iscrowd": targets.crowd, "weights": targets.weights}
    parts = []
    for sample in range(batch.count):
        own = targets.of(sample)
        part = {name: torch.from_numpy(values[own].copy()) for name, values in names.items()}
        part["image_id"] = torch.from_numpy(batch.ids[sample:sample + 1].copy())
        parts.append(part)
    return parts


class Unpadded:
    """Makes the last batches of an epoch of real samples, as torch does.

    What: alone, a short batch; with several ranks, which have to do the same number of steps, the
    batch's own samples again, or for a batch that is all padding those of the one before. Owner: one
    iteration. Cost: nothing before the last two batches of an epoch, then a copy of a batch; a state that
    stands before a batch that is all padding costs making the one before it again.
    """

    def __init__(self) -> None:
        self._before: Optional[Tuple[Tensors, TorchBatch]] = None

    def filled(self, tensors: Tensors, whole: TorchBatch, keep: bool, ranks: int
               ) -> Tuple[Tensors, TorchBatch]:
        """`keep`: the next batch may be all padding."""
        real = (whole.ids >= 0).nonzero(as_tuple=True)[0]
        if len(real) == len(whole.ids):
            if keep and ranks > 1:
                self.remember(tensors, whole)
            return tensors, whole
        if ranks > 1 and len(real) == 0:
            if self._before is None:
                raise headrace.EmptyDatasetError(
                    "this rank has no sample in an epoch: fewer ranks, a smaller batch_size or drop_last=True")
            return self._before[0], self._before[1]._replace(number=whole.number)
        if ranks > 1:
            real = real[torch.arange(len(whole.ids)) % len(real)]
        return rows(tensors, whole, real)

    def remember(self, tensors: Tensors, whole: TorchBatch) -> bool:
        """Keeps a batch for one that is all padding. False: this one is all padding, too."""
        real = (whole.ids >= 0).nonzero(as_tuple=True)[0]
        if len(real):
            self._before = rows(tensors, whole, real[torch.arange(len(whole.ids)) % len(real)])
        return bool(len(real))


def rows(tensors: Tensors, whole: TorchBatch, index: torch.Tensor) -> Tuple[Tensors, TorchBatch]:
    """The samples at `index`."""
    views = tensors["images"].dim() == 5
    images = tensors["images"].index_select(1 if views else 0, index)
    labels = tensors["labels"].index_select(0, index)
    small: Dict[str, Any] = {name: getattr(whole, name).index_select(0, index)
                             for name in ("ids", "valid", "lam", "partner")}
    if whole.targets is not None:
        small["targets"] = [whole.targets[i] for i in index.tolist()]
    chosen = whole._replace(images=images, labels=labels, **small)
    return {"images": images, "labels": labels}, chosen
