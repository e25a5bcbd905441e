"""Trains a small network in JAX on batches of headrace, without a copy on the CPU.

    headrace synth demo --images 500
    python examples/jax_train.py demo/images

DATA is a folder of classes. Needs jax alone; with flax or equinox only the model's lines change.
"""

import argparse
import functools

import headrace
import jax
import jax.numpy as jnp


def convolve(x, weights, stride):
    return jax.lax.conv_general_dilated(x, weights, (stride, stride), "SAME",
                                        dimension_numbers=("NHWC", "HWIO", "NHWC"))


def fresh_parameters(key, classes, widths=(3, 16, 32, 64)):
    parameters = {}
    for i, (inputs, outputs) in enumerate(zip(widths, widths[1:])):
        key, part = jax.random.split(key)
        parameters[f"conv{i}"] = jax.random.normal(part, (3, 3, inputs, outputs)) * (2 / (9 * inputs)) ** 0.5
        parameters[f"shift{i}"] = jnp.zeros(outputs)
    parameters["head"] = jax.random.normal(key, (widths[-1], classes)) * 0.1
    return parameters


def logits_of(parameters, images):
    x = images
    for i in range(3):
        x = jax.nn.relu(convolve(x, parameters[f"conv{i}"], 2) + parameters[f"shift{i}"])
    return x.mean(axis=(1, 2)) @ parameters["head"]


def loss_of(parameters, images, targets):
    return -(targets * jax.nn.log_softmax(logits_of(parameters, images))).sum(axis=1).mean()


@functools.partial(jax.jit, static_argnames="rate")
def step(parameters, velocity, images, targets, rate):
    loss, gradient = jax.value_and_grad(loss_of)(parameters, images, targets)
    velocity = jax.tree_util.tree_map(lambda v, g: 0.9 * v + g, velocity, gradient)
    parameters = jax.tree_util.tree_map(lambda p, v: p - rate * v, parameters, velocity)
    return parameters, velocity, loss


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", help="folder of classes")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--size", type=int, default=48)
    args = parser.parse_args()

    loader = headrace.Loader(
        dataset=args.data, batch_size=args.batch_size,
        # JAX wants channels last, and headrace can write batches that way at no cost.
        output={"layout": "nhwc", "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]},
        augment=[{"op": "random_resized_crop", "size": args.size, "scale": [0.25, 1.0]},
                 {"op": "random_horizontal_flip"}],
        mix=[{"op": "mixup", "alpha": 0.2}])
    parameters = fresh_parameters(jax.random.PRNGKey(0), len(loader.classes))
    velocity = jax.tree_util.tree_map(jnp.zeros_like, parameters)
    for epoch in range(args.epochs):
        losses = []
        for batch in loader:
            # The array is the library's own memory and keeps it; on an accelerator jax copies it there.
            images = jax.dlpack.from_dlpack(batch.images)
            parameters, velocity, loss = step(parameters, velocity, images, jnp.asarray(batch.labels), rate=0.05)
            # float() waits for the step: a loop that runs ahead of it would hold more and more buffers.
            losses.append(float(loss))
        print(f"epoch {epoch}: loss {sum(losses) / len(losses):.3f}", flush=True)
    loader.close()


if __name__ == "__main__":
    main()
