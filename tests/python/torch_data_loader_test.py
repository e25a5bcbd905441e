"""headrace.torch.DataLoader beside torch's own: what a training loop sees."""

import copy
import gc
import os
import pickle
import subprocess
import sys

import pytest

import headrace
from interrupted import Interrupted
from torch_support import CLASSES, all_of, draw_folder, folder, torch  # noqa: F401
import headrace.torch
from headrace.torch import _data_loader
from headrace.torch._transfer import PlainSide

pytest.importorskip("torchvision", reason="torchvision's transforms and folders are what is taken")
import torchvision.transforms as T  # noqa: E402
from torch.utils import data  # noqa: E402
from torchvision.datasets import ImageFolder  # noqa: E402

MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
TRAIN = T.Compose([T.RandomResizedCrop(32), T.RandomHorizontalFlip(), T.ToTensor(), T.Normalize(MEAN, STD)])
EVAL = T.Compose([T.Resize(40), T.CenterCrop(32), T.ToTensor(), T.Normalize(MEAN, STD)])
SAMPLES = 24


def loader(dataset, *arguments, transform=TRAIN, **options):
    return headrace.torch.DataLoader(dataset, *arguments, transform=transform, **options)


def ids_of(loader_):
    """Of an epoch, batch by batch; the loader has full_batch."""
    return [batch.ids.tolist() for batch in loader_]


# ------------------------------------------------------------------------------------- the loop


def test_it_gives_what_torchs_gives_for_evaluation(folder):  # noqa: F811
    dataset = ImageFolder(folder, EVAL)
    theirs = data.DataLoader(dataset, batch_size=7)
    with headrace.torch.DataLoader(dataset, batch_size=7) as ours:
        assert len(ours) == len(theirs) == 4
        for (images, labels), (wanted, wanted_labels) in zip(ours, theirs):
            assert images.shape == wanted.shape and images.dtype == wanted.dtype
            assert (images - wanted).abs().max() < 1e-6
            assert labels.dtype == torch.int64 and torch.equal(labels, wanted_labels)


def test_positional_arguments_are_torchs(folder):  # noqa: F811
    with loader(folder, 5, True) as one:
        assert one.batch_size == 5 and len(one) == 5
        shapes = [len(images) for images, _ in one]
    assert shapes == [5, 5, 5, 5, 4]
    with loader(folder, 5, True, drop_last=True) as one:
        assert [len(images) for images, _ in one] == [5] * 4
    with loader(folder) as one:
        assert one.batch_size == 1


def test_a_path_and_its_image_folder_are_the_same(folder):  # noqa: F811
    with loader(folder, 8, shuffle=True, seed=3) as one:
        first, labels = all_of(one)
        assert len(one.dataset) == SAMPLES and one.dataset.classes == list(CLASSES)
        assert one.dataset.class_to_idx["bee"] == 1 and one.classes == list(CLASSES)
    with headrace.torch.DataLoader(ImageFolder(folder, TRAIN), 8, shuffle=True, seed=3) as other:
        again, labels_again = all_of(other)
    assert torch.equal(first, again) and torch.equal(labels, labels_again)


def test_each_for_is_another_epoch_and_set_epoch_goes_back(folder):  # noqa: F811
    with loader(folder, 8, shuffle=True) as one:
        epochs = [all_of(one) for _ in range(3)]
        assert not torch.equal(epochs[0][0], epochs[1][0])
        assert sorted(epochs[0][1].tolist()) == sorted(epochs[1][1].tolist())
        one.set_epoch(1)
        assert torch.equal(all_of(one)[0], epochs[1][0])
        assert torch.equal(all_of(one)[0], epochs[2][0])


def test_a_loop_that_is_left_early_is_over(folder):  # noqa: F811
    with loader(folder, 8, shuffle=True) as one:
        whole = [all_of(one)[0] for _ in range(2)]
        one.set_epoch(0)
        assert torch.equal(next(iter(one))[0], whole[0][:8])
        assert torch.equal(all_of(one)[0], whole[1])


def test_seeds_are_told_apart_and_a_generator_is_one(folder):  # noqa: F811
    def epoch(**options):
        with loader(folder, 8, shuffle=True, **options) as one:
            return all_of(one)[0]

    assert torch.equal(epoch(), epoch(seed=0))
    assert not torch.equal(epoch(seed=0), epoch(seed=1))
    assert torch.equal(epoch(generator=torch.Generator().manual_seed(5)), epoch(seed=5))
    assert torch.equal(epoch(seed=1, num_workers=1), epoch(seed=1, num_workers=3, prefetch_factor=1))


