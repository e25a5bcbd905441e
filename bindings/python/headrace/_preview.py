"""preview: what the model will see, as a picture that notebooks show."""

import importlib
import io
import os
import re
import subprocess
import tempfile
import typing

from ._arguments import Lists, take_lists
from ._config import Config, _absolute, _collect, _merged, _overrides, _text, tables_of
from ._errors import ConfigError, HeadraceError, NotFoundError, describe, integer
from ._words import in_python

_COUNT_MAX = 1024
# Of [loader]: what makes an epoch of something else than each sample once; with the values that mean nothing.
_EPOCH_KEYS = {"weights": "none", "epoch_samples": 0}
_PREFIX = re.compile(r"^headrace( preview)?: (error: )?")


class Preview:
    """A contact sheet; notebooks show it.

    Attributes:
        png: the picture as the bytes of a PNG file.
    """

    def __init__(self, png: bytes) -> None:
        self.png = png

    def _repr_png_(self) -> bytes:
        return self.png

    def __repr__(self) -> str:
        width, height = (int.from_bytes(self.png[at : at + 4], "big") for at in (16, 20))
        return f"<headrace.Preview of {width} x {height} pixels>"

    def save(self, path: typing.Union[str, "os.PathLike[str]"]) -> None:
        """Writes it: .png as it is; another ending (.jpg, .webp) by Pillow."""
        if os.fspath(path).lower().endswith(".png"):
            with open(path, "wb") as file:
                file.write(self.png)
        else:
            self.to_pil().save(path)

    def to_pil(self) -> typing.Any:
        """As a PIL image. Wants Pillow."""
        return importlib.import_module("PIL.Image").open(io.BytesIO(self.png)).convert("RGB")

    def to_numpy(self) -> typing.Any:
        """uint8 [H, W, 3]."""
        from ._transform import Transform

        return Transform()(self.png)


def _tool() -> str:
    """The command line tool that draws: the package's own, or that of a build tree it lies in."""
    package = os.path.dirname(os.path.abspath(_core_file()))
    places = [
        os.path.join(package, "bin", "headrace"),
        os.path.join(package, "..", "..", "bindings", "cli", "headrace"),
    ]
    for place in places:
        if os.access(place, os.X_OK) and os.path.isfile(place):
            return place
    raise NotFoundError(f"the headrace command that draws is not where the package has it: {places[0]}")


def _core_file() -> str:
    from . import _core

    return _core.__file__


def _draw(
    config: str, overrides: typing.Sequence[str], lists: Lists, count: int, original: bool, folder: str
) -> bytes:
    sheet = os.path.join(folder, "sheet.png")
    command = [_tool(), "preview", config, "-o", sheet, "--count", str(count)]
    if original:
        command.append("--original")
    for entry in overrides:
        command += ["-s", entry]
    for name, numbers in (("sample-ids", lists.sample_ids), ("sample-weights", lists.weights)):
        if numbers is not None:
            place = os.path.join(folder, name)
            with open(place, "w", encoding="ascii") as file:
                file.writelines(f"{number!r}\n" for number in numbers.tolist())
            command += [f"--{name}", place]
    finished = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if finished.returncode == 0:
        with open(sheet, "rb") as file:
            return file.read()
    text = finished.stderr.decode("utf-8", "replace").strip()
    message = _PREFIX.sub("", text.split("\n")[-1]) or f"headrace preview ended with status {finished.returncode}"
    if folder in message:  # a file that the caller knows nothing of
        message = re.sub(re.escape(config) + r":\d+:\d+: |" + re.escape(config) + ": ", "", message)
    message = in_python(message)
    if "No such file or directory" in message:
        raise NotFoundError(message)
    if finished.returncode != 2:
        raise HeadraceError(message)
    error = ConfigError(message)
    describe(error, message)
    raise error


def _whole_epochs(tables: typing.Mapping[str, typing.Any], of_file: bool) -> typing.Dict[str, typing.Any]:
    """The tables without what they say of weights and epoch_samples, and over a file what it says of them."""
    made = {name: value for name, value in tables.items() if name not in [f"loader.{key}" for key in _EPOCH_KEYS]}
    loader = {name: value for name, value in made.get("loader", {}).items() if name not in _EPOCH_KEYS}
    if of_file:
        loader.update(_EPOCH_KEYS)
    return {**made, "loader": loader} if loader or "loader" in made else made


def preview(
    config: typing.Union[None, Config, typing.Any] = None,
    count: int = 16,
    *,
    original: bool = False,
    weights: typing.Any = None,
    sample_ids: typing.Any = None,
    **options: typing.Any,
) -> Preview:
    """Draws the first samples of epoch 0 as the model will see them, with their labels: after every op and mix, before
    mean and std. As ``headrace preview``, which draws it.

        headrace.preview("train.toml", 24)
        headrace.preview(dataset="data/train", augment=[ops.RandomResizedCrop(224), ops.RandAugment()])

    A mixed sample shows both labels with their weights, a substitute has an orange frame, one that is marked bad
    a red one; views of a sample stand side by side; objects are tinted, with their boxes. For a mix that wants a
    model a small one stands in that is trained on the spot.

    Args:
        config: as of Loader, or an open Loader or headrace.torch.DataLoader: what it was made of, with its
            `weights` or `sample_ids` (torch's Subset and samplers).
        count: pictures on the sheet, 1 to 1024.
        original: the source picture beside each.
        weights, sample_ids, options: as of Loader.

    Raises:
        ConfigError: a configuration that cannot be.
    """
    count = integer("count", count, _COUNT_MAX, least=1)
    options, lists = take_lists(options, weights, sample_ids)
    asked = getattr(config, "_asked", None)  # a Loader's
    if asked is not None:
        config, base, own = asked
        others = lists.weights is not None or lists.sample_ids is not None or "weights" in options
        path, tables = tables_of(config, base)
        if others:  # what made the loader's epoch is in place of them, and no more than they
            tables = _whole_epochs(tables, of_file=path is not None)
        else:
            lists = own
        more = _collect(options)
        tables = _merged(tables, more if path is None else _absolute(more))
    else:
        path, tables = tables_of(config, options)
    with tempfile.TemporaryDirectory(prefix="headrace-preview-") as folder:
        if path is not None:
            return Preview(_draw(os.fsdecode(path), _overrides(tables), lists, count, original, folder))
        tables = _absolute(tables)
        dotted = {name: value for name, value in tables.items() if "." in name}
        whole = {name: value for name, value in tables.items() if "." not in name}
        place = os.path.join(folder, "config.toml")
        with open(place, "w", encoding="utf-8") as file:
            file.write(_text(_absolute(whole)))
        return Preview(_draw(place, _overrides(dotted), lists, count, original, folder))
