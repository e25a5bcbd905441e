"""What DataLoader was given, as keyword arguments of headrace.Loader."""

from __future__ import annotations

from typing import Any, Dict, Mapping, Optional, Sequence, Tuple

import torch

import headrace
from headrace._config import is_known, unknown

from ._datasets import Choice, Source
from ._pipeline import Pipeline, from_torchvision


def process_group() -> Tuple[Optional[int], Optional[int]]:
    """torch.distributed's word, when it has one; else headrace looks at the environment."""
    distributed = torch.distributed
    if distributed.is_available() and distributed.is_initialized():
        return distributed.get_rank(), distributed.get_world_size()
    return None, None


def pipeline_of(source: Source, transform: Any, mix: Any, config: Dict[str, Any]) -> Pipeline:
    """By `transform`, or by the ImageFolder's own."""
    transform = source.transform if transform is None else transform
    if transform is not None and config.get("augment") is not None:
        raise TypeError("transform and augment are two ways to say the same: give one")
    if isinstance(transform, Pipeline):
        if mix is None:
            return transform
        mixed = from_torchvision(None, mix=mix)
        return Pipeline(transform.augment, transform.output, transform.decode, mixed.mix,
                        mixed.num_classes, transform.notes)
    return from_torchvision(transform, mix=mix)


# Arguments of headrace.Loader's that go to it as they are.
_LOADERS = ("log", "sample_ids")


def check_names(config: Dict[str, Any], arguments: Sequence[str]) -> None:
    """Raises ConfigError for a keyword that is neither of `arguments`, nor the Loader's, nor of the configuration."""
    for name, value in config.items():
        if value is not None and name not in _LOADERS and not is_known(name):
            raise unknown(name, [*arguments, *_LOADERS])


# What has an argument of torch's, and what that is called.
_TORCHS = {"batch_size": "batch_size", "shuffle": "shuffle or sampler", "workers": "num_workers",
           "prefetch_batches": "prefetch_factor", "seed": "seed or generator", "tail": "drop_last"}


def said(config: Dict[str, Any]) -> Dict[str, Any]:
    """Keys of [loader] in the words that headrace.Loader takes: in the table, without it, or dotted."""
    table = config.get("loader")
    words = dict(table) if isinstance(table, Mapping) else {}
    for name, value in config.items():
        place, _, key = name.replace("__", ".").partition(".")
        words[key if place == "loader" and key else name] = value
    return {name: value for name, value in words.items() if value is not None}


def check_said_once(words: Dict[str, Any], arguments: Dict[str, bool]) -> None:
    for name, given in arguments.items():
        if given and name in words:
            raise TypeError(f"{_TORCHS[name]} and [loader] {name} are two ways to say the same: give one")


def loader_options(source: Source, choice: Choice, pipeline: Pipeline, config: Dict[str, Any],
                   words: Dict[str, Any]) -> Dict[str, Any]:
    """Keyword arguments of headrace.Loader."""
    options: Dict[str, Any] = dict(pipeline)
    if source.config is not None and not pipeline.augment:
        # The file says how pictures are decoded.
        options.pop("decode", None)
    for name, value in config.items():
        both = isinstance(value, dict) and isinstance(options.get(name), dict)
        options[name] = {**options[name], **value} if both else value
    if source.dataset is not None:
        options["dataset"] = source.dataset
    if "shuffle" not in words and (choice.shuffle is not None or source.config is None):
        # Weights are drawn by, whoever gives them; shuffle=False beside them is an error of headrace's.
        weights = words.get("weights", "none")
        asked = not (isinstance(weights, str) and weights == "none")
        drawn = choice.weights or (choice.shuffle is None and asked)
        options["shuffle"] = "full" if choice.shuffle or drawn else "none"
    if choice.seed is not None and "seed" not in words:
        options["seed"] = choice.seed
    if config.get("sample_ids") is not None:
        if not (source.indices is None and choice.indices is None and choice.weights is None):
            raise TypeError("sample_ids, and a Subset or a sampler, are two ways to say the same: give one")
        return options
    ordered = options.get("shuffle", words.get("shuffle")) == "none"
    options.update(_chosen(source, choice, ordered))
    return options


def _chosen(source: Source, choice: Choice, ordered: bool) -> Dict[str, Any]:
    """Which samples an epoch is made of: a Subset, and what a sampler makes of it."""
    indices, weights = source.indices, choice.weights
    if weights is not None and (indices is not None or source.folder is not None):
        # By index of the set that was given; headrace wants them by id, those of others being 0.
        folder = len(source.folder.samples)
        indices = list(range(folder)) if indices is None else indices
        if len(weights) != len(indices):
            raise ValueError(f"WeightedRandomSampler has {len(weights)} weights for {len(indices)} samples")
        by_id = [0.0] * folder
        for sample_id, weight in zip(source.sample_ids(indices), weights):
            by_id[sample_id] += weight
        weights = by_id
    if weights is not None:
        return {"weights": weights, "epoch_samples": choice.epoch_samples}
    if choice.indices is not None:
        indices = choice.indices if indices is None else [indices[i] for i in choice.indices]
    if indices is None and source.folder is not None and ordered:
        # Nearly always the order of the paths; not where a class has folders within.
        ids = source.sample_ids(list(range(len(source.folder.samples))))
        return {} if ids == sorted(ids) else {"sample_ids": ids}
    if indices is None:
        return {}
    ids = indices if source.folder is None else source.sample_ids(indices)
    return {"sample_ids": ids}


def check_classes(pipeline: Pipeline, loader: headrace.Loader) -> None:
    wanted, found = pipeline.num_classes, len(loader.classes)
    if wanted is not None and wanted != found:
        raise headrace.ConfigError(f"MixUp or CutMix: num_classes={wanted}, and the data set has {found} classes")
