"""Bad input: what is raised, and what it says."""

import copy
import enum
import pickle
import tarfile

import headrace
import numpy as np
import pytest

from conftest import AUGMENT

LABELS = ["apple", "ball", "car", "fish", "flower"]


@pytest.mark.parametrize(
    "options, key, suggestion, text",
    [
        ({"batch_sise": 3}, "batch_sise", "batch_size", "unknown argument"),
        ({"loader": {"batch_sise": 3}}, "loader.batch_sise", "batch_size", "unknown key"),
        ({"batch_size": "many"}, "loader.batch_size", None, "found a string"),
        ({"batch_size": 0}, "loader.batch_size", None, "1 to 1048576"),
        ({"batch_size": 2**70}, "loader.batch_size", None, "64 bits"),
        ({"batch_size": {1, 2}}, "loader.batch_size", None, r"\(set\)"),
        ({"corrupt_budget": float("nan")}, "loader.corrupt_budget", None, "finite"),
        ({"loader": 3}, "loader", None, "allowed: a dict"),
        ({"shuffle": "ful"}, "loader.shuffle", "full", "found"),
        ({"dtype": "f64"}, "output.dtype", None, "allowed: u8, f16, bf16, f32"),
        ({"augment": [{"op": "resize", "size": 8}, {"op": "inverted"}]}, "augment.1.op", "invert", "augment.1"),
        ({"augment": [{"op": "resize", "sise": 8}]}, "augment.0.sise", "size", "sise"),
        ({"augment": 7}, "augment", None, "a list of ops"),
        ({"augment": [7]}, "augment.0", None, "an op's name, a dict or an op"),
        ({"augment": [{"op": "resize", "size": [object()]}]}, "augment.0.size.0", None, "object"),
        ({"augment__0__sise": 8}, "augment.0.sise", "size", "sise"),
        ({"mix": ["mixupp"]}, "mix.0.op", "mixup", "mixupp"),
        ({"mix": [{"op": "mixup", 3: 4}]}, "mix.0", None, "as a key"),
        ({"dataset": 7}, "dataset", None, "a path, a list of shards or a dict"),
        ({"nothing": {"x": 1}}, "nothing", None, "unknown argument"),
        ({"sampel_ids": [1]}, "sampel_ids", "sample_ids", "unknown argument"),
        ({"word_size": 2}, "word_size", "world_size", "unknown argument"),
        ({"augment": [np.zeros((4, 40))]}, "augment.0", None, "an op's name, a dict or an op"),
        ({"augment": [headrace.ops.Resize]}, "augment.0", None, r"write Resize\(\.\.\.\)"),
        ({"augment": headrace.ops.Resize}, "augment.0", None, r"write Resize\(\.\.\.\)"),
        ({"dtype": "float32"}, "output.dtype", "f32", "did you mean"),
        ({"dtype": "uint8"}, "output.dtype", "u8", "did you mean"),
        ({"dtype": np.float32}, "output.dtype", None, 'a dtype is "u8"'),
        ({"dtype": np.dtype("f4")}, "output.dtype", None, 'a dtype is "u8"'),
        ({"dataset": {"path": 7}}, "dataset.path", None, "found an integer"),
        ({"num_workers": 4}, "num_workers", "workers", "here it is workers="),
        ({"drop_last": True}, "drop_last", "tail", 'tail="drop"'),
        ({"pin_memory": True}, "pin_memory", "pin", 'pin="auto"'),
        ({"transform": 3}, "transform", "augment", "headrace.torch.DataLoader"),
        ({"dataset": [1]}, "dataset.0", None, r"dataset\.0: found 1 \(int\); allowed: the path of a shard"),
        ({"dataset": ["part.tar", None]}, "dataset.1", None, "the path of a shard"),
        ({"rank": 0}, "rank", None, "without world_size"),
        ({"world_size": 2}, "world_size", None, "without rank"),
        ({"log": 3}, "log", None, r"log: found 3 \(int\)"),
        ({"mix": ["mixup", "ace"]}, "model", None, r"^mix\.1: \[\[mix\]\] ace: needs a model: give model=\.\.\.$"),
        ({"mix": [{"op": "rmix", "saliency": "callback"}]}, "saliency", None, r"^mix\.0: .*: give saliency=\.\.\.$"),
        ({"weights": [1, 2, 3]}, "weights", None, "^weights: found 3 weights"),
        ({"weights": [0] * 30}, "weights", None, "^weights: all are 0"),
        ({"weights": [1] * 30, "sample_ids": [1]}, "weights", None, "^weights and sample_ids are both given"),
        ({"weights": [1] * 30, "loader": {"weights": "balanced"}}, "loader.weights", None, r" beside weights=\[\.\.\.\];"),
        ({"sample_ids": [-1]}, "sample_ids", None, "^sample_ids: found -1 at index 0"),
    ],
)
def test_wrong_names_and_types(load, options, key, suggestion, text):
    with pytest.raises(headrace.ConfigError, match=text) as raised:
        load(**options)
    error = raised.value
    assert isinstance(error, ValueError) and isinstance(error, headrace.HeadraceError)
    assert (error.key, error.suggestion) == (key, suggestion)
    assert "\n" not in str(error) and "<toml>" not in str(error) and not str(error).startswith("-s")


