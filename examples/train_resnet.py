"""Trains a small ResNet, with headrace or with torchvision and torch's DataLoader beside it.

    python examples/train_resnet.py data/flowers --recipe mixup
    python examples/train_resnet.py data/flowers --recipe mixup --loader torchvision
    python examples/train_resnet.py data/flowers --table         # all recipes, both loaders, 5 seeds

DATA has train/CLASS/IMAGE and val/CLASS/IMAGE; `headrace synth DATA` makes a set whose images/ serves as
both. Model, seeds, epochs and transforms are the same with either loader: headrace gets torchvision's own
transforms, by headrace.torch.from_torchvision. Runs on a CPU in minutes; needs torch and torchvision.
"""

import argparse
import json
import pathlib
import resource
import statistics
import subprocess
import sys
import time

import torch
import torchvision.transforms as T
from torch import nn
from torch.nn import functional as F

RECIPES = ("plain", "mixup", "cutmix", "randaugment", "augmix")
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
VIEWS = 3  # of AugMix: the clean picture and two others


# ----------------------------------------------------------------------------------- the model


class Block(nn.Module):
    """Two convolutions and a way around them."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.first = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.first_norm = nn.BatchNorm2d(outputs)
        self.second = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.second_norm = nn.BatchNorm2d(outputs)
        same = inputs == outputs and stride == 1
        self.around = nn.Identity() if same else nn.Sequential(
            nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        y = F.relu(self.first_norm(self.first(x)))
        return F.relu(self.second_norm(self.second(y)) + self.around(x))


def small_resnet(classes, width=16):
    """78,000 parameters with 5 classes: a ResNet-8 for pictures of 32 to 96 pixels."""
    return nn.Sequential(
        nn.Conv2d(3, width, 3, 2, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(),
        Block(width, width, 1), Block(width, 2 * width, 2), Block(2 * width, 4 * width, 2),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4 * width, classes))


# ------------------------------------------------------------------------------ what to train on


def training_transforms(recipe, size):
    """(before, policy, after): the policy is None, or what the recipe puts in the middle."""
    before = [T.RandomResizedCrop(size, scale=(0.25, 1.0)), T.RandomHorizontalFlip()]
    policy = {"randaugment": T.RandAugment, "augmix": T.AugMix}.get(recipe)
    return before, policy and policy(), [T.ToTensor(), T.Normalize(MEAN, STD)]


def training_transform(recipe, size):
    before, policy, after = training_transforms(recipe, size)
    return T.Compose(before + ([policy] if policy else []) + after)


def validation_transform(size):
    return T.Compose([T.Resize(size + size // 8), T.CenterCrop(size), T.ToTensor(),
                      T.Normalize(MEAN, STD)])


def headrace_loaders(args, folders):
    """Batches by headrace: the transforms are torchvision's, translated."""
    import headrace.torch

    pipeline = headrace.torch.from_torchvision(
        training_transform(args.recipe, args.size),
        mix={"mixup": {"op": "mixup", "alpha": 0.2}, "cutmix": {"op": "cutmix", "alpha": 1.0}}.get(
            args.recipe))
    for entry in pipeline.augment:
        if entry["op"] == "aug_mix":
            entry["views"] = VIEWS
    common = {"batch_size": args.batch_size, "num_workers": args.workers, "seed": args.seed}
    train = headrace.torch.DataLoader(folders["train"], shuffle=True, drop_last=True,
                                      transform=pipeline, **common)
    val = headrace.torch.DataLoader(folders["val"], transform=validation_transform(args.size), **common)
    return train, val


class Views:
    """A picture as AugMix wants it: clean, and twice augmented, [views, channels, height, width]."""

    def __init__(self, before, policy, after):
        self.before, self.policy, self.after = T.Compose(before), policy, T.Compose(after)

    def __call__(self, image):
        image = self.before(image)
        others = [self.policy(image) for _ in range(VIEWS - 1)]
        return torch.stack([self.after(one) for one in [image, *others]])


