"""Messages of the library's in terms of what its caller wrote in Python."""

import re
import typing

from ._config import LISTS, Request, place_of, place_of_override
from ._errors import ConfigError, HeadraceError, reworded
from ._words import in_python

# How messages name configuration text that came without a file.
_TEXT_PLACE = re.compile(r"<toml>(?::(\d+):\d+)?: ")
# How they name the line of an entry: "[[mix]] ace (line 12): ".
_LINE = re.compile(r"(?<=\w) \(line (\d+)\)")
# What of an entry they are about: "[[augment]] size: ".
_KEY_OF_ENTRY = re.compile(r"^\[\[\w+\]\] ([A-Za-z_][\w.\[\]]*):")
# Number (from 1), line and column of an op's text that was made of an object: "op 2:1:29: ".
_OP_PLACE = re.compile(r"^op (\d+):\d+:\d+: ")


def of_loader(error: HeadraceError, made: Request) -> HeadraceError:
    """What opening a loader says, without the places of text that the user has not written."""
    text = str(error)
    for override in made.overrides:
        place = place_of_override(override)
        if text.startswith(place):
            return _reworded(error, text[len(place) :], override.split("=")[0])
    if made.path is None:
        found = _TEXT_PLACE.match(text)
        if found:
            text = text[found.end() :]
            entry = _LINE.search(text) if text.startswith("[[") else None
            if entry:
                return reworded(error, _LINE.sub("", text), f"{place_of(made.text, int(entry.group(1)))}: ")
            return _reworded(error, text, place_of(made.text, int(found.group(1) or 0)))
    return error


def of_log(text: str, made: Request) -> str:
    """What a loader logs, likewise."""
    text = in_python(text)
    return _LINE.sub("", text) if made.path is None and text.startswith("[[") else text


def _reworded(error: HeadraceError, text: str, place: typing.Optional[str]) -> HeadraceError:
    """The same with `text`, about the key `place` where the text has no better one."""
    entry = place is not None and place.startswith(LISTS)
    key = _KEY_OF_ENTRY.search(text)
    if place is not None and key and re.fullmatch(r"(?:augment|mix)\.\d+", place):
        place += f".{key.group(1)}"
    better = reworded(error, text, f"{place}: " if entry else "")
    if entry or better.key is None:
        better.key = place
    return better


def of_transform(error: HeadraceError, overrides: typing.Sequence[str], ops: typing.Sequence[str]) -> HeadraceError:
    """What opening a transform says, without the places of text that the user has not written."""
    text = str(error)
    for override in overrides:
        place = place_of_override(override)
        text = text[len(place) :] if text.startswith(place) else text
    found = _OP_PLACE.match(text)
    if found is None:
        return reworded(error, text)
    # As those of a Loader: with its number from 0, where there are several.
    return _reworded(error, text[found.end() :], f"augment.{int(found.group(1)) - 1}" if len(ops) > 1 else None)
