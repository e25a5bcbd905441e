"""What may be a callback of a loader."""

import sys
import typing

from ._errors import ConfigError

_FACTORIES = {"model": "ace_model", "saliency": "saliency_model"}


def check_callback(name: str, function: typing.Any) -> None:
    """Raises ConfigError for what cannot be called as the callback `name`, "model" or "saliency".

    A network is none: it takes a batch of tensors and knows nothing of losses and their gradients."""
    network = getattr(sys.modules.get("torch.nn"), "Module", None)
    if network is not None and isinstance(function, network):
        factory = f"headrace.torch.{_FACTORIES[name]}"
        wrong = f"found a torch.nn.Module ({type(function).__name__}), which gives no "
        wrong += "loss and gradient" if name == "model" else "saliency maps"
        error = ConfigError(f"{name}: {wrong}; use {name}={factory}(module)")
        error.suggestion = factory
    elif not callable(function):
        error = ConfigError(f"{name}: found {type(function).__name__}; allowed: a function")
    else:
        return
    error.key = name
    raise error
