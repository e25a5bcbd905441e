"""The loop around a Searcher."""

import concurrent.futures
import os
import typing

from ._searcher import NotYetError, Searcher, Trial

Evaluate = typing.Callable[[Trial], float]


def _outcome(future: "concurrent.futures.Future[float]") -> typing.Tuple[typing.Optional[float], typing.Optional[str]]:
    """(score, None), or (None, why there is none)."""
    error = future.exception()
    if error is None:
        try:
            return float(future.result()), None
        except (TypeError, ValueError):
            return None, f"the evaluation gave {future.result()!r:.100}, which is no number"
    if not isinstance(error, Exception):
        raise error
    return None, f"{type(error).__name__}: {error}"


class _Inline(concurrent.futures.Executor):
    """Runs a call at once, on the caller's thread."""

    def submit(self, fn, /, *args, **kwargs):  # type: ignore[no-untyped-def]
        future: "concurrent.futures.Future[typing.Any]" = concurrent.futures.Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


def run(
    evaluate: Evaluate,
    trials: int = 100,
    *,
    state: typing.Union[None, str, "os.PathLike[str]"] = None,
    executor: typing.Optional[concurrent.futures.Executor] = None,
    on_trial: typing.Optional[typing.Callable[[Searcher, Trial], None]] = None,
    **options: typing.Any,
) -> Searcher:
    """Searches for a policy.

        found = headrace.search.run(evaluate, trials=200, space={"space": "sub_policy"}, strategy="ppo",
                                    rescore_top=5, baselines=True, state="search.json")
        found.best().save("best.toml")

    Args:
        evaluate: evaluate(trial) -> score: trains with `trial.policy` (``trial.save(path)``, then
            ``ops.AutoAugment(policy=path)``) and `trial.seed`, and scores on held-out images; more is better. What it
            raises, NaN and infinity make a failed trial.
        trials: of the search proper.
        state: a file that has all that was told, written after each trial. If it is there, the search goes on.
        executor: where evaluations run; must allow options["parallel"] of them. By default the caller's
            thread, or with parallel > 1 so many threads (evaluations that hold the GIL want processes:
            ``concurrent.futures.ProcessPoolExecutor``, with a function that can be pickled).
        on_trial: on_trial(searcher, trial) after each.
        options: of Searcher: space, strategy, seed, parallel, rescore_top, rescore_seeds, baselines.

    Returns:
        The Searcher, with all trials done.

    Raises:
        ConfigError, InvalidArgumentError: as Searcher; a state of another search.
        KeyboardInterrupt: with `state`, nothing that was told is lost.
    """
    searcher = Searcher(trials=trials, **options)
    if state is not None and os.path.exists(state):
        searcher.load(os.fspath(state) if not isinstance(state, str) else _as_path(state))
    own = None
    if executor is None:
        own = _Inline() if searcher.parallel == 1 else concurrent.futures.ThreadPoolExecutor(searcher.parallel)
        executor = own
    pending: typing.Dict["concurrent.futures.Future[float]", Trial] = {}
    try:
        while True:
            trial = None
            waiting = False
            if len(pending) < searcher.parallel:
                try:
                    trial = searcher.ask()
                except NotYetError:
                    waiting = True
            if trial is not None:
                pending[executor.submit(evaluate, trial)] = trial
                continue
            if not pending:
                if waiting:
                    raise RuntimeError("a trial is out that nobody evaluates")
                return searcher
            done, _ = concurrent.futures.wait(pending, return_when=concurrent.futures.FIRST_COMPLETED)
            for future in sorted(done, key=lambda one: pending[one].id):
                told = pending.pop(future)
                score, failed = _outcome(future)
                searcher.tell(told, score, failed=failed)
                if state is not None:
                    searcher.save(state)
                if on_trial is not None:
                    on_trial(searcher, searcher.trial(told.id))
    finally:
        for future in pending:
            future.cancel()
        if own is not None:
            own.shutdown(wait=False, cancel_futures=True)


def _as_path(state: str) -> str:
    """A name that cannot be taken for JSON."""
    return state if not state.lstrip().startswith("{") else os.path.join(".", state)
