"""What the loaders on torch's DataLoader share: an order without an end, and the loader's options."""
import torch

from serve import MEAN, SIDE, STD


class EndlessShuffle(torch.utils.data.Sampler):
    """Permutation after permutation: the end of an epoch, where a DataLoader's workers run dry, is
    not what is measured here."""

    def __init__(self, count):
        self.count = count

    def __iter__(self):
        while True:
            yield from torch.randperm(self.count).tolist()

    def __len__(self):
        return 1 << 40


def batches_of(dataset, task):
    torch.set_num_threads(1)
    loader = torch.utils.data.DataLoader(
        dataset, batch_size=task.batch, sampler=EndlessShuffle(len(dataset)), num_workers=task.workers,
        drop_last=True, prefetch_factor=4, persistent_workers=True)
    yield from loader


def ops_of(v2, task, tensors):
    """The pipeline as torchvision's references have it."""
    ops = [v2.RandomResizedCrop(SIDE, antialias=True), v2.RandomHorizontalFlip()]
    if task.workload == "augmented":
        ops += [v2.RandAugment(num_ops=2, magnitude=9), v2.ColorJitter(0.4, 0.4, 0.4, 0.1)]
    if not tensors:
        ops.append(v2.PILToTensor())
    return v2.Compose([*ops, v2.ToDtype(torch.float32, scale=True), v2.Normalize(MEAN, STD)])
