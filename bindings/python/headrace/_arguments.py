"""Arguments of Loader, checked, as the extension takes them."""

import logging
import typing

import numpy as np

from ._errors import as_int, shown
from ._toml import refuse

# Random streams are told apart up to here (docs/rng.md).
EPOCH_MAX = 2**24 - 1

_LEVELS = {1: logging.INFO, 2: logging.WARNING, 3: logging.ERROR}


def numbers(name: str, values: typing.Any, dtype: typing.Any) -> typing.Optional["np.ndarray[typing.Any, typing.Any]"]:
    """`values` as a dense list of numbers."""
    if values is None:
        return None
    try:
        found = np.asarray(values)
    except (ValueError, TypeError, OverflowError, RuntimeError) as wrong:  # ragged; a tensor with a gradient
        raise refuse(name, f"found no plain list of numbers ({wrong!s:.120}); allowed: a list of {np.dtype(dtype).name}") from None
    if found.dtype == np.bool_ and np.issubdtype(dtype, np.integer):
        raise refuse(name, "found a mask of bool; allowed: a list of ids: numpy.flatnonzero(mask) makes one")
    if found.ndim != 1 or not (found.size == 0 or np.can_cast(found.dtype, dtype, "same_kind")):
        raise refuse(name, f"found {found.dtype} of shape {found.shape}; allowed: a list of {np.dtype(dtype).name}")
    if found.size == 0:
        raise refuse(name, "found an empty list")
    if found.dtype.kind == "u" and np.dtype(dtype).kind == "i" and int(found.max()) > np.iinfo(dtype).max:
        # They would come out negative.
        raise refuse(name, f"found {found.max()}; allowed: a list of {np.dtype(dtype).name}")
    return np.array(found, dtype, order="C")  # a copy: what is opened later by the same lists has the same numbers


class Lists(typing.NamedTuple):
    """What an epoch is made of, where the caller says: at most one of the two."""

    weights: typing.Optional["np.ndarray[typing.Any, typing.Any]"]
    sample_ids: typing.Optional["np.ndarray[typing.Any, typing.Any]"]


def take_lists(
    options: typing.Mapping[str, typing.Any], weights: typing.Any, sample_ids: typing.Any
) -> typing.Tuple[typing.Dict[str, typing.Any], Lists]:
    """The lists, and the options with weights="balanced" among them, which is a key of the configuration."""
    options = dict(options)
    if isinstance(weights, str):
        options["weights"], weights = weights, None
    return options, Lists(numbers("weights", weights, np.float64), numbers("sample_ids", sample_ids, np.int64))


def place_of_process(rank: typing.Any, world_size: typing.Any) -> typing.Tuple[int, int]:
    """rank and world_size, checked; 0 and 0: the configuration says."""
    if (rank is None) != (world_size is None):
        name, other = ("rank", "world_size") if world_size is None else ("world_size", "rank")
        value = rank if world_size is None else world_size
        raise refuse(name, f"found {shown(value)} without {other}; give both, or neither")
    if rank is None:
        return 0, 0
    found = []
    for name, value, least in (("rank", rank, 0), ("world_size", world_size, 1)):
        number = as_int(value)
        if number is None or not least <= number < 2**31:
            raise refuse(name, f"found {shown(value)}; allowed: an integer from {least} to {2**31 - 1}")
        found.append(number)
    if found[0] >= found[1]:
        raise refuse("rank", f"found {found[0]} with world_size {found[1]}; allowed: 0 to {found[1] - 1}")
    return found[0], found[1]


def teller(
    log: typing.Any, reword: typing.Callable[[str], str] = str
) -> typing.Optional[typing.Callable[[int, str], None]]:
    """log(level of the library, text) for what the user gave, who gets the text as `reword` makes it."""
    if log is None:
        return None
    if isinstance(log, (logging.Logger, logging.LoggerAdapter)):
        return _Teller(log, lambda level, text: log.log(level, "%s", text), reword)
    if not callable(log):
        raise refuse("log", f"found {shown(log)}; allowed: a logger, a function or None")
    return _Teller(log, log, reword)


class _Teller:
    """Tells lines of the library's. Reports of an exception in there show it as what the user gave."""

    def __init__(self, given: typing.Any, tell: typing.Callable[[int, str], None], reword: typing.Callable[[str], str]
                 ) -> None:
        self._given, self._tell, self._reword = given, tell, reword

    def __call__(self, level: int, text: str) -> None:
        self._tell(_LEVELS[level], self._reword(text))

    def __repr__(self) -> str:
        return repr(self._given)
