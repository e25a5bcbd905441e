"""headrace.Batch: arrays over the library's memory, and how long they live."""

import copy
import gc
import pickle

import headrace
import numpy as np
import pytest

from conftest import SIZE

NUMPY = {"u8": np.uint8, "f16": np.float16, "bf16": np.uint16, "f32": np.float32}


@pytest.mark.parametrize("layout", ["nchw", "nhwc"])
@pytest.mark.parametrize("dtype", sorted(NUMPY))
def test_shapes_and_types(load, dtype, layout):
    batch = next(iter(load(dtype=dtype, layout=layout)))
    shape = (8, 3, SIZE, SIZE) if layout == "nchw" else (8, SIZE, SIZE, 3)
    images = np.asarray(batch.images)
    assert images.shape == shape and images.dtype == NUMPY[dtype]
    assert images.flags.c_contiguous and images.flags.writeable
    assert batch.dtype == dtype and batch.layout == layout
    assert batch.images.__array_interface__["data"][0] == images.__array_interface__["data"][0]
    for name, type_, length in (("labels", np.int64, 8), ("ids", np.int64, 8), ("valid", np.uint8, 8)):
        array = getattr(batch, name)
        assert array.dtype == type_ and array.shape == (length,)
    assert batch.mix.lam.dtype == np.float32 and batch.mix.lam.tolist() == [1.0] * 8
    assert batch.mix.partner.dtype == np.int32 and batch.mix.partner.tolist() == list(range(8))
    assert batch.mix.entry == -1 and not batch.mix.failed
    assert batch.targets is None and batch.views == 1 and batch.count == 8
    assert batch.global_number == 0


def test_labels_are_the_classes_of_the_samples(load):
    loader = load()
    for batch in loader:
        for sample, label in zip(batch.ids, batch.labels):
            assert loader.sample_path(int(sample)).split("/")[0] == loader.classes[label]


def test_pixels_are_those_of_every_dtype(load):
    def images(**options):
        return np.asarray(next(iter(load(**options))).images)

    u8 = images(dtype="u8")
    f32 = images(dtype="f32")
    assert np.array_equal(np.rint(f32 * 255).astype(np.uint8), u8)
    assert np.array_equal(images(dtype="f16"), f32.astype(np.float16))
    bf16 = next(iter(load(dtype="bf16"))).images
    assert np.abs(bf16.float32() - f32).max() <= 2**-8
    assert np.array_equal(images(dtype="u8", layout="nhwc").transpose(0, 3, 1, 2), u8)


def test_soft_labels(load):
    batch = next(iter(load(mix=["mixup"])))
    assert batch.labels.shape == (8, 5) and batch.labels.dtype == np.float32
    assert np.allclose(batch.labels.sum(1), 1)
    assert batch.mix.entry == 0
    assert np.all(batch.mix.lam == batch.mix.lam[0]) and 0 <= batch.mix.lam[0] <= 1


def test_views(load):
    batch = next(iter(load(augment=[{"op": "resize", "size": [SIZE, SIZE]}, {"op": "aug_mix", "views": 3}])))
    assert batch.images.shape == (3, 8, 3, SIZE, SIZE) and batch.views == 3
    assert batch.labels.shape == (8,)


def test_kept_pixels(load):
    batch = next(iter(load(output={"keep_u8": True}, mix=["mixup"])))
    assert batch.pixels.shape == (8, 3, SIZE, SIZE) and batch.pixels.dtype == np.uint8
    assert next(iter(load())).pixels is None


def test_targets(load, demo):
    loader = load(dataset={"source": "coco", "path": demo / "instances.json"}, augment=[{"op": "resize", "size": [72, 96]}])
    for batch in loader:
        targets = batch.targets
        count = int(targets.offsets[-1])
        assert targets.offsets.shape == (9,) and targets.boxes.shape == (count, 4) and count > 0
        assert targets.masks.shape == (targets.mask_offsets[-1],)
        for sample in range(8):
            boxes = targets.boxes[targets.of(sample)]
            assert np.all(boxes[:, :2] < boxes[:, 2:]) and np.all(boxes <= 96)
        for name in ("classes", "ids", "area", "crowd", "flags", "weights"):
            assert getattr(targets, name).shape == (count,)
        assert isinstance(targets.rle(0), bytes) and targets.rle(0)


def test_objects_are_counted_as_in_a_list(load, demo):
    targets = load(dataset={"source": "coco", "path": demo / "instances.json"}).next().targets
    assert targets.of(-1) == targets.of(7) and targets.of(np.int64(-8)) == targets.of(0)
    assert targets.of(-1).stop == targets.offsets[-1]
    count = len(targets.ids)
    assert count > 0 and targets.rle(-1) == targets.rle(count - 1) and targets.rle(-1)
    for wrong in (8, -9, "a", 1.0, None):
        with pytest.raises(IndexError, match="sample: found .*allowed: 0 to 7, or -8 to -1"):
            targets.of(wrong)
    with pytest.raises(IndexError, match=f"entry: found {count} "):
        targets.rle(count)


def test_a_batch_stays_where_its_loader_is(load):
    loader = load()
    batch = loader.next()
    for copied in (copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match=r"in its loader's memory .*batch\.images\.copy\(\)"):
            copied(batch)
    other = copy.copy(batch)
    batch.release()
    assert not other.released and other.images.shape == (8, 3, SIZE, SIZE)


def test_it_unpacks_into_images_and_labels(load):
    batch = next(iter(load()))
    images, labels = batch
    assert images is batch.images and labels is batch.labels
    assert "8x3x48x48 f32" in repr(batch)


