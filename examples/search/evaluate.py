#!/usr/bin/env python3
"""Scores an augmentation policy with PyTorch: what evaluate.cc does, with a small convolutional network.

    evaluate.py TRAIN.toml HELD_OUT.toml [--seed N] [--epochs N] [--width N] [-s KEY=VALUE]...

Trains on the pictures of TRAIN.toml and prints which share of those of HELD_OUT.toml it gets right, as the last
line. -s puts a value over TRAIN.toml: -s augment.1.policy=policy.toml. The same command line gives the same
score on the same machine.

Batches come from the Python package headrace if it is installed, else from the program: `headrace dump` writes an
epoch at a time as .npy files. Both give the same pixels.
"""

import argparse
import pathlib
import shutil
import subprocess
import sys
import tempfile
import tomllib

import numpy
import torch

try:
    import headrace
except ImportError:
    headrace = None


def by_package(config, overrides, epochs):
    """Batches (images, labels) of all epochs, as tensors, by the package."""

    def value(text):
        try:
            return tomllib.loads(f"v = {text}")["v"]
        except tomllib.TOMLDecodeError:
            return text

    pairs = (override.split("=", 1) for override in overrides)
    with headrace.Loader(config, **{key.replace(".", "__"): value(text) for key, text in pairs}) as loader:
        for _ in range(epochs):
            for batch in loader:
                # Copies: the batch goes back before the network is done with the next one.
                yield torch.tensor(numpy.asarray(batch.images)), torch.tensor(numpy.asarray(batch.labels))


def by_program(config, overrides, epochs):
    """The same by the program. `state` tells each call where the one before it stopped."""
    if shutil.which("headrace") is None:
        sys.exit("found neither the package headrace nor the program: pip install headrace, or put the program in PATH")
    settings = [part for override in overrides for part in ("-s", override)]
    with tempfile.TemporaryDirectory(prefix="evaluate-") as name:
        folder = pathlib.Path(name)
        for epoch in range(epochs):
            out = folder / str(epoch)
            command = ["headrace", "dump", config, "-o", out, "--epochs", "1", "--state", folder / "state", *settings]
            done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
            if done.returncode != 0:
                sys.exit(done.stderr.strip())
            for path in sorted(out.glob("*.images.npy")):
                labels = path.with_name(path.name.replace("images", "labels"))
                yield torch.from_numpy(numpy.load(path)), torch.from_numpy(numpy.load(labels))
                path.unlink()


def batches(config, overrides, epochs=1):
    return (by_package if headrace else by_program)(config, overrides, epochs)


def network(channels, classes, width):
    """Three convolutions, each half as wide and high, and an average: any size of picture from 8 x 8."""

    def block(before, after):
        return (
            torch.nn.Conv2d(before, after, 3, stride=2, padding=1, bias=False),
            torch.nn.BatchNorm2d(after),
            torch.nn.ReLU(),
        )

    return torch.nn.Sequential(
        *block(channels, width),
        *block(width, 2 * width),
        *block(2 * width, 4 * width),
        torch.nn.AdaptiveAvgPool2d(2),
        torch.nn.Flatten(),
        torch.nn.Linear(16 * width, classes),
    )


def train(given):
    """The trained network. Its classes are as many as the labels that came."""
    overrides = [*given.set, f"loader.seed={given.seed}"]
    torch.manual_seed(given.seed)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    first = list(batches(given.train, overrides))
    if not first:
        sys.exit(f'{given.train}: not one batch in an epoch; use tail = "exact"')
    classes = 1 + max(int(labels.max()) for _, labels in first)
    model = network(first[0][0].shape[1], classes, given.width)
    steps = given.epochs * len(first)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, nesterov=True, weight_decay=5e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.1, total_steps=steps)
    for images, labels in batches(given.train, overrides, given.epochs):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(images), labels).backward()
        optimizer.step()
        schedule.step()
    return model.eval()


def score(model, held_out):
    right = count = 0
    with torch.no_grad():
        for images, labels in batches(held_out, []):
            right += int((model(images).argmax(1) == labels).sum())
            count += len(labels)
    if count == 0:
        sys.exit(f"{held_out}: has no pictures")
    return right / count


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("train")
    parser.add_argument("held_out")
    parser.add_argument("--seed", type=int, default=0, help="of the order, the augmentation and the first weights")
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--width", type=int, default=16, help="filters of the first convolution")
    parser.add_argument("-s", "--set", action="append", default=[], metavar="KEY=VALUE")
    given = parser.parse_args()
    try:
        print(f"{score(train(given), given.held_out):.4f}")
    except headrace.HeadraceError if headrace else () as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