def test_labels_can_be_gathered_without_holding_buffers(folder):  # noqa: F811
    with loader(folder, 2, prefetch_factor=1) as one:
        labels = [labels for _ in range(5) for _, labels in one]
        assert len(labels) == 60 and one.loader.stats.extra_buffers == 0


def test_images_outlive_the_loader_and_may_be_written_to(folder):  # noqa: F811
    one = loader(folder, 8)
    images, _ = next(iter(one))
    kept = images.clone()
    one.close()
    gc.collect()
    assert torch.equal(images, kept)
    images.zero_()
    assert images.abs().sum() == 0


def test_channels_last_has_torchs_shape(folder):  # noqa: F811
    with loader(folder, 8) as one, loader(folder, 8, output={"layout": "nhwc"}) as other:
        images, last = next(iter(one))[0], next(iter(other))[0]
    assert last.shape == images.shape and torch.equal(last, images)
    assert last.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("dtype", ["u8", "f16", "bf16", "f32"])
def test_every_dtype_arrives(folder, dtype):  # noqa: F811
    wanted = {"u8": torch.uint8, "f16": torch.float16, "bf16": torch.bfloat16, "f32": torch.float32}
    transform = [T.Resize((32, 32)), T.PILToTensor()]
    with loader(folder, 8, transform=transform, dtype=dtype) as one:
        images, _ = next(iter(one))
    assert images.dtype == wanted[dtype] and images.shape == (8, 3, 32, 32)
    scale = 255 if dtype == "u8" else 1
    with loader(folder, 8, transform=[T.Resize((32, 32)), T.ToTensor()]) as one:
        floats, _ = next(iter(one))
    assert (images.float() / scale - floats).abs().max() < 1e-2


def test_views_come_first_and_mixes_make_labels_soft(folder):  # noqa: F811
    pipeline = headrace.torch.from_torchvision([T.Resize((32, 32)), T.AugMix(), T.ToTensor()])
    pipeline.augment[1]["views"] = 3
    with loader(folder, 8, transform=pipeline) as one:
        images, labels = next(iter(one))
        assert images.shape == (3, 8, 3, 32, 32) and labels.shape == (8,)
    with loader(folder, 8, shuffle=True, mix={"op": "mixup", "alpha": 1.0}, full_batch=True) as one:
        batch = next(iter(one))
        assert batch.labels.shape == (8, 3) and batch.labels.dtype == torch.float32
        assert torch.allclose(batch.labels.sum(1), torch.ones(8)) and batch.mix_entry == 0
        assert (batch.lam < 1).all() and torch.equal(batch.partner.roll(-1).sort()[0], torch.arange(8).int())


def test_mixup_is_what_torchvisions_is(folder):  # noqa: F811
    v2 = pytest.importorskip("torchvision.transforms.v2")
    transform = [T.Resize((32, 32)), T.ToTensor(), T.Normalize(MEAN, STD)]
    with loader(folder, 8, transform=transform, mix=v2.MixUp(num_classes=3), full_batch=True) as mixed, \
            loader(folder, 8, transform=transform) as plain:
        for batch, (images, labels) in zip(mixed, plain):
            lam = batch.lam[0]
            assert torch.allclose(batch.images, images * lam + images.roll(1, 0) * (1 - lam), atol=1e-5)
            soft = torch.nn.functional.one_hot(labels, 3).float()
            assert torch.allclose(batch.labels, soft * lam + soft.roll(1, 0) * (1 - lam), atol=1e-6)
    with pytest.raises(headrace.ConfigError, match="num_classes=4.*3 classes"):
        loader(folder, 8, mix=v2.CutMix(num_classes=4))


def test_a_configuration_file_says_what_is_not_said_here(folder, tmp_path):  # noqa: F811
    file = tmp_path / "train.toml"
    file.write_text(f'[dataset]\npath = "{folder}"\n[loader]\nbatch_size = 6\ntail = "drop"\n'
                    '[output]\ndtype = "u8"\n[[augment]]\nop = "resize"\nsize = [20, 30]\n')
    with headrace.torch.DataLoader(file) as one:
        assert one.batch_size == 6 and one.loader.stats.jpeg == "fast"
        images, _ = next(iter(one))
        assert images.shape == (6, 3, 20, 30) and images.dtype == torch.uint8
    with headrace.torch.DataLoader(str(file), 4, transform=TRAIN) as one:
        images, _ = next(iter(one))
        assert images.shape == (4, 3, 32, 32) and images.dtype == torch.float32
        assert one.loader.stats.jpeg.startswith("exact")


