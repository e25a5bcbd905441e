"""Transform: a list of ops on one image at a time, without a loader."""

import threading
import typing

import numpy as np

from . import _core, _images, _messages, _toml
from ._arguments import EPOCH_MAX
from ._batch import BFloat16Array
from ._checks import named
from ._config import _entries, _overrides, _pairs
from ._errors import HeadraceError, InvalidArgumentError, SampleError, as_int, integer, out_of_range, reworded, shown

_DTYPES = ("u8", "f16", "bf16", "f32")
# Random streams are told apart up to here (docs/rng.md).
_MOST = {"seed": 2**63 - 1, "epoch": EPOCH_MAX, "sample": 2**40 - 1, "view": 2**32 - 1}


def draw(**numbers: typing.Any) -> typing.Dict[str, int]:
    """Which draws: seed, epoch, sample and view, checked."""
    return {name: integer(name, numbers.get(name, 0), most) for name, most in _MOST.items()}


def _height_width(size: typing.Any) -> typing.Tuple[int, int]:
    """(height, width) of the side of a square, alone or in a list, or of the two."""
    sides = size if as_int(size) is None else [size]
    if not isinstance(sides, str) and isinstance(sides, typing.Iterable):
        numbers = [integer("size", side, 2**31 - 1) for side in sides]
        if len(numbers) in (1, 2):
            return numbers[0], numbers[-1]
    raise out_of_range("size", f"found {size!r:.60}; allowed: the side of a square, or (height, width)")


def texts(ops: typing.Any) -> typing.List[str]:
    """Ops as hr_transform_open takes them. A string with a "=" in it is TOML already."""
    if isinstance(ops, str) and "=" in ops:
        ops = [ops]
    if isinstance(ops, (str, dict)) or hasattr(ops, "to_config"):
        ops = [ops]
    if isinstance(ops, type) or not isinstance(ops, typing.Iterable):
        _entries("ops", ops)  # says what is allowed
    made = []
    for op in ops:
        if isinstance(op, str) and "=" in op:
            made.append(op)
            continue
        for entry in _entries("augment", [op]):
            made.append(", ".join(_pairs(entry, f"augment.{len(made)}")))
    return made


def overrides(**tables: typing.Any) -> typing.List[str]:
    """Tables as overrides."""
    made = []
    for table, keys in tables.items():
        if keys is None:
            continue
        if not isinstance(keys, typing.Mapping):
            raise _toml.refuse(table, f"found {shown(keys)}; allowed: a dict")
        made += _overrides({table: keys})
    return made