class Mix:
    """Mixup or CutMix of a batch, as torchvision.transforms.v2 has them; for older versions too."""

    def __init__(self, recipe, classes):
        self.recipe, self.classes = recipe, classes

    def __call__(self, samples):
        images, labels = torch.utils.data.default_collate(samples)
        labels = F.one_hot(labels, self.classes).float()
        if self.recipe == "mixup":
            share = torch.distributions.Beta(0.2, 0.2).sample().item()
            images = images * share + images.roll(1, 0) * (1 - share)
        else:
            share = torch.rand(()).item()  # Beta(1, 1)
            images, share = self.pasted(images, share)
        return images, labels * share + labels.roll(1, 0) * (1 - share)

    @staticmethod
    def pasted(images, share):
        height, width = images.shape[2:]
        y, x = (int(torch.randint(n, (1,))) for n in (height, width))
        half = 0.5 * (1 - share) ** 0.5
        top, bottom = max(0, y - int(half * height)), min(height, y + int(half * height))
        left, right = max(0, x - int(half * width)), min(width, x + int(half * width))
        images = images.clone()
        images[:, :, top:bottom, left:right] = images.roll(1, 0)[:, :, top:bottom, left:right]
        return images, 1 - (bottom - top) * (right - left) / (height * width)


def torchvision_loaders(args, folders):
    """The same by ImageFolder, Pillow and torch's DataLoader."""
    from torch.utils.data import DataLoader
    from torchvision.datasets import ImageFolder

    before, policy, after = training_transforms(args.recipe, args.size)
    transform = Views(before, policy, after) if args.recipe == "augmix" else \
        training_transform(args.recipe, args.size)
    train_set = ImageFolder(folders["train"], transform)
    collate = Mix(args.recipe, len(train_set.classes)) if args.recipe in ("mixup", "cutmix") else None
    common = {"batch_size": args.batch_size, "num_workers": args.workers,
              "persistent_workers": args.workers > 0}
    train = DataLoader(train_set, shuffle=True, drop_last=True, collate_fn=collate,
                       generator=torch.Generator().manual_seed(args.seed), **common)
    return train, DataLoader(ImageFolder(folders["val"], validation_transform(args.size)), **common)


# ------------------------------------------------------------------------------------- training


def loss_of(model, images, labels, recipe):
    """Cross-entropy; for AugMix also the Jensen-Shannon divergence of the views (Hendrycks, 2020)."""
    if recipe != "augmix":
        return F.cross_entropy(model(images), labels)
    if images.shape[0] != VIEWS:  # torch's collate function puts the views second
        images = images.transpose(0, 1)
    logits = model(images.reshape(-1, *images.shape[2:])).chunk(VIEWS)
    shares = [F.softmax(one, dim=1) for one in logits]
    middle = (sum(shares) / VIEWS).clamp(1e-7, 1).log()
    divergence = sum(F.kl_div(middle, one, reduction="batchmean") for one in shares) / VIEWS
    return F.cross_entropy(logits[0], labels) + 12 * divergence


def accuracy(model, batches):
    model.eval()
    right = total = 0
    with torch.no_grad():
        for images, labels in batches:
            right += (model(images).argmax(1) == labels).sum().item()
            total += len(labels)
    return right / total


def train(args):
    """One run. Gives accuracy and seconds of each epoch."""
    folders = {part: args.data / part for part in ("train", "val")}
    if not folders["train"].is_dir():
        folders = dict.fromkeys(folders, args.data / "images")
    if not folders["train"].is_dir():
        sys.exit(f"train_resnet.py: {args.data} has neither train/ nor images/")
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    make = headrace_loaders if args.loader == "headrace" else torchvision_loaders
    train_batches, val_batches = make(args, folders)
    classes = len([path for path in folders["train"].iterdir() if path.is_dir()])
    model = small_resnet(classes)
    steps = args.epochs * len(train_batches)
    optimizer = torch.optim.SGD(model.parameters(), lr=args.lr, momentum=0.9, nesterov=True,
                                weight_decay=5e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, args.lr, total_steps=steps)
    seconds, cpu = [], cpu_seconds()
    for epoch in range(args.epochs):
        began = time.perf_counter()
        model.train()
        for images, labels in train_batches:
            loss = loss_of(model, images, labels, args.recipe)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            schedule.step()
        seconds.append(time.perf_counter() - began)
        if not args.json:
            print(f"epoch {epoch}: loss {loss.item():.3f}, {seconds[-1]:.2f} s", flush=True)
    del train_batches  # worker processes end, and their time is known
    cpu = (cpu_seconds() - cpu) / args.epochs
    return {"loader": args.loader, "recipe": args.recipe, "seed": args.seed,
            "accuracy": accuracy(model, val_batches), "seconds": seconds, "cpu_seconds": cpu}


