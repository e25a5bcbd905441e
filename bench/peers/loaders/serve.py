"""What all loaders here have in common: the task, the check of the first batch, the counter.

A loader's file has `batches(task)`, which yields (images, labels) for ever, and `versions()`. It is
started as

    LOADER.py TASK COUNTER

TASK is JSON; see `Task` for what is in it. After the first batch, which is checked, one line of JSON
goes to stdout; from then on the counter, 8 bytes of a shared file, tells how many images came.
"""
import importlib.metadata
import json
import mmap
import struct
import sys

MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)
SIDE = 224


class Task:
    """Fields: workload ("plain" or "augmented"), workers, batch; images: a folder of class folders;
    shards: a list of plain WebDataset shards of it; beton: a file for FFCV; pack_jpeg, pack_coef:
    headrace's packs; cache: a folder for anything else."""

    def __init__(self, text):
        self.__dict__.update(json.loads(text))


def versions_of(*names):
    return {name: importlib.metadata.version(name) for name in names}


def check(images, labels, count):
    """The first batch is what all were asked for: f32 [count, 3, 224, 224], normalised, and varied."""
    import numpy as np

    images = np.asarray(images)
    problems = []
    if images.shape != (count, 3, SIDE, SIDE):
        problems.append(f"shape {images.shape}")
    if images.dtype != np.float32:
        problems.append(f"dtype {images.dtype}")
    if len(np.asarray(labels).reshape(-1)) != count:
        problems.append(f"{np.asarray(labels).shape} labels")
    mean, std = float(images.mean()), float(images.std())
    # Photographs are a little darker than ImageNet's mean; 0..255 or 0..1 are far from this.
    if not -0.9 < mean < 0.9 or not 0.6 < std < 1.6:
        problems.append(f"mean {mean:.2f}, standard deviation {std:.2f}")
    if len({float(image.mean()) for image in images}) < count // 2:
        problems.append("the same image over and over")
    if problems:
        raise SystemExit("not the batch that was asked for: " + ", ".join(problems))
    return {"mean": round(mean, 3), "std": round(std, 3)}


def serve(batches, versions, checked=True):
    task = Task(sys.argv[1])
    # NumPy arrays or anything that np.asarray takes.
    said = {}
    total = 0
    with open(sys.argv[2], "r+b") as file:
        counter = mmap.mmap(file.fileno(), 8)
    for images, labels in batches(task):
        if not said:
            said = check(images, labels, task.batch) if checked else {"mean": None}
            print(json.dumps({**said, "versions": versions()}), flush=True)
        total += len(labels)
        struct.pack_into("<q", counter, 0, total)
    raise SystemExit("ran out of batches")
