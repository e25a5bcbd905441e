#!/usr/bin/env python3
"""Who may include whom, and which file may see which foreign header.

    base <- io;  base <- simd <- codecs;  io, codecs <- loader <- bindings/c <- bindings/cli, python
"""

import re
import unittest

import source_tree

# Folder -> folders that its files may include beside itself.
ALLOWED = {
    "base": set(),
    "io": {"base"},
    "simd": {"base"},
    "codecs": {"base", "simd"},
    "loader": {"base", "simd", "codecs", "io"},
    "bindings/c": {"base", "simd", "codecs", "io", "loader"},
    # Users of the library see its one public header and nothing else.
    "bindings/cli": {"bindings/c/headrace.h"},
    "bindings/python": {"bindings/c/headrace.h"},
    "examples": set(),
}

# Foreign header -> the files that may include it.
FENCED = {
    r"liburing(\.h|/.*)": r"io/uring[^/]*",
    r"(jpeglib|jerror|jmorecfg|jpegint|turbojpeg)\.h": r"codecs/jpeg_[^/]*|bench/.*|tests/.*",
    r"(png|pngconf|pnglibconf)\.h": r"codecs/png_[^/]*|bench/.*|tests/.*",
    r"webp/.*": r"codecs/webp_[^/]*|bench/.*|tests/.*",
    r"setjmp\.h|csetjmp": r"codecs/[^/]*_island\.(h|cc)|bench/.*|tests/.*",
    r"hwy/.*": r"simd/[^/]*(\.cc|-inl\.h)|tests/unit/simd/.*|tests/property/.*|bench/.*",
    r"toml\+\+/.*": r"loader/config_toml[^/]*\.cc|loader/config_toml_[^/]*\.h|tests/.*",
    r"nlohmann/.*": r"bindings/cli/search_json\.cc|loader/objects/coco_json\.cc|"
    r"loader/search/search_journal\.cc|loader/shards/sample_facts\.cc|tests/.*",
    # What the parser's own files share: it shows toml++ types, so it is fenced like toml++.
    r"loader/config_toml_[^/]*\.h": r"loader/config_toml[^/]*|tests/unit/loader/config_[^/]*",
    r"Python\.h|nanobind/.*|pybind11/.*": r"bindings/python/.*",
    r"linux/io_uring\.h": r"io/uring[^/]*",
    r"xxhash\.h": r"base/hash\.cc|bindings/cli/[^/]*\.cc|"
    r"bindings/python/src/state_place\.cc|bench/.*|tests/.*",
    r"gtest/.*|gmock/.*": r"tests/.*",
    r"benchmark/.*": r"bench/.*",
}

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:"([^"]+)"|<([^>]+)>)', re.M)


def includes(text):
    """(header, quoted) of each include in `text`, comments ignored."""
    for match in INCLUDE.finditer(source_tree.without_comments(text)):
        yield (match.group(1) or match.group(2)), match.group(1) is not None


def folder_of(name):
    """The layer that a path of the tree belongs to, or None."""
    for folder in sorted(ALLOWED, key=len, reverse=True):
        if name.startswith(folder + "/"):
            return folder
    return None


def wrong_layer(name, header):
    """Why `name` may not include `header`, or None."""
    layer = folder_of(name)
    if layer is None:
        return None
    target = folder_of(header)
    if header == "headrace.h":  # as users write it
        target, header = "bindings/c", "bindings/c/headrace.h"
    if target is None or target == layer:
        return None
    if layer == "examples" and header == "bindings/c/headrace.h":
        return None
    if target in ALLOWED[layer] or header in ALLOWED[layer]:
        return None
    return f"{name} includes {header}: {layer} may include {sorted(ALLOWED[layer]) or 'no other folder'}"


def wrong_foreign(name, header):
    for pattern, where in FENCED.items():
        if re.fullmatch(pattern, header) and not re.fullmatch(where, name):
            return f"{name} includes <{header}>: only {where} may"
    return None


class IncludeGraphTest(unittest.TestCase):
    def test_every_include_goes_down_the_layers(self):
        found = []
        for path in source_tree.code_files():
            name = source_tree.name_of(path)
            for header, _ in includes(path.read_text()):
                problem = wrong_layer(name, header)
                if problem:
                    found.append(problem)
        self.assertEqual(found, [])

    def test_foreign_headers_stay_inside_their_fences(self):
        found = []
        for path in source_tree.code_files():
            name = source_tree.name_of(path)
            for header, _ in includes(path.read_text()):
                problem = wrong_foreign(name, header)
                if problem:
                    found.append(problem)
        self.assertEqual(found, [])

    def test_quoted_includes_are_written_from_the_root(self):
        found = []
        for path in source_tree.code_files():
            name = source_tree.name_of(path)
            if name.startswith(("examples/", "tests/install/")):
                continue  # users of the installed library
            for header, quoted in includes(path.read_text()):
                if not quoted or header.startswith("hwy/"):  # Highway's own idiom has quotes
                    continue
                beside = name.startswith("tests/") and (path.parent / header).is_file()
                if not beside and not (source_tree.ROOT / header).is_file():
                    found.append(f'{name}: "{header}" is not a file of the tree')
        self.assertEqual(found, [])

    def test_headers_include_no_source(self):
        for path in source_tree.code_files():
            for header, quoted in includes(path.read_text()):
                name = source_tree.name_of(path)
                # foreach_target.h includes the kernel's own file again, once a target.
                own = header == name
                self.assertFalse(quoted and header.endswith(".cc") and not own, f"{name}: {header}")

    def test_the_tree_was_seen(self):
        layers = {folder_of(source_tree.name_of(path)) for path in source_tree.code_files()}
        for layer in ("base", "io", "simd", "codecs", "loader", "bindings/c"):
            self.assertIn(layer, layers)

    def test_a_wrong_include_would_be_found(self):
        self.assertIsNotNone(wrong_layer("base/rng.h", "io/reader.h"))
        self.assertIsNotNone(wrong_layer("io/reader.h", "simd/resize.h"))
        self.assertIsNotNone(wrong_layer("codecs/decoder.h", "loader/config.h"))
        self.assertIsNotNone(wrong_layer("bindings/cli/main.cc", "base/status.h"))
        self.assertIsNotNone(wrong_layer("loader/loader.cc", "bindings/c/headrace.h"))
        self.assertIsNone(wrong_layer("bindings/cli/main.cc", "headrace.h"))
        self.assertIsNone(wrong_layer("loader/loader.cc", "codecs/decoder.h"))
        self.assertIsNotNone(wrong_foreign("codecs/decoder.h", "jpeglib.h"))
        self.assertIsNotNone(wrong_foreign("simd/resize.h", "hwy/highway.h"))
        self.assertIsNone(wrong_foreign("simd/resize.cc", "hwy/highway.h"))
        self.assertEqual(
            list(includes('/* #include "a.h" */\n#  include <b.h>\n//#include "c.h"\n')),
            [("b.h", False)],
        )


if __name__ == "__main__":
    unittest.main()
