#!/usr/bin/env python3
"""What code of the library may not do: print, end the process, leak, throw, read the environment."""

import re
import unittest

import source_tree

# What it is -> pattern over code without comments and literals, and the files where it is right.
FORBIDDEN = {
    "prints": (
        r"(?<![\w.>:])(?:std::)?(?:printf|fprintf|vprintf|vfprintf|puts|putchar|fputs|perror)\s*\("
        r"|\bstd::(?:cout|cerr|clog)\b|\bstd(?:out|err)\b",
        r"^$",
    ),
    "ends the process": (
        r"(?<![\w.>])(?:std::|::)?(?:abort|exit|_exit|_Exit|quick_exit|terminate)\s*\(",
        r"^$",
    ),
    "throws": (r"\bthrow\b", r"^$"),
    "handles signals": (r"(?<![\w.>])(?:signal|sigaction|raise|kill)\s*\(", r"^$"),
    "starts a program": (r"(?<![\w.>])(?:system|popen|execve?|execvp|posix_spawnp?)\s*\(", r"^$"),
    "sleeps": (r"\bsleep_(?:for|until)\s*\(|(?<![\w.>])(?:usleep|nanosleep|sleep)\s*\(", r"^$"),
    # Launcher variables for the rank and HEADRACE_SIMD, at open; nothing else.
    "reads the environment": (
        r"\b(?:secure_)?getenv\s*\(|\benviron\b",
        r"loader/(?:rank|launcher|open)[^/]*\.cc|bindings/c/[^/]*\.cc",
    ),
    # CUDA is found at run time when buffers are to be pinned for it; there is no other plug-in.
    "loads a library": (r"\bdlopen\s*\(", r"loader/(?:cuda|pin|host_memory)[^/]*\.cc"),
    "uses using namespace": (r"\busing\s+namespace\b", r"^$"),
}

# `new` has an owner on the same line: a unique_ptr that takes it, or the place of a placement new.
NEW = re.compile(r"(?<!operator )\bnew\b(?!\s*\()")
NEW_WITH_ARGUMENT = re.compile(r"\bnew\s*\(")
OWNED = re.compile(r"(?:unique_ptr\s*<.*>\s*\w*\s*[({]|\breset\s*\()\s*new\b")
DELETE = re.compile(r"(?<!operator )\bdelete\b(?!\s*;)|(?<!= )\bdelete\s*;")
# Objects that own themselves, by a count that several threads lower: the file says how.
OWN_LIFETIME = {"loader/pipeline/batch_store.cc"}


def problems_in(name, text):
    code = source_tree.without_comments_and_strings(text)
    for number, line in enumerate(code.splitlines(), 1):
        if line.lstrip().startswith("#"):
            continue
        for what, (pattern, where) in FORBIDDEN.items():
            if re.search(pattern, line) and not re.fullmatch(where, name):
                yield f"{name}:{number}: {what}: {line.strip()}"
        if name in OWN_LIFETIME:
            continue
        if NEW.search(line) and not OWNED.search(line):
            yield f"{name}:{number}: new without an owner: {line.strip()}"
        if re.search(r"\bnew\s*\(\s*std::nothrow\s*\)", line) and "unique_ptr" not in line:
            yield f"{name}:{number}: new without an owner: {line.strip()}"
        # The close functions of the C API take back what the caller owned.
        if DELETE.search(line) and not name.startswith("bindings/c/"):
            yield f"{name}:{number}: delete: {line.strip()}"


class LibraryCodeTest(unittest.TestCase):
    def test_library_folders_do_none_of_it(self):
        found = []
        for folder in source_tree.LIBRARY_FOLDERS:
            for path in source_tree.code_files(folder):
                found += problems_in(source_tree.name_of(path), path.read_text())
        self.assertEqual(found, [])

    def test_no_file_name_says_nothing(self):
        for folder in source_tree.LIBRARY_FOLDERS:
            for path in source_tree.files(folder):
                self.assertIsNone(
                    re.search(r"(?:^|_)(?:utils?|common|misc|helpers?)(?:_|$)", path.stem), path
                )

    def test_files_that_own_themselves_exist(self):
        for name in OWN_LIFETIME:
            self.assertIn("delete this", (source_tree.ROOT / name).read_text(), name)

    def test_headers_have_a_guard(self):
        for folder in source_tree.LIBRARY_FOLDERS:
            for path in source_tree.code_files(folder):
                if path.suffix == ".h":
                    text = path.read_text()
                    guarded = "#pragma once" in text or re.search(r"#ifndef \w+_H_\n#define", text)
                    # A -inl.h file of the kernels is included once a target.
                    self.assertTrue(guarded or "HWY_TARGET_TOGGLE" in text, path)

    def test_each_of_them_would_be_found(self):
        wrong = [
            'printf("x");',
            'std::fprintf(stderr, "x");',
            "std::cout << 1;",
            "abort();",
            "std::exit(1);",
            "::_exit(1);",
            "throw 1;",
            "signal(SIGPIPE, SIG_IGN);",
            "std::this_thread::sleep_for(x);",
            'getenv("HOME");',
            'dlopen("libcuda.so.1", 2);',
            "using namespace std;",
            "Thing* thing = new Thing();",
            "Thing* thing = new (std::nothrow) Thing();",
            "delete thing;",
            "delete[] things;",
        ]
        for line in wrong:
            self.assertTrue(list(problems_in("base/x.cc", line)), line)
        right = [
            'snprintf(text, size, "x");',
            "// printf(",
            'Log("abort(");',
            "Thing(const Thing&) = delete;",
            "std::unique_ptr<Thing> thing(new Thing());",
            "thing.reset(new Thing());",
            "new (place) Thing();",
            "queue.abort();",
            "uint64_t million = 1'000'000;",
            "void* operator new(size_t);",
        ]
        for line in right:
            self.assertEqual(list(problems_in("base/x.cc", line)), [], line)


if __name__ == "__main__":
    unittest.main()
