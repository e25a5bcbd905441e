"""grain over simplejpeg and OpenCV: it has no image ops of its own."""
import pathlib

from serve import SIDE, serve, versions_of


def batches(task):
    import cv2
    import grain.python as grain
    import numpy as np
    import opencv_parts

    files = sorted(map(str, pathlib.Path(task.images).glob("*/*")))
    names = sorted({pathlib.Path(file).parent.name for file in files})
    labels = [names.index(pathlib.Path(file).parent.name) for file in files]

    class Sample(grain.RandomMapTransform):
        def random_map(self, index, rng):
            cv2.setNumThreads(1)
            out = np.empty((3, SIDE, SIDE), np.float32)
            opencv_parts.load(files[index], rng, out)
            return out, np.int64(labels[index])

    dataset = (grain.MapDataset.range(len(files)).seed(1).shuffle().repeat()
               .random_map(Sample())
               .to_iter_dataset(grain.ReadOptions(num_threads=1, prefetch_buffer_size=4))
               .batch(task.batch, drop_remainder=True)
               .mp_prefetch(grain.MultiprocessingOptions(num_workers=task.workers, per_worker_buffer_size=3)))
    yield from dataset


if __name__ == "__main__":
    serve(batches, lambda: versions_of("grain", "opencv-python-headless", "simplejpeg"))
