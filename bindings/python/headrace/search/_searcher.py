"""The search for an augmentation policy, by ask and tell."""

import math
import os
import typing

from .. import _core, _toml
from .._errors import ConfigError, HeadraceError, InvalidArgumentError, integer, reworded
from .._transform import overrides as _overrides

STRATEGIES = ("random", "evolution", "reinforce", "ppo")
KINDS = ("search", "rescore", "baseline")
STATES = ("out", "scored", "failed")
GENES = ("op", "probability", "magnitude", "num_ops")

Space = typing.Union[None, str, "os.PathLike[str]", typing.Mapping[str, typing.Any]]


class NotYetError(HeadraceError, TimeoutError):
    """ask() has no trial before another one is told; the text says which."""


class Trial(typing.NamedTuple):
    """A policy to try, or one that was tried.

    Attributes:
        id: from 0, in the order of asking.
        kind: "search"; "rescore": an earlier policy on a fresh seed; "baseline": one to compare with.
        of: id of the trial that is scored again, or number of the baseline; else `id`.
        seed: for the evaluation: the same for all policies that are compared with each other.
        policy: TOML of a policy file; `save` writes it for auto_augment.
        text: the same in one line.
        name: of a baseline: "none", "rand_augment", "trivial_augment_wide", "random"; else "".
        genes: the numbers it is made of; None for what is not in the space.
        state: "out", "scored", "failed".
        score: of one that was scored; else NaN.
        failed: why it failed; else "".
    """

    id: int
    kind: str
    of: int
    seed: int
    policy: str
    text: str
    name: str
    genes: typing.Optional[typing.List[int]]
    state: str
    score: float
    failed: str

    def save(self, path: typing.Union[str, "os.PathLike[str]"]) -> str:
        """Writes the policy file; its path, for ``ops.AutoAugment(policy=...)``."""
        return save_policy(self.policy, path)


class Result(typing.NamedTuple):
    """A policy with what is known about it.

    Attributes:
        id: of its first, best trial; number of a baseline.
        score: of that trial; NaN for baselines.
        mean, standard_error: of its scores on fresh seeds; NaN with none (or fewer than two).
        rescores, rescores_failed: scores on fresh seeds, and how many of them failed.
        policy, text, name: as of a Trial.
    """

    id: int
    score: float
    mean: float
    standard_error: float
    rescores: int
    rescores_failed: int
    policy: str
    text: str
    name: str

    def save(self, path: typing.Union[str, "os.PathLike[str]"]) -> str:
        """Writes the policy file; its path, for ``ops.AutoAugment(policy=...)``."""
        return save_policy(self.policy, path)


class Progress(typing.NamedTuple):
    """How far a search has come.

    Attributes:
        kind: what the next ask is about: "search", "rescore", "baseline".
        trials: that there will be in all; 0: no end.
        asked, out, scored, failed: trials.
        search_trials, search_failed: of the search proper, that were told.
        best_id, best_score: of the search proper; NaN: no score yet.
    """

    kind: str
    trials: int
    asked: int
    out: int
    scored: int
    failed: int
    search_trials: int
    search_failed: int
    best_id: int
    best_score: float


class Policy(typing.NamedTuple):
    """A policy in its forms: numbers (None: not in the space), TOML of a policy file, one line, and a hash that
    is equal for policies that do the same."""

    genes: typing.Optional[typing.List[int]]
    toml: str
    text: str
    hash: int


class Gene(typing.NamedTuple):
    """One of the numbers that a policy of a space is made of.

    Attributes:
        kind: "op": a choice of `names`; "probability": value / (values - 1); "magnitude"; "num_ops": value + 1.
        values: it is 0 to values - 1.
        sub_policy, place: of the op it belongs to.
        names: of an op: what each value stands for; else None.
    """

    kind: str
    values: int
    sub_policy: int
    place: int
    names: typing.Optional[typing.List[str]]

    @property
    def key(self) -> str:
        """A name for it that is its own in the space: "sub0_op1_magnitude"."""
        return self.kind if self.kind == "num_ops" else f"sub{self.sub_policy}_op{self.place}_{self.kind}"


def save_policy(toml: str, path: typing.Union[str, "os.PathLike[str]"]) -> str:
    """Writes a policy file, whole or not at all."""
    target = os.fspath(path)
    write_whole(target, toml)
    # A bare name would be taken for one of the known policies.
    return target if "/" in target or "." in target else os.path.join(".", target)


