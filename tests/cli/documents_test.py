"""What the documents show works: every TOML block is a configuration that the program takes, and every
key and default of the library's schema stands in docs/config.md and docs/ops.md."""
import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ["HEADRACE_CLI"]
BUILD = pathlib.Path(os.environ.get("HEADRACE_BUILD") or "/nowhere")
LIBRARY = BUILD / "bindings/c/libheadrace.so"
sys.path.insert(0, str(ROOT / "docs" / "site"))

# Blocks that are no configuration: files of another kind, by what stands in them.
OTHER_FILES = ("headrace-policy/1", "headrace-space/")
DOCUMENTS = sorted([*(ROOT / "docs").glob("*.md"), ROOT / "README.md"])


def blocks_of(path):
    text = path.read_text(encoding="utf-8")
    for found in re.finditer(r"^```toml\n(.*?)^```", text, re.M | re.S):
        line = text.count("\n", 0, found.start()) + 2
        if not any(word in found.group(1) for word in OTHER_FILES):
            yield pytest.param(found.group(1), id=f"{path.name}:{line}")


BLOCKS = [block for path in DOCUMENTS for block in blocks_of(path)]


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    subprocess.run([PROGRAM, "synth", folder, "--images", "40", "--size", "160x120"], check=True,
                   capture_output=True)
    names = sorted(path.name for path in (folder / "images").iterdir())
    # The classes that the documents' rules are about.
    for old, new in zip(names, ("6", "9", "left", "right")):
        (folder / "images" / old).rename(folder / "images" / new)
    return folder


def test_there_are_blocks_to_test():
    assert len(BLOCKS) > 30


# With one of these all pictures of a batch come out in one size.
SIZES = ("random_resized_crop", "center_crop", "random_crop", "object_zoom")
# Files of the reader's own.
PLACES = re.compile(r"^(annotations|masks|saliency_maps|include|quarantine) = .*\n", re.M)


@pytest.mark.parametrize("block", BLOCKS)
def test_a_toml_block_is_a_configuration(block, demo, tmp_path):
    """With the demo set in place of its own data: what is left is keys, values and ops."""
    if re.search(r'^op = "ace"', block, re.M):
        pytest.skip("ace needs a model, which only a program can give")
    config = tmp_path / "block.toml"
    text = PLACES.sub("", block)
    if not any(f'"{op}"' in block for op in SIZES):
        text += '\n[[augment]]\nop = "center_crop"\nsize = 64\n'
    config.write_text(text, encoding="utf-8")
    for name in re.findall(r'^policy = "([\w-]+\.toml)"', block, re.M):  # one that a search found, say
        shutil.copyfile(ROOT / "examples/policies/upright_digits.toml", tmp_path / name)
    overrides = [f"dataset.path={demo / 'images'}", "loader.batch_size=4", "loader.workers=1", "decode.checkpoints=off"]
    if 'source = "coco"' in block:
        overrides.append(f"dataset.masks={demo / 'masks'}")
    else:
        overrides.append("dataset.source=folder")
    options = [word for override in overrides for word in ("-s", override)]
    done = subprocess.run([PROGRAM, "digest", config, "--batches", "1", *options], capture_output=True, text=True,
                          timeout=120, check=False)
    assert done.returncode == 0 and done.stdout.startswith("0 0 4 "), done.stderr + "\n" + text


