"""headrace search in several processes: the result of one, whoever dies."""

import json
import os
import shutil
import signal
import subprocess

import pytest
from search_judges import alone, config, judge, script  # noqa: F401 (fixtures)
from search_judges import BAD, processes_with, rows, sequence, wait_until


def ranks(binary, world_size, *arguments, **variables):
    return [
        subprocess.Popen(
            [binary, "search", *map(str, arguments)],
            env={**os.environ, "RANK": str(rank), "WORLD_SIZE": str(world_size), **variables},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for rank in range(world_size)
    ]  # fmt: skip


def test_ranks_give_what_one_process_gives(binary, run, config, script, tmp_path):
    command = f"{script(BAD)} {{policy}} {{seed}} {{trial}}"
    common = [config, "--evaluate", command, "--trials", 20, "--timeout", 1, "--retries", 0]
    alone = run("search", *common, "--parallel", 6, "--log", tmp_path / "alone.tsv", "--json", "-")
    assert alone.code == 0, alone
    running = ranks(binary, 3, *common, "--parallel", 2, "--log", tmp_path / "ranks.tsv", "--state",
                    tmp_path / "state.json", "--json", "-")  # fmt: skip
    outputs = [process.communicate(timeout=100) for process in running]
    assert [process.returncode for process in running] == [0, 0, 0], outputs
    assert outputs[1][0] == outputs[2][0] == ""
    assert sequence(tmp_path / "ranks.tsv") == sequence(tmp_path / "alone.tsv")
    one, many = json.loads(alone.out), json.loads(outputs[0][0])
    assert many["winner"] == one["winner"] and many["world_size"] == 3 and many["parallel"] == 6
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == ["alone.tsv", "evaluate", "ranks.tsv", "search.toml", "state.json"]


def test_all_ranks_take_part(binary, config, tmp_path):
    # Which knows nothing of ranks itself.
    # None is done before all have begun one.
    command = (
        f"echo $HEADRACE_WORKER$RANK$WORLD_SIZE$OMPI_X >> {tmp_path}/who; "
        f"until [ $(sort -u {tmp_path}/who | wc -l) -ge 3 ]; do sleep 0.05; done; echo 1; : {{policy}}"
    )
    running = ranks(binary, 3, config, "--evaluate", command, "--trials", 15,
                    "--state", tmp_path / "state.json", "--no-baselines", "--rescore", 0, OMPI_X="x")  # fmt: skip
    outputs = [process.communicate(timeout=100) for process in running]
    assert [process.returncode for process in running] == [0, 0, 0], outputs
    who = (tmp_path / "who").read_text().split()
    assert len(who) == 15 and set(who) == {"0", "1", "2"}


def test_a_rank_that_dies_loses_no_trial(binary, run, config, judge, tmp_path):
    common = [config, "--trials", 24, "--parallel", 2, "--no-baselines"]
    expected = run("search", *common, "--parallel", 6, "--evaluate", judge, "--log", tmp_path / "alone.tsv")
    assert expected.code == 0, expected
    # Rank 1 never comes to an end; the others wait for it to begin, so that it has a trial to lose.
    command = (
        f"[ $HEADRACE_WORKER = 2 ] && : > {tmp_path}/busy && sleep 1000; "
        f"while [ ! -e {tmp_path}/busy ]; do sleep 0.05; done; {judge}"
    )
    log = tmp_path / "ranks.tsv"
    running = ranks(binary, 3, *common, "--evaluate", command, "--log", log, "--state", tmp_path / "state.json",
                    "--rank-timeout", 3, HEADRACE_TEST_MARK=str(tmp_path))  # fmt: skip
    wait_until((tmp_path / "busy").exists)
    running[1].send_signal(signal.SIGKILL)
    outputs = [process.communicate(timeout=100) for process in running]
    assert [process.returncode for process in running] == [0, -9, 0], outputs
    assert "rank 1 has not been heard of for 3 s" in outputs[0][1]
    assert sequence(log) == sequence(tmp_path / "alone.tsv")
    wait_until(lambda: processes_with(f"HEADRACE_TEST_MARK={tmp_path}") == [])


def test_results_do_not_wait_for_ranks_that_are_gone(binary, config, judge, tmp_path):
    # Rank 1 never comes: the result is there before rank 0 stops waiting for it.
    common = [binary, "search", config, "--trials", "6", "--no-baselines", "--state", tmp_path / "state.json"]
    found = tmp_path / "found.json"
    process = subprocess.Popen(
        [*common, "--evaluate", judge, "--rank", "0", "--world-size", "2", "--rank-timeout", "5", "--json", found],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    wait_until(found.exists)
    assert process.poll() is None
    _, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    assert json.loads(found.read_text())["trials"] == 6


def test_a_rank_that_was_given_up_is_not_waited_for_again(binary, config, judge, tmp_path):
    command = (
        f"[ $HEADRACE_WORKER = 1 ] && : > {tmp_path}/busy && sleep 1000; "
        f"while [ ! -e {tmp_path}/busy ]; do sleep 0.05; done; {judge}"
    )
    log = tmp_path / "ranks.tsv"
    running = ranks(binary, 2, config, "--evaluate", command, "--trials", 6, "--no-baselines", "--rescore", 0,
                    "--state", tmp_path / "state.json", "--rank-timeout", 6, "--log", log)  # fmt: skip
    wait_until((tmp_path / "busy").exists)
    running[1].send_signal(signal.SIGKILL)
    wait_until(lambda: log.exists() and len(rows(log)) == 6, 60)
    running[0].communicate(timeout=4)
    running[1].communicate(timeout=20)
    assert running[0].returncode == 0


def test_ranks_end_when_rank_0_dies_and_go_on_with_it(binary, run, config, judge, tmp_path):
    slow = f"sleep 0.1; {judge}"
    log = tmp_path / "ranks.tsv"
    common = [config, "--evaluate", slow, "--trials", 24, "--log", log, "--state", tmp_path / "state.json",
              "--rank-timeout", 3, "--no-baselines"]  # fmt: skip
    running = ranks(binary, 2, *common)
    wait_until(lambda: log.exists() and len(rows(log)) >= 5)
    running[0].send_signal(signal.SIGKILL)
    outputs = [process.communicate(timeout=60) for process in running]
    assert [process.returncode for process in running] == [-9, 1], outputs
    assert "rank 0 has not been heard of for 3 s" in outputs[1][1]
    before = sequence(log)
    running = ranks(binary, 2, *common)
    outputs = [process.communicate(timeout=60) for process in running]
    assert [process.returncode for process in running] == [0, 0], outputs
    assert set(before) <= set(sequence(log))
    expected = run("search", config, "--evaluate", slow, "--trials", 24, "--parallel", 2, "--log",
                   tmp_path / "alone.tsv", "--no-baselines")  # fmt: skip
    assert expected.code == 0, expected
    assert sequence(log) == sequence(tmp_path / "alone.tsv")


def test_ranks_by_options(binary, run, config, judge, tmp_path):
    alone = run("search", config, "--evaluate", judge, "--trials", 3, "--rank", 0, "--world-size", 1,
                env={"SLURM_PROCID": "0", "SLURM_NTASKS": "8"})  # fmt: skip
    assert alone.code == 0, alone
    for more in (["--rank", "0"], ["--world-size", "2"], ["--rank", "2", "--world-size", "2"]):
        assert run("search", config, "--evaluate", judge, *more).code == 2
    result = run("search", config, "--evaluate", judge, env={"SLURM_PROCID": "0", "SLURM_NTASKS": "8"})
    assert result.code == 2 and "--state FILE is needed" in result.err, result


def test_ranks_of_which_nobody_knows_the_machine_share_no_device(binary, config, tmp_path):
    # Neither srun nor --rank says which of them are on one machine.
    command = (
        f"echo $HEADRACE_WORKER $CUDA_VISIBLE_DEVICES >> {tmp_path}/who; "
        f"until [ $(sort -u {tmp_path}/who | wc -l) -ge 4 ]; do sleep 0.05; done; echo 1; : {{policy}}"
    )
    common = [config, "--evaluate", command, "--trials", 8, "--state", tmp_path / "state.json", "--no-baselines",
              "--rescore", 0, "--parallel", 2]  # fmt: skip
    slurm = [{"SLURM_PROCID": str(rank), "SLURM_NTASKS": "2", "SLURM_LOCALID": str(rank)} for rank in range(2)]
    by_options = [["--rank", rank, "--world-size", 2] for rank in range(2)]
    for more, variables in (([[], []], slurm), (by_options, [{}, {}])):
        running = [
            subprocess.Popen(
                [binary, "search", *map(str, common), *map(str, more[rank])],
                env={**os.environ, "CUDA_VISIBLE_DEVICES": "0,1,2,3,4", **variables[rank]},
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            )
            for rank in range(2)
        ]  # fmt: skip
        outputs = [process.communicate(timeout=100) for process in running]
        assert [process.returncode for process in running] == [0, 0], outputs
        who = set((tmp_path / "who").read_text().splitlines())
        assert who == {"0 0,4", "1 1", "2 2", "3 3"}
        for name in ("who", "state.json"):
            (tmp_path / name).unlink()


def test_ranks_need_a_state(binary, config, judge):
    running = ranks(binary, 2, config, "--evaluate", judge)
    outputs = [process.communicate(timeout=60) for process in running]
    assert [process.returncode for process in running] == [2, 2], outputs
    assert all("--state FILE is needed" in err for _, err in outputs)


def test_under_mpirun(binary, run, config, judge, tmp_path):
    mpirun = shutil.which("mpirun")
    if not mpirun:
        pytest.skip("no mpirun here")
    common = [config, "--evaluate", judge, "--trials", "20", "--seed", "3"]
    alone = run("search", *common, "--parallel", 3, "--log", tmp_path / "alone.tsv", "--json", "-")
    assert alone.code == 0, alone
    done = subprocess.run(
        [mpirun, "--allow-run-as-root", "--oversubscribe", "-n", "3", binary, "search", *common,
         "--state", tmp_path / "state.json", "--log", tmp_path / "ranks.tsv", "--json", tmp_path / "out.json"],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done
    assert sequence(tmp_path / "ranks.tsv") == sequence(tmp_path / "alone.tsv")
    found = json.loads((tmp_path / "out.json").read_text())
    assert found["winner"] == json.loads(alone.out)["winner"] and found["world_size"] == 3
