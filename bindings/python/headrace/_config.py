"""What a loader is asked for, as TOML text or as overrides of a file."""

import os
import typing

from . import _toml
from ._errors import ConfigError, shown, unknown_name

Config = typing.Union[str, "os.PathLike[str]", typing.Mapping[str, typing.Any]]

TABLES = ("dataset", "loader", "output", "decode", "limits", "search")
LISTS = ("augment", "mix")

# What Loader takes beside the configuration.
ARGUMENTS = ("config", "rank", "world_size", "model", "saliency", "weights", "sample_ids", "log")

# Keys that may stand without their table: batch_size=64 is loader={"batch_size": 64}.
KEYS = {
    "loader": (
        "batch_size shuffle shuffle_window seed workers prefetch_batches tail on_corrupt corrupt_budget "
        "max_host_bytes reader direct_io cache quarantine weights epoch_samples"
    ).split(),
    "output": "dtype layout channels mean std labels pin keep_u8".split(),
    "decode": "jpeg checkpoints exif alpha".split(),
    "limits": (
        "max_pixels max_side max_decoded_bytes max_encoded_bytes jpeg_scans jpeg_memory scratch_pixels"
    ).split(),
    "dataset": "classes include split of annotations masks saliency_maps".split(),
}
SHORT = {name: table for table, names in KEYS.items() for name in names}

# Keys whose values are places: those of arguments are relative to the working folder, as everywhere in Python.
_PLACES = {
    "dataset": ("path", "annotations", "masks", "saliency_maps", "include"),
    "loader": ("quarantine",),
    "decode": ("checkpoints",),
}
# What other loaders call it.
_ELSEWHERE = {
    "collate_fn": "batches are made by the library; see [output]",
    "drop_last": 'tail="drop" (the default), or tail="pad" or "exact"',
    "generator": "seed=...",
    "num_workers": "workers=...",
    "persistent_workers": "leave it out: workers stay",
    "pin_memory": 'pin="auto", "lock" or "none"',
    "prefetch_factor": "prefetch_batches=...",
    "root": "dataset=...",
    "sampler": "sample_ids=... or weights=...",
    "transform": "augment=[...], or headrace.torch.DataLoader, which takes torchvision's",
    "transforms": "augment=[...], or headrace.torch.DataLoader, which takes torchvision's",
}
# The one of them that is another name for the same.
_RENAMED = {"num_workers": "workers", "pin_memory": "pin", "drop_last": "tail", "prefetch_factor": "prefetch_batches",
            "root": "dataset", "transform": "augment", "transforms": "augment", "sampler": "sample_ids", "generator": "seed"}


class Request(typing.NamedTuple):
    """How to open a loader: a file with overrides, or a text."""

    path: typing.Optional[bytes]
    text: str
    overrides: typing.List[str]


def dataset_table(value: typing.Any) -> typing.Dict[str, typing.Any]:
    """The [dataset] table for ``dataset=``: a table, or places whose source is seen by their names."""
    if isinstance(value, typing.Mapping):
        return dict(value)
    if isinstance(value, (list, tuple)):
        return {"source": "tar", "path": [_shard(entry, i) for i, entry in enumerate(value)]}
    try:
        path = os.fsdecode(value)
    except TypeError:
        raise _toml.refuse(
            "dataset", f"found {shown(value)}; allowed: a path, a list of shards or a dict{_instead(value)}"
        ) from None
    table: typing.Dict[str, typing.Any] = {"path": path}
    lower = path.lower()
    if lower.endswith(".tar") or _has_shards(path):
        table["source"] = "tar"
    elif lower.endswith(".json"):
        table["source"] = "coco"
    elif lower.endswith((".tsv", ".csv", ".txt")):
        table["source"] = "manifest"
    elif _has_classes(path):
        table["source"] = "folder"
    return table


def _shard(entry: typing.Any, number: int) -> typing.Union[str, bytes]:
    """Entry `number` of a list of shards."""
    if not isinstance(entry, (str, bytes, os.PathLike)):
        raise _toml.refuse(f"dataset.{number}", f"found {shown(entry)}; allowed: the path of a shard")
    return os.fspath(entry)


def _has_shards(path: str) -> bool:
    """Whether `path` is a folder with a tar in it."""
    try:
        with os.scandir(path) as entries:
            return any(entry.name.endswith(".tar") for entry in entries)
    except (OSError, ValueError):  # ValueError: a NUL, which the library refuses
        return False


def _has_classes(path: str) -> bool:
    """Whether `path` is a folder of folders without a sign of annotations."""
    folders = False
    try:
        with os.scandir(path) as entries:
            for entry in entries:
                if entry.name == "annotations" or entry.name.lower().endswith((".json", ".tsv", ".csv")):
                    return False
                folders = folders or entry.is_dir()
    except (OSError, ValueError):  # ValueError: a NUL, which the library refuses
        return False
    return folders


