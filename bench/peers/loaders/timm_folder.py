"""timm's training transforms over its ImageDataset, under a DataLoader. (Its own create_loader normalises
on the GPU, or sets up just this where there is none.)"""
from serve import MEAN, SIDE, STD, serve, versions_of
from torch_parts import batches_of


def batches(task):
    import timm.data
    from timm.data.transforms_factory import transforms_imagenet_train

    more = {"color_jitter": None}
    if task.workload == "augmented":
        # What create_transform calls; that has no way to keep the colour jitter beside RandAugment.
        more = {"auto_augment": "rand-m9-n2", "color_jitter": (0.4, 0.4, 0.4, 0.1),
                "force_color_jitter": True}
    transform = transforms_imagenet_train(SIDE, interpolation="bilinear", mean=MEAN, std=STD,
                                          use_prefetcher=False, normalize=True, **more)
    return batches_of(timm.data.ImageDataset(task.images, transform=transform), task)


if __name__ == "__main__":
    serve(batches, lambda: versions_of("timm", "torch", "pillow"))
