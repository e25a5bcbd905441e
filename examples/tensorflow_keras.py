"""Trains a small Keras model on batches of headrace, by tf.data or by a loop of one's own.

    headrace synth demo --images 500
    python examples/tensorflow_keras.py demo/images
    python examples/tensorflow_keras.py demo/images --loop      # without tf.data: tensors without a copy

DATA is a folder of classes.
"""

import argparse

import headrace
import tensorflow as tf


def open_loader(args):
    return headrace.Loader(
        dataset=args.data, batch_size=args.batch_size,
        # TensorFlow wants channels last, and headrace can write batches that way at no cost.
        output={"layout": "nhwc", "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]},
        augment=[{"op": "random_resized_crop", "size": args.size, "scale": [0.25, 1.0]},
                 {"op": "random_horizontal_flip"}],
        mix=[{"op": "mixup", "alpha": 0.2}])


def dataset_of(loader, size):
    """The loader as a tf.data.Dataset: each run through it is the next epoch."""
    signature = (tf.TensorSpec((loader.batch_size, size, size, 3), tf.float32),
                 tf.TensorSpec((loader.batch_size, len(loader.classes)), tf.float32))

    def epoch():
        for batch in loader:
            yield batch.images, batch.labels

    dataset = tf.data.Dataset.from_generator(epoch, output_signature=signature)
    return dataset.apply(tf.data.experimental.assert_cardinality(len(loader))).prefetch(1)


def small_model(classes):
    layers = [tf.keras.layers.Conv2D(width, 3, strides=2, padding="same", activation="relu")
              for width in (16, 32, 64)]
    return tf.keras.Sequential([*layers, tf.keras.layers.GlobalAveragePooling2D(),
                                tf.keras.layers.Dense(classes)])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", help="folder of classes")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--size", type=int, default=48)
    parser.add_argument("--loop", action="store_true", help="a loop of one's own instead of fit")
    args = parser.parse_args()

    tf.keras.utils.set_random_seed(0)
    with open_loader(args) as loader:
        model = small_model(len(loader.classes))
        loss = tf.keras.losses.CategoricalCrossentropy(from_logits=True)
        optimizer = tf.keras.optimizers.Adam(2e-3)
        if not args.loop:
            model.compile(optimizer, loss)
            model.fit(dataset_of(loader, args.size), epochs=args.epochs, verbose=2)
            return

        @tf.function
        def step(images, targets):
            with tf.GradientTape() as tape:
                value = loss(targets, model(images, training=True))
            gradients = tape.gradient(value, model.trainable_variables)
            optimizer.apply_gradients(zip(gradients, model.trainable_variables))
            return value

        for epoch in range(args.epochs):
            values = [step(tf.experimental.dlpack.from_dlpack(batch.__dlpack__()), batch.labels)
                      for batch in loader]
            print(f"epoch {epoch}: loss {tf.reduce_mean(values):.3f}", flush=True)


if __name__ == "__main__":
    main()
