"""headrace.search: ask and tell, the loop around it, Optuna and Ray Tune over the same space.

The objective is planted: no pictures, milliseconds. Each op has a worth and an ideal magnitude; a good policy has
the ops of worth at theirs, with high probability."""

import concurrent.futures
import math
import os
import random

import pytest

headrace = pytest.importorskip("headrace", reason="the Python package is not built")
from headrace import ops, search  # noqa: E402

NAMES = [
    "shear_x", "shear_y", "translate_x", "translate_y", "rotate", "autocontrast", "invert", "equalize", "solarize",
    "posterize", "contrast", "color", "brightness", "sharpness", "cutout",
]  # fmt: skip
WORTH = {4: 1.0, 0: 0.8, 11: 0.7, 2: 0.5, 6: -1.0, 8: -0.6, 9: -0.4}
IDEAL = [6, 3, 4, 7, 5, 0, 0, 0, 5, 5, 4, 5, 3, 4, 5]
SPACE = {"ops": NAMES}
SMALL = {"space": "sub_policy", "ops": NAMES[:6]}


def worth(genes):
    """Of a policy of SPACE; 1 is the best there is."""
    gained, total = {}, 0.0
    for op, probability, magnitude in zip(genes[0::3], genes[1::3], genes[2::3]):
        value, share = WORTH.get(op, 0.0), probability / 10
        if value > 0:
            gained[op] = gained.get(op, 0.0) + value * share * (1 - abs(magnitude - IDEAL[op]) / 9)
        else:
            total += value * share * (magnitude + 1) / 10
    return (total + sum(min(gain, 2 * WORTH[op]) for op, gain in gained.items())) / 6


def noisy(trial):
    return worth(trial.genes) + random.Random(f"{trial.text}/{trial.id}/{trial.seed}").gauss(0, 0.03)


def top(pairs, again=5):
    """The true worth of the best of ten by `again` more looks at each; pairs of (score, genes)."""
    dice = random.Random(1)
    best = sorted(pairs, key=lambda pair: -pair[0])[:10]
    looks = [sum(worth(genes) + dice.gauss(0, 0.03) for _ in range(again)) for _, genes in best]
    return worth(best[looks.index(max(looks))][1])


def test_the_planted_objective_is_the_spaces():
    assert [gene.kind for gene in search.Searcher(SPACE).genes[:3]] == ["op", "probability", "magnitude"]
    assert search.Searcher(SPACE).genes[0].names == NAMES
    assert worth([4, 10, 5] * 2 + [0, 10, 6] * 2 + [11, 10, 5] * 2 + [2, 10, 4] * 2 + [5, 0, 0] * 2) == pytest.approx(1)


def test_asks_and_tells_give_the_same_sequence_in_any_order():
    plain = search.Searcher(SPACE, strategy="evolution", seed=5, parallel=4, trials=60)
    asked = []
    while (trial := plain.ask()) is not None:
        asked.append(trial.text)
        plain.tell(trial, noisy(trial))
    late = search.Searcher(SPACE, strategy="evolution", seed=5, parallel=4, trials=60)
    found, out = [], []
    while True:
        try:
            trial = late.ask()
        except search.NotYetError as error:
            assert "tell" in str(error) or "trial" in str(error)
            trial = None
        if trial is not None:
            found.append(trial.text)
            out.append(trial)
        if (trial is None or len(out) == 4) and out:
            for one in reversed(out):
                late.tell(one.id, noisy(one))
            out = []
        elif trial is None:
            break
    assert found == asked and late.best().text == plain.best().text


def test_run_finds_more_than_chance_and_compares_with_the_baselines():
    score = {}
    for strategy in ("random", "evolution"):
        done = search.run(lambda trial: noisy(trial) if trial.genes else 0.0, trials=200, space=SPACE,
                          strategy=strategy, rescore_top=5, baselines=True)
        progress = done.progress
        assert progress.search_trials == 200 and progress.failed == 0 and progress.out == 0
        assert progress.trials == progress.asked == progress.scored > 200
        best = done.best()
        assert best.rescores == 3 and not math.isnan(best.mean) and best.standard_error > 0
        assert [done.baseline(index).name for index in range(4)][0] == "none"
        score[strategy] = worth(done.policy(best.text).genes)
    assert score["evolution"] > score["random"] + 0.1


