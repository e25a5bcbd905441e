#!/usr/bin/env python3
"""Stages the pages of the documentation site: stage.py TARGET --build DIR [--no-pictures].

Copies docs/ and what it links to elsewhere in the repository, with the links changed to match; then
makes the pages that come from the code: every key and op (from the library's own schema), the
command line (from --help), pictures of the ops (from the program), and Python's classes (from their
docstrings, by mkdocstrings). Nothing of that is checked in, so nothing of it can be stale.
"""
import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
DOCS = ROOT / "docs"
sys.path.insert(0, str(HERE))

import pages  # noqa: E402

FENCE = re.compile(r"(```.*?```)", re.S)
LINK = re.compile(r"(\]\()([^)\s]+)(\))")
# A list right below a line of text: a list on GitHub, but Python-Markdown wants a blank line before it.
TIGHT_LIST = re.compile(r"^(?![ \-|#>\d])(.*\S.*)\n(?=- \S|1\. \S)", re.M)
# Not pages: what this folder is.
LEFT_OUT = {"site"}


class Stage:
    """The staged tree. Owner: main. A page is copied once, whoever links to it."""

    def __init__(self, target):
        self.target = target
        self.done = set()

    def place_of(self, path):
        """Where a file of the repository goes: docs/ becomes the root, all else repository/."""
        if DOCS in path.parents:
            return path.relative_to(DOCS)
        return pathlib.Path("repository") / path.relative_to(ROOT)

    def add(self, path):
        if path in self.done:
            return
        self.done.add(path)
        target = self.target / self.place_of(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix != ".md":
            shutil.copyfile(path, target)
            return
        parts = FENCE.split(path.read_text(encoding="utf-8"))
        for index in range(0, len(parts), 2):  # what is not code
            parts[index] = LINK.sub(lambda match: self.linked(path, match), parts[index])
            parts[index] = TIGHT_LIST.sub(r"\1\n\n", parts[index])
        target.write_text("".join(parts), encoding="utf-8")

    def linked(self, page, match):
        where, _, anchor = match.group(2).partition("#")
        if not where or "://" in where or where.startswith("mailto:"):
            return match.group(0)
        there = (page.parent / where).resolve()
        if there.is_dir() and not (there / "README.md").exists():
            # A folder without a page, such as examples/policies: its name is enough on the site.
            return f"]({self.relative(page, DOCS / 'index.md')})"
        if there.is_dir():
            there = there / "README.md"
        if not there.exists():
            raise SystemExit(f"stage: {page.relative_to(ROOT)} links to {match.group(2)}, which is not there")
        self.add(there)
        return f"]({self.relative(page, there)}{'#' if anchor else ''}{anchor})"

    def relative(self, page, there):
        return os.path.relpath(self.place_of(there), self.place_of(page).parent).replace(os.sep, "/")


def made(stage, options):
    """The pages that come from the code, and the list of decisions."""
    decisions = stage.target / "decisions"
    (decisions / "index.md").write_text(pages.decisions(decisions), encoding="utf-8")
    folder = stage.target / "reference"
    folder.mkdir(parents=True, exist_ok=True)
    headrace = options.build / "bindings/cli/headrace"
    library = options.build / "bindings/c/libheadrace.so"
    (folder / "cli.md").write_text(pages.command_line(headrace), encoding="utf-8")
    (folder / "configuration.md").write_text(pages.configuration(library), encoding="utf-8")
    (folder / "python.md").write_text(pages.python(ROOT / "bindings" / "python" / "headrace"), encoding="utf-8")
    if options.pictures:
        subprocess.run([sys.executable, ROOT / "scripts" / "op_pictures", "--headrace", headrace,
                        "-o", stage.target / "pictures"], check=True)
    (folder / "gallery.md").write_text(pages.gallery(ROOT / "scripts" / "op_pictures", stage.target / "pictures"),
                                       encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", type=pathlib.Path)
    parser.add_argument("--build", type=pathlib.Path, required=True, help="where the program and the library are built")
    parser.add_argument("--no-pictures", dest="pictures", action="store_false",
                        help="takes those of docs/pictures instead of drawing them")
    options = parser.parse_args()
    if options.target.exists():
        shutil.rmtree(options.target)
    stage = Stage(options.target.resolve())
    for path in sorted(DOCS.rglob("*")):
        if path.is_file() and path.relative_to(DOCS).parts[0] not in LEFT_OUT and "__pycache__" not in path.parts:
            stage.add(path)
    for name in ("CONTRIBUTING.md", "bench/README.md", "examples/c/README.md", "examples/launch/README.md",
                 "examples/recipes/README.md"):
        stage.add(ROOT / name)
    made(stage, options)
    print(f"stage: {len(stage.done)} files in {options.target}", file=sys.stderr)


if __name__ == "__main__":
    main()
