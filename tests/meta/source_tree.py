"""The files of the source tree, for the checks beside this file."""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Folders of the library, from the bottom up; bindings/c is the top of what is shipped as a library.
LIBRARY_FOLDERS = ("base", "io", "simd", "codecs", "loader", "bindings/c")
CODE_SUFFIXES = (".h", ".cc", ".c")


def is_ours(path):
    """False for what a build or an interpreter leaves in the tree."""
    parts = path.relative_to(ROOT).parts
    return not (
        parts[0] in (".git", "build", "dist", "out")
        or parts[0].startswith(("build-", "cmake-build"))
        or any(part in ("__pycache__", ".pytest_cache", ".cache") for part in parts)
    )


def files(folder="."):
    """Every file beneath `folder`, in a fixed order."""
    top = ROOT / folder
    found = [path for path in top.rglob("*") if is_ours(path) and path.is_file()]
    return sorted(found)


def code_files(folder="."):
    return [path for path in files(folder) if path.suffix in CODE_SUFFIXES]


def name_of(path):
    return path.relative_to(ROOT).as_posix()


_TOKEN = re.compile(
    r"""
    (?P<comment>//[^\n]*|/\*.*?\*/)
    | (?P<raw>R"(?P<tag>[^()\s\\]{0,16})\(.*?\)(?P=tag)")
    | (?P<string>"(?:\\.|[^"\\\n])*")
    | (?P<char>(?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+')
    """,
    re.S | re.X,
)


def without_comments_and_strings(text):
    """C++ text with comments and literals blanked; line numbers stay."""

    def blank(match):
        newlines = "\n" * match.group(0).count("\n")
        return newlines if match.group("comment") else '""' + newlines

    return _TOKEN.sub(blank, text)


def without_comments(text):
    def blank(match):
        if match.group("comment"):
            return "\n" * match.group(0).count("\n")
        return match.group(0)

    return _TOKEN.sub(blank, text)
