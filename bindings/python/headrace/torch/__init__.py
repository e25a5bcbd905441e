"""headrace for PyTorch: a DataLoader, torchvision's transforms, networks as callbacks.

Needs torch (1.10 or newer); torchvision's transforms are taken by their attributes, and torchvision
itself is not imported.
"""

from ._batches import TorchBatch
from ._data_loader import DataLoader
from ._models import AceModel, SaliencyModel, ace_model, cross_entropy, saliency_model
from ._pipeline import Pipeline, from_torchvision
from ._place import UnsupportedTransformError

__all__ = [
    "AceModel",
    "DataLoader",
    "Pipeline",
    "SaliencyModel",
    "TorchBatch",
    "UnsupportedTransformError",
    "ace_model",
    "cross_entropy",
    "from_torchvision",
    "saliency_model",
]