def test_a_policy_has_three_forms_and_a_file(tmp_path):
    searcher = search.Searcher(SPACE, trials=30)
    for _ in range(30):
        trial = searcher.ask()
        policy = searcher.policy(trial.genes)
        assert policy == searcher.policy(trial.policy) == searcher.policy(trial.text)
        searcher.tell(trial, worth(trial.genes))
    path = searcher.best().save(tmp_path / "best.toml")
    image = __import__("numpy").zeros((20, 20, 3), "uint8")
    assert ops.auto_augment(image, policy=path).shape == (20, 20, 3)
    joined = tmp_path / "five.toml"
    joined.write_text(searcher.concat(5))
    assert joined.read_text().count("[[sub_policy]]") == 25
    assert ops.AutoAugment(policy=str(joined))(image).shape == (20, 20, 3)


def test_a_killed_run_goes_on(tmp_path):
    state = tmp_path / "state.json"
    whole = []
    search.run(noisy, 40, space=SMALL, strategy="ppo", seed=3, on_trial=lambda _, trial: whole.append(trial.text))

    class Killed(BaseException):
        pass

    parts = []

    def note(_, trial):
        parts.append(trial.text)
        if len(parts) in (1, 2, 17):
            raise Killed

    while True:
        try:
            done = search.run(noisy, 40, space=SMALL, strategy="ppo", seed=3, state=state, on_trial=note)
            break
        except Killed:
            pass
    assert parts == whole and done.progress.scored == 40
    with pytest.raises(headrace.ConfigError, match="seed"):
        search.run(noisy, 40, space=SMALL, strategy="ppo", seed=4, state=state)
    with pytest.raises(headrace.ConfigError):
        search.run(noisy, 40, space=SPACE, strategy="ppo", seed=3, state=state)


def test_failures_are_recorded_and_the_search_goes_on():
    def evaluate(trial):
        if trial.id % 5 == 0:
            raise RuntimeError(f"no memory in trial {trial.id}")
        if trial.id % 5 == 1:
            return float("nan")
        return "a lot" if trial.id % 5 == 2 else 0.5

    done = search.run(evaluate, 20, space=SMALL)
    assert done.progress.failed == 12 and done.progress.scored == 8
    assert done.trial(5).state == "failed" and "RuntimeError: no memory in trial 5" in done.trial(5).failed
    assert "'a lot', which is no number" in done.trial(2).failed
    with pytest.raises(headrace.InvalidArgumentError, match="20 policies|8 policies") as caught:
        done.best(20)
    assert "failed" not in str(caught.value)
    with pytest.raises(KeyboardInterrupt):
        search.run(lambda trial: (_ for _ in ()).throw(KeyboardInterrupt), 3, space=SMALL)


def test_where_every_trial_failed_the_reason_is_told():
    def evaluate(trial):
        raise NameError(f"name 'accuracy' is not defined in trial {trial.id}")

    with pytest.raises(headrace.InvalidArgumentError) as caught:
        search.run(evaluate, 3, space=SMALL).best()
    assert str(caught.value).endswith("3 trials failed, the last one, 2, by: NameError: name 'accuracy' is not defined in trial 2")
    with pytest.raises(headrace.InvalidArgumentError) as caught:
        search.Searcher(SMALL).best()
    assert "failed" not in str(caught.value)


def test_parallel_trials_depend_on_nothing_but_their_number():
    texts = []
    for executor in (None, concurrent.futures.ThreadPoolExecutor(4)):
        done = search.run(noisy, 40, space=SMALL, strategy="reinforce", seed=2, parallel=4, executor=executor)
        texts.append([done.trial(number).text for number in range(40)])
        if executor is not None:
            executor.shutdown()
    assert texts[0] == texts[1]


