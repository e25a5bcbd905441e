"""Images as callers have them: NumPy arrays, torch tensors, PIL images, files, encoded bytes."""

import importlib
import os
import sys
import typing

import numpy as np

from ._errors import InvalidArgumentError, out_of_range

LAYOUTS = ("hwc", "chw")


class Images(typing.NamedTuple):
    """What came, one or a batch.

    Attributes:
        items: uint8 arrays [H, W] or [H, W, 3] in C order, or the bytes of files.
        batch: whether it was a batch.
        kind: "numpy", "torch" or "pil": what the caller gets back.
        layout: "hwc", "chw" or "hw": what of; of files "hwc".
        file: path of the file that it was, or None.
    """

    items: typing.List[typing.Any]
    batch: bool
    kind: str
    layout: str
    file: typing.Optional[str] = None

    def give(self, results: typing.Sequence[np.ndarray]) -> typing.Any:
        """uint8 results [H, W] or [H, W, 3], one an item, as the kind and layout that came."""
        shaped = []
        for result in results:
            if self.layout != "hw" and result.ndim == 2:
                result = result[:, :, None]
            if self.layout == "chw":
                result = np.ascontiguousarray(result.transpose(2, 0, 1))
            shaped.append(result)
        return self.stack(shaped)

    def stack(self, results: typing.Sequence[np.ndarray]) -> typing.Any:
        """Results as the kind that came; those of a batch in one array."""
        if not self.batch:
            return self._of_kind(results[0])
        shapes = sorted({result.shape for result in results})
        if len(shapes) > 1:
            raise InvalidArgumentError(
                f"the results of a batch have different shapes ({shapes[0]}, {shapes[1]}); "
                "call it for each image, or end with a crop or a resize of fixed size"
            )
        # np.stack gives a plain array: bf16 would no longer know what its bits are.
        return self._of_kind(np.stack(results).view(type(results[0])))

    def _of_kind(self, result: np.ndarray) -> typing.Any:
        if self.kind == "torch":
            torch = sys.modules["torch"]
            return torch.from_dlpack(result) if result.dtype == np.uint16 else torch.from_numpy(result)
        if self.kind == "pil" and result.dtype == np.uint8:
            pillow = importlib.import_module("PIL.Image")
            grey = result.ndim == 3 and result.shape[2] == 1
            return pillow.fromarray(result[:, :, 0] if grey else result)
        return result


def _is(value: typing.Any, module: str, name: str) -> bool:
    """Whether `value` is of that class, without an import: who has such a value has imported it."""
    loaded = sys.modules.get(module)
    return loaded is not None and isinstance(value, getattr(loaded, name))


def _layout_of(shape: typing.Tuple[int, ...], layout: typing.Optional[str], first: str) -> str:
    """Where the channels of an image [?, ?, ?] are; `first`: what is tried first."""
    if layout is not None:
        if layout not in LAYOUTS:
            raise out_of_range("layout", f'found {layout!r}; allowed: "hwc", "chw"')
        order: typing.Tuple[str, ...] = (layout,)
    else:
        order = (first, "chw" if first == "hwc" else "hwc")
    for name in order:
        if shape[2 if name == "hwc" else 0] in (1, 3):
            return name
    hint = "; drop the alpha channel first" if 4 in (shape[0], shape[2]) else ""
    raise InvalidArgumentError(
        f"found an image of shape {shape}; allowed: [H, W], [H, W, C] or [C, H, W] with 1 or 3 channels{hint}"
    )


def _pixels(array: np.ndarray, layout: typing.Optional[str], kind: str) -> Images:
    if array.dtype != np.uint8:
        raise InvalidArgumentError(
            f"found {kind} of {array.dtype}; allowed: uint8 pixels from 0 to 255 "
            "(floats are made at the end, by output= or normalize)"
        )
    if array.size == 0 or array.ndim not in (2, 3, 4):
        raise InvalidArgumentError(
            f"found an array of shape {array.shape}; allowed: [H, W], [H, W, C], [C, H, W], or a batch of the latter two"
        )
    batch = array.ndim == 4
    if array.ndim == 2:
        return Images([np.ascontiguousarray(array)], False, kind, "hw")
    found = _layout_of(array.shape[-3:], layout, "chw" if kind == "torch" else "hwc")
    if found == "chw":
        array = np.moveaxis(array, -3, -1)
    if array.shape[-1] == 1:
        array = array[..., 0]
    items = [np.ascontiguousarray(item) for item in (array if batch else [array])]
    return Images(items, batch, kind, found)


def _of_pillow(image: typing.Any) -> np.ndarray:
    """[H, W] of a grey image, [H, W, 3] of any other with 8 bits a channel."""
    if image.mode.startswith(("I", "F")):  # convert() makes 255 of all above: a picture of 16 bits comes out white
        advice = "scale the values to 0 to 255, as uint8" + (
            ", or give headrace.Transform the 16-bit PNG itself, which it scales" if image.mode.startswith("I") else "")
        raise InvalidArgumentError(f'found a PIL image of mode "{image.mode}"; allowed: 8 bits a channel: {advice}')
    try:
        return np.asarray(image if image.mode == "L" else image.convert("RGB"))
    except ValueError as wrong:
        raise InvalidArgumentError(f'found a PIL image of mode "{image.mode}": {wrong}; allowed: what convert("RGB") takes'
                                   ) from None


def take(image: typing.Any, layout: typing.Optional[str] = None, files: bool = False) -> Images:
    """`image` as uint8 arrays, and how to give results back. `files`: paths and encoded bytes too."""
    if _is(image, "torch", "Tensor"):
        if image.device.type != "cpu":
            raise InvalidArgumentError(f"found a tensor on {image.device}; ops run on the CPU: use image.cpu()")
        return _pixels(image.detach().numpy(), layout, "torch")
    if _is(image, "PIL.Image", "Image"):
        return _pixels(_of_pillow(image), "hwc" if image.mode != "L" else None, "pil")
    if isinstance(image, (bytes, bytearray, memoryview)):
        if files:
            return Images([bytes(image)], False, "numpy", "hwc")
    elif isinstance(image, (str, os.PathLike)):
        if files:
            with open(image, "rb") as file:
                return Images([file.read()], False, "numpy", "hwc", os.fsdecode(image))
    elif isinstance(image, np.ndarray):
        return _pixels(image, layout, "numpy")
    elif isinstance(image, (list, tuple)):
        raise InvalidArgumentError("found a list of images; allowed: one image or a batch in one array; call it for each")
    elif hasattr(image, "__array__"):
        return _pixels(np.asarray(image), layout, "numpy")
    allowed = "a NumPy array, a torch tensor, a PIL image"
    raise InvalidArgumentError(
        f"found {type(image).__name__}; allowed: {allowed}" + (", encoded bytes, or a path" if files else "")
    )
