"""Where in a torchvision pipeline the translation stands, and what values mean there."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Sequence, Union

import headrace

# What the picture is between two transforms. torchvision's kernels, and the scale of numbers such as
# `fill`, depend on it: a PIL image or a uint8 tensor has 0 to 255, a float tensor 0 to 1, and behind
# Normalize the scale is (x - mean) / std.
PIL, U8, FLOAT, NORMALIZED = "PIL image", "uint8 tensor", "float tensor", "normalized tensor"

# Pillow's constants, which old code passes in place of InterpolationMode.
_PILLOW_FILTERS = {0: "nearest", 1: "lanczos", 2: "bilinear", 3: "bicubic", 4: "box", 5: "hamming"}


class UnsupportedTransformError(headrace.ConfigError):
    """A transform that headrace has nothing for, or not with these parameters.

    Attributes:
        op: name of the transform's class, such as "ElasticTransform".
        position: where it stands, such as "transforms[3]" or "transforms[1].transforms[0]".
    """

    def __init__(self, position: str, op: str, reason: str) -> None:
        super().__init__(f"from_torchvision: {position} {op}: {reason}")
        self.position = position
        self.op = op
        self._reason = reason

    def __reduce__(self) -> Any:
        # By its three arguments, not by the text that Exception keeps: processes hand errors on.
        return type(self), (self.position, self.op, self._reason), self.__dict__


class Place:
    """One transform of the pipeline: where it stands, and the scale of its numbers.

    Handlers take it as their second argument. `notes` is the list of the whole translation.
    """

    def __init__(self, position: str, op: str, state: "State") -> None:
        self.position = position
        self.op = op
        self.state = state

    def refuse(self, reason: str) -> UnsupportedTransformError:
        """The error to raise."""
        return UnsupportedTransformError(self.position, self.op, reason)

    def note(self, text: str) -> None:
        """Says how headrace's result differs from torchvision's."""
        self.state.notes.append(f"{self.position} {self.op}: {text}")

    def note_rounding(self) -> None:
        """For ops whose kernel for uint8 tensors rounds otherwise than Pillow's."""
        if self.state.phase == U8:
            self.note("tensor kernels round otherwise than Pillow's, whose bytes headrace gives: by 1 of 255")

    def _filter_name(self, mode: Any) -> str:
        name = getattr(mode, "value", mode)
        name = _PILLOW_FILTERS.get(name, name) if isinstance(name, int) else name
        if not isinstance(name, str):
            raise self.refuse(f"interpolation {mode!r} is none of torchvision's")
        return name

    def resample(self, transform: Any) -> str:
        """`interpolation` of a resize. Also looks at `antialias`, which counts for tensors alone."""
        name = self._filter_name(transform.interpolation)
        on_tensor = self.state.phase != PIL
        smooth = name in ("bilinear", "bicubic", "lanczos")
        if on_tensor and smooth and getattr(transform, "antialias", None) is not True:
            raise self.refuse(
                f"antialias={getattr(transform, 'antialias', None)} on a {self.state.phase} is not "
                "in this version; pass antialias=True, or resize before the conversion to a tensor")
        if on_tensor and smooth:
            self.note("tensor kernels round otherwise than Pillow's, whose bytes headrace gives: "
                      "1 of 255 for uint8")
        if name == "nearest":
            # The one torch name for two things: Pillow takes the pixel under the centre.
            return "nearest_legacy" if on_tensor else "nearest"
        return {"nearest-exact": "nearest"}.get(name, name)

    def warp(self, transform: Any) -> str:
        """`interpolation` of a rotation and its like."""
        name = self._filter_name(transform.interpolation)
        name = {"nearest-exact": "nearest"}.get(name, name)
        if name not in ("nearest", "bilinear", "bicubic"):
            raise self.refuse(f"interpolation {name!r}; warps take nearest, bilinear or bicubic")
        if self.state.phase != PIL:
            self.note("tensor kernels sample otherwise than Pillow's, whose bytes headrace gives")
        return name

    def fill(self, value: Any) -> Optional[Union[int, List[int]]]:
        """Colour of what lies outside, in 0 to 255; None for headrace's default, black."""
        if isinstance(value, dict):
            value = self._fill_of_image(value)
        if value is None:
            # None and 0 are the same for torchvision's crops; its tensor warps leave 0 too.
            value = 0
        return self.colour(value, "fill") or None

    def _fill_of_image(self, table: Dict[Any, Any]) -> Any:
        """v2 takes a fill for each type; "others" is what is left."""
        wanted = ("PIL.Image", "Image") if self.state.phase == PIL else ("torch", "Image", "Tensor")
        for key, value in table.items():
            if not isinstance(key, str) and key.__module__.startswith(wanted[0]) and key.__name__ in wanted[1:]:
                return value
        return table.get("others", 0)

    def colour(self, value: Any, name: str) -> Union[int, List[int]]:
        """A number or one a channel, from the scale here to 0..255."""
        several = isinstance(value, Sequence) and not isinstance(value, str)
        values = list(value) if several else [value]
        if not all(isinstance(v, (int, float)) for v in values):
            raise self.refuse(f"{name}={value!r} is no number and no list of numbers")
        if several and len(values) not in (1, 3):
            raise self.refuse(f"{name}={value!r} has {len(values)} numbers; one, or one a channel")
        mean, std = self.state.mean or [0.0], self.state.std or [1.0]
        if self.state.phase == NORMALIZED and len(values) == 1:
            values = values * len(mean)
        exact = [self._to_255(v, mean[i % len(mean)], std[i % len(std)])
                 for i, v in enumerate(values)]
        rounded = [min(255, max(0, round(v))) for v in exact]
        if any(abs(a - b) > 1e-3 for a, b in zip(exact, rounded)):
            self.note(f"{name} {value!r} is {rounded} of 255 (headrace works on 8-bit pixels)")
        return rounded if len(set(rounded)) > 1 else rounded[0]

    def _to_255(self, value: float, mean: float, std: float) -> float:
        if self.state.phase == NORMALIZED:
            return (value * std + mean) * 255
        return value * 255 if self.state.phase == FLOAT else value

    def before_normalize(self) -> None:
        """For ops that have a meaning on colours only."""
        if self.state.phase == NORMALIZED:
            raise self.refuse("it stands behind Normalize, where values are no colours any more; put "
                              "it before Normalize")


class State:
    """What is known of the whole pipeline so far."""

    def __init__(self) -> None:
        self.phase = PIL
        self.dtype = "f32"
        self.mean: Optional[List[float]] = None
        self.std: Optional[List[float]] = None
        self.channels = 3
        self.augment: List[Dict[str, Any]] = []
        self.mix: List[Dict[str, Any]] = []
        self.num_classes: Optional[int] = None
        self.unit_noise: Optional[Place] = None  # a RandomErasing("random") before any Normalize
        self.notes: List[str] = []
