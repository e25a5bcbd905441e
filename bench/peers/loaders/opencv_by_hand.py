"""OpenCV and simplejpeg by hand: processes that fill batches in shared memory."""
import multiprocessing
import pathlib
import random as plain_random

from serve import SIDE, serve, versions_of

SLOTS_A_WORKER = 3


def work(worker, files, labels, batch, free, full, memory, numbers):
    import cv2
    import numpy as np
    import opencv_parts

    cv2.setNumThreads(1)
    random = np.random.default_rng(worker)
    images = np.frombuffer(memory, np.float32).reshape(-1, batch, 3, SIDE, SIDE)
    targets = np.frombuffer(numbers, np.int64).reshape(-1, batch)
    order = []
    while True:
        slot = free.get()
        for place in range(batch):
            if not order:
                order = list(range(len(files)))
                plain_random.Random(int(random.integers(1 << 30))).shuffle(order)
            index = order.pop()
            opencv_parts.load(files[index], random, images[slot, place])
            targets[slot, place] = labels[index]
        full.put(slot)


def batches(task):
    import numpy as np

    files = sorted(map(str, pathlib.Path(task.images).glob("*/*")))
    names = sorted({pathlib.Path(file).parent.name for file in files})
    labels = [names.index(pathlib.Path(file).parent.name) for file in files]
    slots = SLOTS_A_WORKER * task.workers
    memory = multiprocessing.RawArray("f", slots * task.batch * 3 * SIDE * SIDE)
    numbers = multiprocessing.RawArray("q", slots * task.batch)
    free, full = multiprocessing.SimpleQueue(), multiprocessing.SimpleQueue()
    for slot in range(slots):
        free.put(slot)
    for worker in range(task.workers):
        multiprocessing.Process(target=work, daemon=True, args=(
            worker, files, labels, task.batch, free, full, memory, numbers)).start()
    images = np.frombuffer(memory, np.float32).reshape(slots, task.batch, 3, SIDE, SIDE)
    targets = np.frombuffer(numbers, np.int64).reshape(slots, task.batch)
    while True:
        slot = full.get()
        yield images[slot], targets[slot]
        free.put(slot)


if __name__ == "__main__":
    serve(batches, lambda: versions_of("opencv-python-headless", "simplejpeg", "numpy"))
