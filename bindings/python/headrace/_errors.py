"""Exceptions: one class a kind of status, all of them HeadraceError."""

import difflib
import math
import operator
import re
import types
import typing

import numpy as np

from ._words import in_python


class HeadraceError(Exception):
    """Anything that headrace says went wrong.

    Attributes:
        code: number of the status, as in docs/errors.md (0: raised by the Python package itself).
        name: its name, such as ``"HR_NOT_FOUND"``.
        errno: the system's error number, or None.
        sample_id: id of the sample it is about, or None.
        path: path of that sample in its data set, or the file that headrace.Transform was given, or None.
        key: of the configuration, or the argument, that it is about, such as ``"dataset.path"``, or None.
    """

    code: int = 0
    name: str = ""
    errno: typing.Optional[int] = None
    sample_id: typing.Optional[int] = None
    path: typing.Optional[str] = None
    key: typing.Optional[str] = None

    def __reduce__(self) -> typing.Tuple[typing.Any, ...]:
        # Not by the constructor: that of a subclass may take other things than the text.
        return _again, (type(self), self.args, dict(self.__dict__))


def _again(cls: typing.Type[HeadraceError], args: typing.Tuple[typing.Any, ...], members: typing.Dict[str, typing.Any]
           ) -> HeadraceError:
    """An exception as it was pickled."""
    own = isinstance(cls.__init__, types.FunctionType)  # that of a subclass, with parameters of its own
    error = cls.__new__(cls, *args) if own else cls(*args)
    error.args = args
    error.__dict__.update(members)
    return error


class ConfigError(HeadraceError, ValueError):
    """A configuration that cannot be: unknown names, wrong types, impossible values.

    Attributes:
        key: the key, such as ``"loader.batch_size"``, or None.
        suggestion: what was probably meant, or None.
    """

    suggestion: typing.Optional[str] = None


class NotInThisVersionError(ConfigError, NotImplementedError):
    """Right, but not built yet."""


class InvalidArgumentError(HeadraceError, ValueError):
    """An argument out of its range."""


class ClosedError(HeadraceError, ValueError):
    """The loader was closed, or the batch released."""


class StoppedError(HeadraceError, RuntimeError):
    """stop() was called."""


class ForkedError(HeadraceError, RuntimeError):
    """Used in a child of the process that opened it."""


class ReenteredError(HeadraceError, RuntimeError):
    """Called from inside a callback of the same loader."""


class NoBufferError(HeadraceError, MemoryError):
    """Every batch buffer is held, and ``loader.max_host_bytes`` allows no other."""


class NotFoundError(HeadraceError, FileNotFoundError):
    """A file or folder that is not there."""


class AccessError(HeadraceError, PermissionError):
    """A file or folder that may not be read."""


class ReadError(HeadraceError, OSError):
    """The system could not read, a file changed meanwhile, or it is no regular file."""


class EmptyDatasetError(HeadraceError, ValueError):
    """A data set without a sample."""


class SampleError(HeadraceError, ValueError):
    """A sample that cannot be used; ``sample_id`` and ``path`` say which."""


class LimitError(SampleError):
    """A sample that passes one of ``[limits]``."""


class CorruptBudgetError(SampleError):
    """More bad samples than ``loader.corrupt_budget`` allows: the run is over."""


class OutOfMemoryError(HeadraceError, MemoryError):
    """The system gave no memory, or the plan needs more than ``loader.max_host_bytes``."""


class SystemFailure(HeadraceError, OSError):
    """The system refused something: a thread, io_uring."""


class CallbackError(HeadraceError, RuntimeError):
    """A model or saliency callback failed."""


class InternalError(HeadraceError, RuntimeError):
    """A bug of headrace: please report it."""


_CLASSES: typing.Dict[int, typing.Type[HeadraceError]] = {
    3: StoppedError,
    4: NoBufferError,
    100: InvalidArgumentError,
    101: ReenteredError,
    102: ForkedError,
    200: ConfigError,
    201: ConfigError,
    202: ConfigError,
    203: ConfigError,
    204: ConfigError,
    205: NotInThisVersionError,
    300: NotFoundError,
    301: AccessError,
    302: ReadError,
    303: EmptyDatasetError,
    304: ReadError,
    305: ReadError,
    400: SampleError,
    401: SampleError,
    402: SampleError,
    403: SampleError,
    404: LimitError,
    405: LimitError,
    406: LimitError,
    407: LimitError,
    500: OutOfMemoryError,
    501: OutOfMemoryError,
    502: SystemFailure,
    503: CorruptBudgetError,
    600: CallbackError,
    900: InternalError,
}