def write_whole(path: str, text: str) -> None:
    """Writes a file to a temporary name, then renames it."""
    temporary = f"{path}.{os.getpid()}.tmp"
    try:
        with open(temporary, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        if os.path.exists(temporary):
            os.unlink(temporary)
        raise


class Searcher:
    """Chooses policies to try, from the scores of those that were tried.

        searcher = headrace.search.Searcher({"space": "sub_policy"}, strategy="evolution", trials=100)
        while (trial := searcher.ask()) is not None:
            searcher.tell(trial, train_and_score(trial.save("policy.toml"), trial.seed))
        searcher.best().save("best.toml")

    The policies depend on space, strategy, seed and `parallel` alone, whatever order trials come back in. One
    thread at a time; it has no threads of its own. `run` does the loop above, and more.

    Args:
        space: the path of a configuration with a [search] table, such a table as a dict, or None: AutoAugment's.
        strategy: "random", "evolution" (regularised), "reinforce", "ppo" (the paper's).
        seed: 0 to 2^63 - 1.
        parallel: trials that may be out at once, 1 to 1024.
        trials: of the search proper, up to 1000000; None: no end.
        rescore_top: the best so many policies are then scored again, each on `rescore_seeds` fresh seeds.
        baselines: after that nothing, RandAugment, TrivialAugmentWide and a random policy, on the same seeds.

    Raises:
        ConfigError: a space that cannot be.
        InvalidArgumentError: a number that cannot be.
    """

    def __init__(
        self,
        space: Space = None,
        *,
        strategy: str = "evolution",
        seed: int = 0,
        parallel: int = 1,
        trials: typing.Optional[int] = None,
        rescore_top: int = 0,
        rescore_seeds: int = 3,
        baselines: bool = False,
    ) -> None:
        if strategy not in STRATEGIES:
            raise InvalidArgumentError(f"strategy: found {strategy!r}; allowed: {', '.join(STRATEGIES)}")
        path: typing.Optional[str] = None
        entries: typing.List[str] = []
        if isinstance(space, typing.Mapping):
            entries = _overrides(search=space)
        elif space is not None:
            try:
                path = os.fsdecode(space)
            except TypeError:
                raise _toml.refuse(
                    "space", f"found {type(space).__name__}; allowed: the path of a TOML file, a dict, or None"
                ) from None
        self._core = _core.Search(
            path,
            path is not None,
            entries,
            STRATEGIES.index(strategy),
            integer("seed", seed, 2**63 - 1),
            integer("parallel", parallel, 1024, least=1),
            0 if trials is None else integer("trials", trials, 1000000, least=1),
            integer("rescore_top", rescore_top, 1000000),
            integer("rescore_seeds", rescore_seeds, 64, least=1),
            bool(baselines),
        )
        self.parallel = parallel

    @property
    def genes(self) -> typing.List[Gene]:
        """What a policy of the space is made of, in order: for other searches than ours."""
        return [Gene(**{**gene, "kind": GENES[gene["kind"]]}) for gene in self._core.genes()]

    def ask(self) -> typing.Optional[Trial]:
        """The next trial; None: all are out or done. After `load` first those that were out.

        Raises:
            NotYetError: `parallel` trials are out; the text says which one has to be told.
        """
        trial: typing.Any = self._core.ask()
        if trial is None:
            return None
        if isinstance(trial, str):
            raise NotYetError(trial)
        return _trial(trial)

    def tell(
        self,
        trial: typing.Union[Trial, int],
        score: typing.Optional[float] = None,
        *,
        failed: typing.Optional[str] = None,
    ) -> None:
        """What became of a trial, once, in any order: its score (more is better), or why there is none. A score
        that is NaN or infinite is a failure."""
        number = trial.id if isinstance(trial, Trial) else trial
        if (score is None) == (failed is None):
            raise InvalidArgumentError("tell takes a score, or failed= with the reason why there is none")
        self._core.tell(number, math.nan if score is None else float(score), failed)

    def trial(self, number: int) -> Trial:
        """A trial that was asked."""
        return _trial(self._core.trial(number))

    def best(self, rank: int = 0) -> Result:
        """The policy of that rank, 0 is the best: those that were scored again before all others.

        Raises:
            InvalidArgumentError: not so many policies have a score.
        """
        try:
            return Result(**self._core.best(rank))
        except InvalidArgumentError as error:
            raise reworded(error, f"{error}{self._last_failure()}") from None

    def _last_failure(self) -> str:
        """Why trials failed, where all did: mostly a mistake in the evaluation."""
        counts = self._core.progress()
        failed = (trial for trial in map(self.trial, range(counts["asked"] - 1, -1, -1)) if trial.state == "failed")
        last = None if counts["scored"] else next(failed, None)
        return "" if last is None else f"; {counts['failed']} trials failed, the last one, {last.id}, by: {last.failed:.200}"

    def baseline(self, index: int) -> Result:
        """0: nothing is changed; 1: RandAugment; 2: TrivialAugmentWide; 3: a random policy of the space."""
        return Result(**self._core.baseline(index))

    def concat(self, count: int = 5) -> str:
        """The best `count` policies as one (the paper's last step): TOML of a policy file."""
        return self._core.concat(count)

    @property
    def progress(self) -> Progress:
        counts = self._core.progress()
        return Progress(**{**counts, "kind": KINDS[counts["kind"]]})

    def policy(self, of: typing.Union[str, typing.Sequence[int]]) -> Policy:
        """A policy of genes, of the text of a policy file, or of a line that begins with "hraa1/"."""
        if isinstance(of, str):
            return Policy(**self._core.policy_of_text(of))
        return Policy(**self._core.policy_of_genes([integer("genes", gene, 2**32 - 1) for gene in of]))

    def save(self, path: typing.Union[None, str, "os.PathLike[str]"] = None) -> str:
        """All that was told, as JSON; written to `path`, whole or not at all, if there is one."""
        state = self._core.save()
        if path is not None:
            write_whole(os.fspath(path), state)
        return state

    def load(self, state: typing.Union[str, "os.PathLike[str]"]) -> None:
        """Goes on where a state was saved: JSON, or the path of a file with it. Before the first ask.

        Raises:
            ConfigError: of another space, strategy, seed or `parallel`; the text has both.
        """
        if isinstance(state, str) and state.lstrip().startswith("{"):
            text = state
        else:
            with open(state, encoding="utf-8") as file:
                text = file.read()
        self._core.load(text)


def _trial(trial: typing.Mapping[str, typing.Any]) -> Trial:
    return Trial(**{**trial, "kind": KINDS[trial["kind"]], "state": STATES[trial["state"]]})


__all__ = ["ConfigError", "Gene", "NotYetError", "Policy", "Progress", "Result", "Searcher", "Trial"]
