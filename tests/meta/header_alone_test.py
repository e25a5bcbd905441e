#!/usr/bin/env python3
"""Each header compiles alone, so that the order of includes never matters.

The C header is compiled as strict C11 and as C++17 too, as its users do.
"""

import concurrent.futures
import os
import shutil
import subprocess
import unittest

import source_tree

CXX = os.environ.get("CXX") or shutil.which("c++") or "c++"
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]


def check(path, language, standard):
    """What the compiler says about `path` on its own; empty when it is content."""
    # A header as the main file warns about #pragma once, so a one-line source includes it.
    source = f'#include "{path.name if path.name == "headrace.h" else source_tree.name_of(path)}"\n'
    command = [CXX, f"-x{language}", f"-std={standard}", "-fsyntax-only", *WARNINGS]
    command += ["-I", str(source_tree.ROOT), "-I", str(source_tree.ROOT / "bindings/c"), "-"]
    done = subprocess.run(command, input=source, text=True, capture_output=True, check=False)
    return "" if done.returncode == 0 else f"{source_tree.name_of(path)} as {standard}:\n{done.stderr}"


class HeaderAloneTest(unittest.TestCase):
    def test_every_header_compiles_alone(self):
        headers = [
            path
            for folder in (*source_tree.LIBRARY_FOLDERS, "bindings/cli", "tests/support")
            for path in source_tree.code_files(folder)
            # A -inl.h file belongs to the kernel that includes it, inside a SIMD target's namespace.
            if path.suffix == ".h" and not path.name.endswith("-inl.h")
        ]
        self.assertGreater(len(headers), 20)
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            found = [text for text in pool.map(lambda h: check(h, "c++", "c++20"), headers) if text]
        self.assertEqual(found, [], "\n".join(found))

    def test_the_public_header_is_strict_c_and_older_cpp(self):
        header = source_tree.ROOT / "bindings/c/headrace.h"
        for language, standard in (("c", "c11"), ("c", "c99"), ("c++", "c++11"), ("c++", "c++20")):
            self.assertEqual(check(header, language, standard), "")


if __name__ == "__main__":
    unittest.main()
