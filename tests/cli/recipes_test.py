"""examples/recipes: every file runs, on photographs, and gives the batches that its table says."""

import json
import pathlib
import re

import pytest

from npy import Array

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "examples" / "recipes"
RECIPES = sorted(path.stem for path in FOLDER.glob("*.toml"))
BATCH = 16


def side_and_labels(recipe):
    """What the table of README.md promises."""
    row = re.search(
        rf"^\| \[{recipe}\.toml\]\({recipe}\.toml\) \| .* \| (\d+) x \1 \| (\w+) \|$",
        (FOLDER / "README.md").read_text(encoding="utf-8"),
        re.M,
    )
    assert row, f"the table has no row for {recipe}"
    return int(row[1]), row[2]


@pytest.fixture(scope="module")
def overrides(data):
    folder = data / "imagenet-mini" / "images"
    if not folder.is_dir():
        pytest.skip("the sample pictures have no imagenet-mini")
    return ["-s", f"dataset.path={folder}", "-s", f"loader.batch_size={BATCH}"]


def test_there_are_recipes_to_train_and_to_evaluate():
    assert [name for name in RECIPES if name.endswith("_train")]
    for name in RECIPES:
        assert name.endswith(("_train", "_eval")), name
        side_and_labels(name)


@pytest.mark.parametrize("recipe", RECIPES)
def test_it_runs(good, overrides, recipe):
    said = json.loads(good("bench", FOLDER / f"{recipe}.toml", *overrides, "--epochs", "1",
                           "--json", "-").out)
    assert said["images"] == (200 if recipe.endswith("_eval") else 200 // BATCH * BATCH)


@pytest.mark.parametrize("recipe", RECIPES)
def test_its_digest_does_not_depend_on_workers(good, overrides, recipe):
    call = ["digest", FOLDER / f"{recipe}.toml", *overrides, "--batches", "3"]
    one = good(*call, "-s", "loader.workers=1").out
    assert len(one.splitlines()) == 3
    assert good(*call, "-s", "loader.workers=3").out == one


@pytest.mark.parametrize("recipe", RECIPES)
def test_its_batches_have_the_shape_told(good, overrides, tmp_path, recipe):
    side, labels = side_and_labels(recipe)
    good("dump", FOLDER / f"{recipe}.toml", *overrides, "-o", tmp_path, "--batches", "4")
    for number in range(4):
        images = Array(tmp_path / f"{number:06}.images.npy")
        assert images.descr == "<f4" and images.shape == (BATCH, 3, side, side)
        found = Array(tmp_path / f"{number:06}.labels.npy")
        if labels == "index":
            assert found.descr == "<i8" and found.shape == (BATCH,)
            continue
        assert found.descr == "<f4" and found.shape == (BATCH, 20)
        rows = found.values()
        for i in range(BATCH):
            assert sum(rows[20 * i : 20 * i + 20]) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("side, recipe", [(256, "torchvision_resnet50_v1_eval"),
                                          (232, "torchvision_resnet50_v2_eval")])
def test_evaluation_has_the_pixels_of_torchvision(good, photographs, overrides, tmp_path, side,
                                                  recipe):
    transforms = pytest.importorskip("torchvision.transforms")
    image = pytest.importorskip("PIL.Image")
    good("dump", FOLDER / f"{recipe}.toml", *overrides, "-o", tmp_path, "--batches", "2", "-s",
         'output={ dtype = "u8", layout = "nhwc" }')
    theirs = transforms.Compose([transforms.Resize(side), transforms.CenterCrop(224)])
    for number in range(2):
        images = Array(tmp_path / f"{number:06}.images.npy").data
        for i in range(BATCH):
            path = photographs[number * BATCH + i]
            wanted = theirs(image.open(path).convert("RGB")).tobytes()
            assert images[i * len(wanted) : (i + 1) * len(wanted)] == wanted, path


def test_evaluation_takes_every_image_once_and_in_order(good, overrides, tmp_path):
    for recipe in RECIPES:
        if recipe.endswith("_eval"):
            folder = tmp_path / recipe
            good("dump", FOLDER / f"{recipe}.toml", *overrides, "-o", folder, "-s",
                 "augment.1.size=8")
            ids = [i for path in sorted(folder.glob("*.ids.npy")) for i in Array(path).values()]
            assert ids == list(range(200))
