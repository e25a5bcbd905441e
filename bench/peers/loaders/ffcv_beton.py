"""FFCV from a .beton of the same JPEGs, as its own ImageNet example has it."""
from serve import MEAN, SIDE, STD, serve, versions_of


def batches(task):
    import numpy as np
    import torch
    from ffcv.fields.decoders import IntDecoder, RandomResizedCropRGBImageDecoder
    from ffcv.loader import Loader, OrderOption
    from ffcv.transforms import NormalizeImage, RandomHorizontalFlip, Squeeze, ToTensor, ToTorchImage

    torch.set_num_threads(1)
    images = [RandomResizedCropRGBImageDecoder((SIDE, SIDE)), RandomHorizontalFlip(),
              NormalizeImage(255 * np.asarray(MEAN), 255 * np.asarray(STD), np.float32),
              ToTensor(), ToTorchImage(convert_back_int16=False)]
    loader = Loader(task.beton, batch_size=task.batch, num_workers=task.workers, os_cache=True,
                    order=OrderOption.RANDOM, drop_last=True, batches_ahead=3,
                    pipelines={"image": images, "label": [IntDecoder(), ToTensor(), Squeeze()]})
    while True:
        for pictures, labels in loader:
            # NCHW in memory, as everybody else: FFCV's is a view of NHWC.
            yield pictures.contiguous(), labels


if __name__ == "__main__":
    serve(batches, lambda: versions_of("ffcv", "torch", "numba"))
