"""Nothing is left behind: references, memory, descriptors, threads."""

import gc
import os
import sys

import headrace
import numpy as np
import pytest

# HEADRACE_LONG_TESTS=1 tries what the issue of such tests is: a leak of some bytes a time.
ROUNDS = 10_000 if os.environ.get("HEADRACE_LONG_TESTS") else 300


def rss_kib():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * (os.sysconf("SC_PAGE_SIZE") // 1024)


def descriptors():
    return len(os.listdir("/proc/self/fd"))


def threads():
    return len(os.listdir("/proc/self/task"))


def open_tiny(folder, **options):
    return headrace.Loader(
        dataset=folder,
        batch_size=2,
        workers=1,
        prefetch_batches=1,
        pin="none",
        log=None,
        decode={"checkpoints": "off"},
        limits={"scratch_pixels": 65536},
        augment=[{"op": "resize", "size": [8, 8]}],
        **options,
    )


def test_opening_and_closing_leaves_nothing(tiny):
    def once(i):
        loader = open_tiny(tiny)
        batch = loader.next()
        images = batch.images
        if i % 3 == 0:
            loader.close()
        if i % 3 == 1:
            del loader  # closes it
        assert images.shape == (2, 3, 8, 8)
        if i % 5 == 0:
            with pytest.raises(headrace.ConfigError):
                open_tiny(tiny, batch_sise=3)

    for i in range(60):
        once(i)
    gc.collect()
    before = rss_kib(), descriptors(), threads()
    for i in range(ROUNDS):
        once(i)
    gc.collect()
    after = rss_kib(), descriptors(), threads()
    # A loader takes megabytes, so one that is kept would show; 10,000 may cost a few bytes each in
    # the allocator's own books.
    assert after[0] - before[0] < 4096 + ROUNDS // 4, (before, after)
    assert after[1:] == before[1:]


def test_batches_leave_nothing(tiny):
    loader = open_tiny(tiny, mix=["mixup"])

    def epochs(count):
        for _ in range(count):
            for batch in loader:
                images, labels = batch
                np.from_dlpack(batch)
                np.from_dlpack(images[:1])
                batch.mix, batch.ids, batch.valid, batch.targets, batch.pixels  # noqa: B018
                loader.stats, loader.state_dict()  # noqa: B018

    epochs(100)
    gc.collect()
    before = rss_kib()
    epochs(ROUNDS * 2)
    gc.collect()
    assert rss_kib() - before < 4096


def test_references_are_counted(tiny):
    loader = open_tiny(tiny)
    batch = loader.next()
    lease = batch._lease
    base = sys.getrefcount(lease)
    images = batch.images
    assert sys.getrefcount(lease) == base + 1
    view = images[0, :, ::2]
    labels, ids = batch.labels, batch.ids
    assert sys.getrefcount(lease) == base + 3
    del batch
    gc.collect()
    assert sys.getrefcount(lease) == base + 2  # images, labels and ids instead of the batch
    del images, labels, ids
    assert sys.getrefcount(lease) == base  # of the view
    del view
    assert sys.getrefcount(lease) == base - 1


def test_callbacks_are_let_go_of(tiny):
    class Model:
        def __call__(self, images, labels, soft_labels, step):
            return images.sum((1, 2, 3)), np.ones_like(images)

    model = Model()
    base = sys.getrefcount(model)
    for _ in range(20):
        loader = open_tiny(tiny, model=model, mix=[{"op": "ace", "steps": 2, "p": 1.0}])
        loader.next()
        loader.close()
    del loader
    gc.collect()
    assert sys.getrefcount(model) == base


def test_exceptions_of_callbacks_are_let_go_of(tiny):
    class Mine(Exception):
        pass

    def model(*arguments):
        raise Mine

    loader = open_tiny(tiny, model=model, mix=[{"op": "ace", "steps": 2, "p": 1.0}])
    raised = 0
    for _ in range(30):
        try:
            loader.next()
        except Mine:
            raised += 1
    assert raised == 12  # of 2 batches an epoch, each raises once and then comes, and each epoch has an end
    gc.collect()
    assert not [thing for thing in gc.get_objects() if type(thing) is Mine]
