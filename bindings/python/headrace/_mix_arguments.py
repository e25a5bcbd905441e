"""Arguments of Batch.ace and Batch.rmix, checked by what the library says of the same keys of [[mix]]."""

import typing

import numpy as np

from . import _schema
from ._checks import as_float, entries_of
from ._errors import as_int, out_of_range, shown

Array = np.ndarray


def _inside(number: typing.Union[int, float, None], param: typing.Mapping[str, typing.Any]) -> bool:
    return number is not None and param.get("minimum", number) <= number <= param.get("maximum", number)


def _checked(param: typing.Mapping[str, typing.Any], value: typing.Any) -> typing.Any:
    """`value` as the extension takes it, a word as its number."""
    name, kind = param["key"], param["kind"]
    number = as_int if kind == "int" or name == "patches" else as_float
    if kind == "word":
        if isinstance(value, str) and value in param["words"]:
            return param["words"].index(value)
        raise out_of_range(name, f"found {shown(value)}; allowed: {', '.join(param['words'])}")
    if kind == "bool":
        if isinstance(value, (bool, np.bool_)):
            return bool(value)
    elif kind == "numbers":
        found = [number(entry) for entry in entries_of(value)]
        if all(_inside(entry, param) for entry in found):
            return found
    elif _inside(number(value), param):
        return number(value)
    what = "a list of integers, each" if name == "patches" else _schema.KINDS[kind][1]
    raise out_of_range(name, f"found {shown(value)}; allowed: {what} {_schema.bounds(param)}".rstrip())


def checked(op: str, given: typing.Mapping[str, typing.Any]) -> typing.Dict[str, typing.Any]:
    """`given`, keys of [[mix]] `op`. Raises InvalidArgumentError for a value that cannot stand there."""
    mix = next(entry for entry in _schema.schema()["mix"] if entry["op"] == op)
    params = {param["key"]: param for param in [*_schema.schema()["mix_keys"], *mix["params"]]}
    return {name: _checked(params[name], value) for name, value in given.items()}


def _array(name: str, value: typing.Any, kinds: str, allowed: str) -> Array:
    """`value` as an array of numbers whose type is one of `kinds`."""
    try:
        array = np.asarray(value)
    except (TypeError, ValueError, RuntimeError) as wrong:  # ragged; a tensor with a gradient, or on a device
        raise out_of_range(name, f"found {type(value).__name__} ({wrong!s:.120}); allowed: {allowed}") from None
    if array.dtype.kind not in kinds:
        raise out_of_range(name, f"found {array.dtype} of shape {array.shape}; allowed: {allowed}")
    return array


def maps_of(value: typing.Any, count: int) -> Array:
    """float32 [count, height, width], of finite numbers of at least 0."""
    allowed = f"numbers [{count}, height, width], a map for each sample of the batch"
    array = _array("maps", value, "fiub", allowed)
    if array.ndim != 3 or len(array) != count or array.size == 0:
        raise out_of_range("maps", f"found {array.dtype} of shape {array.shape}; allowed: {allowed}")
    with np.errstate(over="ignore"):  # infinite then, and refused below
        array = np.ascontiguousarray(array, np.float32)
    good = (array >= 0) & (array < np.inf)
    if not good.all():
        sample, row, column = np.argwhere(~good)[0]
        raise out_of_range(
            "maps", f"found {array[sample, row, column]} for sample {sample} of the batch; allowed: finite numbers of at "
            "least 0: np.nan_to_num(maps).clip(0) makes them so"
        )
    return array


def quantiles_of(value: typing.Any, count: int) -> Array:
    """uint8 [count]: indices of quantiles."""
    allowed = f"integers [{count}], an index in quantiles for each sample of the batch"
    array = _array("q_index", value, "iu", allowed)
    if array.shape != (count,):
        raise out_of_range("q_index", f"found {array.dtype} of shape {array.shape}; allowed: {allowed}")
    if count and not 0 <= array.min() <= array.max() <= 255:  # others would come out of the conversion as these
        raise out_of_range("q_index", f"found {array.min()} to {array.max()}; allowed: {allowed}")
    return np.ascontiguousarray(array, np.uint8)
