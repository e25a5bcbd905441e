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


def test_an_epoch_of_lists_shows_their_samples(folder):
    given = dict(dataset=folder, batch_size=4, shuffle="none", augment=[{"op": "resize", "size": [24, 24]}])
    whole = headrace.preview(count=4, **given).png
    chosen = headrace.preview(count=4, sample_ids=[0, 1, 2, 3], **given).png
    assert chosen == whole
    other = headrace.preview(count=4, sample_ids=np.array([7, 1, 7, 0]), **given).png
    assert other != whole
    with headrace.Loader(sample_ids=[7, 1, 7, 0], **given) as loader:
        assert headrace.preview(loader, 4).png == other
        assert headrace.preview(loader, 4, sample_ids=range(4)).png == whole
    with pytest.raises(headrace.HeadraceError, match="sample_ids: found 8 at index 1"):
        headrace.preview(sample_ids=[0, 8], **given)
    with pytest.raises(headrace.ConfigError, match="sample_ids: found float64"):
        headrace.preview(sample_ids=[0.5], **given)


def test_an_epoch_of_weights_shows_what_is_drawn(folder):
    given = dict(dataset=folder, batch_size=4, augment=[{"op": "resize", "size": [24, 24]}], epoch_samples=4)
    only = [0.0, 0.0, 0.1 + 0.2, *5 * [0.0]]  # a number that wants all its digits
    wanted = headrace.preview(dataset=folder, batch_size=4, augment=given["augment"], sample_ids=4 * [2], count=4).png
    with headrace.Loader(weights=only, **given) as loader:
        assert headrace.preview(loader, 4).png == wanted
        balanced = headrace.preview(loader, 4, weights="balanced").png
    assert balanced == headrace.preview(count=4, weights="balanced", **given).png != wanted
    assert headrace.preview(count=4, weights=only, **given).png == wanted


def test_lists_that_are_wrong_are_told_in_pythons_words(folder):
    given = dict(dataset=folder, batch_size=4, augment=[{"op": "resize", "size": [24, 24]}])
    for wrong, text in (([1, 2, 3], "^weights: found 3 weights"), ([0] * 8, "^weights: all are 0")):
        with pytest.raises(headrace.ConfigError, match=text) as caught:
            headrace.preview(weights=wrong, **given)
        assert caught.value.key == "weights"


@pytest.mark.parametrize("of_file", [False, True])
@pytest.mark.parametrize("weights", ["balanced", "list"])
def test_lists_for_a_loader_of_weights_stand_in_their_place(folder, tmp_path, of_file, weights):
    plain = dict(dataset=folder, batch_size=4, augment=[{"op": "resize", "size": [24, 24]}])
    wanted = headrace.preview(count=4, sample_ids=[6, 1, 6, 2], **plain).png
    only = 8 * [0.0]
    only[3] = 1.0
    wanted_weights = headrace.preview(count=4, weights=only, **plain).png
    given = dict(plain, epoch_samples=4)
    if weights == "balanced":
        given["weights"] = "balanced"
        asked = {}
    else:
        asked = {"weights": [1.0] * 8}
    config = []
    if of_file:
        config = [tmp_path / "config.toml"]
        config[0].write_text(headrace.to_toml(**given))
        given = {}
    with headrace.Loader(*config, **given, **asked) as loader:
        assert headrace.preview(loader, 4, sample_ids=[6, 1, 6, 2]).png == wanted
        assert headrace.preview(loader, 4, weights=only).png == wanted_weights


def test_a_list_that_the_caller_changes_is_the_loaders_as_it_was(folder):
    given = dict(dataset=folder, batch_size=4, augment=[{"op": "resize", "size": [24, 24]}])
    ids = np.array([7, 1, 7, 0])
    with headrace.Loader(sample_ids=ids, **given) as loader:
        before = headrace.preview(loader, 4).png
        ids[:] = 2
        assert headrace.preview(loader, 4).png == before