@pytest.mark.parametrize("name", ["weights", "sample_ids"])
def test_numbers_that_have_a_gradient_are_refused_by_name(load, name):
    torch = pytest.importorskip("torch")
    with pytest.raises(headrace.ConfigError, match=rf"^{name}: found no plain list of numbers \(.*grad.*\); allowed: a list of") as raised:
        load(**{name: torch.ones(30, requires_grad=True)})
    assert raised.value.key == name


@pytest.mark.parametrize("with_file", [False, True])
@pytest.mark.parametrize(
    "options, key, suggestion",
    [
        ({"augment": ["invert", {"op": "resize", "sise": 2}]}, "augment.1.sise", "size"),
        ({"augment": ["invert", {"op": "resize", "size": "a"}]}, "augment.1.size", None),
        ({"augment": ["invert", {"op": "reszie"}]}, "augment.1.op", "resize"),
        ({"augment": [{"size": 2}]}, "augment.0.op", None),
        ({"mix": ["mixup", {"op": "cutmix", "alhpa": 1}]}, "mix.1.alhpa", "alpha"),
    ],
)
def test_an_entry_of_a_list_has_its_number_also_over_a_file(images, tmp_path, with_file, options, key, suggestion):
    config = tmp_path / "config.toml"
    config.write_text(headrace.to_toml(dataset=images, augment=AUGMENT, batch_size=4))
    with pytest.raises(headrace.ConfigError, match=rf"^{key}: \[\[") as raised:
        headrace.Loader(*([config] if with_file else []), **({} if with_file else {"dataset": images}), **options)
    assert (raised.value.key, raised.value.suggestion) == (key, suggestion)


def test_the_words_of_the_c_api_are_pythons_beside_a_file_too(images, tmp_path):
    config = tmp_path / "config.toml"
    config.write_text(headrace.to_toml(dataset=images, augment=AUGMENT, batch_size=4, mix=["ace"]))
    with pytest.raises(headrace.ConfigError, match=r"config\.toml: .* give model=\.\.\.$") as raised:
        headrace.Loader(config)
    assert raised.value.key == "model"
    with pytest.raises(headrace.ConfigError, match="weights: found 1 weights") as raised:
        headrace.Loader(config, mix=[], weights=[1])
    assert raised.value.key == "weights"


def test_a_file_is_named_with_line_and_column(tmp_path):
    config = tmp_path / "bad.toml"
    config.write_text('[dataset]\npath = "x"\n[loader]\nbatch_sise = 3\n')
    with pytest.raises(headrace.ConfigError, match=r"bad\.toml:4:1: .*did you mean \"batch_size\"") as raised:
        headrace.Loader(config)
    assert raised.value.key == "loader.batch_sise" and raised.value.name == "HR_CONFIG_UNKNOWN_KEY"
    with pytest.raises(headrace.ConfigError, match="loader.*: found 0") as raised:
        config.write_text('[dataset]\npath = "x"\n')
        headrace.Loader(config, batch_size=0)
    assert raised.value.key == "loader.batch_size"


