"""Values of Python's as TOML."""

import enum
import math
import numbers
import os
import re
import typing

from ._errors import ConfigError, shown

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_DEPTH_MAX = 32  # the library's own bound


def key(name: typing.Any, place: str) -> str:
    """`name` as a key of the table `place`, quoted where it has to be."""
    if not isinstance(name, str):
        raise refuse(place, f"found {name!r:.60} as a key; allowed: str")
    return name if _BARE_KEY.fullmatch(name) else string(name, place)


def string(text: str, place: str) -> str:
    """`text` as a basic string."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise refuse(place, f"found {text!r:.60}, which is no UTF-8; rename the file") from None
    parts = []
    for char in text:
        if char in _ESCAPES:
            parts.append(_ESCAPES[char])
        elif ord(char) < 0x20 or ord(char) == 0x7F:
            parts.append(f"\\u{ord(char):04X}")
        else:
            parts.append(char)
    return '"' + "".join(parts) + '"'


def refuse(place: str, text: str) -> ConfigError:
    """A ConfigError about the key `place`."""
    error = ConfigError(f"{place}: {text}")
    error.key = place
    return error


def plain(value: typing.Any) -> typing.Any:
    """`value` as a plain Python value: ops as tables, NumPy's and torch's numbers as numbers, an enum's as its value."""
    if isinstance(value, type):  # ops.Resize without its parameters, np.float32: has the methods, but they are not its own
        return value
    if isinstance(value, enum.Enum):
        return value.value
    if hasattr(value, "to_config"):
        return value.to_config()
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if hasattr(value, "tolist") and not isinstance(value, (str, bytes)):
        return value.tolist()
    return value


def number(value: typing.Union[int, float], place: str) -> str:
    if isinstance(value, int):
        if not -(2**63) <= value < 2**63:
            raise refuse(place, f"found {value}; allowed: an integer of 64 bits")
        return str(value)
    if math.isnan(value) or math.isinf(value):
        raise refuse(place, f"found {value}; allowed: a finite number")
    text = repr(float(value))
    return text if "." in text or "e" in text else text + ".0"


def value(item: typing.Any, place: str, depth: int = 0) -> str:
    """`item` on one line. Raises ConfigError for what TOML has no value for; `place` names the key."""
    item = plain(item)
    if depth > _DEPTH_MAX:
        raise refuse(place, f"nested deeper than {_DEPTH_MAX} levels")
    if isinstance(item, bool):
        return "true" if item else "false"
    if isinstance(item, numbers.Integral):
        return number(int(item), place)
    if isinstance(item, numbers.Real):
        return number(float(item), place)
    if isinstance(item, bytes):
        item = os.fsdecode(item)
    if isinstance(item, str):
        return string(item, place)
    if isinstance(item, typing.Mapping):
        entries = []
        for name, entry in item.items():
            if entry is not None:
                entries.append(f"{key(name, place)} = {value(entry, f'{place}.{name}', depth + 1)}")
        return "{ " + ", ".join(entries) + " }" if entries else "{}"
    if isinstance(item, (list, tuple, range)):
        entries = [value(entry, f"{place}.{i}", depth + 1) for i, entry in enumerate(item)]
        return "[" + ", ".join(entries) + "]"
    hint = ""
    if isinstance(item, type) and hasattr(item, "dtype") or "dtype" in type(item).__name__.lower():
        hint = '; a dtype is "u8", "f16", "bf16" or "f32"'
    found = "None" if item is None else shown(item)
    raise refuse(place, f"found {found}; allowed: str, int, float, bool, path, list or dict{hint}")
