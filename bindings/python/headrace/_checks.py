"""Calls and numbers, checked before anything is done with them."""

import functools
import inspect
import math
import numbers
import typing

from ._errors import unknown_name
from ._toml import refuse

_Function = typing.TypeVar("_Function", bound=typing.Callable[..., typing.Any])


def as_float(value: typing.Any) -> typing.Optional[float]:
    """`value` as a float, also NumPy's and torch's; None for what is no finite number, and for True and False."""
    if hasattr(value, "item"):
        try:
            value = value.item()
        except (TypeError, ValueError, RuntimeError):  # several numbers, or none
            return None
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None


def entries_of(value: typing.Any) -> typing.List[typing.Any]:
    """The entries of a list, a tuple or an array; of what is none [None], which no check takes."""
    try:
        return [None] if isinstance(value, (str, bytes)) else list(value)
    except TypeError:
        return [None]


def bind(
    name: str, signature: inspect.Signature, args: typing.Tuple[typing.Any, ...], given: typing.Dict[str, typing.Any]
) -> typing.Dict[str, typing.Any]:
    """The arguments that were given, by name. Raises ConfigError for names that there are not."""
    for key in given:
        if key not in signature.parameters:
            allowed = list(signature.parameters)
            text = f"{name}: {key}: unknown parameter; allowed: {', '.join(allowed)}"
            raise unknown_name(text, f"{name}.{key}", key, allowed) from None
    try:
        return dict(signature.bind(*args, **given).arguments)
    except TypeError as wrong:
        raise refuse(name, str(wrong)) from None


def named(function: _Function) -> _Function:
    """`function`, which raises ConfigError as `bind` does where Python would raise TypeError: for a name that it does
    not take, or an argument that is missing. A call that is right costs nothing more."""
    signature = inspect.signature(function)
    class_, _, name = function.__qualname__.rpartition(".")
    if class_:
        signature = signature.replace(parameters=list(signature.parameters.values())[1:])  # without self

    @functools.wraps(function)
    def call(*args: typing.Any, **given: typing.Any) -> typing.Any:
        try:
            return function(*args, **given)
        except TypeError:
            if not class_:
                bind(name, signature, args, given)
            elif args:
                owner = type(args[0]).__name__
                bind(owner if name.startswith("__") else f"{owner}.{name}", signature, args[1:], given)
            raise  # from inside of the function

    return typing.cast(_Function, call)