def test_what_cannot_be_is_told(tmp_path):
    with pytest.raises(headrace.InvalidArgumentError, match="strategy: found 'tpe'; allowed: random, evolution"):
        search.Searcher(strategy="tpe")
    with pytest.raises(headrace.ConfigError, match='did you mean "space"'):
        search.Searcher({"spac": "sub_policy"})
    with pytest.raises(FileNotFoundError):
        search.Searcher(tmp_path / "no_such.toml")
    with pytest.raises(headrace.ConfigError, match="space: found int"):
        search.Searcher(3)
    for wrong in ({"seed": -1}, {"parallel": 0}, {"trials": 0}, {"rescore_seeds": 65}, {"parallel": 1.5}):
        with pytest.raises(headrace.InvalidArgumentError, match=next(iter(wrong))):
            search.Searcher(**wrong)
    searcher = search.Searcher(SMALL, trials=1)
    with pytest.raises(headrace.InvalidArgumentError):
        searcher.best()
    with pytest.raises(headrace.InvalidArgumentError):
        searcher.tell(0, 1.0)
    trial = searcher.ask()
    with pytest.raises(headrace.InvalidArgumentError, match="a score, or failed="):
        searcher.tell(trial)
    searcher.tell(trial, 1.0)
    with pytest.raises(headrace.InvalidArgumentError):
        searcher.tell(trial, 1.0)
    assert searcher.ask() is None
    with pytest.raises(headrace.HeadraceError):
        searcher.policy([1, 2, 3])
    with pytest.raises(headrace.ConfigError, match="no_such_op"):
        searcher.policy('format = "headrace-policy/1"\n[[sub_policy]]\nops = [{ op = "no_such_op", p = 1 }]\n')


# -- Optuna ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def optuna():
    module = pytest.importorskip("optuna")
    module.logging.set_verbosity(module.logging.WARNING)
    return module


def test_tpe_beats_random_on_the_planted_objective(optuna):
    """policies.md 8.1: in at least 8 of 10 seeds, at 300 evaluations, which takes minutes; less of it by default."""
    from headrace.search.optuna import run

    seeds, trials, wanted = (10, 300, 8) if os.environ.get("HEADRACE_LONG_TESTS") else (3, 100, 2)
    wins = 0
    for seed in range(seeds):
        chance = search.run(noisy, trials, space=SPACE, strategy="random", seed=seed)
        told = [(chance.trial(number).score, chance.trial(number).genes) for number in range(trials)]
        found = run(noisy, trials, space=SPACE, seed=seed)
        wins += top([(score, policy.genes) for score, policy in found.best(10)]) > top(told)
    assert wins >= wanted


def test_a_study_is_shared_and_gone_on_with(optuna, tmp_path):
    from headrace.search.optuna import OptunaSearcher, run

    storage = f"sqlite:///{tmp_path}/search.db"
    run(noisy, 5, space=SMALL, storage=storage, study_name="mine")
    again = run(noisy, 4, space=SMALL, storage=storage, study_name="mine")
    assert len(again.study.trials) == 9
    score, policy = again.best()[0]
    assert score == max(trial.value for trial in again.study.trials) and "[[sub_policy]]" in policy.toml
    with pytest.raises(headrace.ConfigError, match="'mine' is of another space"):
        OptunaSearcher(SPACE, storage=storage, study_name="mine")
    with pytest.raises(headrace.ConfigError, match="it minimises"):
        OptunaSearcher(SMALL, study=optuna.create_study(direction="minimize"))


def test_failed_trials_are_the_studys_too(optuna):
    from headrace.search.optuna import run

    done = run(lambda trial: 1 / (trial.id % 2), 6, space=SMALL)
    states = [trial.state.name for trial in done.study.trials]
    assert states.count("FAIL") == 3 and len(done.best(10)) <= 3


# -- Ray Tune -------------------------------------------------------------------------------------


def test_ray_tune_searches_the_same_space(tmp_path, monkeypatch):
    ray = pytest.importorskip("ray")
    pytest.importorskip("ray.tune")
    monkeypatch.setenv("RAY_CHDIR_TO_TRIAL_DIR", "0")
    from headrace.search.ray import run

    planted = {name: index for index, name in enumerate(NAMES[:6])}

    def evaluate(trial):
        if trial.genes[0] == planted["autocontrast"]:
            raise RuntimeError("fails")
        return trial.genes[1] / 10

    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    try:
        results = run(evaluate, 6, space=SMALL, max_concurrent_trials=2)
    finally:
        ray.shutdown()
    ranked = results.ranked()
    assert 1 <= len(ranked) <= 6 and ranked[0] == results.best()
    assert all(0 <= one.score <= 1 for one in ranked)
    assert "headrace-policy/1" in results.best().policy
