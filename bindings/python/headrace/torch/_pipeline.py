"""from_torchvision: torchvision's transforms as headrace's configuration."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence, Tuple

import headrace
from headrace._config import _entries as entries_of

from ._image_ops import HANDLERS, INSTEAD
from ._place import FLOAT, NORMALIZED, PIL, U8, Place, State

Table = Dict[str, Any]


@dataclass(frozen=True)
class Pipeline:
    """What a torchvision pipeline is in headrace: tables of the configuration.

    It is also a mapping of these tables, so `headrace.Loader(dataset="data", **pipeline)` works, and
    `headrace.torch.DataLoader(..., transform=pipeline)` takes it as it is.

    Attributes:
        augment: the [[augment]] entries, in order.
        output: the [output] table: dtype, channels, mean, std.
        decode: the [decode] table: exact JPEG arithmetic, and EXIF orientation as torchvision's
            loaders have it (not looked at).
        mix: the [[mix]] entries; empty unless MixUp or CutMix were given.
        num_classes: what MixUp or CutMix were told, or None. DataLoader compares it with the data set.
        notes: where headrace's bytes differ from torchvision's, a sentence each.
    """

    augment: List[Table] = field(default_factory=list)
    output: Table = field(default_factory=dict)
    decode: Table = field(default_factory=dict)
    mix: List[Table] = field(default_factory=list)
    num_classes: Optional[int] = None
    notes: List[str] = field(default_factory=list)

    def keys(self) -> List[str]:
        """The tables that are not empty."""
        return [name for name in ("decode", "output", "augment", "mix") if getattr(self, name)]

    def __getitem__(self, name: str) -> Any:
        if name not in self.keys():
            raise KeyError(name)
        return getattr(self, name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __len__(self) -> int:
        return len(self.keys())

    def toml(self) -> str:
        """The tables as TOML: the rest of a configuration file whose [dataset] and [loader] are yours."""
        return headrace.to_toml(dict(self))


def from_torchvision(transform: Any, *, mix: Any = None, jpeg: str = "exact",
                     exif: bool = False) -> Pipeline:
    """Turns a torchvision pipeline into headrace's, or says which transform it cannot.

    Deterministic transforms on PIL images give the same bytes. Random ones draw from the same
    distributions, by other random numbers. What differs otherwise stands in the result's `notes`.

    Args:
        transform: `torchvision.transforms.Compose` or `transforms.v2.Compose`, a single transform, a
            list of them, `torch.nn.Sequential`, a weights' preset (`weights.transforms()`), or None.
            Pictures enter as the PIL images that ImageFolder makes.
        mix: what a collate function does to the batch: `v2.MixUp`, `v2.CutMix`, or a `v2.RandomChoice`
            of these; or [[mix]] tables of headrace's own.
        jpeg: "exact" (the pixels of a full libjpeg-turbo decode, as torchvision's) or "fast".
        exif: turn pictures upright by their EXIF orientation. torchvision does not.

    Raises:
        UnsupportedTransformError: names the transform, its position, and what there is instead.

    Source: torchvision 0.14 to 0.29, transforms and transforms.v2.
    """
    state = State()
    if transform is not None:
        for position, part in _parts(transform, "transforms"):
            _translate(position, part, state)
    if mix is not None:
        if state.mix:
            raise TypeError("mix was given, and the pipeline has MixUp or CutMix already: give one")
        _translate_mix(mix, state)
    return Pipeline(augment=state.augment, output=_output(state), mix=state.mix,
                    decode={"jpeg": jpeg, "exif": exif}, num_classes=state.num_classes,
                    notes=state.notes)


def _output(state: State) -> Table:
    output: Table = {}
    if state.phase == U8:
        output["dtype"] = "u8"
    elif state.phase in (FLOAT, NORMALIZED):
        output["dtype"] = state.dtype
    if state.channels == 1:
        output["channels"] = 1
    if state.mean is not None and state.std is not None:
        many = state.channels > len(state.mean)
        output["mean"] = state.mean * state.channels if many else state.mean
        output["std"] = state.std * state.channels if many else state.std
    return output


# ------------------------------------------------------------------------------------- the walk


def _is_torchvision(part: Any) -> bool:
    module = type(part).__module__
    return module == "torchvision" or module.startswith("torchvision.")


def _name(part: Any) -> str:
    return type(part).__name__


def _parts(container: Any, position: str) -> Iterator[Tuple[str, Any]]:
    """The single transforms of a container, depth first, with their positions."""
    inner: Optional[Sequence[Any]] = None
    if isinstance(container, (list, tuple)):
        inner = container
    elif _is_torchvision(container) and _name(container) == "Compose":
        inner = container.transforms
    elif _name(container) in ("Sequential", "ModuleList") and \
            type(container).__module__.startswith("torch.nn."):
        inner = list(container)
    if inner is None:
        yield position, container
        return
    for number, part in enumerate(inner):
        # Nested lists are numbered as one reads them: transforms[1].transforms[0].
        below = f"{position}[{number}]"
        for deeper, single in _parts(part, below + ".transforms"):
            yield (below if single is part else deeper), single


def _translate(position: str, part: Any, state: State) -> None:
    at = Place(position, _name(part), state)
    if state.mix:
        raise at.refuse("it stands behind MixUp or CutMix, which are the last of all here")
    special = _SPECIAL.get(at.op)
    if type(part).__module__.startswith("torch.nn.") and at.op == "Identity":
        return
    if not _is_torchvision(part):
        raise at.refuse(f"{type(part).__module__}.{at.op} is not torchvision's, so nothing is known of "
                        "what it does; apply it to the batch, or write it with headrace's ops")
    if special is not None:
        special(part, at)
    elif at.op in HANDLERS:
        if state.phase in (FLOAT, NORMALIZED) and at.op not in _EXACT_ON_FLOATS:
            at.note("headrace works on 8-bit pixels and rounds behind each op, torchvision on floats")
        state.augment += HANDLERS[at.op](part, at)
    else:
        instead = INSTEAD.get(at.op)
        raise at.refuse("headrace has no such op" + (f"; {instead}" if instead else
                                                     "; docs/ops.md lists those it has"))


# -------------------------------------------------------------------------- containers by chance


def _random_apply(part: Any, at: Place) -> None:
    """RandomApply: its probability times that of what is inside."""
    inner = list(_parts(list(part.transforms), at.position + ".transforms"))
    if part.p == 0:
        return
    if len(inner) != 1 and part.p < 1:
        raise at.refuse(f"{len(inner)} transforms that all happen or none: headrace draws for each op by "
                        "itself; wrap each in a RandomApply of its own if that will do")
    before, phase = len(at.state.augment), (at.state.phase, at.state.channels)
    for position, single in inner:
        _translate(position, single, at.state)
    if part.p < 1 and (at.state.phase, at.state.channels) != phase:
        raise at.refuse("a conversion cannot be left to chance: batches have one type")
    if part.p < 1 and len(at.state.augment) - before > 1:
        raise at.refuse("this comes to several ops that all happen or none")
    for entry in at.state.augment[before:]:
        entry["p"] = entry.get("p", 1.0) * part.p


def _random_choice(part: Any, at: Place) -> None:
    """RandomChoice: of MixUp and CutMix it is [[mix]]; of one thing, that thing."""
    choices = list(part.transforms)
    if len(choices) == 1:
        for position, single in _parts(choices, at.position + ".transforms"):
            _translate(position, single, at.state)
        return
    if all(_is_torchvision(c) and _name(c) in ("MixUp", "CutMix", "Identity") for c in choices):
        _translate_mix(part, at.state)
        return
    raise at.refuse("one op of several cannot be drawn, but of MixUp and CutMix; trivial_augment_wide "
                    "and policy files draw one of theirs (docs/policies.md)")


# ----------------------------------------------------------------------------------- conversions


def _to_tensor(part: Any, at: Place) -> None:
    if at.state.phase != PIL:
        raise at.refuse(f"the picture is a {at.state.phase} already")
    at.state.phase = FLOAT


def _to_u8(part: Any, at: Place) -> None:
    if at.state.phase == PIL:
        at.state.phase = U8
    elif at.op == "PILToTensor":
        raise at.refuse(f"the picture is a {at.state.phase} already")


def _to_pil(part: Any, at: Place) -> None:
    if at.state.phase not in (PIL, U8) or part.mode not in (None, "RGB", "L"):
        raise at.refuse(f"back from a {at.state.phase} has no counterpart: headrace's ops all run on "
                        "8-bit pixels; drop the way there and back")
    at.state.phase = PIL


def _to_dtype(part: Any, at: Place) -> None:
    dtype, scale = part.dtype, getattr(part, "scale", True)
    if isinstance(dtype, dict):
        by_name = {getattr(key, "__name__", key): value for key, value in dtype.items()}
        dtype = next((by_name[n] for n in ("Image", "Tensor", "others") if n in by_name), None)
    name = {"torch.float32": "f32", "torch.float16": "f16", "torch.bfloat16": "bf16",
            "torch.uint8": "u8", "None": "same"}.get(str(dtype))
    if name is None:
        raise at.refuse(f"{dtype}; headrace has torch.uint8, float16, bfloat16 and float32")
    if name == "same" or (name == "u8" and at.state.phase in (PIL, U8)):
        return
    if name == "u8":
        raise at.refuse("back from floats has no counterpart: headrace's ops all run on 8-bit pixels; "
                        "leave out both conversions")
    if at.state.phase == PIL:
        raise at.refuse("torchvision passes PIL images by; put ToImage() before it")
    if at.state.phase == U8 and not scale:
        raise at.refuse("scale=False gives floats of 0 to 255; headrace's are 0 to 1: pass scale=True")
    if at.state.phase == U8:
        at.state.phase = FLOAT
    if name != "f32" and at.state.phase == FLOAT:
        at.note(f"headrace computes in float32 and rounds to {name} once, at the end")
    at.state.dtype = name


def _normalize(part: Any, at: Place) -> None:
    if at.state.phase != FLOAT:
        raise at.refuse(f"it stands on a {at.state.phase}; it needs floats of 0 to 1, once: put ToTensor "
                        "or ToDtype(torch.float32, scale=True) before it")
    if at.state.unit_noise is not None:
        raise at.state.unit_noise.refuse('value="random" before Normalize has no counterpart; put it '
                                         "behind Normalize")
    mean, std = ([float(v) for v in _numbers(value)] for value in (part.mean, part.std))
    if len(mean) != len(std) or len(mean) not in (1, 3):
        raise at.refuse(f"mean has {len(mean)} numbers and std {len(std)}; one, or one a channel")
    if at.state.channels == 1 and len(mean) == 3:
        raise at.refuse("three numbers for pictures of one channel")
    if at.state.channels == 3 and len(mean) == 1:
        mean, std = mean * 3, std * 3
    at.state.mean, at.state.std, at.state.phase = mean, std, NORMALIZED


def _numbers(value: Any) -> List[Any]:
    if hasattr(value, "tolist"):
        value = value.tolist()
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _nothing(part: Any, at: Place) -> None:
    """Identity, and conversions that headrace's pictures do not need."""


def _preset(part: Any, at: Place) -> None:
    """weights.transforms(): resize, centre crop, conversion, normalisation, as one module."""

    class Inner:
        """What the handlers look at."""

    resized, cropped = Inner(), Inner()
    resized.__dict__.update(size=part.resize_size, max_size=None, interpolation=part.interpolation,
                            antialias=getattr(part, "antialias", None))
    cropped.__dict__.update(size=part.crop_size)
    at.state.augment += HANDLERS["Resize"](resized, at) + HANDLERS["CenterCrop"](cropped, at)
    if at.state.phase in (PIL, U8):
        at.state.phase = FLOAT
    _normalize(part, at)


# ---------------------------------------------------------------------------------------- mixing


def _mix_entry(part: Any, at: Place) -> Table:
    state = at.state
    if part.num_classes is not None:
        if state.num_classes not in (None, part.num_classes):
            raise at.refuse(f"num_classes={part.num_classes}, and {state.num_classes} before")
        state.num_classes = part.num_classes
    return {"op": at.op.lower(), "alpha": part.alpha}


def _mix(part: Any, at: Place) -> None:
    at.state.mix.append(_mix_entry(part, at))


def _translate_mix(mix: Any, state: State) -> None:
    """MixUp, CutMix, a RandomChoice of them, or what Loader(mix=...) takes."""
    entries = mix if isinstance(mix, (list, tuple)) else [mix]
    if all(isinstance(entry, (dict, str)) or hasattr(entry, "to_config") for entry in entries):
        state.mix += [dict(entry) for entry in entries_of("mix", entries)]
        return
    at = Place("mix", _name(mix), state)
    if not _is_torchvision(mix) or at.op not in ("MixUp", "CutMix", "RandomChoice"):
        raise at.refuse("give v2.MixUp, v2.CutMix, a v2.RandomChoice of these, or [[mix]] entries such as "
                        '[{"op": "mixup", "alpha": 0.2}] or [headrace.ops.MixUp(alpha=0.2)]')
    if at.op != "RandomChoice":
        _mix(mix, at)
        return
    weights = list(mix.p) if mix.p is not None else [1.0] * len(mix.transforms)
    total, unmixed = sum(weights), 0.0
    for number, (choice, weight) in enumerate(zip(mix.transforms, weights)):
        inner = Place(f"mix.transforms[{number}]", _name(choice), state)
        if inner.op == "Identity":
            unmixed += weight / total
        elif _is_torchvision(choice) and inner.op in ("MixUp", "CutMix"):
            state.mix.append({**_mix_entry(choice, inner), "weight": weight / total})
        else:
            raise inner.refuse("only MixUp, CutMix and Identity can be drawn from here")
    if unmixed and state.mix:
        for entry in state.mix:
            entry["p"] = 1.0 - unmixed


# They move pixels without computing, or say themselves what they round.
_EXACT_ON_FLOATS = frozenset({"CenterCrop", "RandomCrop", "Pad", "RandomHorizontalFlip",
                              "RandomVerticalFlip", "RandomErasing", "GaussianNoise"})

_SPECIAL: Dict[str, Callable[[Any, Place], None]] = {
    "RandomApply": _random_apply,
    "RandomChoice": _random_choice,
    "ToTensor": _to_tensor,
    "PILToTensor": _to_u8,
    "ToImage": _to_u8,
    "ToPILImage": _to_pil,
    "ToDtype": _to_dtype,
    "ConvertImageDtype": _to_dtype,
    "Normalize": _normalize,
    "Identity": _nothing,
    "RGB": _nothing,
    "ToPureTensor": _nothing,
    "ImageClassification": _preset,
    "MixUp": _mix,
    "CutMix": _mix,
}