def test_tables_of_loader_are_heeded(folder):  # noqa: F811
    plain = {"augment": [{"op": "resize", "size": [16, 16]}]}
    for options in ({"loader": {"batch_size": 9}}, {"loader__batch_size": 9}):
        with headrace.torch.DataLoader(folder, **plain, **options) as one:
            assert one.batch_size == 9
    for tail, sizes in (("exact", [9, 9, 6]), ("drop", [9, 9]), ("pad", [9, 9, 9])):
        with headrace.torch.DataLoader(folder, 9, **plain, loader={"tail": tail}) as one:
            assert [len(images) for images, _ in one] == sizes
            assert one.drop_last == (tail == "drop")
    with headrace.torch.DataLoader(folder, 8, True, full_batch=True, seed=7, **plain) as one, \
            headrace.torch.DataLoader(folder, 8, full_batch=True, loader={"shuffle": "full", "seed": 7, "workers": 1},
                                      **plain) as other:
        shuffled = sum(ids_of(one), [])
        assert sum(ids_of(other), []) == shuffled != sorted(shuffled)
    sampler = data.distributed.DistributedSampler(range(SAMPLES), num_replicas=1, rank=0, drop_last=True)
    with headrace.torch.DataLoader(folder, 9, sampler=sampler, loader={"seed": 7, "tail": "exact"}, full_batch=True,
                                   **plain) as one:
        assert len(one) == 3
        one.set_epoch(0)
        assert sum(ids_of(one), []) == shuffled


@pytest.mark.parametrize("options", [
    {"weights": "balanced"}, {"loader": {"weights": "balanced"}}, {"weights": [1.0] * SAMPLES}])
def test_weights_draw_without_a_word_of_shuffle(folder, options):  # noqa: F811
    with loader(folder, 8, full_batch=True, epoch_samples=40, **options) as one:
        assert len(sum(ids_of(one), [])) == 40
    with pytest.raises(headrace.ConfigError, match="shuffle"):
        loader(folder, 8, False, **options)


@pytest.mark.parametrize("options, word", [
    ({"batch_size": 4, "loader": {"batch_size": 5}}, "batch_size and .loader. batch_size"),
    ({"shuffle": True, "loader": {"shuffle": "block"}}, "shuffle or sampler and"),
    ({"sampler": [1, 2], "loader__shuffle": "full"}, "shuffle or sampler and"),
    ({"num_workers": 2, "workers": 1}, "num_workers and"),
    ({"prefetch_factor": 2, "loader": {"prefetch_batches": 1}}, "prefetch_factor and"),
    ({"generator": torch.Generator(), "loader": {"seed": 3}}, "seed or generator and"),
    ({"generator": torch.Generator(), "seed": 3}, "seed and generator are two ways"),
    ({"drop_last": True, "tail": "exact"}, "drop_last and"),
    ({"shuffle": "none"}, "shuffle: found 'none'"),
    ({"shuffle": 1}, "shuffle: found 1"),
])
def test_what_is_said_twice_or_in_other_words_is_refused(folder, options, word):  # noqa: F811
    with pytest.raises(TypeError, match=word):
        loader(folder, **options)


@pytest.mark.parametrize("device, suggestion", [("gpu", "cuda"), ("cuda:99", None), (99, None), ("cpu:x", None),
                                                (object(), None)])
def test_a_device_that_is_not_there_is_told_before_the_loader_opens(folder, device, suggestion, monkeypatch):  # noqa: F811
    monkeypatch.setattr(headrace, "Loader", None)
    with pytest.raises(headrace.ConfigError, match="^device: found ") as raised:
        loader(folder, 8, device=device)
    assert (raised.value.key, raised.value.suggestion) == ("device", suggestion)
    assert "\n" not in str(raised.value) and raised.value.__cause__ is not None


def test_a_device_that_fails_is_not_called_an_unknown_one(folder, monkeypatch):  # noqa: F811
    def fails(*args, **options):
        raise RuntimeError("CUDA error: out of memory\nCUDA kernel errors might be asynchronously reported")

    with pytest.raises(headrace.ConfigError, match=r"^device: found 'gpu' \(str\), no device of PyTorch's: "):
        loader(folder, 8, device="gpu")
    with pytest.raises(headrace.ConfigError, match=r"^device: found 'meta' \(str\), which cannot be used here: its tensors") as raised:
        loader(folder, 8, device="meta")
    assert raised.value.key == "device"
    monkeypatch.setattr(torch, "empty", fails)
    text = r"^device: found 'cuda' \(str\), which cannot be used here: CUDA error: out of memory; allowed: a device that"
    with pytest.raises(headrace.ConfigError, match=text):
        loader(folder, 8, device="cuda")


