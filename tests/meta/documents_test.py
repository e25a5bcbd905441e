#!/usr/bin/env python3
"""The documents say what the code says: codes, symbols, versions, test vectors, links."""

import re
import unittest

import source_tree

ROOT = source_tree.ROOT


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def c_statuses():
    """Name without prefix -> number, from the C header."""
    body = re.search(r"typedef enum hr_status \{(.*?)\} hr_status;", read("bindings/c/headrace.h"), re.S)
    text = source_tree.without_comments(body.group(1))
    return {name: int(number) for name, number in re.findall(r"HR_(\w+)\s*=\s*(\d+)", text)}


def cpp_statuses():
    """The same from base/status.h: kEndOfEpoch becomes END_OF_EPOCH."""
    body = re.search(r"enum class Code : int32_t \{(.*?)\};", read("base/status.h"), re.S)
    text = source_tree.without_comments(body.group(1))
    return {
        re.sub(r"(?<!^)(?=[A-Z])", "_", name).upper(): int(number)
        for name, number in re.findall(r"k(\w+)\s*=\s*(\d+)", text)
    }


def header_symbols():
    text = source_tree.without_comments(read("bindings/c/headrace.h"))
    return re.findall(r"\bHR_API\b[^;]*?\b(hr_\w+)\s*\(", text)


def map_symbols():
    text = source_tree.without_comments(read("bindings/c/headrace.map"))
    exported = re.findall(r"global:(.*?)(?:local:|\})", text, re.S)
    return [symbol for block in exported for symbol in re.findall(r"[\w*?]+", block)]


def philox(counter, key):
    """Philox4x32-10, written a second time."""
    mask = 0xFFFFFFFF
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c0, 0xCD9E8D57 * c2
        c0, c1, c2, c3 = (p1 >> 32) ^ c1 ^ k0, p1 & mask, (p0 >> 32) ^ c3 ^ k1, p0 & mask
        k0, k1 = (k0 + 0x9E3779B9) & mask, (k1 + 0xBB67AE85) & mask
    return [c0, c1, c2, c3]


def first_words(seed, epoch, unit, name, occurrence, view, count):
    """The first words of a stream, by the packing that docs/rng.md describes."""
    mask = 0xFFFFFFFF
    purpose = 0x811C9DC5
    data = name.encode() + occurrence.to_bytes(4, "little") + view.to_bytes(4, "little")
    for byte in data:
        purpose = ((purpose ^ byte) * 0x01000193) & mask
    words = []
    for block in range((count + 3) // 4):
        counter = (block, purpose, unit & mask, ((epoch << 8) & mask) | ((unit >> 32) & 0xFF))
        words += philox(counter, (seed & mask, seed >> 32))
    return words[:count]


class StatusDocumentTest(unittest.TestCase):
    def test_both_lists_have_the_same_names_and_numbers(self):
        self.assertEqual(c_statuses(), cpp_statuses())
        self.assertGreater(len(c_statuses()), 30)

    def test_every_status_has_one_row_with_its_number(self):
        rows = re.findall(r"^\| `HR_(\w+)` \| (\d+) \|", read("docs/errors.md"), re.M)
        self.assertEqual(len(rows), len(set(rows)))
        self.assertEqual({name: int(number) for name, number in rows}, c_statuses())


class SymbolDocumentTest(unittest.TestCase):
    def test_the_map_lists_exactly_the_functions_of_the_header(self):
        self.assertGreater(len(header_symbols()), 20)
        self.assertEqual(sorted(map_symbols()), sorted(header_symbols()))
        text = read("bindings/c/headrace.map")
        self.assertRegex(text, r"local:\s*\*;")

    def test_every_function_has_a_section_in_the_reference(self):
        described = re.findall(r"^### `(hr_\w+)`$", read("docs/c_api.md"), re.M)
        self.assertEqual(sorted(described), sorted(header_symbols()))

    def test_every_type_and_field_of_a_struct_is_in_the_reference(self):
        header = source_tree.without_comments(read("bindings/c/headrace.h"))
        reference = read("docs/c_api.md")
        for body, name in re.findall(r"typedef struct hr_\w+ \{(.*?)\} (hr_\w+);", header, re.S):
            self.assertIn(f"`{name}`", reference)
            for field in re.findall(r"(\w+)(?:\[\d+\])?;", body):
                if field not in ("struct_size", "reserved"):
                    self.assertRegex(reference, rf"`{field}`", f"{name}.{field}")
        for name in re.findall(r"typedef .*?\(\*(hr_\w+)\)", header):
            self.assertIn(f"`{name}`", reference)


class VersionTest(unittest.TestCase):
    def test_build_header_and_changelog_agree(self):
        built = re.search(r"project\(headrace VERSION ([\d.]+)", read("CMakeLists.txt")).group(1)
        header = read("bindings/c/headrace.h")
        parts = [
            re.search(rf"#define HR_VERSION_{part} (\d+)", header).group(1)
            for part in ("MAJOR", "MINOR", "PATCH")
        ]
        self.assertEqual(".".join(parts), built)
        newest = re.search(r"^## \[?([\d.]+)", read("CHANGELOG.md"), re.M).group(1)
        self.assertEqual(newest, built)


class RandomNumberDocumentTest(unittest.TestCase):
    ROW = re.compile(
        r"^\| `(\w+)` \| (\d+) \| `(\w+)` \| `([\w/]*)` \| (\d+) \| (\d+) \| `([0-9a-f ]+)` \|", re.M
    )

    def test_the_second_philox_is_right(self):
        self.assertEqual(philox([0] * 4, [0] * 2), [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8])

    def test_the_printed_vectors_follow_from_the_printed_rules(self):
        rows = self.ROW.findall(read("docs/rng.md"))
        self.assertGreaterEqual(len(rows), 5)
        for seed, epoch, unit, name, occurrence, view, words in rows:
            expected = [int(word, 16) for word in words.split()]
            found = first_words(
                int(seed, 0), int(epoch), int(unit, 0), name, int(occurrence), int(view), len(expected)
            )
            self.assertEqual(found, expected, name)

    def test_the_unit_tests_hold_the_same_vectors(self):
        tests = read("tests/unit/base/rng_test.cc")
        for row in self.ROW.findall(read("docs/rng.md")):
            for word in row[-1].split():
                self.assertIn(f"0x{word}", tests)


class LinkTest(unittest.TestCase):
    def test_links_between_documents_lead_somewhere(self):
        for path in source_tree.files():
            if path.suffix != ".md":
                continue
            text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.S)
            for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
                if "://" not in target:
                    there = (path.parent / target).exists()
                    self.assertTrue(there, f"{source_tree.name_of(path)} links to {target}")

    def test_every_document_is_listed(self):
        index = read("README.md") + read("docs/architecture.md") + read("CONTRIBUTING.md") + read("mkdocs.yml")
        for path in sorted((ROOT / "docs").glob("*.md")):
            self.assertIn(path.name, index, "no link leads to it")

    def test_the_navigation_of_the_site_has_every_document_and_no_other(self):
        # Pages that scripts/docs makes have a folder of their own.
        nav = re.findall(r"^ *- .*?: ([\w./-]+\.md)$", read("mkdocs.yml").partition("\nnav:")[2], re.M)
        pages = [name for name in nav if "/" not in name]
        self.assertEqual(sorted(pages), sorted(path.name for path in (ROOT / "docs").glob("*.md")))
        for name in nav:
            if name.startswith("repository/"):
                self.assertTrue((ROOT / name.partition("/")[2]).exists(), name)

    def test_decisions_are_numbered_without_gaps(self):
        names = sorted(path.name for path in (ROOT / "docs/decisions").glob("*.md"))
        numbers = [int(name[:4]) for name in names]
        self.assertEqual(numbers, list(range(1, len(names) + 1)))
        for name in names:
            text = read(f"docs/decisions/{name}")
            for part in ("## Question", "## Choices", "## Decision", "## What would change it"):
                self.assertIn(part, text, name)


