#!/usr/bin/python3
"""Makes op_golden.tsv: hashes of what torchvision on PIL images and Pillow make of ops.

Run with Debian 12's /usr/bin/python3, python3-torchvision 0.14.1 and python3-pil 9.4:
make_op_golden.py > op_golden.tsv

A row is: width, height and seed of the picture (golden_pictures.py's formula), the ops as the
insides of TOML inline tables with "; " between, and FNV-1a-64 of the result's size (two 32-bit
words, little endian) and RGB bytes. What an op does is in tests/support/reference_ops.py.
"""
import pathlib
import sys
import tomllib

from golden_pictures import fnv, picture

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import reference_ops  # noqa: E402

# From 1x1 on, wide, tall, below and above the sides at which kernels change their way.
SIZES = [(1, 1), (1, 7), (7, 1), (2, 2), (2, 3), (3, 3), (31, 17), (32, 32), (5, 90), (131, 4),
         (67, 45)]
LARGER = [(31, 17), (67, 45), (5, 90)]


def hash_of(image):
    size = image.width.to_bytes(4, "little") + image.height.to_bytes(4, "little")
    return f"{fnv(size + image.tobytes()):016x}"


def both(*parts):
    """[v, v] written twice."""
    return [f"[{part}, {part}]" for part in parts]