def test_it_can_be_neither_copied_nor_pickled(folder):  # noqa: F811
    with loader(folder, 8) as one:
        for copied in (copy.copy, copy.deepcopy, pickle.dumps):
            with pytest.raises(TypeError, match="headrace.torch.DataLoader .*open one in each process"):
                copied(one)


def test_shards_are_taken_by_their_names(folder, tool, tmp_path):  # noqa: F811
    config = tmp_path / "pack.toml"
    config.write_text(f'[dataset]\npath = "{folder}"\n')
    made = tool("pack", config, "-o", tmp_path / "packed")
    assert made.code == 0, made
    shards = sorted((tmp_path / "packed").glob("*.tar"))
    with loader(folder, 8) as one:
        labels = all_of(one)[1].tolist()
    for dataset in (tmp_path / "packed", str(shards[0]), shards, {"source": "tar", "path": shards}):
        with loader(dataset, 8) as one:
            assert len(one.dataset) == SAMPLES and sorted(all_of(one)[1].tolist()) == labels
    for dataset in ([("a.jpg", 1)], []):
        with pytest.raises(TypeError, match="list: .*shards"):
            loader(dataset)


def test_an_image_folder_of_another_working_folder_is_told(folder, tmp_path, monkeypatch):  # noqa: F811
    monkeypatch.chdir(folder.parent)
    dataset = ImageFolder(folder.name, TRAIN)
    with loader(dataset, 8) as one:
        assert len(one) == 3
    monkeypatch.chdir(tmp_path)
    with pytest.raises(headrace.NotFoundError, match="another working folder"):
        loader(dataset)


def test_preview_draws_what_a_data_loader_reads(folder):  # noqa: F811
    with loader(folder, 8, transform=EVAL) as one:
        options = {"dataset": str(folder), **one.pipeline}
        assert headrace.preview(one, 4).png == headrace.preview(count=4, shuffle="none", batch_size=8, **options).png


def test_preview_draws_the_samples_of_a_subset_and_of_a_sampler(folder):  # noqa: F811
    dataset = ImageFolder(folder, EVAL)
    chosen = data.Subset(data.Subset(dataset, range(4, 20)), [9, 0, 3])
    drawn = data.WeightedRandomSampler([float(i == 5) for i in range(SAMPLES)], 6)
    for given, sampler, wanted in ((chosen, None, [13, 4, 7]), (dataset, drawn, 6 * [5]), (dataset, [3, 1, 2], [3, 1, 2])):
        with headrace.torch.DataLoader(given, 3, sampler=sampler) as one:
            options = {"dataset": str(folder), "batch_size": 3, **one.pipeline}
            shown = headrace.preview(one, 3)
        assert shown.png == headrace.preview(count=3, shuffle="none", sample_ids=wanted, **options).png


# ----------------------------------------------------------------------------------- its choices


def test_samplers_of_torch_are_understood(folder):  # noqa: F811
    dataset = ImageFolder(folder, EVAL)

    def ids(sampler, **options):
        with headrace.torch.DataLoader(dataset, 5, sampler=sampler, full_batch=True, **options) as one:
            return sum(ids_of(one), [])

    generator = torch.Generator().manual_seed(9)
    assert ids(data.SequentialSampler(dataset)) == list(range(SAMPLES))
    shuffled = ids(data.RandomSampler(dataset, generator=generator))
    assert sorted(shuffled) == list(range(SAMPLES)) and shuffled != sorted(shuffled)
    assert ids([3, 3, 1, 20]) == [3, 3, 1, 20]
    some = ids(data.SubsetRandomSampler([2, 4, 6, 8, 10, 12], generator=generator))
    assert sorted(some) == [2, 4, 6, 8, 10, 12]
    weights = [1.0 if i in (5, 7) else 0.0 for i in range(SAMPLES)]
    drawn = ids(data.WeightedRandomSampler(weights, 40))
    assert len(drawn) == 40 and set(drawn) == {5, 7}


def test_subsets_are_taken_by_path(folder):  # noqa: F811
    dataset = ImageFolder(folder, EVAL)
    chosen = data.Subset(data.Subset(dataset, range(4, 20)), [9, 0, 3])
    with headrace.torch.DataLoader(chosen, 2, full_batch=True) as one:
        assert ids_of(one) == [[13, 4], [7]]
        labels = [label for _, label in (dataset[i] for i in (13, 4, 7))]
        assert torch.cat([batch.labels for batch in one]).tolist() == labels
    with headrace.torch.DataLoader(chosen, 2, sampler=data.WeightedRandomSampler([0, 1, 0], 6),
                                   full_batch=True) as one:
        assert sum(ids_of(one), []) == [4] * 6


