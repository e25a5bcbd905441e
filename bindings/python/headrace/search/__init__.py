"""The search for an augmentation policy (AutoAugment's): headrace's own strategies, and adapters.

    found = headrace.search.run(evaluate, trials=200, strategy="ppo", rescore_top=5)
    found.best().save("best.toml")            # for ops.AutoAugment(policy="best.toml")

`headrace.search.optuna` lets Optuna search (TPE, and its storage as the state that processes share), and
`headrace.search.ray` lets Ray Tune; both over the same spaces, to the same policy files.
"""

import importlib
import typing

from ._run import run
from ._searcher import Gene, NotYetError, Policy, Progress, Result, Searcher, Trial


if typing.TYPE_CHECKING:  # by the function below any name would be one
    from . import optuna as optuna, ray as ray
else:

    def __getattr__(name: str) -> typing.Any:
        """The adapters, made at the first use, as each wants its own library."""
        if name in ("optuna", "ray"):
            return importlib.import_module(f".{name}", __name__)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = ["Gene", "NotYetError", "Policy", "Progress", "Result", "Searcher", "Trial", "run"]