def test_arguments_of_the_wrong_kind(load, images):
    for options in ({"rank": 1}, {"rank": 2, "world_size": 2}, {"model": 3}, {"saliency": "x"}):
        with pytest.raises(headrace.ConfigError):
            load(**options)
    for rank, world_size in (("0", "2"), (1.0, 2.0), (0, 2**40), (0, 0), (-1, 2), (True, 2)):
        with pytest.raises(headrace.ConfigError, match="allowed: an integer from [01] to 2147483647"):
            load(rank=rank, world_size=world_size)
    assert load(rank=np.int64(1), world_size=np.uint8(2)).rank == 1
    with pytest.raises(headrace.ConfigError, match="path of a TOML file"):
        headrace.Loader(7)
    with pytest.raises(headrace.ConfigError, match="NUL"):
        headrace.Loader("train\0.toml")
    with pytest.raises(headrace.HeadraceError, match="dataset"):
        load(dataset="data\0train")
    for config in ("train.toml", 7, [1]):
        with pytest.raises(headrace.ConfigError, match="a dict of tables"):
            headrace.to_toml(config)
    with pytest.raises(headrace.ConfigError, match="no UTF-8"):
        load(dataset=b"/nowhere/\xff")
    with pytest.raises(headrace.ConfigError, match="deeper"):
        nested = []
        for _ in range(2000):
            nested = [nested]
        load(mean=nested)


@pytest.mark.parametrize(
    "make, class_, standard, name",
    [
        (lambda folder: folder / "nowhere", headrace.NotFoundError, FileNotFoundError, "HR_NOT_FOUND"),
        (lambda folder: folder, headrace.EmptyDatasetError, ValueError, "HR_EMPTY_DATASET"),
    ],
)
def test_places(load, tmp_path, make, class_, standard, name):
    with pytest.raises(class_) as raised:
        load(dataset=make(tmp_path))
    assert isinstance(raised.value, standard) and raised.value.name == name
    assert str(tmp_path) in str(raised.value)
    assert raised.value.key == ("dataset.path" if class_ is headrace.NotFoundError else None)


def test_a_configuration_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match="nothing.toml") as raised:
        headrace.Loader(tmp_path / "nothing.toml")
    assert raised.value.errno == 2


def test_too_little_memory_is_said(load):
    with pytest.raises(MemoryError, match="max_host_bytes") as raised:
        load(max_host_bytes="1MiB")
    assert isinstance(raised.value, headrace.OutOfMemoryError) and raised.value.name == "HR_OVER_BUDGET"


def test_what_is_not_built_yet_is_said(load):
    with pytest.raises(NotImplementedError) as raised:
        load(output={"pin": "cuda"})
    assert isinstance(raised.value, headrace.NotInThisVersionError)


@pytest.fixture
def broken(images, tmp_path):
    """The demo set with one damaged file; and its path."""
    import shutil

    folder = tmp_path / "broken"
    shutil.copytree(images, folder)
    victim = sorted(folder.rglob("*.jpg"))[11]
    victim.write_bytes(victim.read_bytes()[:200])
    return folder, victim.relative_to(folder).as_posix()


def test_a_bad_sample_raises_in_the_training_loop_with_its_path(load, broken):
    folder, path = broken
    loader = load(dataset=folder, on_corrupt="error", tail="exact")
    with pytest.raises(headrace.SampleError, match=path.split("/")[1]) as raised:
        for _ in loader:
            pass
    assert raised.value.path == path and loader.sample_path(raised.value.sample_id) == path
    # The run is over, and says so again.
    with pytest.raises(headrace.SampleError):
        loader.next()


def test_a_bad_sample_is_marked_or_replaced(load, broken):
    marked = [(b.valid == 0).sum() for b in load(dataset=folder_of(broken), on_corrupt="mark", tail="exact")]
    replaced = [(b.valid == 2).sum() for b in load(dataset=folder_of(broken), tail="exact")]
    assert sum(marked) == sum(replaced) == 1


