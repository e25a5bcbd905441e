"""torchvision's transforms of one picture, class by class, as [[augment]] entries.

Each handler takes the transform and its Place, and gives the entries that do the same: mostly one, none
where nothing happens. Attributes are those of torchvision 0.14 to 0.29, v1 and v2 alike.
docs/ops.md has the parameters on the other side.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, List

from ._place import FLOAT, PIL, U8, Place

Entry = Dict[str, Any]


def _entry(op: str, **parameters: Any) -> List[Entry]:
    """An entry without what is None: headrace's default holds there."""
    return [{"op": op, **{key: _plain(value) for key, value in parameters.items()
                          if value is not None}}]


def _plain(value: Any) -> Any:
    """Tuples, and the odd NumPy or torch number, as TOML has them."""
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    if hasattr(value, "item"):
        return value.item()
    return value


def _size(value: Any) -> List[int]:
    """[height, width] of a crop."""
    values = [value] if isinstance(value, int) else list(value)
    return values * 2 if len(values) == 1 else values


def _padding(value: Any) -> Any:
    """One number, [x, y] or [left, top, right, bottom]."""
    values = [value] if isinstance(value, int) else list(value)
    return values[0] if len(set(values)) == 1 else values


# --------------------------------------------------------------------------------------- geometry


def resize(t: Any, at: Place) -> List[Entry]:
    if t.size is None:
        raise at.refuse("size=None (the longer edge) has no counterpart; give the shorter edge, and "
                        "max_size as a bound")
    size = [t.size] if isinstance(t.size, int) else list(t.size)
    short = len(size) == 1
    return _entry("resize", size=size[0] if short else size,
                  max_size=t.max_size if short else None, interpolation=at.resample(t))


def center_crop(t: Any, at: Place) -> List[Entry]:
    return _entry("center_crop", size=_size(t.size))


def random_crop(t: Any, at: Place) -> List[Entry]:
    padding = _padding(t.padding) if t.padding else None
    used = padding is not None or t.pad_if_needed
    return _entry("random_crop", size=_size(t.size), padding=padding,
                  pad_if_needed=True if t.pad_if_needed else None,
                  mode=t.padding_mode if used and t.padding_mode != "constant" else None,
                  fill=at.fill(t.fill) if used and t.padding_mode == "constant" else None)


def random_resized_crop(t: Any, at: Place) -> List[Entry]:
    return _entry("random_resized_crop", size=_size(t.size), scale=t.scale, ratio=t.ratio,
                  interpolation=at.resample(t))


def pad(t: Any, at: Place) -> List[Entry]:
    constant = t.padding_mode == "constant"
    return _entry("pad", padding=_padding(t.padding), mode=None if constant else t.padding_mode,
                  fill=at.fill(t.fill) if constant else None)


def random_horizontal_flip(t: Any, at: Place) -> List[Entry]:
    return _entry("random_horizontal_flip", p=t.p)


def random_vertical_flip(t: Any, at: Place) -> List[Entry]:
    return _entry("random_vertical_flip", p=t.p)


def random_rotation(t: Any, at: Place) -> List[Entry]:
    return _entry("random_rotation", degrees=t.degrees, interpolation=at.warp(t),
                  expand=True if t.expand else None, center=t.center, fill=at.fill(t.fill))


def random_affine(t: Any, at: Place) -> List[Entry]:
    return _entry("random_affine", degrees=t.degrees, translate=t.translate, scale=t.scale,
                  shear=t.shear, interpolation=at.warp(t), center=t.center, fill=at.fill(t.fill))


def random_perspective(t: Any, at: Place) -> List[Entry]:
    return _entry("random_perspective", p=t.p, distortion_scale=t.distortion_scale,
                  interpolation=at.warp(t), fill=at.fill(t.fill))


def random_zoom_out(t: Any, at: Place) -> List[Entry]:
    return _entry("random_zoom_out", p=t.p, side_range=t.side_range, keep_size=False,
                  fill=at.fill(t.fill))


# ----------------------------------------------------------------------------------------- colour


