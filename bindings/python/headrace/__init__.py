"""headrace: image files to training batches."""

import importlib
import typing

from . import _core
from ._batch import Batch, BFloat16Array, Mix, Targets
from ._config import to_toml
from ._errors import (
    AccessError,
    CallbackError,
    ClosedError,
    ConfigError,
    CorruptBudgetError,
    EmptyDatasetError,
    ForkedError,
    HeadraceError,
    InternalError,
    InvalidArgumentError,
    LimitError,
    NoBufferError,
    NotFoundError,
    NotInThisVersionError,
    OutOfMemoryError,
    ReadError,
    ReenteredError,
    SampleError,
    StoppedError,
    SystemFailure,
)
from ._loader import Loader
from ._stats import Memory, Stats
from ._preview import preview
from ._transform import Transform
from . import ops, search

__version__ = _core.version()


if typing.TYPE_CHECKING:  # by the function below any name would be one
    from . import torch as torch
else:

    def __getattr__(name: str) -> typing.Any:
        """headrace.torch, without an import of its own: it is made at the first use, as it wants PyTorch."""
        if name == "torch":
            return importlib.import_module(".torch", __name__)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "AccessError",
    "BFloat16Array",
    "Batch",
    "CallbackError",
    "ClosedError",
    "ConfigError",
    "CorruptBudgetError",
    "EmptyDatasetError",
    "ForkedError",
    "HeadraceError",
    "InternalError",
    "InvalidArgumentError",
    "LimitError",
    "Loader",
    "Memory",
    "Mix",
    "NoBufferError",
    "NotFoundError",
    "NotInThisVersionError",
    "OutOfMemoryError",
    "ReadError",
    "ReenteredError",
    "SampleError",
    "Stats",
    "StoppedError",
    "SystemFailure",
    "Targets",
    "Transform",
    "ops",
    "preview",
    "search",
    "to_toml",
]