def _instead(value: typing.Any) -> str:
    """What to do with an object of torchvision's; "" for all else."""
    module = type(value).__module__ + "."
    if module.startswith("torchvision.transforms."):
        return "; headrace.torch.from_torchvision translates torchvision's transforms, and headrace.ops has ops of these names"
    if module.startswith("torchvision.datasets.") and hasattr(value, "samples"):
        return f'; headrace.torch.DataLoader takes torchvision\'s ImageFolder; here give its folder, "{value.root!s:.200}"'
    return ""


def is_known(name: str) -> bool:
    """Whether a keyword argument says something of the configuration."""
    return name in TABLES or name in LISTS or name in SHORT or "." in name or "__" in name


def unknown(name: str, arguments: typing.Sequence[str] = ARGUMENTS) -> ConfigError:
    """The error for a keyword argument of that name, beside which there are those of `arguments`."""
    text = (
        f"{name}: unknown argument; allowed: a table ({', '.join(TABLES)}), augment, mix, a key of "
        "docs/config.md such as batch_size, or table__key"
    )
    if name not in _ELSEWHERE or name == "transforms" and "transform" in arguments:
        return unknown_name(text, name, name, [*arguments, *TABLES[:-1], *LISTS, *SHORT])
    error = ConfigError(f"{text}; here it is {_ELSEWHERE[name]}")
    error.key = name
    error.suggestion = _RENAMED.get(name)
    return error


def _collect(options: typing.Mapping[str, typing.Any]) -> typing.Dict[str, typing.Any]:
    """Keyword arguments as tables: {"loader": {...}, "augment": [...], "augment.0.size": 3, ...}."""
    tables: typing.Dict[str, typing.Any] = {}
    for name, value in options.items():
        if value is None:
            continue
        if name == "dataset":
            tables.setdefault(name, {}).update(dataset_table(value))
        elif name in TABLES:
            value = _toml.plain(value)
            if not isinstance(value, typing.Mapping):
                raise _toml.refuse(name, f"found {shown(value)}; allowed: a dict")
            tables.setdefault(name, {}).update(value)
        elif name in LISTS:
            tables[name] = _entries(name, value)
        elif name in SHORT:
            tables.setdefault(SHORT[name], {})[name] = value
        elif is_known(name):
            tables[name.replace("__", ".")] = value
        else:
            raise unknown(name)
    dataset = tables.get("dataset", {})
    if dataset.get("source") == "folder" and not isinstance(options.get("dataset"), typing.Mapping):
        if "annotations" in dataset or "masks" in dataset:  # a folder of pictures without classes
            del dataset["source"]
    return tables


def _merged(base: typing.Mapping[str, typing.Any], over: typing.Mapping[str, typing.Any]) -> typing.Dict[str, typing.Any]:
    """Tables with those of `over` on top: key by key, but lists whole."""
    made = {name: dict(value) if name in TABLES else value for name, value in base.items()}
    for name, value in over.items():
        if name in TABLES:
            made.setdefault(name, {}).update({key: entry for key, entry in value.items() if entry is not None})
            for key in value:
                made.pop(f"{name}.{key}", None)
        else:
            if name in LISTS:
                for dotted in [entry for entry in made if entry.startswith(f"{name}.")]:
                    del made[dotted]
            made[name] = value
    return made


def _absolute(tables: typing.Mapping[str, typing.Any]) -> typing.Dict[str, typing.Any]:
    """The tables with places that do not depend on where their text is written."""
    made = {name: dict(value) if isinstance(value, typing.Mapping) else value for name, value in tables.items()}
    for table, keys in _PLACES.items():
        for key in keys:
            for holder, name in ((made.get(table, {}), key), (made, f"{table}.{key}")):
                value = holder.get(name)
                if isinstance(value, (list, tuple)):
                    holder[name] = [_place(entry) for entry in value]
                elif not (table == "decode" and value in ("auto", "off")):
                    holder.update({name: _place(value)} if name in holder else {})
    if "augment" in made:
        made["augment"] = [_with_place(entry) for entry in made["augment"]]
    for name, value in made.items():
        if name.startswith("augment.") and name.endswith(".policy"):
            made[name] = _with_place({"policy": value})["policy"]
    return made


def _place(value: typing.Any) -> typing.Any:
    """A path as an absolute one; what is none as it is, for the library to refuse."""
    if not isinstance(value, (str, bytes, os.PathLike)):
        return value
    path = os.fsdecode(value)
    # What the library refuses stays as it was written, and so it says; abspath would cut it at the NUL.
    return path if not path or "\0" in path else os.path.abspath(path)


def _with_place(entry: typing.Mapping[str, typing.Any]) -> typing.Mapping[str, typing.Any]:
    """An entry of [[augment]] whose policy, if it is a file, is an absolute path."""
    policy = entry.get("policy")
    if not isinstance(policy, (str, bytes, os.PathLike)):
        return entry
    text = os.fsdecode(policy)
    return {**entry, "policy": _place(text)} if "/" in text or "." in text else entry