def test_order_is_the_datasets_where_paths_sort_otherwise(tmp_path):
    # ImageFolder walks "x" before "x/y": its files come first, whatever their names are.
    root = draw_folder(tmp_path / "set", 3)
    (root / "ant" / "00").mkdir()
    (root / "ant" / "02.jpg").rename(root / "ant" / "00" / "deep.jpg")
    dataset = ImageFolder(root, EVAL)
    with headrace.torch.DataLoader(dataset, 1) as one:
        images = [images for images, _ in one]
    for index, image in enumerate(images):
        assert (image[0] - dataset[index][0]).abs().max() < 1e-6, dataset.samples[index]
    with headrace.torch.DataLoader(dataset, 1, weights="balanced") as one:  # draws, in no order of paths
        assert len(list(one)) == len(dataset)


def test_ranks_share_an_epoch(folder):  # noqa: F811
    def epoch(rank, **options):
        with loader(folder, 4, shuffle=True, full_batch=True, rank=rank, world_size=2, **options) as one:
            return ids_of(one)

    halves = [epoch(rank, drop_last=True) for rank in (0, 1)]
    assert [len(half) for half in halves] == [3, 3]
    assert sorted(sum(halves[0] + halves[1], [])) == list(range(SAMPLES))


def test_ranks_do_the_same_number_of_steps_on_real_samples(folder):  # noqa: F811
    def epoch(rank, batch):
        with loader(folder, batch, shuffle=True, full_batch=True, rank=rank, world_size=3) as one:
            batches = [(b.ids.tolist(), b.images.clone(), b.labels) for b in one]
            assert len(batches) == len(one)
            return batches

    for batch in (5, 7):  # a short batch, and one that is all padding
        ranks = [epoch(rank, batch) for rank in range(3)]
        assert len({len(batches) for batches in ranks}) == 1
        seen = [i for batches in ranks for ids, _, _ in batches for i in ids]
        assert set(seen) == set(range(SAMPLES))
        for batches in ranks:
            for ids, images, labels in batches:
                assert len(ids) == batch and (labels >= 0).all()
                assert images.flatten(1).std(1).min() > 0.01  # no zeros of padding
    with pytest.raises(headrace.EmptyDatasetError, match="fewer ranks"):
        with loader(folder, 24, rank=1, world_size=2) as one:
            list(one)


def test_the_launchers_environment_is_followed(folder, monkeypatch):  # noqa: F811
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "4")
    with loader(folder, 2) as one:
        assert (one.loader.rank, one.loader.world_size) == (1, 4)
    with loader(folder, 2, rank=0, world_size=1) as one:
        assert (one.loader.rank, one.loader.world_size) == (0, 1)


def test_a_process_group_is_asked_first(folder, monkeypatch, tmp_path):  # noqa: F811
    if not torch.distributed.is_available():
        pytest.skip("torch without distributed")
    monkeypatch.setenv("RANK", "3")
    monkeypatch.setenv("WORLD_SIZE", "4")
    torch.distributed.init_process_group("gloo", init_method=f"file://{tmp_path}/group", rank=0, world_size=1)
    try:
        with loader(folder, 2) as one:
            assert (one.loader.rank, one.loader.world_size) == (0, 1)
    finally:
        torch.distributed.destroy_process_group()


def test_a_distributed_sampler_is_followed(folder):  # noqa: F811
    dataset = ImageFolder(folder, TRAIN)
    sampler = data.distributed.DistributedSampler(dataset, num_replicas=2, rank=1, seed=4)
    with headrace.torch.DataLoader(dataset, 4, sampler=sampler, full_batch=True) as one:
        assert (one.loader.rank, one.loader.world_size) == (1, 2)
        epochs = [ids_of(one) for _ in range(3)]
        assert epochs[0] != epochs[1]  # torch's own would repeat itself without set_epoch
        sampler.set_epoch(1)
        assert ids_of(one) == epochs[1]
        assert ids_of(one) == epochs[2]


# -------------------------------------------------------------------------------------- its state


def test_state_is_that_of_the_batch_in_the_loop(folder):  # noqa: F811
    with loader(folder, 4, shuffle=True, full_batch=True) as one:
        ids_of(one)
        whole = ids_of(one)
        one.set_epoch(1)
        for number, batch in enumerate(one):
            if number == 2:
                state = pickle.loads(pickle.dumps(one.state_dict()))
                break
    with loader(folder, 4, shuffle=True, full_batch=True) as two:
        two.load_state_dict(state)
        assert len(two) == 3
        assert ids_of(two) == whole[3:]
        assert len(ids_of(two)) == 6
    with loader(folder, 4, shuffle=True, seed=1) as other:
        with pytest.raises(headrace.ConfigError, match="seed"):
            other.load_state_dict(state)