def folder_of(broken):
    return broken[0]


def test_the_corrupt_budget_ends_the_run(load, images, tmp_path):
    import shutil

    shutil.copytree(images, tmp_path / "bad")
    for file in sorted((tmp_path / "bad").rglob("*.jpg"))[:6]:
        file.write_bytes(b"nothing")
    loader = load(dataset=tmp_path / "bad", corrupt_budget=0.05, tail="exact")
    with pytest.raises(headrace.CorruptBudgetError, match="corrupt_budget"):
        list(loader)


def test_use_after_close(load):
    loader = load()
    kept = iter(loader)
    next(kept)
    assert not loader.closed
    loader.close()
    loader.close()
    assert loader.closed and repr(loader) == "<headrace.Loader, closed>"
    for use in (
        lambda: next(kept),
        lambda: next(iter(loader)),
        loader.next,
        lambda: len(loader),
        lambda: loader.stats,
        lambda: loader.memory,
        lambda: loader.classes,
        lambda: loader.set_epoch(3),
        loader.state_dict,
        lambda: loader.sample_path(0),
        lambda: loader.replay(0),
    ):
        with pytest.raises(headrace.ClosedError, match="closed") as raised:
            use()
        assert isinstance(raised.value, ValueError)
    loader.stop()


def test_with_closes(load):
    with load() as loader:
        next(iter(loader))
    assert loader.closed


def test_stop_is_for_good(load):
    loader = load()
    next(iter(loader))
    loader.stop()
    for _ in range(2):
        with pytest.raises(headrace.StoppedError, match=r"^stop\(\) was called"):
            loader.next()
    loader.close()


def test_a_loader_cannot_be_pickled(load):
    with pytest.raises(TypeError, match="open one in each process"):
        pickle.dumps(load())


def test_a_time_out(load):
    loader = load(workers=1)
    with pytest.raises(TimeoutError):
        for _ in range(100):
            loader.next(timeout=0)
    assert loader.next(timeout=30) is not None


@pytest.mark.parametrize("timeout", ["a", "1", -5, -1e-9, float("nan"), [1], True, np.array([1.0, 2.0])])
def test_a_time_out_that_cannot_be(load, timeout):
    loader = load()
    with pytest.raises(headrace.InvalidArgumentError, match="timeout: found .*; allowed: seconds from 0, or None") as raised:
        loader.next(timeout)
    assert raised.value.key == "timeout"
    # Nothing was taken, and what can be is.
    for number, good in enumerate((float("inf"), 1e300, np.float32(30))):
        assert loader.next(good).number == number


def test_values_survive_their_way_through_toml(images):
    text = headrace.to_toml(
        dataset={"path": images, "classes": ["a\"b\\c", "tab\tnew\nline", "ünï", "\x01\x7f"]},
        mean=(np.float32(0.5), 0.25, 1),
        loader={"batch_size": np.int64(4), "seed": None},
        augment=[{"op": "random_horizontal_flip", "remap": {"left one": "right.one"}}],
    )
    tomllib = pytest.importorskip("tomllib")
    assert tomllib.loads(text) == {
        "dataset": {"path": str(images), "classes": ["a\"b\\c", "tab\tnew\nline", "ünï", "\x01\x7f"]},
        "output": {"mean": [0.5, 0.25, 1]},
        "loader": {"batch_size": 4},
        "augment": [{"op": "random_horizontal_flip", "remap": {"left one": "right.one"}}],
    }


def test_tables_and_keywords_come_together(load, images, tmp_path):
    config = tmp_path / "config.toml"
    config.write_text(headrace.to_toml(dataset=images, augment=AUGMENT, batch_size=8))
    assert headrace.Loader(config, batch_size=4).batch_size == 4
    assert headrace.Loader(config, loader={"batch_size": 5}).batch_size == 5
    assert headrace.Loader(config, loader__batch_size=6).batch_size == 6
    assert headrace.Loader(config, **{"loader.batch_size": 7}).batch_size == 7
    assert headrace.Loader({"dataset": images, "augment": AUGMENT}, batch_size=3).batch_size == 3
    batch = next(iter(headrace.Loader(config, augment__0__size=16)))
    assert batch.images.shape[2:] == (16, 16)
    batch = next(iter(headrace.Loader(config, augment=[{"op": "resize", "size": [8, 9]}])))
    assert batch.images.shape[2:] == (8, 9)