def color_jitter(t: Any, at: Place) -> List[Entry]:
    at.before_normalize()
    parts = {name: getattr(t, name) for name in ("brightness", "contrast", "saturation", "hue")}
    parts = {name: value for name, value in parts.items() if value is not None}
    if not parts:
        return []
    if parts.keys() - {"brightness"}:
        at.note_rounding()
    # Pillow turns the hue in 8 bits, tensors in floats.
    space = "float" if "hue" in parts and at.state.phase != PIL else None
    return _entry("color_jitter", **parts, space=space)


def random_grayscale(t: Any, at: Place) -> List[Entry]:
    at.before_normalize()
    at.note_rounding()
    return _entry("random_grayscale", p=t.p)


def grayscale(t: Any, at: Place) -> List[Entry]:
    at.before_normalize()
    if t.num_output_channels == 1:
        # [output] channels = 1 takes the gray of the last pixels, and gray is its own gray.
        at.state.channels = 1
    at.note_rounding()
    return _entry("random_grayscale", p=1.0)


def random_posterize(t: Any, at: Place) -> List[Entry]:
    at.before_normalize()
    return _entry("posterize", p=t.p, bits=t.bits)


def random_solarize(t: Any, at: Place) -> List[Entry]:
    at.before_normalize()
    scale = 255 if at.state.phase == FLOAT else 1
    return _entry("solarize", p=t.p, threshold=t.threshold * scale)


def random_equalize(t: Any, at: Place) -> List[Entry]:
    at.before_normalize()
    return _entry("equalize", p=t.p)


def random_autocontrast(t: Any, at: Place) -> List[Entry]:
    at.before_normalize()
    at.note_rounding()
    return _entry("autocontrast", p=t.p)


def random_invert(t: Any, at: Place) -> List[Entry]:
    at.before_normalize()
    return _entry("invert", p=t.p)


def random_adjust_sharpness(t: Any, at: Place) -> List[Entry]:
    at.before_normalize()
    return _entry("sharpness", p=t.p, factor=t.sharpness_factor)


# ------------------------------------------------------------------------ blur, noise, occlusion


def gaussian_blur(t: Any, at: Place) -> List[Entry]:
    if at.state.phase in (PIL, U8):  # elsewhere there is a note already
        at.note("headrace's blur rounds otherwise than torchvision's, which makes a tensor of a PIL image: by 1 of 255 "
                "here and there")
    return _entry("gaussian_blur", kernel_size=_size(t.kernel_size), sigma=t.sigma)


def gaussian_noise(t: Any, at: Place) -> List[Entry]:
    if at.state.phase not in (U8, FLOAT):
        raise at.refuse(f"it stands on a {at.state.phase}; torchvision has it for tensors before "
                        "Normalize")
    if not t.clip:
        raise at.refuse("clip=False: headrace adds noise to 8-bit pixels, which are always clipped")
    at.note("the noise is added to 8-bit pixels and rounded")
    return _entry("gaussian_noise", mean=t.mean or None, sigma=t.sigma)


def random_erasing(t: Any, at: Place) -> List[Entry]:
    if at.state.phase == PIL:
        raise at.refuse("torchvision passes PIL images by; put it behind the conversion to a tensor")
    value = t.value
    if value is None or value == "random":
        if at.state.phase == U8:
            raise at.refuse('value="random" on a uint8 tensor has no counterpart; put it behind '
                            "Normalize")
        if at.state.phase == FLOAT:
            at.state.unit_noise = at
        at.note("the noise is cut to the range of 8-bit pixels")
        return _entry("random_erasing", p=t.p, scale=t.scale, ratio=t.ratio, value="random")
    return _entry("random_erasing", p=t.p, scale=t.scale, ratio=t.ratio,
                  value=at.colour(value, "value"))


# --------------------------------------------------------------------------------------- policies


def _policy(t: Any, at: Place, op: str, **parameters: Any) -> List[Entry]:
    at.before_normalize()
    if at.state.phase == FLOAT:
        raise at.refuse("policies need 8-bit pixels, here as in torchvision; put it before the "
                        "conversion to floats")
    return _entry(op, **parameters, interpolation=at.warp(t), fill=at.fill(t.fill))