@pytest.mark.parametrize("step", ["tensors_of", "pin", "TorchBatch._replace"])
def test_a_batch_that_an_interrupt_kept_from_the_loop_comes_again(folder, monkeypatch, step):  # noqa: F811
    armed, seen = [False], []

    def interrupted(function):
        def call(*arguments, **keywords):
            made = function(*arguments, **keywords)
            if armed[0]:
                seen.append(one.state_dict()["position"])  # as a handler may save it
                raise KeyboardInterrupt
            return made

        return call

    if step == "TorchBatch._replace":
        monkeypatch.setattr(_data_loader.TorchBatch, "_replace", interrupted(_data_loader.TorchBatch._replace))
    else:
        monkeypatch.setattr(_data_loader, step, interrupted(getattr(_data_loader, step) if step != "pin" else lambda tensor: tensor))
    with loader(folder, 4, shuffle=True, full_batch=True) as one:
        if step == "pin":
            one.pin_memory = True
        whole = ids_of(one)
        one.set_epoch(0)
        batches = iter(one)
        given = [next(batches).ids.tolist() for _ in range(2)]
        armed[0] = True
        with pytest.raises(KeyboardInterrupt):
            next(batches)
        armed[0] = False
        state = one.state_dict()
        assert state["position"] == 8 and seen == [8]
        with pytest.raises(StopIteration):
            next(batches)
        one.load_state_dict(state)
        assert given + ids_of(one) == whole


def test_state_loads_with_another_batch_size_and_ranks(folder):  # noqa: F811
    with loader(folder, 4, shuffle=True, full_batch=True) as one:
        done = []
        for batch in one:
            done += batch.ids.tolist()
            if len(done) == 8:
                state = one.state_dict()
                break
    rest = []
    for rank in (0, 1):
        with loader(folder, 2, shuffle=True, full_batch=True, rank=rank, world_size=2) as two:
            two.load_state_dict(state)
            rest += sum(ids_of(two), [])
    assert sorted(done + rest) == list(range(SAMPLES))


def test_a_rank_without_samples_at_the_end_goes_on_there(folder, monkeypatch):  # noqa: F811
    def opened(rank, **options):
        return loader(folder, 2, sampler=list(range(9)), full_batch=True, rank=rank, world_size=2, **options)

    # 9 samples, 4 a step: rank 1 has nothing of its own in the third and last.
    for side in (None, PlainSide(torch.device("meta"))):
        with opened(0) as one:
            one._side = side
            states = [one.state_dict() for _ in one]
    with opened(1) as unbroken:
        whole = [(batch.images.clone(), batch.labels, batch.ids) for batch in unbroken]
    assert whole[2][2].tolist() == [6, 7]
    # The state of rank 0; one that was saved again; one of headrace.Loader, without more than it needs.
    for again in (False, True):
        with opened(1) as two:
            two.load_state_dict(states[1])
            two.set_epoch(0)  # stays where the state stands
            state = pickle.loads(pickle.dumps(two.state_dict()))
            if again:
                two.load_state_dict(state)
            assert len(two) == 1
            rest = list(two)
            assert [batch.number for batch in rest] == [2]
            assert torch.equal(rest[0].images, whole[2][0]) and torch.equal(rest[0].ids, whole[2][2])
            assert len(list(two)) == 3  # and the next epoch is whole
    with opened(1) as two:
        two.load_state_dict(states[0])
        two.load_state_dict([two.state_dict() for _ in two][0])  # of a run that began at its last but one
        assert torch.equal(list(two)[0].images, whole[2][0])
    with opened(1) as two:
        two.load_state_dict({"state": states[1]["state"]})
        (batch,) = two
        assert set(batch.ids.tolist()) <= {2, 3, 6, 7} and batch.images.flatten(1).std(1).min() > 0.01
    with opened(1) as two:
        two.load_state_dict(states[1])
        two.set_epoch(1)
        assert len(list(two)) == 3
    # Interrupted while the padding's stand-in is made anew, and while the batch is.
    made = _data_loader.tensors_of
    for at in (1, 2):
        with opened(1) as two:
            two.load_state_dict(states[1])
            monkeypatch.setattr(_data_loader, "tensors_of", Interrupted(made, [at]))
            with pytest.raises(KeyboardInterrupt):
                list(two)
            monkeypatch.setattr(_data_loader, "tensors_of", made)
            state = two.state_dict()
            assert state["state"] == states[1]["state"]
            two.load_state_dict(state)
            assert torch.equal(list(two)[0].images, whole[2][0])


# ------------------------------------------------------------------------------------ refusals


class Own(data.Dataset):
    def __getitem__(self, index):
        return index

    def __len__(self):
        return 3


