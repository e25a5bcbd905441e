"""Batch: what a loader gives."""

import typing

import numpy as np

from . import _core
from ._errors import ClosedError

_LAYOUTS = ("nchw", "nhwc")
_DTYPES = ("u8", "f16", "bf16", "f32")
_CALLBACK_FAILED = 600


class BFloat16Array(np.ndarray):
    """bfloat16 numbers, for which NumPy has no type: an array of uint16 with their bits.

    ``torch.from_dlpack`` and ``jax.dlpack.from_dlpack`` take it (and slices of it) as bfloat16;
    ``float32()`` gives the numbers.
    """

    def __dlpack__(self, **options: typing.Any) -> typing.Any:
        if self.dtype != np.uint16:
            return super().__dlpack__(**options)
        return _core.bfloat16_dlpack(self.view(np.ndarray), self)

    def float32(self) -> np.ndarray:
        """The same numbers as float32: a copy."""
        bits = self.view(np.ndarray).astype(np.uint32) << np.uint32(16)
        return bits.view(np.float32)


class Mix(typing.NamedTuple):
    """What was mixed in a batch of B samples.

    Attributes:
        lam: float32 [B]: share of the sample itself; 1 when unmixed (lambda of the papers).
        partner: int32 [B]: index in this batch of the sample it was mixed with; itself when unmixed.
        entry: index in [[mix]] of what was applied, or -1.
        failed: whether a model or saliency callback failed, so that the batch came unmixed.
    """

    lam: np.ndarray
    partner: np.ndarray
    entry: int
    failed: bool


class Targets(typing.NamedTuple):
    """The objects of a batch of B samples, N in all: those of sample i are entries offsets[i] to
    offsets[i + 1] - 1.

    Attributes:
        offsets: int64 [B + 1].
        boxes: float32 [N, 4]: x0, y0, x1, y1 in pixels of the output, tight around the mask.
        classes: int64 [N]: index of the class.
        ids: int64 [N]: of the annotation.
        area: float32 [N]: pixels of the mask.
        crowd: uint8 [N].
        flags: uint8 [N]: 1 moved, 2 clipped, 4 occluded, added up.
        weights: float32 [N]: how much of its pixels' colour is its own; 1 unless mixed.
        mask_offsets: int64 [N + 1]: into masks.
        masks: uint8: COCO's compressed RLE of each mask, one after the other.
    """

    offsets: np.ndarray
    boxes: np.ndarray
    classes: np.ndarray
    ids: np.ndarray
    area: np.ndarray
    crowd: np.ndarray
    flags: np.ndarray
    weights: np.ndarray
    mask_offsets: np.ndarray
    masks: np.ndarray

    def of(self, sample: int) -> slice:
        """The entries of sample `sample` of the batch: ``targets.boxes[targets.of(3)]``."""
        return slice(int(self.offsets[sample]), int(self.offsets[sample + 1]))

    def rle(self, entry: int) -> bytes:
        """The mask of entry `entry` as pycocotools' ``counts``."""
        return self.masks[int(self.mask_offsets[entry]) : int(self.mask_offsets[entry + 1])].tobytes()


class Batch:
    """Images with all that belongs to them, B samples.

    Arrays are NumPy's, over the library's own memory: nothing is copied, and writing to one writes to
    the batch. Each of them, and whatever is made of one without a copy (``torch.from_dlpack``,
    ``torch.from_numpy``, slices), keeps the buffer; when the last is gone it goes back to the loader, also
    after the loader was closed. ``images, labels = batch`` works too.
    """

    __slots__ = ("_lease", "_arrays", "__weakref__")

    def __init__(self, lease: "_core.Lease") -> None:
        self._lease: typing.Optional[_core.Lease] = lease
        self._arrays: typing.Dict[str, typing.Any] = {}

    def _held(self) -> "_core.Lease":
        if self._lease is None:
            raise ClosedError("the batch was released")
        return self._lease

    def _array(self, name: str) -> typing.Any:
        lease = self._held()
        if name not in self._arrays:
            self._arrays[name] = getattr(lease, name)()
        return self._arrays[name]

    @property
    def images(self) -> np.ndarray:
        """[B, C, H, W] or [B, H, W, C] of ``output.dtype``; with V views [V, B, ...]. bf16 is a BFloat16Array."""
        lease = self._held()
        if "images" not in self._arrays:
            images = lease.images()
            self._arrays["images"] = images.view(BFloat16Array) if self.dtype == "bf16" else images
        return self._arrays["images"]

    @property
    def labels(self) -> np.ndarray:
        """int64 [B] (-1: none), or soft: float32 [B, classes]."""
        return self._array("labels")

    @property
    def ids(self) -> np.ndarray:
        """int64 [B]: id of each sample in the data set; -1 in padding."""
        return self._array("ids")

    @property
    def valid(self) -> np.ndarray:
        """uint8 [B]: 1 good, 0 padding or marked bad, 2 a substitute for a bad sample."""
        return self._array("valid")

    @property
    def pixels(self) -> typing.Optional[np.ndarray]:
        """uint8 [B, C, H, W] before mixing; None unless ``output.keep_u8`` (or images that are u8 and planar)."""
        return self._array("pixels")

    @property
    def mix(self) -> Mix:
        """What was mixed."""
        lease = self._held()
        return Mix(
            self._array("lam"),
            self._array("partner"),
            lease.mix_entry,
            lease.mix_status == _CALLBACK_FAILED,
        )

    @property
    def targets(self) -> typing.Optional[Targets]:
        """The objects, or None when the data set knows none."""
        if "targets" not in self._arrays:
            found = self._held().targets()
            self._arrays["targets"] = None if found is None else Targets(**found)
        return self._arrays["targets"]

    @property
    def epoch(self) -> int:
        """From 0."""
        return self._held().epoch

    @property
    def number(self) -> int:
        """Of the batch in its epoch, on this rank, from 0; a resumed run counts on."""
        return self._held().batch

    @property
    def global_number(self) -> int:
        """Its number in the epoch over all ranks."""
        return self._held().global_batch

    @property
    def count(self) -> int:
        """B: samples in the batch."""
        return self._held().count

    @property
    def views(self) -> int:
        """1, or the number of AugMix views."""
        return self._held().views

    @property
    def layout(self) -> str:
        """``"nchw"`` or ``"nhwc"``."""
        return _LAYOUTS[self._held().layout]

    @property
    def dtype(self) -> str:
        """Of the images: ``"u8"``, ``"f16"``, ``"bf16"`` or ``"f32"``."""
        return _DTYPES[self._held().dtype]

    @property
    def released(self) -> bool:
        """Whether release() was called."""
        return self._lease is None

    def release(self) -> None:
        """Lets go of the buffer now, instead of when the batch is collected.

        Arrays that are held elsewhere stay valid and keep it. Any number of times.
        """
        self._lease = None
        self._arrays.clear()

    def __iter__(self) -> typing.Iterator[np.ndarray]:
        return iter((self.images, self.labels))

    def __dlpack__(self, **options: typing.Any) -> typing.Any:
        """The images; their buffer goes back without Python when the tensor is gone."""
        return self._held().dlpack()

    def __dlpack_device__(self) -> typing.Tuple[int, int]:
        self._held()
        return (1, 0)

    def __repr__(self) -> str:
        if self._lease is None:
            return "<headrace.Batch, released>"
        shape = "x".join(map(str, self.images.shape))
        return f"<headrace.Batch {self.number} of epoch {self.epoch}: images {shape} {self.dtype}>"