def cpu_seconds():
    """Of this process and of its children that have ended; counts right on a busy machine, too."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


# ------------------------------------------------------------------------------------- the table


def one_run(args, recipe, loader, seed):
    """A run in a process of its own, so that none warms another's caches."""
    command = [sys.executable, __file__, str(args.data), "--json", "--recipe", recipe, "--loader",
               loader, "--seed", str(seed)]
    for name in ("epochs", "size", "batch_size", "workers", "threads", "lr"):
        command += ["--" + name.replace("_", "-"), str(getattr(args, name))]
    finished = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(finished.stdout.splitlines()[-1])


def all_runs(args):
    """Seed after seed, recipe after recipe, the loaders by turns. Runs that the file has are not repeated."""
    runs = [json.loads(line) for line in args.results.read_text().splitlines()] \
        if args.results and args.results.exists() else []
    known = {(run["recipe"], run["loader"], run["seed"]) for run in runs}
    for seed in range(args.seeds):
        for recipe in args.recipes.split(","):
            for loader in ("torchvision", "headrace"):
                if (recipe, loader, seed) in known:
                    continue
                runs.append(one_run(args, recipe, loader, seed))
                print(json.dumps(runs[-1]), file=sys.stderr, flush=True)
                if args.results:
                    with args.results.open("a") as file:
                        file.write(json.dumps(runs[-1]) + "\n")
    return runs


def table(args):
    """Prints Markdown: accuracy (mean and standard deviation over seeds), medians of times."""
    runs = all_runs(args)
    print("| recipe | accuracy: torchvision | headrace | s an epoch: torchvision | headrace "
          "| CPU s an epoch: torchvision | headrace |\n|---|---|---|---|---|---|---|")
    for recipe in args.recipes.split(","):
        accuracies, walls, cpus = [], [], []
        for loader in ("torchvision", "headrace"):
            mine = [run for run in runs if (run["recipe"], run["loader"]) == (recipe, loader)]
            scores = [100 * run["accuracy"] for run in mine]
            spread = statistics.stdev(scores) if len(scores) > 1 else 0.0
            accuracies.append(f"{statistics.mean(scores):.1f} ± {spread:.1f} %")
            # Without the first epoch, in which worker processes start, if there is another.
            seconds = [s for run in mine for s in run["seconds"][1:] or run["seconds"]]
            walls.append(f"{statistics.median(seconds):.2f}")
            cpus.append(f"{statistics.median(run['cpu_seconds'] for run in mine):.2f}")
        print(f"| {recipe} | " + " | ".join(accuracies + walls + cpus) + " |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=pathlib.Path, help="folder with train/ and val/, or images/")
    parser.add_argument("--loader", choices=("headrace", "torchvision"), default="headrace")
    parser.add_argument("--recipe", choices=RECIPES, default="plain")
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--size", type=int, default=48, help="side of the crops, in pixels")
    parser.add_argument("--batch-size", type=int, default=50)
    parser.add_argument("--workers", type=int, default=1, help="of the loader")
    parser.add_argument("--threads", type=int, default=1, help="of torch")
    parser.add_argument("--lr", type=float, default=0.1)
    parser.add_argument("--json", action="store_true", help="one line of JSON, nothing else")
    parser.add_argument("--table", action="store_true", help="compare the loaders")
    parser.add_argument("--seeds", type=int, default=5, help="of --table")
    parser.add_argument("--results", type=pathlib.Path, help="of --table: JSON lines, to go on later")
    parser.add_argument("--recipes", default=",".join(RECIPES), help="of --table")
    args = parser.parse_args()
    if args.table:
        table(args)
        return
    result = train(args)
    print(json.dumps(result) if args.json else f"accuracy {100 * result['accuracy']:.1f} %")


if __name__ == "__main__":
    main()