@pytest.mark.parametrize("options, word", [
    ({"collate_fn": lambda samples: samples}, "mix="),
    ({"batch_sampler": [[1]]}, "batch_size with shuffle"),
    ({"worker_init_fn": print}, "seed alone"),
    ({"multiprocessing_context": "spawn"}, "threads"),
    ({"timeout": 3}, "timeout"),
    ({"batch_size": None}, "batch_size=None"),
    ({"sampler": iter([1])}, "SubsetRandomSampler"),
    ({"sampler": [1], "shuffle": True}, "exclude"),
    ({"augment": ["invert"]}, "transform and augment"),
])
def test_what_would_need_python_for_a_sample_is_refused(folder, options, word):  # noqa: F811
    with pytest.raises(TypeError) as caught:
        loader(folder, **options)
    assert word in str(caught.value)


@pytest.mark.parametrize("name, suggestion", [
    ("transfrom", "transform"), ("transforms", "transform"), ("shufle", "shuffle"), ("num_worker", "num_workers"),
    ("on_corupt", "on_corrupt"), ("root", "dataset"), ("sample_id", "sample_ids"), ("nothing", None),
])
def test_a_misspelt_argument_is_told(folder, name, suggestion):  # noqa: F811
    with pytest.raises(headrace.ConfigError, match=f"^{name}: unknown argument") as caught:
        loader(folder, **{name: 3})
    assert (caught.value.key, caught.value.suggestion) == (name, suggestion)


def test_a_log_and_sample_ids_go_to_the_loader(folder):  # noqa: F811
    lines = []
    with loader(folder, sample_ids=[5, 1, 5], full_batch=True, log=lambda level, text: lines.append(text)) as given:
        found = [batch.ids.tolist() for batch in given]
        assert sum(found, []) == [5, 1, 5]
        given.load_state_dict(given.state_dict())
        assert any("goes on in epoch" in line for line in lines)
    with loader(folder, log=None) as given:
        next(iter(given))
    for both in ({"sampler": [1]}, {"dataset": data.Subset(ImageFolder(folder), [1, 2])}):
        with pytest.raises(TypeError, match="sample_ids, and a Subset or a sampler, are two ways"):
            loader(**{"dataset": folder, "sample_ids": [5], **both})
    with pytest.raises(headrace.ConfigError, match=r"log: found 3 \(int\)"):
        loader(folder, log=3)


def test_what_goes_into_headrace_torch_is_told_elsewhere(folder):  # noqa: F811
    """torchvision's objects, given to Loader."""
    dataset = ImageFolder(folder, EVAL)
    for options, key, text in (
        ({"augment": EVAL}, "augment", "from_torchvision"),
        ({"augment": [T.CenterCrop(8)]}, "augment.0", "from_torchvision"),
        ({"dataset": dataset}, "dataset", f'here give its folder, "{folder}"'),
        ({"config": dataset}, "config", f'here give its folder, "{folder}"'),
        ({"dataset": torch.zeros(3, 40)}, "dataset", "a list of shards or a dict"),
    ):
        with pytest.raises(headrace.ConfigError) as caught:
            headrace.Loader(**{"dataset": folder, **options})
        assert caught.value.key == key and text in str(caught.value) and "\n" not in str(caught.value)
    for ops in ([T.CenterCrop(8)], EVAL):
        with pytest.raises(headrace.ConfigError, match="from_torchvision"):
            headrace.Transform(ops)


def test_datasets_of_the_users_own_are_refused(folder):  # noqa: F811
    with pytest.raises(TypeError, match="Own: .*manifest"):
        loader(Own())
    with pytest.raises(TypeError, match="Own: .*manifest"):
        loader(data.Subset(Own(), [1]))
    with pytest.raises(TypeError, match="Subset of an ImageFolder"):
        loader(data.Subset(str(folder), [1]))
    with pytest.raises(TypeError, match="own_loader.*cannot run"):
        def own_loader(path):
            return path
        loader(ImageFolder(folder, loader=own_loader))
    with pytest.raises(TypeError, match="target_transform"):
        loader(ImageFolder(folder, target_transform=lambda label: label))
    for sampler in (data.RandomSampler(range(5)), data.SequentialSampler(range(5)),
                    data.distributed.DistributedSampler(range(5), num_replicas=1, rank=0)):
        for dataset, samples in ((ImageFolder(folder), SAMPLES), (folder, SAMPLES),
                                 (data.Subset(ImageFolder(folder), range(4)), 4)):
            with pytest.raises(ValueError, match=f"made of 5 samples, and the data set has {samples}"):
                loader(dataset, sampler=sampler)
    replacement = data.RandomSampler(ImageFolder(folder), replacement=True)
    with pytest.raises(TypeError, match="WeightedRandomSampler"):
        loader(ImageFolder(folder), sampler=replacement)
    with pytest.raises(ValueError, match="3 weights for 24 samples"):
        loader(ImageFolder(folder), sampler=data.WeightedRandomSampler([1, 1, 1], 3))
    with pytest.raises(headrace.ConfigError, match="batch_sizes"):
        loader(folder, batch_sizes=3)
    with pytest.raises(headrace.NotFoundError):
        loader(folder / "nothing")