def test_nothing_is_copied(load):
    batch = next(iter(load()))
    batch.images[2, 1] = 0.25
    assert np.all(np.from_dlpack(batch)[2, 1] == 0.25)
    assert np.shares_memory(np.asarray(batch.images), np.from_dlpack(batch))
    assert batch.images is batch.images


def test_the_newer_words_of_dlpack_are_known(load):
    """Of the array API of 2023: consumers pass them, and fall back when they are refused."""
    for dtype in ("f32", "bf16"):
        batch = next(iter(load(dtype=dtype)))
        things = (batch, batch.images) if dtype == "bf16" else (batch,)
        for thing in things:
            assert thing.__dlpack_device__() == (1, 0)
            assert "dltensor" in repr(thing.__dlpack__(stream=None, max_version=(1, 0), dl_device=None, copy=None))
            assert "dltensor" in repr(thing.__dlpack__(dl_device=(1, 0), copy=True))
            with pytest.raises(BufferError, match="CPU"):
                thing.__dlpack__(dl_device=(2, 0))


def test_torch_takes_the_arrays(load):
    torch = pytest.importorskip("torch")
    types = {"u8": torch.uint8, "f16": torch.float16, "bf16": torch.bfloat16, "f32": torch.float32}
    for dtype, type_ in types.items():
        batch = next(iter(load(dtype=dtype)))
        for tensor in (torch.from_dlpack(batch.images), torch.from_dlpack(batch)):
            assert tensor.dtype == type_ and tuple(tensor.shape) == (8, 3, SIZE, SIZE)
            assert tensor.data_ptr() == batch.images.__array_interface__["data"][0]
    labels = torch.from_dlpack(batch.labels)
    assert labels.dtype == torch.int64 and labels.tolist() == batch.labels.tolist()
    assert torch.from_numpy(batch.ids).tolist() == batch.ids.tolist()


def test_bfloat16_is_exact_in_torch_and_in_slices(load):
    torch = pytest.importorskip("torch")
    images = next(iter(load(dtype="bf16"))).images
    assert isinstance(images, headrace.BFloat16Array)
    assert np.array_equal(torch.from_dlpack(images).float().numpy(), images.float32())
    part = images[1:5, :, ::2]
    assert np.array_equal(torch.from_dlpack(part).float().numpy(), part.float32())
    tensor = torch.from_dlpack(part)
    expected = part.float32()
    del images, part
    gc.collect()
    assert np.array_equal(tensor.float().numpy(), expected)


def test_arrays_outlive_batch_and_loader(load):
    loader = load(batch_size=4)
    kept = []
    for batch in loader:
        kept.append((batch.images, batch.ids[1:], batch.labels, np.from_dlpack(batch), batch.images.copy()))
    del batch
    ids = [entry[1].tolist() for entry in kept]
    loader.close()
    del loader
    gc.collect()
    for (images, rest, _, tensor, copy), expected in zip(kept, ids):
        assert np.array_equal(images, copy) and np.array_equal(tensor, copy) and rest.tolist() == expected


def test_a_buffer_goes_back_with_its_last_array(load):
    # Two buffers, and no byte for a third: holding two must fail, and letting go of one must help.
    probe = load(batch_size=4, prefetch_batches=1, workers=1)
    need = probe.memory.total_bytes
    probe.close()
    loader = load(batch_size=4, prefetch_batches=1, workers=1, max_host_bytes=need)
    held = [loader.next(), loader.next()]
    with pytest.raises(headrace.NoBufferError, match="max_host_bytes"):
        loader.next()
    labels = held[0].labels
    view = labels[1:][::2]
    del held[0], labels
    gc.collect()
    with pytest.raises(headrace.NoBufferError):
        loader.next()
    del view
    assert loader.next().number == 2


def test_release_is_at_once(load):
    probe = load(batch_size=4, prefetch_batches=1, workers=1)
    need = probe.memory.total_bytes
    probe.close()
    loader = load(batch_size=4, prefetch_batches=1, workers=1, max_host_bytes=need)
    for number in range(7):
        batch = loader.next()
        assert batch.number == number
        assert batch.images.shape[0] == 4
        batch.release()
        batch.release()
    assert batch.released and repr(batch) == "<headrace.Batch, released>"
    for use in (lambda: batch.images, lambda: batch.labels, lambda: batch.epoch, lambda: batch.mix, batch.__dlpack__):
        with pytest.raises(headrace.ClosedError, match="released"):
            use()


def test_an_array_keeps_what_release_gave_up(load):
    loader = load()
    batch = loader.next()
    images = batch.images
    copy = images.copy()
    batch.release()
    for _ in range(6):
        loader.next()
    assert np.array_equal(images, copy)


def test_a_capsule_that_nobody_takes_gives_its_lease_back(load):
    probe = load(batch_size=4, prefetch_batches=1, workers=1)
    need = probe.memory.total_bytes
    probe.close()
    loader = load(batch_size=4, prefetch_batches=1, workers=1, max_host_bytes=need)
    for number in range(6):
        batch = loader.next()
        batch.__dlpack__()
        batch.release()
        assert batch.released


def test_padding(load):
    batches = list(load(batch_size=16, tail="pad"))
    assert [b.count for b in batches] == [16, 16]
    assert batches[1].valid.tolist() == [1] * 14 + [0] * 2
    assert batches[1].ids.tolist()[14:] == [-1, -1] and batches[1].labels.tolist()[14:] == [-1, -1]
    assert [b.count for b in load(batch_size=16, tail="exact")] == [16, 14]
