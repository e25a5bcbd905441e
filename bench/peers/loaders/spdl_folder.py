"""SPDL: its pipeline of threads around its own decoder, which crops, resizes and flips in one filter graph."""
import random
from concurrent.futures import ThreadPoolExecutor

from serve import MEAN, SIDE, STD, serve, versions_of


def batches(task):
    import pathlib

    import numpy as np
    import spdl.io
    import spdl.pipeline

    files = sorted(map(str, pathlib.Path(task.images).glob("*/*")))
    names = sorted({pathlib.Path(file).parent.name for file in files})
    samples = [(file, names.index(pathlib.Path(file).parent.name)) for file in files]
    scale = np.asarray([1 / (255 * value) for value in STD], np.float32)
    shift = np.asarray([-mean / std for mean, std in zip(MEAN, STD)], np.float32)
    draws = random.Random(1)

    def order():
        while True:
            draws.shuffle(samples)
            yield from samples

    def window():
        """A crop of random area and shape, in shares of the picture: the filter's own expressions
        know the size."""
        area, ratio = draws.uniform(0.08, 1.0), draws.uniform(-0.2877, 0.2877)
        return area, 2.718281828 ** ratio, draws.random(), draws.random()

    def load(sample):
        file, label = sample
        area, ratio, x, y = window()
        width, height = f"min(iw,sqrt(iw*ih*{area:.5f}*{ratio:.5f}))", f"min(ih,sqrt(iw*ih*{area:.5f}/{ratio:.5f}))"
        flip = "hflip," if draws.random() < 0.5 else ""
        graph = (f"crop=w='{width}':h='{height}':x='(iw-ow)*{x:.5f}':y='(ih-oh)*{y:.5f}':exact=1,"
                 f"scale={SIDE}:{SIDE}:flags=bilinear,{flip}format=rgb24")
        packets = spdl.io.demux_image(file)
        frames = spdl.io.decode_packets(packets, filter_desc=graph)
        return frames, label

    def batch_of(items):
        pixels = spdl.io.to_numpy(spdl.io.convert_frames([frames for frames, _ in items]))
        images = np.empty((len(items), 3, SIDE, SIDE), np.float32)
        np.multiply(pixels.transpose(0, 3, 1, 2), scale[:, None, None], out=images)
        images += shift[:, None, None]
        return images, np.asarray([label for _, label in items])

    pipeline = (spdl.pipeline.PipelineBuilder().add_source(order())
                .pipe(load, concurrency=task.workers, executor=ThreadPoolExecutor(task.workers))
                .aggregate(task.batch).pipe(batch_of).add_sink(3)
                .build(num_threads=1))
    with pipeline.auto_stop():
        yield from pipeline.get_iterator()


if __name__ == "__main__":
    serve(batches, lambda: versions_of("spdl"))