def test_folders_that_both_read_otherwise_are_told(tmp_path):
    root = draw_folder(tmp_path / "set", 2)
    (root / "ant" / "README").write_text("no picture, and without an extension")
    with pytest.raises(ValueError, match="ant/README"):
        loader(ImageFolder(root, TRAIN))
    (root / "ant" / "README").unlink()
    (root / "ant" / "odd.bmp").write_bytes(b"BM")
    with pytest.raises(TypeError, match="odd.bmp.*JPEG, PNG and WebP"):
        loader(ImageFolder(root, TRAIN))


def test_a_broken_picture_raises_in_the_loop_when_asked_to(tmp_path):
    root = draw_folder(tmp_path / "set", 4)
    (root / "bee" / "01.jpg").write_bytes((root / "bee" / "01.jpg").read_bytes()[:300])
    with loader(root, 4, on_corrupt="error") as one:
        with pytest.raises(headrace.SampleError, match="bee/01.jpg"):
            list(one)


# -------------------------------------------------------------------------------------- two processes


TRAIN_IN_PARALLEL = """
import os, sys, torch, headrace.torch
from torch.nn.parallel import DistributedDataParallel
import torchvision.transforms as T
torch.set_num_threads(1)
torch.distributed.init_process_group("gloo", init_method="file://" + sys.argv[2],
                                     rank=int(os.environ["RANK"]), world_size=int(os.environ["WORLD_SIZE"]))
torch.manual_seed(0)
model = DistributedDataParallel(torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 16 * 16, 3)))
mixed = {"model": headrace.torch.ace_model(model), "mix": {"op": "ace", "p": 1.0, "steps": 1}}
loader = headrace.torch.DataLoader(sys.argv[1], 5, shuffle=True, num_workers=1,
    transform=T.Compose([T.RandomResizedCrop(16), T.ToTensor()]), **mixed)
steps = 0
for epoch in range(2):
    for images, labels in loader:
        torch.nn.functional.cross_entropy(model(images), labels).backward()
        steps += 1
print("rank", loader.loader.rank, "steps", steps, "of", 2 * len(loader), flush=True)
torch.distributed.barrier()
"""


def test_two_ranks_train_together_and_ask_the_model(folder, tmp_path):  # noqa: F811
    if not torch.distributed.is_available():
        pytest.skip("torch without distributed")
    script = tmp_path / "train.py"
    script.write_text(TRAIN_IN_PARALLEL)
    started = [subprocess.Popen([sys.executable, str(script), str(folder), str(tmp_path / "group")],
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                env={**os.environ, "RANK": str(rank), "WORLD_SIZE": "2"}) for rank in (0, 1)]
    for rank, process in enumerate(started):
        try:
            told, _ = process.communicate(timeout=240)
        finally:
            process.kill()
        assert process.returncode == 0, told[-3000:]
        # 24 samples, 5 a batch and rank: 3 steps an epoch for both.
        assert f"rank {rank} steps 6 of 6" in told


def test_objects_come_as_torchvisions_detectors_take_them(demo):
    options = {"augment": [{"op": "resize", "size": [48, 64]}, {"op": "random_horizontal_flip", "p": 1.0}]}
    dataset = {"source": "coco", "path": demo / "images", "annotations": demo / "instances.json"}
    with headrace.torch.DataLoader(dataset, 4, full_batch=True, **options) as one, \
            headrace.Loader(dataset=dataset, batch_size=4, shuffle="none", tail="pad", **options) as plain:
        for batch, wanted in zip(one, plain):
            assert len(batch.targets) == len(batch.images)
            for sample, target in enumerate(batch.targets):
                own = wanted.targets.of(sample)
                assert target["boxes"].shape == (own.stop - own.start, 4) and target["boxes"].dtype == torch.float32
                assert torch.equal(target["boxes"], torch.from_numpy(wanted.targets.boxes[own]))
                assert target["labels"].tolist() == wanted.targets.classes[own].tolist()
                assert target["image_id"].tolist() == [wanted.ids[sample]]
        assert len(batch.images) == 2  # 30 samples