class OpDocumentTest(unittest.TestCase):
    """Every op that is built has a section and a picture of what it does (scripts/op_pictures)."""

    PICTURE_BYTES_MAX = 40_000

    def setUp(self):
        schema = re.search(r"constexpr OpSpec kOps\[\] = \{(.*?)^\};", read("loader/config_ops.cc"), re.S | re.M)
        entries = re.findall(r'\{\.name = "(\w+)"([^{}]*)\}', schema.group(1))
        self.ops = [name for name, _ in entries]
        self.built = [name for name, rest in entries if ".built = true" in rest]
        sections = re.split(r"^### ", read("docs/ops.md"), flags=re.M)[1:]
        self.sections = {section.split("\n", 1)[0]: section for section in sections}

    def test_the_schema_was_read(self):
        self.assertGreaterEqual(len(self.ops), 38)
        self.assertGreaterEqual(len(self.built), 5)

    def test_every_op_has_a_section_that_says_whether_it_is_built(self):
        wanted = {op if op in self.built else f"{op} (not in this version)" for op in self.ops}
        self.assertEqual(set(self.sections), wanted)

    def test_every_built_op_shows_its_picture(self):
        for op in self.built:
            self.assertIn(f"](pictures/{op}.jpg)", self.sections[op], f"{op} has no picture")

    def test_there_is_a_small_picture_of_every_built_op_and_mix_and_no_other(self):
        pictures = sorted((ROOT / "docs/pictures").glob("*"))
        mixes = set(re.findall(r"\]\(pictures/(\w+\.jpg)\)", read("docs/advanced.md")))
        wanted = mixes | {f"{op}.jpg" for op in self.built}
        self.assertEqual([path.name for path in pictures], sorted(wanted))
        for path in pictures:
            self.assertLessEqual(path.stat().st_size, self.PICTURE_BYTES_MAX, path.name)

    def test_the_script_knows_every_built_op(self):
        known = re.findall(r'^    "(\w+)": ', read("scripts/op_pictures"), re.M)
        self.assertEqual(set(self.built) - set(known), set())


class PresetTest(unittest.TestCase):
    def test_every_preset_has_a_workflow(self):
        import json

        presets = json.loads(read("CMakePresets.json"))
        names = {p["name"] for p in presets["configurePresets"] if not p.get("hidden")}
        self.assertEqual(
            names, set("dev release asan tsan scalar clang fuzz coverage tidy".split())
        )
        for workflow in presets["workflowPresets"]:
            steps = [(step["type"], step["name"]) for step in workflow["steps"]]
            name = workflow["name"]
            self.assertEqual(steps, [("configure", name), ("build", name), ("test", name)])
        self.assertEqual({w["name"] for w in presets["workflowPresets"]}, names)


if __name__ == "__main__":
    unittest.main()
