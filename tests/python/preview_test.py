"""headrace.preview: the contact sheet of the command line, as an object for notebooks."""

import numpy as np
import pytest

headrace = pytest.importorskip("headrace", reason="the Python package is not built")
pillow = pytest.importorskip("PIL.Image")
from headrace import ops  # noqa: E402

AUGMENT = [ops.RandomResizedCrop(48), ops.RandAugment()]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("preview") / "data"
    for number in range(8):
        path = root / "ab"[number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        pillow.new("RGB", (60, 50), (30 * number, 200, 99)).save(path)
    return root


def test_is_a_picture_that_notebooks_show(folder, tmp_path):
    shown = headrace.preview(dataset=folder, augment=AUGMENT, batch_size=4, count=4)
    png = shown._repr_png_()
    assert png.startswith(b"\x89PNG") and "pixels" in repr(shown)
    picture = shown.to_pil()
    assert (np.asarray(picture) == shown.to_numpy()).all()
    assert len(np.unique(shown.to_numpy().reshape(-1, 3), axis=0)) >= 6  # something is drawn
    shown.save(tmp_path / "sheet.png")
    assert (tmp_path / "sheet.png").read_bytes() == png
    shown.save(str(tmp_path / "sheet.jpg"))
    assert pillow.open(tmp_path / "sheet.jpg").size == picture.size


def test_a_file_keywords_and_a_loader_draw_the_same(folder, tmp_path, monkeypatch):
    config = folder.parent / "config.toml"
    config.write_text(headrace.to_toml(dataset="data", augment=AUGMENT, batch_size=4))
    of_file = headrace.preview(config, 4).png
    monkeypatch.chdir(folder.parent)
    assert headrace.preview(dataset="data", augment=AUGMENT, batch_size=4, count=4).png == of_file
    assert headrace.preview({"dataset": "data", "augment": AUGMENT}, 4, batch_size=4).png == of_file
    for loader in (headrace.Loader(config), headrace.Loader(dataset="data", augment=AUGMENT, batch_size=4)):
        with loader:
            assert headrace.preview(loader, 4).png == of_file
    changed = headrace.preview(config, 4, augment__0__size=24)
    assert changed.png != of_file and headrace.preview(config, 4, seed=3).png != of_file


def test_more_pictures_take_more_room(folder):
    sizes = [
        headrace.preview(dataset=folder, augment=AUGMENT, batch_size=4, count=count).to_numpy().size for count in (1, 4, 8)
    ]
    assert sizes[0] < sizes[1] < sizes[2]
    beside = headrace.preview(dataset=folder, augment=AUGMENT, batch_size=4, count=4, original=True)
    assert beside.to_numpy().size > sizes[1]


def test_wrong_configurations_are_told(folder, tmp_path):
    with pytest.raises(headrace.ConfigError, match=r'^\[\[augment\]\] siz: unknown key.*did you mean "size"') as caught:
        headrace.preview(dataset=folder, augment=[{"op": "resize", "siz": 3}])
    assert caught.value.key == "augment.siz" and caught.value.suggestion == "size"
    with pytest.raises(headrace.ConfigError, match="bach_size: unknown argument"):
        headrace.preview(dataset=folder, augment=AUGMENT, bach_size=3)
    with pytest.raises(headrace.NotFoundError, match="no_such"):
        headrace.preview(dataset=folder / "no_such", augment=AUGMENT)
    with pytest.raises(headrace.NotFoundError, match="no_such.toml"):
        headrace.preview(tmp_path / "no_such.toml")
    for count in (0, 1025, 1.5, True):
        with pytest.raises(headrace.InvalidArgumentError, match="count: found"):
            headrace.preview(dataset=folder, augment=AUGMENT, count=count)
    with pytest.raises(headrace.ConfigError, match="config: found int"):
        headrace.preview(3)


def test_a_loaders_keywords_are_changed_key_by_key(folder):
    options = dict(dataset=folder, batch_size=4, loader={"seed": 3, "workers": 1}, augment=[{"op": "random_crop", "size": 24}])
    wanted = headrace.preview(count=4, **{**options, "loader": {"seed": 3, "workers": 2}}).png
    with headrace.Loader(**options) as loader:
        assert headrace.preview(loader, 4, loader={"workers": 2}).png == wanted
    assert headrace.preview({key: value for key, value in options.items()}, 4, loader={"workers": 2}).png == wanted
    assert headrace.preview(count=4, **{**options, "loader": {"workers": 2}}).png != wanted


def test_ops_of_the_caller_stay_as_they_are(folder, tmp_path):
    augment = [{"op": "resize", "size": [24, 24]}, {"op": "auto_augment", "policy": "./nowhere.toml"}]
    with pytest.raises(headrace.HeadraceError):
        headrace.preview(dataset=folder, augment=augment)
    assert augment[1]["policy"] == "./nowhere.toml"
    with pytest.raises(headrace.ConfigError, match="policy"):
        headrace.preview(dataset=folder, augment=[{"op": "auto_augment", "policy": 5}])
