"""A virtual environment for each library, made by plain pip from the package index that it is set up for."""
import os
import pathlib
import shutil
import subprocess
import sys


class CannotInstall(Exception):
    """One line: why."""


def last_line(text):
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    errors = [line for line in lines if line.lower().startswith("error")]
    return (errors or lines or ["no message"])[-1][:300]


def environment_of(cache: pathlib.Path, name: str, packages: list, say) -> pathlib.Path:
    """The interpreter of the environment `name`, made if it is not there or held other packages.

    A failure is remembered beside it, so that the next run does not try for minutes again: remove
    the folder to try anew.
    """
    folder = cache / name
    python, stamp, failed = folder / "bin" / "python", folder / "installed", folder / "failed"
    wanted = " ".join(packages)
    if stamp.exists() and stamp.read_text() == wanted:
        return python
    if failed.exists() and failed.read_text().split("\n", 1)[0] == wanted:
        raise CannotInstall(failed.read_text().split("\n", 1)[1].strip())
    say(f"{name}: making its environment ({wanted})")
    folder.mkdir(parents=True, exist_ok=True)
    for command in ([sys.executable, "-m", "venv", "--clear", folder],
                    [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", *packages]):
        done = subprocess.run(list(map(str, command)), stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, check=False)
        if done.returncode != 0:
            why = "cannot be installed: " + last_line(done.stderr or done.stdout)
            (folder / "log").write_text(done.stdout + done.stderr)
            failed.write_text(f"{wanted}\n{why}\n")
            raise CannotInstall(why)
    stamp.write_text(wanted)
    return python


def default_cache() -> pathlib.Path:
    home = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    return pathlib.Path(home) / "headrace-peers"


def free_gigabytes(folder: pathlib.Path) -> float:
    return shutil.disk_usage(folder).free / 1e9
