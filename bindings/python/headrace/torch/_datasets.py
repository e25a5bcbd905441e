"""What torch's DataLoader is given, as headrace's [dataset] and a choice of its samples.

Datasets and samplers are looked at, never run: headrace reads the files itself, in its own threads. What
would need Python for each sample is refused, with what to do instead.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any, Dict, List, Optional

import headrace
from headrace._config import dataset_table

_READ_BY_HEADRACE = (".jpg", ".jpeg", ".jpe", ".png", ".webp")


@dataclass
class Source:
    """Where samples come from.

    Attributes:
        config: a configuration file; then `dataset` is None.
        dataset: the [dataset] table.
        folder: the ImageFolder, when that is what was given.
        indices: of torch.utils.data.Subset, in the order of the folder's samples; None: all.
    """

    config: Optional[str] = None
    dataset: Optional[Dict[str, Any]] = None
    folder: Any = None
    indices: Optional[List[int]] = None
    transform: Any = None

    def sample_ids(self, indices: List[int]) -> List[int]:
        """headrace's ids of these samples of the folder: ranks of the paths in byte order."""
        ids = _ids_of(self.folder)
        return [ids[i] for i in indices]


@dataclass
class Choice:
    """What a sampler asks for, in headrace's words; None: nothing is said."""

    shuffle: Optional[bool] = None
    seed: Optional[int] = None
    indices: Optional[List[int]] = None
    weights: Optional[List[float]] = None
    epoch_samples: Optional[int] = None
    rank: Optional[int] = None
    world_size: Optional[int] = None
    drop_last: Optional[bool] = None
    length: Optional[int] = None  # of what the sampler was made of
    distributed: Any = field(default=None, repr=False)  # the sampler, whose epoch is followed


def _is_a(thing: Any, module: str, name: str) -> bool:
    """Whether a class of that module and name is among its bases; needs no import of torchvision."""
    return any(c.__name__ == name and (c.__module__ + ".").startswith(module + ".")
               for c in type(thing).__mro__)


# --------------------------------------------------------------------------------------- datasets


def source_of(dataset: Any) -> Source:
    """Raises TypeError for what headrace cannot read by itself."""
    if isinstance(dataset, (str, os.PathLike)):
        path = os.fsdecode(dataset)
        return Source(config=path) if path.endswith(".toml") else Source(dataset=dataset_table(path))
    if isinstance(dataset, dict) or _is_list_of_paths(dataset):
        return Source(dataset=dataset_table(dataset))
    if _is_a(dataset, "torch.utils.data", "Subset"):
        inner = source_of(dataset.dataset)
        if inner.folder is None:
            raise TypeError("a Subset of an ImageFolder is what can be taken; of other data use [dataset] "
                            "include or split (docs/manifest.md)")
        indices = [int(i) for i in dataset.indices]
        chosen = indices if inner.indices is None else [inner.indices[i] for i in indices]
        return Source(dataset=inner.dataset, folder=inner.folder, indices=chosen,
                      transform=inner.transform)
    if _is_a(dataset, "torchvision.datasets", "DatasetFolder"):
        return _source_of_folder(dataset)
    raise TypeError(
        f"{type(dataset).__name__}: headrace reads the files itself and runs no Python for a sample; give "
        "the path of a folder or of shards, a torchvision ImageFolder, a Subset of one, a [dataset] table or a "
        ".toml file. "
        "Other data: list paths and labels in a manifest (docs/manifest.md), or keep torch's DataLoader")


def _is_list_of_paths(dataset: Any) -> bool:
    return isinstance(dataset, (list, tuple)) and len(dataset) > 0 and all(
        isinstance(entry, (str, os.PathLike)) for entry in dataset)


def _source_of_folder(dataset: Any) -> Source:
    loader = getattr(dataset.loader, "__name__", "")
    if loader not in ("default_loader", "pil_loader"):
        raise TypeError(f"ImageFolder(loader={loader or dataset.loader!r}): a loader of yours cannot run in "
                        "headrace's threads; leave it out, headrace decodes JPEG, PNG and WebP")
    if dataset.target_transform is not None:
        raise TypeError("ImageFolder(target_transform=...): a function of yours cannot run in headrace's "
                        "threads; change labels in the batch, or order them with [dataset] classes")
    if not os.path.isabs(dataset.root) and dataset.samples and not os.path.exists(dataset.samples[0][0]):
        raise headrace.NotFoundError(
            f"ImageFolder({str(dataset.root)!r}): {dataset.samples[0][0]} is not below {os.getcwd()}; was it made in "
            "another working folder? Give it an absolute path")
    for path, _ in dataset.samples:
        if not path.lower().endswith(_READ_BY_HEADRACE) and "." in os.path.basename(path):
            raise TypeError(f"{path}: headrace reads JPEG, PNG and WebP; convert the file, or keep torch's "
                            "DataLoader")
    return Source(dataset={"path": os.path.abspath(dataset.root), "classes": _class_folders(dataset)},
                  folder=dataset, transform=dataset.transform)


