"""Every op of headrace as a function on an image, and as an object for a configuration.

    headrace.ops.rotate(img, 30)
    headrace.ops.rand_augment(img, num_ops=2, magnitude=9, seed=1)
    headrace.Loader(dataset="train", augment=[ops.RandomResizedCrop(224), ops.RandAugment()], mix=[ops.MixUp(0.2)])

Images are uint8: NumPy arrays, torch tensors on the CPU, PIL images, or batches; the same kind comes back.
Functions with a draw take `seed`, `epoch` and `sample`, and give what a loader gives for that sample. Names,
defaults and texts are those of the library (docs/ops.md).
"""

from .. import _schema
from ._entries import Mix, Op, mix_class, op_class, op_function
from ._functional import (
    adjust_brightness,
    adjust_contrast,
    adjust_hue,
    adjust_saturation,
    adjust_sharpness,
    affine,
    crop,
    erase,
    five_crop,
    hflip,
    normalize,
    perspective,
    resized_crop,
    rgb_to_grayscale,
    rotate,
    ten_crop,
    vflip,
)

_FUNCTIONS = {entry["op"]: op_function(entry) for entry in _schema.schema()["ops"]}
_CLASSES = {
    **{_schema.camel(entry["op"]): op_class(entry) for entry in _schema.schema()["ops"]},
    **{_schema.camel(entry["op"]): mix_class(entry) for entry in _schema.schema()["mix"]},
}
globals().update(_FUNCTIONS)
globals().update(_CLASSES)

__all__ = [
    "Mix",
    "Op",
    "adjust_brightness",
    "adjust_contrast",
    "adjust_hue",
    "adjust_saturation",
    "adjust_sharpness",
    "affine",
    "crop",
    "erase",
    "five_crop",
    "hflip",
    "normalize",
    "perspective",
    "resized_crop",
    "rgb_to_grayscale",
    "rotate",
    "ten_crop",
    "vflip",
    *_FUNCTIONS,
    *_CLASSES,
]