class Op:
    def to_config(self):
        return {"op": "resize", "size": [8, 9]}


def test_keywords_win_key_by_key_over_a_dict(images):
    config = {"dataset": {"path": images, "classes": ["a"]}, "loader": {"batch_size": 16, "seed": 5}, "shuffle": "none",
              "loader.workers": 3, "augment": AUGMENT, "augment.0.size": 7}
    made = headrace.to_toml({key: value for key, value in config.items() if "." not in key}, loader={"workers": 2},
                            seed=6, dataset={"classes": ["b"]})
    wanted = {"dataset": {"path": images, "classes": ["b"]}, "augment": AUGMENT,
              "loader": {"batch_size": 16, "seed": 6, "shuffle": "none", "workers": 2}}
    assert made == headrace.to_toml(wanted)
    # What a dotted key says gives way too.
    assert headrace.to_toml(config, workers=4, augment=["hflip"]).count("workers = 4") == 1
    with headrace.Loader(config, loader={"batch_size": 4}, workers=1, dataset=images, classes=LABELS, augment=AUGMENT) as loader:
        assert loader.batch_size == 4 and loader.stats.workers == 1 and loader.next().images.shape[2] == 48


def test_a_folder_or_a_shard_is_the_data_set(images, tool, tmp_path):
    with headrace.Loader(images, augment=AUGMENT, batch_size=8) as loader:
        assert loader.samples == 30
    with tarfile.open(tmp_path / "part.tar", "w") as shard:
        for i, path in enumerate(sorted(images.glob("*/*"))[:4]):
            shard.add(path, f"{i}{path.suffix}")
            (tmp_path / "label").write_text(str(i % 2))
            shard.add(tmp_path / "label", f"{i}.cls")
    with headrace.Loader(str(tmp_path / "part.tar"), augment=AUGMENT, batch_size=2) as loader:
        assert loader.samples == 4
    # And beside a file that has another source.
    (tmp_path / "train.toml").write_text('[dataset]\nsource = "tar"\npath = "part.tar"\n')
    with headrace.Loader(tmp_path / "train.toml", dataset=images, augment=AUGMENT, batch_size=2) as loader:
        assert loader.samples == 30


@pytest.mark.parametrize("options", [{"dataset": "pictures"}, {"dataset": {"path": "pictures"}}, {"dataset__path": "pictures"}])
def test_paths_in_arguments_are_relative_to_the_working_folder(images, tmp_path, monkeypatch, options):
    (tmp_path / "configs").mkdir()
    (tmp_path / "pictures").symlink_to(images)
    config = tmp_path / "configs" / "train.toml"
    config.write_text('[dataset]\npath = "elsewhere"\n[loader]\nbatch_size = 2\n')
    monkeypatch.chdir(tmp_path)
    with headrace.Loader(config, augment=AUGMENT, **options) as loader:
        assert loader.samples == 30
    assert headrace.preview(config, 2, augment=AUGMENT, **options).png
    with pytest.raises(headrace.NotFoundError):
        headrace.Loader(config, augment=AUGMENT)


def test_an_enum_is_its_value(images):
    class Choice(enum.Enum):
        BICUBIC = "bicubic"

    ops = [{"op": "resize", "size": 8, "interpolation": Choice.BICUBIC}]
    assert 'interpolation = "bicubic"' in headrace.to_toml(dataset=images, augment=ops)


def test_objects_with_to_config_are_ops(load):
    assert next(iter(load(augment=[Op()]))).images.shape[2:] == (8, 9)