def auto_augment(t: Any, at: Place) -> List[Entry]:
    return _policy(t, at, "auto_augment", policy=getattr(t.policy, "value", t.policy))


def rand_augment(t: Any, at: Place) -> List[Entry]:
    return _policy(t, at, "rand_augment", num_ops=t.num_ops, magnitude=t.magnitude,
                   num_magnitude_bins=t.num_magnitude_bins)


def trivial_augment_wide(t: Any, at: Place) -> List[Entry]:
    return _policy(t, at, "trivial_augment_wide", num_magnitude_bins=t.num_magnitude_bins)


def aug_mix(t: Any, at: Place) -> List[Entry]:
    at.note("headrace rounds the mixture, torchvision truncates it")
    return _policy(t, at, "aug_mix", profile="torchvision", severity=t.severity,
                   mixture_width=t.mixture_width, chain_depth=t.chain_depth, alpha=t.alpha,
                   all_ops=bool(t.all_ops))


HANDLERS: Dict[str, Callable[[Any, Place], List[Entry]]] = {
    "Resize": resize,
    "CenterCrop": center_crop,
    "RandomCrop": random_crop,
    "RandomResizedCrop": random_resized_crop,
    "Pad": pad,
    "RandomHorizontalFlip": random_horizontal_flip,
    "RandomVerticalFlip": random_vertical_flip,
    "RandomRotation": random_rotation,
    "RandomAffine": random_affine,
    "RandomPerspective": random_perspective,
    "RandomZoomOut": random_zoom_out,
    "ColorJitter": color_jitter,
    "RandomGrayscale": random_grayscale,
    "Grayscale": grayscale,
    "RandomPosterize": random_posterize,
    "RandomSolarize": random_solarize,
    "RandomEqualize": random_equalize,
    "RandomAutocontrast": random_autocontrast,
    "RandomInvert": random_invert,
    "RandomAdjustSharpness": random_adjust_sharpness,
    "GaussianBlur": gaussian_blur,
    "GaussianNoise": gaussian_noise,
    "RandomErasing": random_erasing,
    "AutoAugment": auto_augment,
    "RandAugment": rand_augment,
    "TrivialAugmentWide": trivial_augment_wide,
    "AugMix": aug_mix,
}

# What there is instead of the others.
INSTEAD: Dict[str, str] = {
    "ElasticTransform": "random_affine and random_perspective are the nearest",
    "RandomIoUCrop": "object_zoom crops around objects, random_resized_crop without regard to them",
    "ScaleJitter": "random_zoom and random_zoom_out change the scale and keep the size",
    "RandomShortestSize": "batches hold pictures of one size: use resize, or random_resized_crop",
    "RandomResize": "batches hold pictures of one size: use resize, or random_resized_crop",
    "RandomPhotometricDistort": "color_jitter is the same without the permutation of channels",
    "RandomChannelPermutation": "random_color_filter and color_jitter change colours",
    "LinearTransformation": "do it on the batch, behind the loader",
    "Lambda": "a function of yours cannot run in headrace's threads: apply it to the batch",
    "FiveCrop": "headrace.Transform gives five and ten crops of one picture",
    "TenCrop": "headrace.Transform gives five and ten crops of one picture",
    "JPEG": "gaussian_noise and posterize are the nearest",
    "RandomOrder": "entries run in the order of the list; color_jitter has a random order inside",
    "SanitizeBoundingBoxes": "headrace drops boxes that went out of sight itself: batch.targets",
    "ClampBoundingBoxes": "headrace clips boxes itself: batch.targets",
    "ConvertBoundingBoxFormat": "batch.targets has boxes as x0, y0, x1, y1: convert those",
    "SanitizeKeyPoints": "headrace has no key points",
    "ClampKeyPoints": "headrace has no key points",
    "UniformTemporalSubsample": "headrace reads pictures, no films",
}