def _class_folders(dataset: Any) -> List[str]:
    """Names of the folders, in the order of the labels. `classes` may hold other names (ImageNet)."""
    names: Dict[int, str] = {}
    for path, label in dataset.samples:
        if label not in names:
            names[label] = _below(path, dataset).split(os.sep)[0]
    for label, name in enumerate(dataset.classes):
        names.setdefault(label, name)
    return [names[label] for label in sorted(names)]


def _below(path: str, dataset: Any) -> str:
    """`path` as it is below the folder; quick, for there may be millions."""
    root = os.path.join(dataset.root, "")
    return path[len(root):] if path.startswith(root) else os.path.relpath(path, dataset.root)


def _ids_of(dataset: Any) -> List[int]:
    """headrace's id of each sample of an ImageFolder."""
    paths = [os.fsencode(_below(path, dataset)) for path, _ in dataset.samples]
    order = sorted(range(len(paths)), key=paths.__getitem__)
    ids = [0] * len(paths)
    for rank, index in enumerate(order):
        ids[index] = rank
    return ids


def check_folder(source: Source, loader: Any) -> None:
    """That the loader found the files which the ImageFolder has. Raises ValueError."""
    if source.folder is None or loader.samples == len(source.folder.samples):
        return
    known = {_below(path, source.folder) for path, _ in source.folder.samples}
    for sample_id in range(loader.samples):
        path = loader.sample_path(sample_id)
        if path not in known:
            raise ValueError(f"{source.folder.root}: headrace takes {path} for a picture, and the ImageFolder "
                             "does not have it; remove it, or list the files in a manifest (docs/manifest.md)")
    raise ValueError(f"{source.folder.root}: the ImageFolder has {len(known)} files, and headrace finds "
                     f"{loader.samples}; was it made before the folder changed?")


# --------------------------------------------------------------------------------------- samplers


def choice_of(sampler: Any) -> Choice:
    """What a sampler of torch.utils.data means. Raises TypeError for one of the user's own."""
    if sampler is None:
        return Choice()

    def kind(name: str) -> bool:
        return type(sampler).__name__ == name and type(sampler).__module__.startswith("torch.utils.data")

    if kind("SequentialSampler"):
        return Choice(shuffle=False, length=len(sampler.data_source))
    if kind("RandomSampler"):
        if sampler.replacement:
            raise TypeError("RandomSampler(replacement=True): use WeightedRandomSampler with equal weights")
        if sampler.num_samples != len(sampler.data_source):
            raise TypeError("RandomSampler(num_samples=...): an epoch is the whole set; leave the loop early")
        return Choice(shuffle=True, seed=seed_of(sampler.generator), length=len(sampler.data_source))
    if kind("SubsetRandomSampler"):
        return Choice(shuffle=True, indices=[int(i) for i in sampler.indices],
                      seed=seed_of(sampler.generator))
    if kind("WeightedRandomSampler"):
        if not sampler.replacement:
            raise TypeError("WeightedRandomSampler(replacement=False): headrace draws with replacement")
        return Choice(weights=[float(w) for w in sampler.weights], epoch_samples=int(sampler.num_samples),
                      seed=seed_of(sampler.generator))
    if kind("DistributedSampler"):
        return Choice(shuffle=sampler.shuffle, seed=sampler.seed, rank=sampler.rank,
                      world_size=sampler.num_replicas, drop_last=sampler.drop_last, length=len(sampler.dataset),
                      distributed=sampler)
    if isinstance(sampler, (list, tuple, range)):
        return Choice(shuffle=False, indices=[int(i) for i in sampler])
    raise TypeError(f"sampler {type(sampler).__name__}: headrace takes torch's SequentialSampler, RandomSampler, "
                    "SubsetRandomSampler, WeightedRandomSampler and DistributedSampler, and lists of indices")


def check_length(source: Source, choice: Choice, loader: Any) -> None:
    """That a sampler was made of as many samples as there are: torch would take the first of them."""
    known = loader.samples if source.indices is None else len(source.indices)
    if choice.length is not None and choice.length != known:
        raise ValueError(f"sampler: it was made of {choice.length} samples, and the data set has {known}; make it of "
                         "this data set, or give a Subset of it")


def seed_of(generator: Any) -> Optional[int]:
    """The seed of a torch.Generator, cut to what [loader] seed takes."""
    return None if generator is None else int(generator.initial_seed()) & (2**63 - 1)