@pytest.mark.parametrize("number", range(2))
def test_the_c_of_getting_started_compiles(number, tmp_path):
    compiler = shutil.which("cc") or shutil.which("gcc")
    if not compiler:
        pytest.skip("no C compiler")
    text = (ROOT / "docs" / "getting-started-c.md").read_text(encoding="utf-8")
    block = re.findall(r"^```c\n(.*?)^```", text, re.M | re.S)[number]
    if "int main" not in block:
        block = f"#include <headrace.h>\n#include <stdio.h>\nvoid example(void);\nvoid example(void) {{\n{block}}}\n"
    source = tmp_path / "block.c"
    source.write_text(block, encoding="utf-8")
    done = subprocess.run([compiler, "-std=c11", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-I",
                           ROOT / "bindings" / "c", source], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


# ---- the schema ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def schema():
    if not LIBRARY.exists():
        pytest.skip("no library that this interpreter can open (a sanitizer's cannot be)")
    import schema as module

    return module.schema_of(LIBRARY)


def rows_of(text):
    """{name: default cell} of all tables in a piece of Markdown; a cell may name several keys."""
    found = {}
    for line in text.splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if len(cells) >= 3:
            for name in re.findall(r"`(\w+)`", cells[0]):
                found.setdefault(name, cells[1])
    return found


def sections_of(name, level):
    parts = re.split(rf"^{'#' * level} ", (ROOT / "docs" / name).read_text(encoding="utf-8"), flags=re.M)[1:]
    return {part.split("\n", 1)[0].strip(): part for part in parts}


def plain(text):
    """1.0, `1` and 1 are one number; true and `true` one word."""
    text = text.strip("`").strip('"')
    numbers = re.findall(r"-?[\d.]+(?:e-?\d+)?", text)
    if numbers and re.fullmatch(r"[\[\]\d., e-]+", text):
        return [float(number) for number in numbers]
    return text.replace(" ", "")


def check_keys(keys, rows, where):
    import schema as module

    for key in keys:
        assert key["key"] in rows, f"{where}: {key['key']} is not described"
        described = rows[key["key"]]
        if key.get("required"):
            assert described == "required", f"{where}: {key['key']}"
        elif key.get("default") is not None and key["kind"] not in ("shares", "weights"):
            # "2; 3 with rand_augment", "0.2, and 1 for cutmix": the first is the default.
            first = described if described.startswith("`[") else re.split(r"[;,] ", described)[0]
            wanted = module.default_of(key)
            assert plain(first) == plain(wanted), f"{where}: {key['key']} has the default {wanted}, not {described}"


def test_config_md_has_every_key_and_default_of_the_schema(schema):
    sections = sections_of("config.md", 2)
    assert len(schema["tables"]) >= 5
    for table in schema["tables"]:
        check_keys(table["keys"], rows_of(sections[f"[{table['table']}]"]), f"config.md [{table['table']}]")


def test_config_md_has_every_key_of_a_mix(schema):
    rows = rows_of(sections_of("config.md", 2)["[[mix]]"])
    assert schema["mix_keys"]
    for key in schema["mix_keys"]:
        assert key["key"] in rows, f"config.md: [[mix]] {key['key']}"
    for mix in schema["mix"]:
        for key in mix["params"]:
            assert key["key"] in rows, f"config.md: {mix['op']} {key['key']}"


def test_ops_md_has_every_op_parameter_and_default_of_the_schema(schema):
    sections = sections_of("ops.md", 3)
    assert len(schema["ops"]) >= 38
    for op in schema["ops"]:
        assert op["op"] in sections, op["op"]
        check_keys(op["params"], rows_of(sections[op["op"]]), f"ops.md {op['op']}")
        if op["p"] != 1:
            assert f"`p` is {op['p']:g} by default" in sections[op["op"]].replace("\n", " "), op["op"]


def test_every_kind_of_the_schema_is_known(schema):
    import schema as module

    lists = [*[table["keys"] for table in schema["tables"]], schema["op_keys"], schema["mix_keys"],
             *[op["params"] for op in schema["ops"]], *[mix["params"] for mix in schema["mix"]]]
    assert {key["kind"] for keys in lists for key in keys} <= set(module.KINDS)


def test_the_reference_page_has_all_of_it(schema):
    import pages

    text = pages.configuration(LIBRARY)
    for op in schema["ops"]:
        assert f"### {op['op']}\n" in text
        for key in op["params"]:
            assert f"| `{key['key']}` |" in text


def test_the_command_line_page_has_every_command():
    import pages

    text = pages.command_line(pathlib.Path(PROGRAM))
    for command in ("bench", "digest", "pack", "preview", "synth", "doctor"):
        assert f"\n## {command}\n" in text


def test_links_are_staged_with_their_anchors(tmp_path):
    import stage

    staged = stage.Stage(tmp_path)
    staged.add(ROOT / "docs" / "dependencies.md")
    assert (tmp_path / "decisions" / "0005-highway.md").exists()
    staged.add(ROOT / "docs" / "advanced.md")
    text = (tmp_path / "advanced.md").read_text(encoding="utf-8")
    assert "](repository/bench/README.md#bench_mix)" in text
    assert (tmp_path / "repository" / "bench" / "README.md").exists()


def test_a_broken_link_is_told_with_its_page(tmp_path, monkeypatch):
    import stage

    page = tmp_path / "docs" / "page.md"
    page.parent.mkdir()
    page.write_text("[here](nowhere.md)\n", encoding="utf-8")
    monkeypatch.setattr(stage, "ROOT", tmp_path)
    monkeypatch.setattr(stage, "DOCS", tmp_path / "docs")
    with pytest.raises(SystemExit, match="docs/page.md links to nowhere.md"):
        stage.Stage(tmp_path / "out").add(page)


def test_a_page_that_loads_from_a_foreign_host_is_told(tmp_path):
    import check

    page = check.Page()
    page.feed('<link rel="stylesheet" href="https://fonts.example/x.css"><a href="https://example.org">x</a>'
              '<script src="//cdn.example/x.js"></script><img src="pictures/a.jpg"><p>one\n- two</p>')
    assert len(page.problems) == 3, page.problems
