"""source = "manifest": what a folder gives, a list of its files gives too; and labels of all kinds."""

import pytest
from conftest import TRAINING

from npy import Array

CONFIG = """
[dataset]
source = "manifest"
path = "{path}"
{more}
""" + TRAINING


@pytest.fixture
def pictures(demo):
    """Relative paths of the demo set and their classes, in the order of a folder's ids."""
    folder = demo / "images"
    paths = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*.*"))
    assert len(paths) == 30
    return folder, [(path, path.split("/")[0]) for path in paths]


@pytest.fixture
def manifest(tmp_path, pictures):
    """manifest(lines, more) -> a configuration that reads these lines."""
    folder, _ = pictures

    def write(lines, more=""):
        (tmp_path / "list.tsv").write_text("".join(line + "\n" for line in lines))
        config = tmp_path / "config.toml"
        config.write_text(CONFIG.format(
            path=folder, more=f'annotations = "{tmp_path / "list.tsv"}"\n{more}'))
        return config

    return write


@pytest.fixture
def dumped(good, tmp_path):
    """dumped(config, ...) -> the arrays of all batches, end to end, by name."""

    def call(config, *arguments):
        out = tmp_path / "dump"
        good("dump", config, "-o", out, "-s", "loader.tail=exact", "-s", "loader.shuffle=none",
             *arguments)
        arrays = {}
        for name in ("images", "labels", "ids", "lambda", "partner"):
            files = sorted(out.glob(f"*.{name}.npy"))
            arrays[name] = [value for file in files for value in Array(file).values()]
            arrays[name, "shape"] = Array(files[0]).shape
        for file in out.iterdir():
            file.unlink()
        return arrays

    return call


def test_a_folders_files_in_order_give_the_folders_digest(good, config, manifest, pictures):
    folder = good("digest", config).out
    lines = [f"{path}\t{name}" for path, name in pictures[1]]
    assert good("digest", manifest(lines)).out == folder
    assert good("digest", manifest(["path\tlabel"] + lines)).out == folder
    classes = sorted({name for _, name in pictures[1]})
    indices = [f"{path}\t{classes.index(name)}\t160\t120" for path, name in pictures[1]]
    assert good("digest", manifest(["# made by a test", *indices])).out == folder
    assert good("digest", manifest(lines[::-1])).out != folder


def test_the_manifest_may_lie_beside_its_pictures(good, config, pictures):
    folder, names = pictures
    manifest = folder / "list.tsv"
    manifest.write_text("".join(f"./{path}\t{name}\r\n" for path, name in names))
    try:
        assert good("digest", config, "-s", "dataset.source=manifest", "-s",
                    f"dataset.path={manifest}").out == good("digest", config).out
    finally:
        manifest.unlink()


def test_several_classes_come_as_rows(manifest, dumped, pictures):
    lines = [f"{path}\t{','.join(str(c) for c in range(4) if i >> c & 1)}"
             for i, (path, _) in enumerate(pictures[1])]
    arrays = dumped(manifest(lines))
    assert arrays["labels", "shape"] == (8, 4)
    assert arrays["labels"] == [float(i >> c & 1) for i in range(30) for c in range(4)]


def test_numbers_come_as_rows_and_are_mixed_like_the_pixels(manifest, dumped, pictures):
    numbers = [i * i / 4 - 3 for i in range(30)]
    lines = ["path\tvalue"] + [f"{path}\t{n}" for (path, _), n in zip(pictures[1], numbers)]
    config = manifest(lines)
    arrays = dumped(config)
    assert arrays["labels", "shape"] == (8, 1)
    assert arrays["labels"] == numbers
    arrays = dumped(config, "-s", "mix.0.op=mixup", "-s", "mix.0.alpha=1")
    mixed = 0
    for i, lam in enumerate(arrays["lambda"]):
        other = i // 8 * 8 + arrays["partner"][i]
        mixed += other != i
        assert arrays["labels"][i] == pytest.approx(lam * numbers[i] + (1 - lam) * numbers[other])
    assert mixed == 30


def test_what_needs_one_class_a_sample_is_refused_for_rows(run, manifest, pictures):
    config = manifest([f"{path}\t0,1" for path, _ in pictures[1]])
    for overrides, text in (
        (["output.labels=index"], "[output] labels"),
        (["mix.0.op=mixup", "mix.0.label_smoothing=0.1"], "[[mix]] mixup"),
        (['augment.1.remap={ 0 = "1", 1 = "0" }'], "remap"),
    ):
        result = run("digest", config, *[part for key in overrides for part in ("-s", key)])
        assert result.code == 2, result
        assert text in result.err and "the data set's labels are several" in result.err, result


@pytest.mark.parametrize("line, text", [
    ("dog/none.jpg\tdog", "list.tsv:31:1: \"dog/none.jpg\": No such file"),
    ("../x.jpg\tdog", "list.tsv:31:1: the path \"../x.jpg\" leads upwards"),
    ("dog.jpg dog", "list.tsv:31:1: found 1 fields between tabs"),
])
def test_a_bad_line_is_told_with_its_place(run, manifest, pictures, line, text):
    config = manifest([f"{path}\t{name}" for path, name in pictures[1]] + [line])
    result = run("digest", config)
    assert result.code in (1, 2) and result.out == "", result
    assert text in result.err, result


def test_a_link_out_of_the_folder_is_a_bad_sample(run, good, config, tmp_path, pictures):
    folder, names = pictures
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "good.jpg").write_bytes((folder / names[0][0]).read_bytes())
    (tmp_path / "in" / "out.jpg").symlink_to(folder / names[1][0])
    (tmp_path / "in" / "list.tsv").write_text("good.jpg\ta\nout.jpg\ta\n")
    result = run("digest", config, "-s", "dataset.source=manifest", "-s",
                 f"dataset.path={tmp_path / 'in' / 'list.tsv'}", "-s", "loader.batch_size=2", "-s",
                 "loader.on_corrupt=error")
    assert result.code == 1 and "out.jpg" in result.err, result


def test_preview_shows_it(good, manifest, pictures, tmp_path):
    config = manifest(["path\tlabels"] + [f"{path}\t{name}, thing" for path, name in pictures[1]])
    good("preview", config, "-o", tmp_path / "sheet.png", "--count", 8)
    assert (tmp_path / "sheet.png").stat().st_size > 1000
