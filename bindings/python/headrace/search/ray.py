"""Ray Tune as the search: headrace's space as Tune's, and an evaluation as a trainable.

    results = headrace.search.ray.run(evaluate, trials=64, space={"space": "sub_policy"}, resources={"cpu": 2})
    results.best().save("best.toml")

Tune spreads the trials over the nodes of its cluster; any of its search algorithms can be given. Wants ray
(``pip install "ray[tune]"``).
"""

import math
import typing

from ray import tune as _tune

from ._searcher import Gene, Policy, Result, Searcher, Space, Trial

METRIC = "score"


def param_space(genes: typing.Sequence[Gene]) -> typing.Dict[str, typing.Any]:
    """A space as Tune's: a choice for an op, a random integer for all else."""
    return {
        gene.key: _tune.choice(list(gene.names)) if gene.names is not None else _tune.randint(0, gene.values)
        for gene in genes
    }


def policy_of(space: Searcher, config: typing.Mapping[str, typing.Any]) -> Policy:
    """What Tune chose, as a policy."""
    return space.policy(
        [
            gene.names.index(config[gene.key]) if gene.names is not None else int(config[gene.key])
            for gene in space.genes
        ]
    )


def trainable(
    evaluate: typing.Callable[[Trial], float], space: Space = None, seed: int = 0
) -> typing.Callable[[typing.Mapping[str, typing.Any]], typing.Dict[str, float]]:
    """A function for tune.Tuner over param_space(Searcher(space).genes), with the metric "score" (more is better).
    `evaluate` gets a Trial, as of headrace.search.run; its id is 0."""

    def function(config: typing.Mapping[str, typing.Any]) -> typing.Dict[str, float]:
        policy = policy_of(Searcher(space, strategy="random"), config)
        trial = Trial(0, "search", 0, seed, policy.toml, policy.text, "", policy.genes, "out", math.nan, "")
        return {METRIC: float(evaluate(trial))}

    return function


class RayResults:
    """What tune.Tuner.fit gave (`grid`), as policies."""

    def __init__(self, grid: typing.Any, space: Searcher) -> None:
        self.grid = grid
        self.space = space

    def ranked(self) -> typing.List[Result]:
        """All that have a score, best first; equal policies count once."""
        found: typing.Dict[int, Result] = {}
        for number, result in enumerate(self.grid):
            score = (result.metrics or {}).get(METRIC)
            if result.error is not None or score is None or not math.isfinite(score):
                continue
            policy = policy_of(self.space, result.config)
            before = found.get(policy.hash)
            if before is None or score > before.score:
                found[policy.hash] = Result(
                    number, score, math.nan, math.nan, 0, 0, policy.toml, policy.text, ""
                )
        return sorted(found.values(), key=lambda one: (-one.score, one.id))

    def best(self) -> Result:
        """Raises ValueError when no trial has a score."""
        ranked = self.ranked()
        if not ranked:
            raise ValueError("no trial has a score; `grid` has their errors")
        return ranked[0]


def run(
    evaluate: typing.Callable[[Trial], float],
    trials: int = 100,
    *,
    space: Space = None,
    seed: int = 0,
    search_alg: typing.Any = None,
    resources: typing.Optional[typing.Mapping[str, float]] = None,
    **tune_config: typing.Any,
) -> RayResults:
    """Searches with Ray Tune.

    Args:
        evaluate: as of headrace.search.run; it is pickled and runs in Ray's workers. What it raises is a failed
            trial.
        trials: how many.
        space: as of Searcher.
        seed: of the evaluations.
        search_alg: one of Tune's; None: random.
        resources: of one trial, such as ``{"cpu": 2, "gpu": 1}``.
        tune_config: more of tune.TuneConfig: scheduler, max_concurrent_trials, time_budget_s, ...
    """
    searcher = Searcher(space, strategy="random", seed=seed)
    function: typing.Any = trainable(evaluate, space, seed % 2**31)
    if resources:
        function = _tune.with_resources(function, dict(resources))
    tuner = _tune.Tuner(
        function,
        param_space=param_space(searcher.genes),
        tune_config=_tune.TuneConfig(
            metric=METRIC, mode="max", num_samples=trials, search_alg=search_alg, **tune_config
        ),
    )
    return RayResults(tuner.fit(), searcher)
