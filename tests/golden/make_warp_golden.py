#!/usr/bin/python3
"""Makes warp_golden.tsv with Debian's Pillow, and the nearest resizes with Debian's torch.

The pictures come from the formula of make_resize_golden.py, so the table holds checksums only.

    /usr/bin/python3 tests/golden/make_warp_golden.py
"""
import math
import pathlib
import random
import zlib

import numpy as np
import PIL
import torch
from make_resize_golden import picture
from PIL import Image

HERE = pathlib.Path(__file__).parent
INTERPOLATIONS = {"nearest": Image.NEAREST, "bilinear": Image.BILINEAR, "bicubic": Image.BICUBIC}


def rotation(angle, width, height, scale=1.0):
    """As Image.rotate makes it."""
    t = -math.radians(angle)
    c, s = round(math.cos(t), 15) * scale, round(math.sin(t), 15) * scale
    x, y = width / 2.0, height / 2.0
    return [c, s, c * -x + s * -y + x, -s, c, -s * -x + c * -y + y]


def matrices(rng, width, height):
    yield rotation(rng.uniform(-180, 180), width, height)
    yield rotation(rng.uniform(-180, 180), width, height, rng.uniform(0.2, 5))
    yield rotation(rng.choice([0, 90, 180, 270, 45]), width, height)
    yield [1, 0.01 * rng.randrange(-99, 99), 0, 0, 1, 0]
    yield [1, 0, 0, 0.01 * rng.randrange(-99, 99), 1, 0]
    yield [1, 0, rng.randrange(-9, 9), 0, 1, rng.randrange(-9, 9)]
    yield [1, 0, rng.randrange(-9, 9) + 0.25, 0, 1, 0.5]
    yield [rng.uniform(0.1, 3), 0, rng.uniform(-9, 9), 0, rng.uniform(-3, 3), height]
    yield [rng.uniform(-2, 2) for _ in range(6)]
    yield [1e-12, 1e-13, width / 2, -1e-15, 1e-12, height / 2]
    yield [1000.5, -30, -20000, 7, 2000, 1]
    yield [1, 0.1, 40000, 0.1, 1, -40000]
    yield [1, 0.1, 32700, 0.1, 1, -39000]


def perspectives(rng, width, height):
    for _ in range(3):
        yield [
            rng.uniform(0.7, 1.3), rng.uniform(-0.3, 0.3), rng.uniform(-9, 9),
            rng.uniform(-0.3, 0.3), rng.uniform(0.7, 1.3), rng.uniform(-9, 9),
            rng.uniform(-0.5, 0.5) / width, rng.uniform(-0.5, 0.5) / height,
        ]  # fmt: skip
    # The horizon crosses the picture; a place is 0 / 0.
    yield [1, 0, 0, 0, 1, 0, -2 / width, 0]
    yield [1, 0, -0.5, 0, 1, -0.5, -2, 0]


def rows():
    rng = random.Random(20260310)
    sizes = [(1, 1), (1, 7), (7, 1), (2, 2), (2, 3), (3, 3), (5, 4), (17, 31), (64, 32), (224, 224)]
    sizes += [(9, 300), (300, 9), (130, 67)]
    for number, (width, height) in enumerate(sizes):
        for kind, maker in (("affine", matrices), ("perspective", perspectives)):
            for m in maker(rng, width, height):
                for name, resample in INTERPOLATIONS.items():
                    channels, seed = rng.choice([1, 3, 3]), number + rng.randrange(9)
                    out = (width, height) if rng.random() < 0.7 else (rng.randrange(1, 80), 40)
                    fill = [rng.randrange(256) for _ in range(3)]
                    pixels = picture(width, height, channels, seed)
                    image = Image.fromarray(pixels if channels == 3 else pixels[:, :, 0])
                    got = image.transform(
                        out,
                        Image.AFFINE if kind == "affine" else Image.PERSPECTIVE,
                        m,
                        resample=resample,
                        fillcolor=tuple(fill) if channels == 3 else fill[0],
                    )
                    crc = zlib.crc32(np.asarray(got).tobytes())
                    yield [kind, width, height, channels, seed, *out, name, *fill, f"{crc:08x}"] + [
                        float(v).hex() for v in m
                    ]


def nearest_rows():
    rng = random.Random(20260311)
    for number in range(60):
        width, height = rng.choice([(1, 1), (3, 2), (50, 33), (97, 61), (500, 375)])
        out = (rng.randrange(1, 400), rng.randrange(1, 300))
        channels, seed = rng.choice([1, 3]), number
        pixels = picture(width, height, channels, seed)
        image = Image.fromarray(pixels if channels == 3 else pixels[:, :, 0])
        centre = np.asarray(image.resize(out, Image.NEAREST))
        tensor = torch.from_numpy(pixels).permute(2, 0, 1)[None]
        corner = torch.nn.functional.interpolate(tensor, size=out[::-1], mode="nearest")
        corner = np.ascontiguousarray(corner[0].permute(1, 2, 0).numpy())
        for kind, got in (("nearest", centre), ("nearest_legacy", corner)):
            yield [kind, width, height, channels, seed, *out, f"{zlib.crc32(got.tobytes()):08x}"]


def main():
    with open(HERE / "warp_golden.tsv", "w") as table:
        print(f"# Made by make_warp_golden.py, Pillow {PIL.__version__}, torch {torch.__version__}:", file=table)
        print("# affine|perspective, size, channels, seed, target size, interpolation, fill, CRC-32,", file=table)
        print("# coefficients; nearest|nearest_legacy, size, channels, seed, target size, CRC-32.", file=table)
        for row in list(rows()) + list(nearest_rows()):
            print(*row, sep="\t", file=table)


if __name__ == "__main__":
    main()