class Transform:
    """Ops on an image, for evaluation, serving and looking: the loader's own decoding, draws and arithmetic.

        transform = headrace.Transform(
            [ops.Resize(256), ops.CenterCrop(224)],
            output=dict(mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225]),
        )
        scores = model(torch.from_numpy(transform("cat.jpg"))[None])

    JPEGs are decoded exactly (as with ``decode.jpeg = "exact"``). May be called from any number of threads at
    once; each has scratch of its own. It can be pickled.

    Args:
        ops: a list of ops of headrace.ops, dicts as in [[augment]], names, or TOML texts. Empty: a plain decode.
        output: None: results are uint8 pixels. A dict of [output] (dtype, layout, channels, mean, std): results
            are arrays as a loader writes a sample: by default float32 [C, H, W].
        decode, limits: dicts of [decode] and [limits].
        seed: of the draws of random ops, unless the call says another.

    Raises:
        ConfigError: an op, a name or a value that cannot be.
    """

    @named
    def __init__(
        self,
        ops: typing.Any = (),
        *,
        output: typing.Optional[typing.Mapping[str, typing.Any]] = None,
        decode: typing.Optional[typing.Mapping[str, typing.Any]] = None,
        limits: typing.Optional[typing.Mapping[str, typing.Any]] = None,
        seed: int = 0,
    ) -> None:
        self._texts = texts(ops)
        self._overrides = overrides(output=output, decode=decode, limits=limits)
        self._output = None if output is None else dict(output)
        self._seed = draw(seed=seed)["seed"]
        self._thread = threading.local()
        self._core()  # what is wrong is told here

    def __getstate__(self) -> typing.Dict[str, typing.Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_thread"}

    def __setstate__(self, state: typing.Dict[str, typing.Any]) -> None:
        self.__dict__.update(state)
        self._thread = threading.local()

    def __repr__(self) -> str:
        output = "" if self._output is None else f", output={self._output!r}"
        return f"Transform({self._texts!r}{output})"

    def _core(self) -> typing.Any:
        """This thread's."""
        core = getattr(self._thread, "core", None)
        if core is None:
            output = self._output or {}
            dtype = output.get("dtype", "f32")
            try:
                core = _core.Transform(
                    self._texts,
                    self._overrides,
                    _DTYPES.index(dtype) if dtype in _DTYPES else 0,
                    output.get("layout", "nchw") == "nhwc",
                    output.get("channels", 3) if output.get("channels") in (1, 3) else 3,
                )
            except HeadraceError as error:
                raise _messages.of_transform(error, self._overrides, self._texts) from None
            self._thread.core = core
        return core

    def _apply(self, images: _images.Images, which: typing.Mapping[str, int]) -> typing.List[np.ndarray]:
        convert = self._output is not None
        results = []
        for number in range(len(images.items)):
            numbered = {**which, "sample": which["sample"] + number}
            results.append(self._typed(self._apply_to(images, number, numbered, convert)))
        return results

    def _apply_to(
        self, images: _images.Images, number: int, which: typing.Mapping[str, int], convert: bool
    ) -> np.ndarray:
        """The ops on item `number` of `images`. What is raised about a file names it."""
        core = self._core()
        item = images.items[number]
        apply = core.apply_file if isinstance(item, bytes) else core.apply_pixels
        try:
            return typing.cast(np.ndarray, apply(item, which, convert))
        except SampleError as error:  # a LimitError is one; nothing else is wrong with the file
            if images.file is None:
                raise
            named = reworded(error, str(error), f"{images.file}: ")
            named.path = images.file
            raise named from None

    def _typed(self, result: np.ndarray) -> np.ndarray:
        return result.view(BFloat16Array) if result.dtype == np.uint16 else result

    @named
    def __call__(
        self,
        image: typing.Any,
        *,
        seed: typing.Optional[int] = None,
        epoch: int = 0,
        sample: int = 0,
        view: int = 0,
        layout: typing.Optional[str] = None,
    ) -> typing.Any:
        """Applies the ops.

        Args:
            image: the path of a file; its bytes; uint8 pixels as a NumPy array [H, W] (grey), [H, W, C] or
                [C, H, W], or a torch tensor; a PIL image; or a batch of pixels [N, ...].
            seed, epoch, sample: which draws: those of a loader with that seed for sample `sample` in `epoch`.
                Image i of a batch has the draws of `sample` + i.
            view: of AugMix with several views; 0 is the clean one.
            layout: "hwc" or "chw" where the shape leaves it open: by default NumPy's arrays are "hwc" and
                torch's "chw".

        Returns:
            Without `output`: uint8 pixels of the kind and layout that came; of files a NumPy array
            [H, W, 3]. With `output`: the array that it describes, or for a tensor a tensor; [N, ...] for a batch.

        Raises:
            SampleError, LimitError: a file that is broken or passes a limit; of a path it is named, in `path` too.
            InvalidArgumentError: an image or a number that cannot be.
            OSError: a file that cannot be read.
        """
        images = _images.take(image, layout, files=True)
        which = draw(seed=self._seed if seed is None else seed, epoch=epoch, sample=sample, view=view)
        results = self._apply(images, which)
        return images.give(results) if self._output is None else images.stack(results)

    @named
    def crops(
        self,
        image: typing.Any,
        size: typing.Union[int, typing.Sequence[int]],
        count: int = 5,
        *,
        layout: typing.Optional[str] = None,
        seed: typing.Optional[int] = None,
        epoch: int = 0,
        sample: int = 0,
        view: int = 0,
    ) -> typing.Any:
        """Crops of the result, for evaluation (torchvision's FiveCrop and TenCrop).

        Args:
            image, layout: as of a call; not a batch.
            size: of a crop: side of a square, or (height, width); at most the result's.
            count: 5: top left, top right, bottom left, bottom right, centre; 10: then their mirror images.
            seed, epoch, sample, view: as of a call.

        Returns:
            [count, ...]: as a call returns one.
        """
        height, width = _height_width(size)
        if count not in (5, 10):
            raise out_of_range("count", f"found {count!r}; allowed: 5, 10")
        images = _images.take(image, layout, files=True)
        if images.batch:
            raise InvalidArgumentError("found a batch; crops are of one image: call it for each")
        if isinstance(image, (list, tuple)):
            raise InvalidArgumentError("found a list; crops are of one image")
        which = draw(seed=self._seed if seed is None else seed, epoch=epoch, sample=sample, view=view)
        self._apply_to(images, 0, which, False)
        convert = self._output is not None
        results = [self._typed(crop) for crop in self._core().crops(height, width, count, convert)]
        many = images._replace(batch=True, kind="numpy" if images.kind == "pil" else images.kind)
        return many.stack(results) if convert else many.give(results)

    def explain(self) -> str:
        """What the last call on this thread drew (of a batch: for its last image), as TOML [[augment]] entries
        with every parameter fixed: ``Transform([text])`` does the same again."""
        return str(self._core().explain())