# "[loader] batch_sizes: unknown key; ...; did you mean "batch_size"?"
_KEY = re.compile(r"\[{1,2}(\w+)\]{1,2} (?:entry )?([\w.\[\]]+):")
# About what stands in no configuration: "sample_ids: found ...", "[[mix]] ace: needs a model: give model=...".
_ARGUMENT = re.compile(r"(?:^|\.toml: )(weights|sample_ids|view|patches|quantiles)(?::| and )|: give (model|saliency)=\.\.\.$")
_SUGGESTION = re.compile(r'did you mean "([^"]+)"')


def from_status(code: int, text: str, errno: int = 0, sample_id: int = -1) -> HeadraceError:
    """The exception for a status of the C API."""
    from headrace import _core

    text = in_python(text)
    error = _CLASSES.get(code, HeadraceError)(text)
    error.code = code
    error.name = _core.status_name(code)
    error.errno = errno or None
    error.sample_id = sample_id if sample_id >= 0 else None
    describe(error, text)
    return error


def reworded(error: HeadraceError, text: str, place: str = "") -> HeadraceError:
    """The same with another text, behind `place`."""
    better = type(error)(place + text)
    better.__dict__.update(error.__dict__)
    describe(better, text)
    return better


def shown(value: typing.Any) -> str:
    """A value that is refused, and its type, as a message has it: short, and on one line."""
    text = repr(value)
    return f"{' '.join(text.split()) if chr(10) in text else text:.60} ({type(value).__name__})"


def as_int(value: typing.Any) -> typing.Optional[int]:
    """`value` as an int, also NumPy's and torch's; None for what is none, and for True and False."""
    if isinstance(value, (bool, np.bool_)):
        return None
    try:
        return operator.index(value)
    except TypeError:  # an array has __index__, too, and raises it
        return None


def integer(name: str, value: typing.Any, most: int, least: int = 0) -> int:
    """`value` as an int. Raises InvalidArgumentError for what is none from `least` to `most`."""
    number = as_int(value)
    if number is None or not least <= number <= most:
        raise out_of_range(name, f"found {value!r:.60}; allowed: an integer from {least} to {most}")
    return number


def seconds(name: str, value: typing.Any) -> float:
    """`value` as a time to wait. Raises InvalidArgumentError for what is no number of at least 0."""
    found = math.nan
    if not isinstance(value, (str, bytes, bytearray, bool, np.bool_)):
        try:
            found = float(value)
        except (TypeError, ValueError, OverflowError):
            pass
    if not found >= 0:  # nor is NaN
        raise out_of_range(name, f"found {value!r:.60}; allowed: seconds from 0, or None for as long as it takes")
    return found


def out_of_range(name: str, text: str) -> InvalidArgumentError:
    """An InvalidArgumentError about the argument `name`."""
    error = InvalidArgumentError(f"{name}: {text}")
    error.key = name
    return error


def unknown_name(text: str, key: str, name: str, allowed: typing.Iterable[str]) -> ConfigError:
    """`text`, with what `name` was probably meant to be, as a ConfigError about `key`."""
    close = difflib.get_close_matches(name, list(allowed), n=1)
    error = ConfigError(text + (f'; did you mean "{close[0]}"?' if close else ""))
    error.key = key
    error.suggestion = close[0] if close else None
    return error


def describe(error: HeadraceError, text: str) -> None:
    """Fills in `key` and `suggestion` from a message of the library's."""
    key = _KEY.search(text)
    argument = _ARGUMENT.search(text)
    if argument:
        error.key = argument.group(1) or argument.group(2)
    elif key:
        error.key = f"{key.group(1)}.{key.group(2)}"
    suggestion = _SUGGESTION.search(text)
    if suggestion and isinstance(error, ConfigError):
        error.suggestion = suggestion.group(1)
