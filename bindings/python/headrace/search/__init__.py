"""The search for an augmentation policy (AutoAugment's): headrace's own strategies, and adapters.

    found = headrace.search.run(evaluate, trials=200, strategy="ppo", rescore_top=5)
    found.best().save("best.toml")            # for ops.AutoAugment(policy="best.toml")

`headrace.search.optuna` lets Optuna search (TPE, and its storage as the state that processes share), and
`headrace.search.ray` lets Ray Tune; both over the same spaces, to the same policy files.
"""

from ._run import run
from ._searcher import Gene, NotYetError, Policy, Progress, Result, Searcher, Trial

__all__ = ["Gene", "NotYetError", "Policy", "Progress", "Result", "Searcher", "Trial", "run"]