def test_every_key_of_the_documentation_has_its_short_form():
    import pathlib
    import re

    from headrace import _config

    root = pathlib.Path(__file__).resolve().parents[2]
    sections = re.split(r"^## \[(\w+)\]$", (root / "docs/config.md").read_text(), flags=re.M)
    for table, text in zip(sections[1::2], sections[2::2]):
        if table not in _config.KEYS:
            continue
        text = text.split("\n## ")[0]
        documented = set()
        for cell in re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", text, flags=re.M):
            documented |= set(re.findall(r"`(\w+)`", cell))
        own = {"path", "source"} if table == "dataset" else {"rank", "world_size"} if table == "loader" else set()
        planned = {"weights", "epoch_samples"}
        assert documented - own - planned == set(_config.KEYS[table]) - planned, table


def test_numbers_that_cannot_be(load):
    loader = load()
    for call in (lambda: loader.replay(0, -1), lambda: loader.replay("a"), lambda: loader.replay(0, 0, 2**32),
                 lambda: loader.sample_path(-1), lambda: loader.sample_path(1.0), lambda: loader.read_sample(None),
                 lambda: loader.set_epoch(1.0), lambda: loader.set_epoch(True), lambda: loader.set_epoch(2**32),
                 lambda: loader.set_epoch(np.array([1, 2])), lambda: loader.set_epoch(np.bool_(True)),
                 lambda: loader.sample_path(30), lambda: loader.read_sample(30), lambda: loader.replay(30)):
        with pytest.raises(headrace.InvalidArgumentError, match="allowed: an integer from 0|allowed: 0 to"):
            call()
    for call in (lambda: loader.set_epoch(2**24), lambda: loader.replay(0, 2**24)):
        with pytest.raises(headrace.InvalidArgumentError, match="epoch: found 16777216; allowed: an integer from 0 to 16777215"):
            call()
    loader.set_epoch(2**24 - 1)
    assert loader.next().epoch == 2**24 - 1 and loader.replay(0, 2**24 - 1)
    with pytest.raises(headrace.InvalidArgumentError, match="found view 1, expected 0 to 0"):
        loader.replay(0, 0, 1)
    with pytest.raises(headrace.InvalidArgumentError, match="sample_id: found 30; allowed: an integer from 0 to 29") as raised:
        loader.read_sample(30)
    assert raised.value.key == "sample_id"
    loader.set_epoch(np.int64(2))
    assert loader.epoch == 2 and isinstance(loader.epoch, int) and loader.next().epoch == 2
    assert loader.sample_path(np.int64(0)) and loader.replay(np.int32(3))


def test_a_batch_is_no_array(load):
    with pytest.raises(TypeError, match="batch.images"):
        np.asarray(load().next())


def test_a_network_is_no_callback(load):
    torch = pytest.importorskip("torch")
    network = torch.nn.Linear(3, 2)
    with pytest.raises(headrace.ConfigError, match=r"headrace\.torch\.ace_model") as raised:
        load(mix=[{"op": "ace"}], model=network)
    assert raised.value.key == "model"
    with pytest.raises(headrace.ConfigError, match=r"headrace\.torch\.saliency_model"):
        load(saliency=network)
    with pytest.raises(headrace.ConfigError, match="ace_model"):
        load(keep_u8=True).next().ace(network)


def every_error():
    classes, found = [headrace.HeadraceError], []
    while classes:
        found.append(classes.pop())
        classes += found[-1].__subclasses__()
    return found


def test_exceptions_can_be_pickled(load):
    class TwoArguments(headrace.ConfigError):
        def __init__(self, place, reason):
            super().__init__(f"{place}: {reason}")
            self.place = place

    globals()["TwoArguments"] = TwoArguments
    TwoArguments.__qualname__ = "TwoArguments"
    with pytest.raises(headrace.ConfigError) as raised:
        load(batch_sise=3)
    plain = [cls("text") for cls in every_error() if cls.__module__ in ("headrace._errors", "headrace.search._searcher")]
    assert len(plain) > 20
    for error in (TwoArguments("here", "why"), raised.value, *plain):
        error.sample_id = 7
        for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
            assert type(again) is type(error) and str(again) == str(error) and again.__dict__ == error.__dict__
            assert again.sample_id == 7
