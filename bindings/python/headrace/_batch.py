"""Batch: what a loader gives."""

import typing

import numpy as np

from . import _core, _mix_arguments
from ._callbacks import check_callback
from ._checks import named
from ._errors import ClosedError, InvalidArgumentError, as_int, integer, shown

_LAYOUTS = ("nchw", "nhwc")
_DTYPES = ("u8", "f16", "bf16", "f32")
_CALLBACK_FAILED = 600
_NEVER = 1e-300  # as a probability: 0 is the C API's word for its default


def _wants_copy(options: typing.Mapping[str, typing.Any]) -> bool:
    """Whether a consumer of DLPack asks for a copy. Raises BufferError for another device than the CPU."""
    if options.get("dl_device") not in (None, (1, 0)):
        raise BufferError("the batch lies in the memory of the CPU; take it there and copy it to the device")
    return bool(options.get("copy"))


class BFloat16Array(np.ndarray):
    """bfloat16 numbers, for which NumPy has no type: an array of uint16 with their bits.

    ``torch.from_dlpack`` and ``jax.dlpack.from_dlpack`` take it (and slices of it) as bfloat16;
    ``float32()`` gives the numbers.
    """

    def __dlpack__(self, **options: typing.Any) -> typing.Any:
        if self.dtype != np.uint16:
            return super().__dlpack__(**options)
        source = self.copy() if _wants_copy(options) else self
        return _core.bfloat16_dlpack(source.view(np.ndarray), source)

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


