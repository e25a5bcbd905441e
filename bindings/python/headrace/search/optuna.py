"""Optuna as the search: TPE, or any other sampler, over headrace's space, and a study as the state.

    found = headrace.search.optuna.run(evaluate, trials=200, space={"space": "sub_policy"},
                                       storage="sqlite:///search.db", study_name="cifar")

Processes that name the same storage and study share the work: each asks and tells by itself. Wants optuna
(``pip install optuna``).
"""

import json
import math
import typing

import optuna as _optuna

from .._errors import ConfigError
from ._searcher import Gene, Policy, Searcher, Space, Trial

_SPACE = "headrace_space"


def distributions(genes: typing.Sequence[Gene]) -> typing.Dict[str, typing.Any]:
    """A space as Optuna's distributions: a choice for an op, an ordered integer for all else."""
    return {
        gene.key: _optuna.distributions.CategoricalDistribution(tuple(gene.names))
        if gene.names is not None
        else _optuna.distributions.IntDistribution(0, gene.values - 1)
        for gene in genes
    }


def genes_of(genes: typing.Sequence[Gene], params: typing.Mapping[str, typing.Any]) -> typing.List[int]:
    """What Optuna chose, as the numbers of a policy."""
    return [
        gene.names.index(params[gene.key]) if gene.names is not None else int(params[gene.key]) for gene in genes
    ]


class OptunaSearcher:
    """Ask and tell over an Optuna study.

    Args:
        space: as of Searcher.
        study: an Optuna study that maximises; or None: one is made of the following.
        storage, study_name: as of optuna.create_study; one that is there already is gone on with.
        sampler: an Optuna sampler; None: TPE with `seed` (multivariate, for ops and their magnitudes go together).
        seed: of the sampler, and of the trials' evaluations.

    Raises:
        ConfigError: the study minimises, or is of another space; the text says which.
    """

    def __init__(
        self,
        space: Space = None,
        *,
        study: typing.Any = None,
        storage: typing.Any = None,
        study_name: typing.Optional[str] = None,
        sampler: typing.Any = None,
        seed: int = 0,
    ) -> None:
        self.space = Searcher(space, strategy="random", seed=seed)
        self._genes = self.space.genes
        self._distributions = distributions(self._genes)
        self._seed = seed
        if study is None:
            if sampler is None:
                sampler = _optuna.samplers.TPESampler(seed=seed % 2**32)
            study = _optuna.create_study(
                storage=storage, study_name=study_name, sampler=sampler, direction="maximize", load_if_exists=True
            )
        if study.direction != _optuna.study.StudyDirection.MAXIMIZE:
            raise ConfigError("study: it minimises; scores are better when they are more: direction=\"maximize\"")
        self.study = study
        own = json.dumps([gene._asdict() for gene in self._genes])
        saved = study.user_attrs.get(_SPACE)
        if saved is not None and saved != own:
            raise ConfigError(
                f"study: {study.study_name!r} is of another space, of {len(json.loads(saved))} numbers against "
                f"{len(self._genes)} here; take another study_name, or the space that began it"
            )
        if saved is None:
            study.set_user_attr(_SPACE, own)

    def ask(self) -> Trial:
        """The next trial. There is no end; Optuna's own bookkeeping is ``trial.id`` in the study."""
        asked = self.study.ask(self._distributions)
        policy = self.space.policy(genes_of(self._genes, asked.params))
        asked.set_user_attr("policy", policy.text)
        return self._trial(asked.number, policy)

    def _trial(self, number: int, policy: Policy) -> Trial:
        return Trial(
            id=number,
            kind="search",
            of=number,
            seed=self._seed % 2**31,
            policy=policy.toml,
            text=policy.text,
            name="",
            genes=policy.genes,
            state="out",
            score=math.nan,
            failed="",
        )

    def tell(
        self,
        trial: typing.Union[Trial, int],
        score: typing.Optional[float] = None,
        *,
        failed: typing.Optional[str] = None,
    ) -> None:
        """As Searcher.tell."""
        number = trial.id if isinstance(trial, Trial) else trial
        if failed is None and score is not None and math.isfinite(score):
            self.study.tell(number, float(score))
        else:
            self.study.tell(number, state=_optuna.trial.TrialState.FAIL)

    def best(self, count: int = 1) -> typing.List[typing.Tuple[float, Policy]]:
        """The best `count` policies with their scores, best first; equal policies count once."""
        done = self.study.get_trials(deepcopy=False, states=[_optuna.trial.TrialState.COMPLETE])
        found: typing.Dict[int, typing.Tuple[float, Policy]] = {}
        for trial in sorted(done, key=lambda one: (-one.value, one.number)):
            policy = self.space.policy(genes_of(self._genes, trial.params))
            found.setdefault(policy.hash, (trial.value, policy))
            if len(found) == count:
                break
        return list(found.values())


def run(
    evaluate: typing.Callable[[Trial], float], trials: int = 100, **options: typing.Any
) -> OptunaSearcher:
    """Searches with Optuna; `trials` are those of this process.

    Args:
        evaluate: as of headrace.search.run: what it raises makes a failed trial.
        options: of OptunaSearcher.

    Returns:
        The OptunaSearcher; ``best()[0]`` is (score, policy).
    """
    searcher = OptunaSearcher(**options)
    for _ in range(trials):
        trial = searcher.ask()
        try:
            score = float(evaluate(trial))
        except Exception as error:
            searcher.tell(trial, failed=f"{type(error).__name__}: {error}")
        else:
            searcher.tell(trial, score)
    return searcher
