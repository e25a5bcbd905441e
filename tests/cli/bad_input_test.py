"""Bad input: one line that says what to do, exit status 1 or 2, nothing half-written."""

import os
import pathlib
import re
import shutil
import tempfile

import pytest


def assert_refused(result, *words, codes=(1, 2)):
    assert result.code in codes, result
    assert result.out == "", result
    assert result.err.count("\n") == 1 and result.err.endswith("\n"), result
    assert result.err.startswith("headrace "), result
    for word in words:
        assert word in result.err, result


@pytest.fixture
def refused(run, tmp_path):
    """Runs every command that opens a configuration; each has to refuse it and write nothing."""

    def call(config, *words, arguments=(), codes=(1, 2), preview=True):
        before = sorted(tmp_path.rglob("*"))
        out = tmp_path / "never"
        commands = [
            ["bench", config, "--json", out / "x.json"],
            ["digest", config, "--json", "-"],
            ["dump", config, "-o", out],
        ]
        if preview:
            commands.append(["preview", config, "-o", tmp_path / "never.png"])
        for command in commands:
            assert_refused(run(*command, *arguments), *words, codes=codes)
        assert sorted(tmp_path.rglob("*")) == before

    return call


def test_missing_configuration(refused, tmp_path):
    refused(tmp_path / "no.toml", "no.toml")


def test_configuration_that_is_a_folder(refused, tmp_path):
    refused(tmp_path, str(tmp_path))


def test_syntax_error_says_where(refused, tmp_path):
    file = tmp_path / "c.toml"
    file.write_text('[dataset]\npath = "x\n')
    refused(file, "c.toml:2", codes=(2,))


def test_missing_path(refused, write_config):
    refused(write_config("not/there"), "not/there")


def test_no_path_at_all(refused, tmp_path):
    file = tmp_path / "c.toml"
    file.write_text("[loader]\nbatch_size = 4\n")
    refused(file, "path")


def test_path_is_a_file(refused, write_config, demo):
    refused(write_config(demo / "instances.json"), "instances.json")


def test_empty_folder(refused, write_config, tmp_path):
    (tmp_path / "data").mkdir()
    refused(write_config("data"), "data")


def test_folder_without_pictures(refused, write_config, tmp_path):
    (tmp_path / "data" / "cats").mkdir(parents=True)
    (tmp_path / "data" / "cats" / "notes.txt").write_text("no picture")
    refused(write_config("data"), "data")


def test_unknown_key_with_a_suggestion(refused, config, write_config):
    text = config.read_text().replace("batch_size", "batch_sise")
    refused(write_config("images", text), ":6", "batch_sise", "batch_size", codes=(2,))


def test_unknown_op_with_a_suggestion(refused, config, write_config):
    text = config.read_text().replace("random_resized_crop", "random_resize_crop")
    refused(write_config("images", text), "random_resize_crop", "random_resized_crop", codes=(2,))


def test_value_of_a_later_version(refused, config, demo):
    file = demo / "later.toml"
    file.write_text(config.read_text() + '\n[[augment]]\nop = "resize"\nsize = 8\nantialias = false\n')
    refused(file, "antialias", "not in this version", codes=(2,))


@pytest.mark.parametrize(
    "change,word",
    [
        ('loader.batch_size="eight"', "batch_size"),
        ("loader.batch_size=0", "batch_size"),
        ("loader.batch_size=-1", "batch_size"),
        ("loader.tail=keep", "tail"),
        ("loader.workers=1.5", "workers"),
        ("loader.prefetch_batches=0", "prefetch_batches"),
        ("loader.corrupt_budget=2.0", "corrupt_budget"),
        ("output.std=[0.0, 0.2, 0.2]", "std"),
        ("output.mean=[0.5]", "mean"),
        ("output.dtype=f64", "dtype"),
        ("augment.0.size=0", "size"),
        ("augment.1.p=1.5", "p"),
        ("limits.max_pixels=0", "max_pixels"),
        ("dataset.source=tape", "tape"),
    ],
)
def test_wrong_values(refused, config, change, word):
    # What preview sets by itself, it does not read.
    key = change.split("=")[0]
    own = key in ("output.dtype", "output.mean", "output.std", "loader.prefetch_batches")
    refused(config, word, arguments=["-s", change], codes=(2,), preview=not own)


def test_batch_larger_than_the_set(refused, config):
    refused(config, "batch_size", "30", arguments=["-s", "loader.batch_size=31"])


def test_too_little_memory_says_how_much_is_needed(run, refused, config):
    change = ["-s", 'loader.max_host_bytes="1MiB"']
    refused(config, "max_host_bytes", arguments=change)
    text = run("bench", config, *change).err
    needed = re.search(r"needs (\d+) ?([KMG]iB)", text)
    assert needed, text
    # With what it asks for, it runs; with a tenth less, it does not.
    amount, unit = int(needed[1]), needed[2]
    for size, code in ((f"{amount}{unit}", 0), (f"{amount * 9 // 10}{unit}", 1)):
        result = run("digest", config, "-s", f'loader.max_host_bytes="{size}"')
        assert (result.code != 0) == (code != 0), result


def test_class_name_that_is_not_there(refused, config, demo):
    file = demo / "classes.toml"
    file.write_text(config.read_text() + 'except_classes = ["unicorn"]\n')
    refused(file, "unicorn")


def test_list_of_classes_with_one_that_is_not_there(refused, config):
    refused(config, "unicorn", arguments=["-s", 'dataset.classes=["apple", "unicorn"]'])


def test_ops_that_do_not_fix_the_size(refused, config, demo):
    file = demo / "size.toml"
    text = config.read_text()
    file.write_text(text[: text.index("[[augment]]")])
    refused(file, "size")


@pytest.fixture
def open_folder():
    """A folder that another user may enter: pytest's own may not be."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="headrace-cli-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def as_nobody(run, *arguments):
    """Permissions mean nothing to root."""
    options = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
    try:
        return run(*arguments, **options)
    except PermissionError:
        pytest.skip("another user cannot run the program where it lies")


def copied_set(open_folder, demo):
    shutil.copytree(demo / "images", open_folder / "images")
    shutil.copy(demo / "test.toml", open_folder / "test.toml")
    for path in [open_folder, *open_folder.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    return open_folder / "test.toml"


def test_unreadable_configuration(run, open_folder, config, demo):
    file = copied_set(open_folder, demo)
    assert as_nobody(run, "digest", file).code == 0
    file.chmod(0)
    assert_refused(as_nobody(run, "digest", file), "test.toml")


def test_unreadable_folder(run, open_folder, config, demo):
    file = copied_set(open_folder, demo)
    (open_folder / "images").chmod(0)
    assert_refused(as_nobody(run, "digest", file), "images")


def test_unreadable_file_is_named(run, open_folder, config, demo):
    file = copied_set(open_folder, demo)
    victim = sorted((open_folder / "images").rglob("*.jpg"))[7]
    victim.chmod(0)
    arguments = ["-s", "loader.on_corrupt=error", "-s", "loader.tail=exact"]
    result = as_nobody(run, "digest", file, "--json", "-", *arguments)
    assert result.code == 1 and result.out == "", result
    errors = [line for line in result.err.splitlines() if ": error: " in line]
    assert len(errors) == 1 and victim.name in errors[0], result
