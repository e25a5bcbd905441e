"""headrace synth: the demo set is complete, right about itself, and the same for the same seed."""

import hashlib
import json
import pathlib

import pytest


def fingerprint(folder):
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def small(good, folder, *arguments):
    return good("synth", folder, "--images", 12, "--classes", 4, "--size", "96x64", *arguments)


def test_files_by_class(demo):
    pictures = sorted((demo / "images").rglob("*.jpg"))
    assert len(pictures) == 30
    assert len({path.parent.name for path in pictures}) == 5
    for path in pictures:
        mask = demo / "masks" / path.parent.name / (path.stem + ".png")
        assert path.read_bytes()[:3] == b"\xff\xd8\xff"
        assert mask.read_bytes()[:4] == b"\x89PNG"


def test_annotations_have_cocos_form(demo):
    said = json.loads((demo / "instances.json").read_text())
    images = {image["id"]: image for image in said["images"]}
    categories = {category["id"]: category["name"] for category in said["categories"]}
    assert len(images) == 30
    assert len(categories) == 5
    main_seen = set()
    for annotation in said["annotations"]:
        image = images[annotation["image_id"]]
        counts = annotation["segmentation"]["counts"]
        assert annotation["segmentation"]["size"] == [image["height"], image["width"]]
        assert sum(counts) == image["width"] * image["height"]
        assert sum(counts[1::2]) == annotation["area"] >= 64
        assert annotation["iscrowd"] == 0
        x, y, width, height = annotation["bbox"]
        assert 0 <= x and x + width <= image["width"]
        assert 0 <= y and y + height <= image["height"]
        assert annotation["area"] <= width * height
        if categories[annotation["category_id"]] == image["file_name"].split("/")[0]:
            main_seen.add(image["id"])
    # The thing that names the class is there to be seen in every picture.
    assert main_seen == set(images)


def test_masks_are_what_the_annotations_say(demo):
    image_module = pytest.importorskip("PIL.Image")
    numpy = pytest.importorskip("numpy")
    said = json.loads((demo / "instances.json").read_text())
    images = {image["id"]: image for image in said["images"]}
    for annotation in said["annotations"]:
        image = images[annotation["image_id"]]
        path = demo / "masks" / pathlib.Path(image["file_name"]).with_suffix(".png")
        with image_module.open(path) as opened:
            assert opened.mode == "L"
            mask = numpy.asarray(opened)
        with image_module.open(demo / "images" / image["file_name"]) as opened:
            assert opened.size == (image["width"], image["height"]) == mask.shape[::-1]
        here = mask == annotation["mask_value"]
        rows, columns = numpy.where(here)
        box = [columns.min(), rows.min(), numpy.ptp(columns) + 1, numpy.ptp(rows) + 1]
        assert box == annotation["bbox"]
        runs = annotation["segmentation"]["counts"]
        painted = numpy.repeat(numpy.arange(len(runs)) % 2 == 1, runs)
        assert (painted.reshape(mask.shape[::-1]).T == here).all()


def test_the_same_seed_gives_the_same_set(good, tmp_path):
    small(good, tmp_path / "a", "--seed", 1)
    small(good, tmp_path / "b", "--seed", 1)
    small(good, tmp_path / "c", "--seed", 2)
    assert fingerprint(tmp_path / "a") == fingerprint(tmp_path / "b")
    assert fingerprint(tmp_path / "a") != fingerprint(tmp_path / "c")


def test_a_set_takes_the_place_of_an_older_one(good, tmp_path):
    small(good, tmp_path / "a")
    good("synth", tmp_path / "a", "--images", 5, "--classes", 2, "--size", "96x64")
    good("synth", tmp_path / "b", "--images", 5, "--classes", 2, "--size", "96x64")
    assert fingerprint(tmp_path / "a") == fingerprint(tmp_path / "b")


def test_a_folder_with_other_pictures_is_left_alone(run, tmp_path):
    own = tmp_path / "images" / "cats" / "tom.jpg"
    own.parent.mkdir(parents=True)
    own.write_text("mine")
    result = run("synth", tmp_path, "--images", 2)
    assert result.code == 1
    assert "tom.jpg" in result.err and result.err.count("\n") == 1
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [own]


def test_a_changed_configuration_stays(good, tmp_path):
    small(good, tmp_path)
    (tmp_path / "train.toml").write_text("# mine\n")
    small(good, tmp_path)
    assert (tmp_path / "train.toml").read_text() == "# mine\n"


def test_the_starter_configuration_runs(good, tmp_path):
    small(good, tmp_path)
    lines = good("digest", tmp_path / "train.toml", "-s", "loader.batch_size=4").out
    assert lines.count("\n") == 3


def test_json(good, tmp_path):
    said = json.loads(small(good, tmp_path, "--json", "-").out)
    assert said["images"] == 12 and said["classes"] == 4
    annotations = json.loads((tmp_path / "instances.json").read_text())["annotations"]
    assert said["instances"] == len(annotations)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--images", "0"],
        ["--classes", "1"],
        ["--classes", "11"],
        ["--size", "10x10"],
        ["--size", "500"],
    ],
)
def test_wrong_options(run, tmp_path, arguments):
    result = run("synth", tmp_path / "x", *arguments)
    assert result.code == 2
    assert result.err.count("\n") == 1
    assert not (tmp_path / "x").exists()


def test_a_file_in_the_way(run, tmp_path):
    (tmp_path / "x").write_text("a file")
    result = run("synth", tmp_path / "x", "--images", "2")
    assert result.code == 1
    assert result.err.count("\n") == 1
