"""torchvision's own JPEG decoder and transforms v2 on uint8 tensors, under a DataLoader."""
from serve import serve, versions_of
from torch_parts import batches_of, ops_of


def read(path):
    from torchvision.io import ImageReadMode, decode_image, read_file

    return decode_image(read_file(path), ImageReadMode.RGB)


def batches(task):
    from torchvision.datasets import ImageFolder
    from torchvision.transforms import v2

    return batches_of(ImageFolder(task.images, ops_of(v2, task, tensors=True), loader=read), task)


if __name__ == "__main__":
    serve(batches, lambda: versions_of("torch", "torchvision"))
