"""[dataset] include and split, over sources: parts of a set are sets like any other."""

import pytest

from npy import Array

SPLIT = 'dataset.of={ train = 0.6, val = 0.3, test = 0.1 }'


@pytest.fixture
def dumped(good, tmp_path):
    """dumped(config, overrides) -> {bytes of a picture as resized: its label}, and the ids."""

    def call(config, *overrides):
        out = tmp_path / "dump"
        good("dump", config, "-o", out, "-s", "loader.tail=exact", "-s", "loader.shuffle=none",
             "-s", 'augment=[{ op = "resize", size = [20, 30] }]',
             *[part for key in overrides for part in ("-s", key)])
        pictures, ids = {}, []
        for file in sorted(out.glob("*.images.npy")):
            images = Array(file)
            labels = Array(out / file.name.replace("images", "labels")).values()
            each = len(images.data) // len(labels)
            for i, label in enumerate(labels):
                pictures[images.data[i * each : (i + 1) * each]] = label
            ids += Array(out / file.name.replace("images", "ids")).values()
        for file in out.iterdir():
            file.unlink()
        assert ids == list(range(len(pictures)))
        return pictures

    return call


def test_parts_are_disjoint_and_together_the_whole(dumped, config):
    whole = dumped(config)
    assert len(whole) == 30
    parts = [dumped(config, f"dataset.split={name}", SPLIT) for name in ("train", "val", "test")]
    assert all(parts) and sum(map(len, parts)) == 30
    together = {}
    for part in parts:
        together |= part
    assert together == whole


def test_a_part_is_the_same_for_every_seed_and_source(good, dumped, config, demo):
    train = dumped(config, "dataset.split=train", SPLIT)
    assert dumped(config, "dataset.split=train", SPLIT, "loader.seed=99") == train
    folder = demo / "images"
    paths = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*.*"))
    manifest = demo / "all.tsv"
    manifest.write_text("".join(f"{path}\t{path.split('/')[0]}\n" for path in paths))
    assert dumped(config, "dataset.source=manifest", f"dataset.annotations={manifest}",
                  "dataset.split=train", SPLIT) == train


def test_include_takes_ids_and_paths(dumped, config, demo, tmp_path):
    folder = demo / "images"
    paths = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*.*"))
    (tmp_path / "ids.txt").write_text("".join(f"{i}\n" for i in (29, 3, 11)))
    (tmp_path / "paths.txt").write_text("".join(f"{paths[i]}\n" for i in (11, 29, 3)))
    by_id = dumped(config, f"dataset.include={tmp_path / 'ids.txt'}")
    assert len(by_id) == 3
    assert dumped(config, f"dataset.include={tmp_path / 'paths.txt'}") == by_id
    whole = dumped(config)
    assert [label for picture, label in whole.items() if picture in by_id] == list(by_id.values())


def test_what_is_not_in_the_set_is_told_with_its_line(run, config, tmp_path):
    (tmp_path / "ids.txt").write_text("3\n30\n")
    result = run("digest", config, "-s", f"dataset.include={tmp_path / 'ids.txt'}")
    assert result.code == 2 and "ids.txt:2: found the id \"30\"" in result.err, result
    (tmp_path / "ids.txt").write_text("3\nnone.png\n")
    result = run("digest", config, "-s", f"dataset.include={tmp_path / 'ids.txt'}")
    assert result.code == 2 and "ids.txt:1: no sample is called \"3\"" in result.err, result


def test_a_parts_checkpoints_are_its_own(good, config, tmp_path):
    """Two parts of one folder take turns; neither loses what it knows of its files."""
    cache = ["-s", f"decode.checkpoints={tmp_path}"]
    parts = [["-s", f"dataset.split={name}", "-s", SPLIT, "-s", "loader.batch_size=2", *cache]
             for name in ("train", "val")]
    first = [good("digest", config, *part).out for part in parts]
    assert [good("digest", config, *part).out for part in parts] == first
    assert len(list(tmp_path.glob("*"))) >= 2


def test_objects_of_a_coco_set_are_split_with_their_pictures(good, data, tmp_path):
    coco = data / "coco-mini" / "coco"
    if not coco.is_dir():
        pytest.skip("the sample pictures have no coco-mini")
    config = tmp_path / "config.toml"
    config.write_text(f"""
[dataset]
source = "coco"
path = "{coco}"
[loader]
batch_size = 4
tail = "exact"
shuffle = "none"
[[augment]]
op = "resize"
size = [64, 64]
""")

    def boxes(*overrides):
        out = tmp_path / "dump"
        good("dump", config, "-o", out, *overrides)
        texts = []
        for file in sorted(out.glob("*.targets.json")):
            import json
            texts += json.loads(file.read_text())["ids"]
            file.unlink()
        return sorted(texts)

    whole = boxes()
    assert whole
    split = [boxes("-s", f"dataset.split={name}", "-s", "dataset.of={ a = 0.5, b = 0.5 }")
             for name in ("a", "b")]
    assert all(split) and sorted(split[0] + split[1]) == whole
