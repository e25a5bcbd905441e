"""What a configuration can say, from the library itself (hr_schema), as Python shows it."""

import functools
import json
import typing

from . import _core

# How a parameter of each kind is annotated, and said in words.
KINDS = {
    "bool": ("bool", "bool"),
    "int": ("int", "an integer"),
    "number": ("float", "a number"),
    "range": ("float | Sequence[float]", "a number, or (low, high) to draw from"),
    "int_range": ("int | Sequence[int]", "an integer, or (low, high) to draw from"),
    "spread": ("float | Sequence[float]", "d to draw from (-d, d), or (low, high)"),
    "factor": ("float | Sequence[float]", "x to draw from (max(0, 1 - x), 1 + x), or (low, high)"),
    "size": ("int | Sequence[int]", "side of a square, or (height, width), in pixels"),
    "short_size": ("int | Sequence[int]", "the short side, or (height, width), in pixels"),
    "odd_pair": ("int | Sequence[int]", "an odd integer, or two (x, y)"),
    "padding": ("int | Sequence[int]", "a number, (x, y) or (left, top, right, bottom), in pixels"),
    "pair": ("Sequence[float]", "two numbers"),
    "box": ("Sequence[int]", "(top, left, height, width) in pixels"),
    "one_two_four": ("float | Sequence[float]", "1, 2 or 4 numbers"),
    "six": ("Sequence[float]", "6 numbers"),
    "eight": ("Sequence[float]", "8 numbers"),
    "fill": ("float | Sequence[float]", "a value, or one a channel"),
    "fill_or_word": ("float | Sequence[float] | str", "a value, one a channel, or a word"),
    "word": ("str", "a word"),
    "text": ("str", "a text"),
    "texts": ("Sequence[str]", "a list of texts"),
    "weights": ("Mapping[str, float]", "a dict of weights"),
    "numbers": ("Sequence[float]", "a list of numbers"),
    "pairs": ("Mapping[str, str]", "a dict"),
}


@functools.lru_cache(maxsize=None)
def schema() -> typing.Dict[str, typing.Any]:
    """The JSON of hr_schema: docs/c_api.md has its members. Not to be changed."""
    made: typing.Dict[str, typing.Any] = json.loads(_core.schema())
    return made


def frozen(value: typing.Any) -> typing.Any:
    """A default as it may stand in a signature: lists are tuples."""
    if isinstance(value, list):
        return tuple(frozen(entry) for entry in value)
    return value


def camel(name: str) -> str:
    """"random_resized_crop" as "RandomResizedCrop"."""
    return {"mixup": "MixUp", "cutmix": "CutMix", "rmix": "RMix"}.get(
        name, "".join(part.capitalize() for part in name.split("_"))
    )


def bounds(param: typing.Mapping[str, typing.Any]) -> str:
    """"from 0 to 1"; empty: there are none worth a word."""
    low = param.get("minimum", param.get("exclusive_minimum"))
    high = param.get("maximum", param.get("exclusive_maximum"))
    if param["kind"] in ("word", "text", "weights") or low is None and high is None:
        return ""
    above = "above" if "exclusive_minimum" in param else "from"
    below = "below" if "exclusive_maximum" in param else "to"
    if high is None or high >= 1e9:
        return f"{above} {low:g}" + (" on" if above == "from" else "")
    return f"{above} {low:g} {below} {high:g}"


def line(param: typing.Mapping[str, typing.Any]) -> str:
    """A parameter for a docstring: what it means, how it is written, what is allowed."""
    words = param.get("words")
    how = ", ".join(f'"{word}"' for word in words) if words and param["kind"] == "word" else KINDS[param["kind"]][1]
    within = bounds(param)
    return f"{param['doc']}; {how}" + (f", {within}" if within else "")
