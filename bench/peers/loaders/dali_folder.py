"""DALI's CPU backend: fused decoding and random crop, triangular (antialiased) resize."""
from serve import MEAN, SIDE, STD, serve, versions_of


def batches(task):
    import numpy as np
    import nvidia.dali.fn as fn
    import nvidia.dali.types as types
    from nvidia.dali import pipeline_def
    from nvidia.dali.auto_aug import rand_augment

    augmented = task.workload == "augmented"

    @pipeline_def(enable_conditionals=augmented)
    def pipeline():
        files, labels = fn.readers.file(file_root=task.images, random_shuffle=True, name="reader",
                                        read_ahead=True)
        images = fn.decoders.image_random_crop(files, device="cpu", output_type=types.RGB,
                                               random_area=[0.08, 1.0], random_aspect_ratio=[3 / 4, 4 / 3])
        images = fn.resize(images, size=[SIDE, SIDE], interp_type=types.INTERP_LINEAR, antialias=True)
        mirror = fn.random.coin_flip()
        if augmented:
            images = fn.flip(images, horizontal=mirror)
            images = rand_augment.rand_augment(images, n=2, m=9, shape=[SIDE, SIDE])
            images = fn.color_twist(images, brightness=fn.random.uniform(range=[0.6, 1.4]),
                                    contrast=fn.random.uniform(range=[0.6, 1.4]),
                                    saturation=fn.random.uniform(range=[0.6, 1.4]),
                                    hue=fn.random.uniform(range=[-36.0, 36.0]))
            mirror = 0
        images = fn.crop_mirror_normalize(images, dtype=types.FLOAT, output_layout="CHW", mirror=mirror,
                                          mean=[255 * value for value in MEAN],
                                          std=[255 * value for value in STD])
        return images, labels

    built = pipeline(batch_size=task.batch, num_threads=task.workers, device_id=None, seed=1,
                     prefetch_queue_depth=3)
    built.build()
    while True:
        images, labels = built.run()
        # DALI's batch is one piece of memory already: no copy is made of it.
        yield np.asarray(images.as_tensor()), np.asarray(labels.as_tensor())


if __name__ == "__main__":
    serve(batches, lambda: {"nvidia-dali": __import__("nvidia.dali").dali.__version__})