# Ops for every size.
ANY_SIZE = [
    'op = "random_horizontal_flip", p = 1.0',
    'op = "random_vertical_flip", p = 1.0',
    'op = "random_horizontal_flip", p = 1.0; op = "random_vertical_flip", p = 1.0',
    'op = "pad", padding = [3, 1, 0, 2], fill = [9, 200, 77]',
    'op = "pad", padding = 5, mode = "edge"',
    'op = "pad", padding = 0',
    'op = "center_crop", size = [4, 5]',
    'op = "center_crop", size = 33',
    *[f'op = "random_rotation", degrees = {d}' for d in both(17, -90, 180, 271.5, 0, 360)],
    'op = "random_rotation", degrees = [33.3, 33.3], interpolation = "bilinear", fill = [1, 2, 3]',
    'op = "random_rotation", degrees = [-123, -123], interpolation = "bicubic", fill = 200',
    'op = "random_rotation", degrees = [40, 40], center = [3, -2], fill = 7',
    'op = "random_rotation", degrees = [25, 25], expand = true, interpolation = "bilinear"',
    'op = "random_rotation", degrees = [90, 90], expand = true',
    'op = "random_affine", degrees = [11, 11], scale = [1.1, 1.1], shear = [7, 7]',
    'op = "random_affine", degrees = [-30, -30], scale = [0.6, 0.6], shear = [5, 5, -8, -8], '
    'interpolation = "bilinear", fill = [255, 0, 128]',
    'op = "random_affine", degrees = [200, 200], interpolation = "bicubic"',
    'op = "random_affine", degrees = [0, 0], scale = [2.5, 2.5], interpolation = "bilinear"',
    'op = "random_affine", degrees = [0, 0], scale = [0.001, 0.001], fill = 50',
    *[f'op = "{name}", factor = {f}'
      for name in ("brightness", "contrast", "saturation", "sharpness")
      for f in both(0.0, 0.3, 0.999, 1.0, 1.7, 5.5)],
    *[f'op = "hue", factor = {f}' for f in both(0.1, -0.5, 0.5, -0.003, 0.25)],
    'op = "random_grayscale", p = 1.0',
    *[f'op = "posterize", bits = {bits}' for bits in (0, 1, 3, 8)],
    *[f'op = "solarize", threshold = {t}' for t in (0, 99.5, 128, 256)],
    'op = "solarize_add", add = 64',
    'op = "solarize_add", add = -50, threshold = 100.5',
    'op = "solarize_add", add = 128, threshold = 256',
    'op = "equalize"',
    'op = "autocontrast"',
    'op = "autocontrast", cutoff = 7.5',
    'op = "invert"',
    'op = "aug_mix", replay = "0.625|0.3 rotate=8 equalize|0.7 shear_x=-0.03 posterize=3"',
    'op = "aug_mix", replay = "0.9|0.5 color=1.3 translate_y=-2|0.1|0.4 solarize=99.5 autocontrast", '
    'interpolation = "nearest", fill = 50',
]
# Ops whose place is drawn, put somewhere: sizes are (width, height).
PLACED = [
    ((31, 17), 'op = "random_crop", size = [9, 14], at = [8, 17, 9, 14]'),
    ((31, 17), 'op = "random_crop", size = [20, 33], padding = [1, 2], at = [1, 0, 20, 33], '
     'fill = [3, 2, 1]'),
    ((5, 4), 'op = "random_crop", size = [6, 9], pad_if_needed = true, mode = "symmetric", '
     'at = [2, 3, 6, 9]'),
    ((31, 17), 'op = "random_erasing", p = 1.0, at = [3, 5, 9, 20], value = [7, 8, 250]'),
    ((31, 17), 'op = "cutout", length = 9, at = [0, 30], fill = 99'),
    ((3, 3), 'op = "cutout", length = 40, at = [1, 1]'),
    ((31, 17), 'op = "random_zoom_out", side_range = [1.7, 1.7], at = [10, 0], fill = [1, 2, 3]'),
    ((17, 31), 'op = "random_perspective", p = 1.0, interpolation = "bicubic", fill = 60, coefficients = '
     '[1.2, 0.1, -3.5, -0.05, 1.3, 2.25, 0.002, 0.001]'),
    ((31, 17), 'op = "random_perspective", p = 1.0, interpolation = "nearest", coefficients = '
     '[0.5, 0.3, 4, 0.1, 0.9, -1.75, -0.001, 0.02]'),
    ((31, 17), 'op = "random_affine", degrees = 0, matrix = [0.8, 0.3, -2.7, -0.1, 1.1, 0.9], '
     'interpolation = "bilinear", fill = 9'),
    ((31, 17), 'op = "random_affine", degrees = 0, matrix = [1, 0.4, 0, 0, 1, 0]'),
    ((31, 17), 'op = "random_affine", degrees = 0, matrix = [1, 0, 3, 0, 1, -2], fill = 77'),
    ((31, 17), 'op = "resize", size = [40, 9], interpolation = "nearest"'),
    ((31, 17), 'op = "random_resized_crop", size = [12, 40], at = [2, 3, 15, 11], '
     'interpolation = "bicubic"'),
]
# Neighbours that fuse into one table, and tables whose statistics are of fused values.
LISTS = [
    'op = "posterize", bits = 1; op = "equalize"',
    'op = "brightness", factor = [0.4, 0.4]; op = "autocontrast"',
    'op = "invert"; op = "contrast", factor = [1.6, 1.6]; op = "solarize", threshold = 90',
    'op = "autocontrast", cutoff = 2; op = "equalize"; op = "posterize", bits = 3; '
    'op = "brightness", factor = [1.4, 1.4]',
    'op = "random_horizontal_flip", p = 1.0; op = "equalize"; '
    'op = "random_vertical_flip", p = 1.0; op = "contrast", factor = [0.5, 0.5]',
    'op = "random_horizontal_flip", p = 1.0; op = "random_rotation", degrees = [20, 20]; '
    'op = "sharpness", factor = [2.0, 2.0]',
    'op = "random_horizontal_flip", p = 1.0; op = "random_affine", degrees = [15, 15], '
    'shear = [4, 4], interpolation = "bilinear"; op = "saturation", factor = [1.9, 1.9]; '
    'op = "hue", factor = [0.2, 0.2]',
    'op = "sharpness", factor = [3.0, 3.0]; op = "random_horizontal_flip", p = 1.0; '
    'op = "resize", size = [20, 24]; op = "invert"',
    'op = "random_grayscale", p = 1.0; op = "contrast", factor = [2.0, 2.0]; op = "autocontrast"',
    'op = "random_vertical_flip", p = 1.0; op = "center_crop", size = [9, 4]; op = "equalize"',
]


def cases():
    for ops in ANY_SIZE:
        for size in SIZES:
            yield size, ops
    yield from PLACED
    for ops in LISTS:
        for size in [(1, 1), (3, 3), *LARGER]:
            yield size, ops


def main():
    for seed, ((width, height), ops) in enumerate(cases()):
        entries = [tomllib.loads(f"entry = {{ {op} }}")["entry"] for op in ops.split("; ")]
        result = reference_ops.applied(picture(width, height, seed), entries)
        print(width, height, seed, ops, hash_of(result), sep="\t")


if __name__ == "__main__":
    main()