def tables_of(
    config: typing.Any, options: typing.Mapping[str, typing.Any]
) -> typing.Tuple[typing.Optional[bytes], typing.Dict[str, typing.Any]]:
    """The file, or None, and the tables on top of it that the arguments of Loader say."""
    tables = _collect(options)
    if config is None:
        return None, tables
    if isinstance(config, typing.Mapping):
        return None, _merged(_collect(config), tables)
    try:
        path = os.fsencode(config)
    except TypeError:
        raise _toml.refuse(
            "config",
            f"found {type(config).__name__}; allowed: the path of a TOML file, a dict, a folder of pictures, or a shard"
            + _instead(config),
        ) from None
    except UnicodeEncodeError:
        raise _toml.refuse("config", f"found {config!r:.60}, which is no path") from None
    if b"\0" in path:
        raise _toml.refuse("config", f"found {config!r:.60}, which has a NUL in it")
    if path.lower().endswith(b".tar") or os.path.isdir(path):  # no configuration can be meant
        return None, _merged({"dataset": dataset_table(config)}, tables)
    return path, _absolute(tables)


def _entries(name: str, value: typing.Any) -> typing.List[typing.Mapping[str, typing.Any]]:
    """The entries of [[augment]] or [[mix]]: dicts, names of ops, or objects with to_config()."""
    value = _toml.plain(value)
    if isinstance(value, (str, typing.Mapping)):
        value = [value]
    if isinstance(value, type):
        value = [value]
    if not isinstance(value, (list, tuple)):
        raise _toml.refuse(name, f"found {shown(value)}; allowed: a list of ops{_instead(value)}")
    entries = []
    for i, entry in enumerate(value):
        entry = _toml.plain(entry)
        if isinstance(entry, str):
            entry = {"op": entry}
        if not isinstance(entry, typing.Mapping):
            forgot = isinstance(entry, type) and hasattr(entry, "to_config")
            hint = f"; write {entry.__name__}(...)" if forgot else _instead(entry)
            raise _toml.refuse(f"{name}.{i}", f"found {shown(entry)}; allowed: an op's name, a dict or an op{hint}")
        entries.append(entry)
    return entries


def _text(tables: typing.Mapping[str, typing.Any]) -> str:
    """A whole configuration."""
    lines: typing.List[str] = []
    for name in TABLES:
        if name in tables:
            lines.append(f"[{name}]")
            lines += _pairs(tables[name], name)
            lines.append("")
    for name in LISTS:
        for i, entry in enumerate(tables.get(name, ())):
            lines.append(f"[[{name}]]")
            lines += _pairs(entry, f"{name}.{i}")
            lines.append("")
    return "\n".join(lines)


def _pairs(table: typing.Mapping[str, typing.Any], place: str) -> typing.List[str]:
    return [
        f"{_toml.key(name, place)} = {_toml.value(value, f'{place}.{name}')}"
        for name, value in table.items()
        if value is not None
    ]


def _overrides(tables: typing.Mapping[str, typing.Any]) -> typing.List[str]:
    """The same as overrides of a file."""
    out = []
    for name, value in tables.items():
        if name in TABLES:
            for key, entry in value.items():
                if entry is not None:
                    out.append(f"{name}.{_toml.key(key, name)}={_toml.value(entry, f'{name}.{key}')}")
        elif name in LISTS:  # one by one, so that messages say which
            out.append(f"{name}=[]")
            out += [f"{name}.{i}={_toml.value(entry, f'{name}.{i}')}" for i, entry in enumerate(value)]
        else:
            out.append(f"{name}={_toml.value(value, name)}")
    return out


def request(config: typing.Optional[Config], options: typing.Mapping[str, typing.Any]) -> Request:
    """How to open what the arguments of Loader ask for."""
    path, tables = tables_of(config, options)
    if path is not None:
        return Request(path, "", _overrides(tables))
    whole = {name: value for name, value in tables.items() if name in TABLES or name in LISTS}
    dotted = {name: value for name, value in tables.items() if name not in whole}
    return Request(None, _text(whole), _overrides(dotted))


def place_of_override(override: str) -> str:
    """How messages of the library's begin that are about an override."""
    return "-s " + override.encode()[:120].decode(errors="ignore") + ": "


def place_of(text: str, line: int) -> typing.Optional[str]:
    """The key, or else the table, of line `line` (from 1) of a text of _text's: "augment.0.size"."""
    lines = text.split("\n")[:line]
    heads = [head for head in lines if head.startswith("[")]
    if not heads or not line:
        return None
    place = heads[-1].strip("[]")
    if place in LISTS:
        place += f".{heads.count(heads[-1]) - 1}"
    name, equals, _ = lines[-1].partition(" = ")
    return f"{place}.{name}" if equals else place


def to_toml(config: typing.Optional[typing.Mapping[str, typing.Any]] = None, **options: typing.Any) -> str:
    """The configuration that Loader(config, **options) would open, as the text of a TOML file.

    Args:
        config: a dict of tables, or None.
        options: as those of Loader; no dotted names.

    Raises:
        ConfigError: an unknown name, or a value that TOML has no form for.
    """
    if config is not None and not isinstance(config, typing.Mapping):
        raise _toml.refuse("config", f"found {shown(config)}; allowed: a dict of tables")
    made = request(config, options)
    if made.overrides:
        raise _toml.refuse(made.overrides[0].split("=")[0], "write it as an entry of its table")
    return made.text
