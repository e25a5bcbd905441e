"""tf.data: decode_and_crop_jpeg of the sampled box, antialiased resize, threads of its own."""
import os

from serve import MEAN, SIDE, STD, serve, versions_of

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


def batches(task):
    import pathlib

    import tensorflow as tf

    tf.config.threading.set_inter_op_parallelism_threads(task.workers)
    tf.config.threading.set_intra_op_parallelism_threads(1)
    files = sorted(map(str, pathlib.Path(task.images).glob("*/*")))
    names = sorted({pathlib.Path(file).parent.name for file in files})
    labels = [names.index(pathlib.Path(file).parent.name) for file in files]
    mean = tf.constant([255 * value for value in MEAN], tf.float32)
    scale = tf.constant([1 / (255 * value) for value in STD], tf.float32)

    def load(file, label):
        data = tf.io.read_file(file)
        begin, size, _ = tf.image.sample_distorted_bounding_box(
            tf.image.extract_jpeg_shape(data), tf.zeros([1, 0, 4]), area_range=(0.08, 1.0),
            aspect_ratio_range=(3 / 4, 4 / 3), max_attempts=10, use_image_if_no_bounding_boxes=True)
        window = tf.stack([begin[0], begin[1], size[0], size[1]])
        image = tf.image.decode_and_crop_jpeg(data, window, channels=3, dct_method="INTEGER_ACCURATE")
        image = tf.image.resize(image, [SIDE, SIDE], method="bilinear", antialias=True)
        image = tf.image.random_flip_left_right(image)
        return tf.transpose((image - mean) * scale, [2, 0, 1]), label

    options = tf.data.Options()
    options.threading.private_threadpool_size = task.workers
    options.deterministic = False
    dataset = (tf.data.Dataset.from_tensor_slices((files, labels))
               .shuffle(len(files)).repeat()
               .map(load, num_parallel_calls=task.workers)
               .batch(task.batch, drop_remainder=True).prefetch(3).with_options(options))
    # numpy() of a CPU tensor is a view.
    for images, numbers in dataset:
        yield images.numpy(), numbers.numpy()


if __name__ == "__main__":
    serve(batches, lambda: versions_of("tensorflow-cpu"))
