#!/usr/bin/env python3
"""Text that belongs to somebody's machine stays out of the tree, and files stay readable."""

import re
import unittest

import source_tree

# Written in pieces, so that this file does not find itself.
FOREIGN = {
    "a path of one machine": r"(?<![\w.$}\])-])/(?:" + "|".join(["work", "farm", "root", "home"]) + r")/[a-z]",
    "a temporary folder": r"(?<![\w.$}])/tmp/" + r"[bp]\b",
    "a package host": "|".join(["deb" + r"\.debian\.org", "pypi" + r"\.org", "python" + "hosted"]),
    "a conflict marker": r"^(?:<{7}|>{7}|={7})(?: |$)",
    "a trailing space": r"[ \t]+$",
    "a carriage return": r"\r",
}
BINARY = {".png", ".jpg", ".jpeg", ".webp", ".npy", ".bin", ".raw"}
# Trailing spaces and tabs mean something there, or the text is not ours.
NOT_OURS = {"LICENSE"}
BYTES_MAX = 1_000_000


def problems_in(name, text):
    for number, line in enumerate(text.split("\n"), 1):
        for what, pattern in FOREIGN.items():
            if re.search(pattern, line):
                yield f"{name}:{number}: {what}: {line.strip()[:100]}"


class TextHygieneTest(unittest.TestCase):
    def text_files(self):
        for path in source_tree.files():
            name = source_tree.name_of(path)
            if path.suffix in BINARY or name in NOT_OURS or name.startswith("tests/fuzz/corpus"):
                continue
            yield path, name

    def test_no_file_names_a_machine(self):
        found = []
        for path, name in self.text_files():
            found += problems_in(name, path.read_text(encoding="utf-8"))
        self.assertEqual(found, [], "\n".join(found))

    def test_text_ends_in_one_newline(self):
        for path, name in self.text_files():
            data = path.read_bytes()
            if data.strip():
                self.assertTrue(data.endswith(b"\n") and not data.endswith(b"\n\n"), name)

    def test_no_file_is_huge(self):
        for path in source_tree.files():
            self.assertLess(path.stat().st_size, BYTES_MAX, path)

    def test_scripts_can_be_run(self):
        for path in source_tree.files():
            with path.open("rb") as opened:
                shebang = opened.read(2) == b"#!"
            if shebang and path.suffix != ".py":
                self.assertTrue(path.stat().st_mode & 0o100, f"{path} is not executable")

    def test_each_of_them_would_be_found(self):
        for line in (
            "see /" + "work/main/x",
            "/" + "home/me/data",
            "https://" + "pypi" + ".org/simple",
            "x = 1; ",
            "x\r",
            "<" * 7 + " ours",
        ):
            self.assertTrue(list(problems_in("x", line)), line)
        for line in ("$HOME/data", "docs/work/x", "the root/leaf", "/homes"):
            self.assertEqual(list(problems_in("x", line)), [], line)


if __name__ == "__main__":
    unittest.main()