def _span(name: str, offsets: np.ndarray, index: typing.Any) -> slice:
    """From offsets[index] to the next; a negative index counts from the end."""
    count, number = len(offsets) - 1, as_int(index)
    if number is None or not -count <= number < count:
        raise IndexError(f"{name}: found {shown(index)}; allowed: 0 to {count - 1}, or -{count} to -1" if count else
                         f"{name}: found {shown(index)}; there are none")
    first = number % count
    return slice(int(offsets[first]), int(offsets[first + 1]))


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
        """The entries of sample `sample` of the batch: ``targets.boxes[targets.of(3)]``.

        From 0; -1 is the last one, as in a list. Raises IndexError for one that there is not.
        """
        return _span("sample", self.offsets, sample)

    def rle(self, entry: int) -> bytes:
        """The mask of entry `entry`, counted as in `of`, as pycocotools' ``counts``."""
        return self.masks[_span("entry", self.mask_offsets, entry)].tobytes()


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
        """What the lease's method `name` gives, asked for once."""
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
        return typing.cast(np.ndarray, self._arrays["images"])

    @property
    def labels(self) -> np.ndarray:
        """int64 [B] (-1: none), or soft: float32 [B, classes]."""
        return typing.cast(np.ndarray, self._array("labels"))

    @property
    def ids(self) -> np.ndarray:
        """int64 [B]: id of each sample in the data set; -1 in padding."""
        return typing.cast(np.ndarray, self._array("ids"))

    @property
    def valid(self) -> np.ndarray:
        """uint8 [B]: 1 good, 0 padding or marked bad, 2 a substitute for a bad sample."""
        return typing.cast(np.ndarray, self._array("valid"))

    @property
    def pixels(self) -> typing.Optional[np.ndarray]:
        """uint8 [B, C, H, W] before mixing; None unless ``output.keep_u8`` (or images that are u8 and planar)."""
        return typing.cast("np.ndarray | None", self._array("pixels"))

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
        lease = self._held()
        if "targets" not in self._arrays:
            found = lease.targets()
            self._arrays["targets"] = None if found is None else Targets(**found)
        return typing.cast(typing.Optional[Targets], self._arrays["targets"])

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

    @named
    def ace(
        self,
        model: typing.Callable[..., typing.Any],
        *,
        pieces: int = 64,
        bound: float = 8.0,
        alpha: float = 0.0,
        kappa: float = 0.0,
        p: float = 0.5,
        steps: int = 5,
        chunk: int = 64,
        step: str = "l2",
        keep: str = "last",
        freeze_on_success: bool = True,
        random_start: bool = False,
        final_eval: bool = False,
    ) -> typing.Dict[str, typing.Any]:
        """Adversarial colour enhancement, in place: for each chosen sample the colour curves, within `bound`,
        that raise the loss that `model` gives.

        Needs ``output.keep_u8``, an open loader and a batch that is not mixed; runs as the loader's consumer.

        Args:
            model: as that of Loader.
            pieces, bound, alpha, kappa, p, steps, chunk, freeze_on_success, random_start, final_eval: as the keys of
                [[mix]] ace in docs/config.md.
            step: ``"l2"`` or ``"sign"``.
            keep: ``"last"`` or ``"best"``.

        Returns:
            The fields of hr_ace_report: rows, frozen, non_finite, calls, loss_before, loss_after, model_ns, library_ns.

        Raises:
            InvalidArgumentError, ClosedError; what `model` raises: the batch is then as it was.
        """
        check_callback("model", model)
        given = dict(pieces=pieces, bound=bound, alpha=alpha, kappa=kappa, p=p, steps=steps, chunk=chunk, step=step)
        given.update(keep=keep, freeze_on_success=freeze_on_success, random_start=random_start, final_eval=final_eval)
        settings = _mix_arguments.checked("ace", given)
        settings["p"] = settings["p"] or _NEVER
        report = self._held().ace(model, **settings)
        self._arrays.clear()
        return report

    @named
    def rmix(
        self,
        maps: typing.Any = None,
        *,
        model: typing.Optional[typing.Callable[..., typing.Any]] = None,
        q_index: typing.Any = None,
        patches: typing.Sequence[int] = (),
        quantiles: typing.Sequence[float] = (),
        pairing: str = "matching",
        alpha: float = 0.2,
        label_smoothing: float = 0.0,
        lam_per_pair: bool = False,
        occurrence: int = 0,
    ) -> typing.Dict[str, typing.Any]:
        """R-Mix, in place, by saliency maps or by the gradients of a model.

        Needs ``output.keep_u8`` and a batch that is not mixed; with `model` also an open loader.

        Args:
            maps: [B, height, width] of finite numbers of at least 0, large where it matters, of the pictures as they are
                in the batch; height and width from the patches a side on. One that is 0 everywhere is alike everywhere.
            model: as that of Loader, instead of `maps`.
            q_index: with `maps`: uint8 [B], index of each sample's quantile; drawn otherwise.
            patches, quantiles, pairing, alpha, label_smoothing, lam_per_pair: as the keys of [[mix]] rmix.
            occurrence: which draws: those of the [[mix]] rmix entry with so many before it.

        Returns:
            The fields of hr_rmix_report: patches, mixed, uniform_maps, nanoseconds, model_ns.

        Raises:
            InvalidArgumentError, ClosedError; what `model` raises: the batch is then as it was.
        """
        if (maps is None) == (model is None):
            raise InvalidArgumentError("rmix takes maps or a model, one of the two")
        if model is not None:
            check_callback("model", model)
        given = dict(patches=patches, quantiles=quantiles, pairing=pairing, alpha=alpha, label_smoothing=label_smoothing)
        settings = _mix_arguments.checked("rmix", {**given, "lam_per_pair": lam_per_pair})
        lease = self._held()
        report = lease.rmix(
            None if maps is None else _mix_arguments.maps_of(maps, lease.count),
            model,
            None if q_index is None else _mix_arguments.quantiles_of(q_index, lease.count),
            occurrence=integer("occurrence", occurrence, 2**32 - 1),
            **settings,
        )
        self._arrays.clear()
        return report

    def __iter__(self) -> typing.Iterator[np.ndarray]:
        return iter((self.images, self.labels))

    def __dlpack__(self, **options: typing.Any) -> typing.Any:
        """The images; their buffer goes back without Python when the tensor is gone."""
        lease = self._held()
        return self.images.copy().__dlpack__() if _wants_copy(options) else lease.dlpack()

    def __dlpack_device__(self) -> typing.Tuple[int, int]:
        self._held()
        return (1, 0)

    def __array__(self, *_: typing.Any, **__: typing.Any) -> typing.NoReturn:
        raise TypeError("a headrace.Batch is no array: take its images or its labels, numpy.asarray(batch.images)")

    def __copy__(self) -> "Batch":
        return Batch(self._held())  # the same buffer, which goes back when both are gone

    def __reduce__(self) -> typing.NoReturn:
        raise TypeError(
            "a headrace.Batch lies in its loader's memory and can be neither pickled nor copied: take what you need of "
            "it, batch.images.copy()"
        )

    def __repr__(self) -> str:
        if self._lease is None:
            return "<headrace.Batch, released>"
        shape = "x".join(map(str, self.images.shape))
        return f"<headrace.Batch {self.number} of epoch {self.epoch}: images {shape} {self.dtype}>"
