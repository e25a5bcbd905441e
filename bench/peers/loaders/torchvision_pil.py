"""torchvision's ImageFolder and transforms on PIL images, under a DataLoader: what most people have."""
from serve import serve, versions_of
from torch_parts import batches_of, ops_of


def batches(task):
    from torchvision.datasets import ImageFolder
    from torchvision.transforms import v2

    return batches_of(ImageFolder(task.images, ops_of(v2, task, tensors=False)), task)


if __name__ == "__main__":
    serve(batches, lambda: versions_of("torch", "torchvision", "pillow"))
