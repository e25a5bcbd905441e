"""The command line tool that lies in the package: `headrace`, and `python -m headrace`."""

import os
import pathlib
import sys
import typing


def main() -> typing.NoReturn:
    """Becomes the tool."""
    program = pathlib.Path(__file__).parent / "bin" / "headrace"
    try:
        os.execv(program, [str(program), *sys.argv[1:]])
    except OSError as error:
        sys.exit(f"headrace: {program}: {error.strerror}; install the package again")
