"""The stub of headrace.ops, for editors and type checkers: ``python -m headrace.ops._stubs > __init__.pyi``.

A test compares what this prints with the file beside it."""

import inspect
import re
import typing

from .. import _schema, ops
from . import _functional
from ._entries import parameters

_HEAD = '''"""Made by headrace.ops._stubs from the library's own list of ops; do not edit."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, TypeVar

Image = TypeVar("Image")

class Entry:
    op: ClassVar[str]
    params: dict[str, Any]
    def to_config(self) -> dict[str, Any]: ...
    def __eq__(self, other: object) -> bool: ...
    def __hash__(self) -> int: ...

class Op(Entry):
    def __call__(
        self,
        image: Image,
        *,
        seed: int = 0,
        epoch: int = 0,
        sample: int = 0,
        view: int = 0,
        layout: str | None = None,
    ) -> Image: ...

class Mix(Entry): ...
'''
_COMMON = {
    "p": "float",
    "weight": "float",
    "label_smoothing": "float",
    "only_classes": "Sequence[str] | None",
    "except_classes": "Sequence[str] | None",
    "remap": "Mapping[str, str] | None",
    "layout": "str | None",
}


def _parameter(name: str, annotation: str, default: typing.Any) -> str:
    if default is inspect.Parameter.empty:
        return f"{name}: {annotation}"
    optional = default is None and "None" not in annotation
    shown = repr(default).replace("'", '"')
    return f"{name}: {annotation}{' | None' if optional else ''} = {shown}"


def _parameters(entry: typing.Mapping[str, typing.Any], common: typing.Iterable[str]) -> typing.List[str]:
    kinds = {param["key"]: _schema.KINDS[param["kind"]][0] for param in entry["params"]}
    lines, star = [], False
    for param in parameters(entry, common):
        if param.kind is inspect.Parameter.KEYWORD_ONLY and not star:
            lines.append("*")
            star = True
        lines.append(_parameter(param.name, kinds.get(param.name) or _COMMON[param.name], param.default))
    return lines


def _text(head: str, lines: typing.Sequence[str], result: str, indent: str) -> typing.List[str]:
    return [f"{indent}{head}(", *(f"{indent}    {line}," for line in lines), f"{indent}) -> {result}: ..."]


def _docs(text: str, indent: str) -> typing.List[str]:
    lines = inspect.cleandoc(text).replace("\\", "\\\\").split("\n")
    if len(lines) == 1:
        return [f'{indent}"""{lines[0]}"""']
    return [f'{indent}"""{lines[0]}', *(f"{indent}{line}".rstrip() for line in lines[1:]), f'{indent}"""']


def _class(name: str, base: str, lines: typing.Sequence[str]) -> typing.List[str]:
    body = _docs(typing.cast(str, getattr(ops, name).__doc__), "    ")
    return ["", f"class {name}({base}):", *body, *_text("def __init__", ["self", *lines], "None", "    ")]


def _functional_lines(function: typing.Callable[..., typing.Any]) -> typing.List[str]:
    lines, star = [], False
    for param in inspect.signature(function).parameters.values():
        if param.kind is inspect.Parameter.KEYWORD_ONLY and not star:
            lines.append("*")
            star = True
        annotation = inspect.formatannotation(param.annotation).replace("typing.", "")
        annotation = annotation.replace("Union[float, Sequence[float]]", "float | Sequence[float]")
        annotation = annotation.replace("Union[int, Sequence[int]]", "int | Sequence[int]")
        annotation = re.sub(r"Optional\[(.*)\]$", r"\1 | None", annotation)
        annotation = re.sub(r"Union\[(.*), NoneType\]$", r"\1 | None", annotation)
        lines.append(_parameter(param.name, "Image" if param.name == "img" else annotation, param.default))
    return lines


def stub() -> str:
    """The text of __init__.pyi."""
    out = [_HEAD.rstrip("\n")]
    draws = ["seed: int = 0", "epoch: int = 0", "sample: int = 0"]
    for name in sorted(vars(_functional)):
        function = getattr(_functional, name)
        if not inspect.isfunction(function) or name.startswith("_") or function.__module__ != _functional.__name__:
            continue
        result = "Any" if name in ("normalize", "five_crop", "ten_crop") else "Image"
        text = _text(f"def {name}", _functional_lines(function), result, "")
        text[-1] = text[-1][: -len(" ...")]
        out += ["", *text, *_docs(typing.cast(str, function.__doc__), "    ")]
    for entry in _schema.schema()["ops"]:
        name = entry["op"]
        lines = _parameters(entry, ["p"])
        own = [*draws, *(["view: int = 0"] if name == "aug_mix" else []), "layout: str | None = None"]
        text = _text(f"def {name}", ["img: Image", *lines, *own], "Image", "")
        text[-1] = text[-1][: -len(" ...")]
        out += ["", *text, *_docs(typing.cast(str, getattr(ops, name).__doc__), "    ")]
    for entry in _schema.schema()["ops"]:
        common = ["p", "only_classes", "except_classes", *(["remap"] if entry.get("flip") else [])]
        out += _class(_schema.camel(entry["op"]), "Op", _parameters(entry, common))
    for entry in _schema.schema()["mix"]:
        common = [
            _parameter(param["key"], _COMMON[param["key"]], _schema.frozen(param["default"]))
            for param in _schema.schema()["mix_keys"]
            if param["key"] != "op"
        ]
        out += _class(_schema.camel(entry["op"]), "Mix", [*_parameters(entry, []), "*", *common])
    return "\n".join(out) + "\n"


if __name__ == "__main__":
    print(stub(), end="")
