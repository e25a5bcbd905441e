"""Ops and mixes as objects: entries of a configuration that can also be called on an image."""

import functools
import inspect
import os
import typing

from .. import _images, _schema
from .._checks import bind, named
from .._transform import Transform, texts

_KEYWORD = inspect.Parameter.KEYWORD_ONLY
_ANY = inspect.Parameter.POSITIONAL_OR_KEYWORD
_DRAWS = {"seed": 0, "epoch": 0, "sample": 0}


@functools.lru_cache(maxsize=32)
def _cached(op: str) -> Transform:
    return Transform([op])


def apply(entry: typing.Mapping[str, typing.Any], image: typing.Any, **which: typing.Any) -> typing.Any:
    """One op on an image. Transforms are kept: scratch and tables are made once."""
    if isinstance(image, (str, bytes, bytearray, memoryview, os.PathLike)):
        _images.take(image)  # says what is allowed
    return _cached(texts([entry])[0])(image, **which)


def parameters(entry: typing.Mapping[str, typing.Any], common: typing.Iterable[str] = ()) -> typing.List[inspect.Parameter]:
    """Of an op or mix of the schema: what is required first, then the rest, then `common` keys by name only."""
    params = sorted(entry["params"], key=lambda param: not param.get("required", False))
    made = [
        inspect.Parameter(
            param["key"],
            _ANY,
            default=inspect.Parameter.empty if param.get("required") else _schema.frozen(param.get("default")),
        )
        for param in params
    ]
    made += [
        inspect.Parameter(name, _KEYWORD, default=entry.get("p", 1) if name == "p" else None) for name in common
    ]
    return made


def docstring(entry: typing.Mapping[str, typing.Any], first: str, last: str) -> str:
    lines = [entry["doc"], "", "Args:"]
    if first:
        lines.append(first)
    params = sorted(entry["params"], key=lambda param: not param.get("required", False))
    lines += [f"    {param['key']}: {_schema.line(param)}." for param in params]
    return "\n".join([*lines, last, ""])


class Entry:
    """An entry of a configuration."""

    op: typing.ClassVar[str] = ""
    _signature: typing.ClassVar[inspect.Signature] = inspect.Signature()

    def __init__(self, *args: typing.Any, **given: typing.Any) -> None:
        self.params: typing.Dict[str, typing.Any] = {
            key: value for key, value in bind(type(self).__name__, self._signature, args, given).items() if value is not None
        }

    def to_config(self) -> typing.Dict[str, typing.Any]:
        """As a table of [[augment]] or [[mix]]."""
        return {"op": self.op, **self.params}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{key}={value!r}' for key, value in self.params.items())})"

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and isinstance(other, Entry) and self.params == other.params

    def __hash__(self) -> int:
        return hash((self.op, repr(sorted(self.params.items()))))


class Op(Entry):
    """An op of [[augment]], for Loader(augment=[...]) and Transform([...]); or called on an image."""

    @named
    def __call__(
        self,
        image: typing.Any,
        *,
        seed: int = 0,
        epoch: int = 0,
        sample: int = 0,
        view: int = 0,
        layout: typing.Optional[str] = None,
    ) -> typing.Any:
        """uint8 pixels in, the same kind out; see headrace.Transform."""
        return apply(self.to_config(), image, seed=seed, epoch=epoch, sample=sample, view=view, layout=layout)


class Mix(Entry):
    """A mix of [[mix]], for Loader(mix=[...])."""


_OP_ARGS = """    p: probability that the op fires, from 0 to 1.
    only_classes, except_classes: names of classes; samples of others (or of these) are left alone."""
_MIX_ARGS = """    weight: share in the choice of one entry a batch.
    p: probability that the batch (or pair, or sample) is mixed, from 0 to 1.
    label_smoothing: share of a label that is spread over all classes, from 0 to 1."""
_FUNCTION_ARGS = """    p: probability that the op fires, from 0 to 1.
    seed, epoch, sample: which draws: those of a loader with that seed for sample `sample` in `epoch`.{view}
    layout: "hwc" or "chw", where the shape leaves it open.

Returns:
    uint8 pixels of the kind and layout of `img`."""
_IMG = "    img: uint8 pixels: a NumPy array [H, W], [H, W, C] or [C, H, W], a torch tensor, a PIL image, or a batch."


def op_class(entry: typing.Mapping[str, typing.Any]) -> typing.Type[Op]:
    """The class of an op of the schema."""
    common = ["p", "only_classes", "except_classes", *(["remap"] if entry.get("flip") else [])]
    name = _schema.camel(entry["op"])
    remap = "\n    remap: dict of class pairs: a flipped sample of one gets the label of the other." if entry.get("flip") else ""
    members = {
        "op": entry["op"],
        "_signature": inspect.Signature(parameters(entry, common)),
        "__doc__": docstring(entry, "", _OP_ARGS + remap),
        "__signature__": inspect.Signature(parameters(entry, common)),
        "__module__": "headrace.ops",
    }
    return typing.cast(typing.Type[Op], type(name, (Op,), members))


def mix_class(entry: typing.Mapping[str, typing.Any]) -> typing.Type[Mix]:
    """The class of a mix of the schema."""
    common = [
        inspect.Parameter(param["key"], _KEYWORD, default=_schema.frozen(param.get("default")))
        for param in _schema.schema()["mix_keys"]
        if param["key"] != "op"
    ]
    signature = inspect.Signature([*parameters(entry), *common])
    name = _schema.camel(entry["op"])
    members = {
        "op": entry["op"],
        "_signature": signature,
        "__doc__": docstring(entry, "", _MIX_ARGS),
        "__signature__": signature,
        "__module__": "headrace.ops",
    }
    return typing.cast(typing.Type[Mix], type(name, (Mix,), members))


def op_function(entry: typing.Mapping[str, typing.Any]) -> typing.Callable[..., typing.Any]:
    """The function of an op of the schema."""
    name = entry["op"]
    if name == "object_zoom":  # when it does not fire it wants a crop behind it
        entry = {**entry, "p": 1}
    draws = {**_DRAWS, **({"view": 0} if name == "aug_mix" else {}), "layout": None}
    own = parameters(entry, ["p"])
    signature = inspect.Signature(
        [
            inspect.Parameter("img", inspect.Parameter.POSITIONAL_OR_KEYWORD),
            *own,
            *(inspect.Parameter(key, _KEYWORD, default=value) for key, value in draws.items()),
        ]
    )

    def function(*args: typing.Any, **given: typing.Any) -> typing.Any:
        bound = bind(name, signature, args, given)
        image = bound.pop("img")
        which = {key: bound.pop(key) for key in draws if key in bound}
        return apply({"op": name, "p": entry["p"], **bound}, image, **which)

    function.__name__ = function.__qualname__ = name
    function.__module__ = "headrace.ops"
    view = "\n    view: of `views`, from 0; 0 is the clean one where there are several." if "view" in draws else ""
    function.__doc__ = docstring(entry, _IMG, _FUNCTION_ARGS.format(view=view))
    function.__signature__ = signature  # type: ignore[attr-defined]
    return function
