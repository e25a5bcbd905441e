#!/usr/bin/python3
"""Makes augment_golden.tsv: hashes of crops and resizes made by Pillow.

Run with Debian 12's /usr/bin/python3 and python3-pil 9.4:  make_augment_golden.py > augment_golden.tsv
The pictures are an integer formula (golden_pictures.py), so the test needs neither Pillow nor files. A
row is: kind, width, height, seed, six numbers, filter, FNV-1a-64 of the result's RGB bytes.

  crop_resize       top left height width out_height out_width
  flip_crop_resize  the same, after reversing the columns
  short_center      short_side max_size(0: none) crop_height crop_width 0 0: resize, then center crop
  center            crop_height crop_width 0 0 0 0
"""
import sys

from PIL import Image

from golden_pictures import fnv, picture

FILTERS = {
    "box": Image.Resampling.BOX,
    "bilinear": Image.Resampling.BILINEAR,
    "hamming": Image.Resampling.HAMMING,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}


def short_side_size(width, height, short, max_size):
    old_short, old_long = min(width, height), max(width, height)
    new_short, new_long = short, int(short * old_long / old_short)
    if max_size and new_long > max_size:
        new_short, new_long = int(max_size * new_short / new_long), max_size
    return (new_short, new_long) if width <= height else (new_long, new_short)


def center_crop(image, height, width):
    pad_x, pad_y = max(0, width - image.width), max(0, height - image.height)
    padded = Image.new("RGB", (image.width + pad_x, image.height + pad_y))
    padded.paste(image, (pad_x // 2, pad_y // 2))
    top = int(round((padded.height - height) / 2.0))
    left = int(round((padded.width - width) / 2.0))
    return padded.crop((left, top, left + width, top + height))


def make(kind, image, n, resample):
    if kind == "center":
        return center_crop(image, n[0], n[1])
    if kind == "short_center":
        size = short_side_size(image.width, image.height, n[0], n[1])
        return center_crop(image.resize(size, resample), n[2], n[3])
    if kind == "flip_crop_resize":
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    top, left, height, width, out_height, out_width = n
    box = (left, top, left + width, top + height)
    return image.crop(box).resize((out_width, out_height), resample)


CASES = []
for kind in ("crop_resize", "flip_crop_resize"):
    CASES += [
        (kind, 100, 75, 1, (10, 20, 50, 60, 32, 32), "bilinear"),
        (kind, 100, 75, 2, (0, 0, 75, 100, 24, 40), "bilinear"),
        (kind, 100, 75, 3, (74, 99, 1, 1, 16, 16), "bilinear"),
        (kind, 31, 17, 4, (3, 5, 9, 11, 64, 64), "bilinear"),
        (kind, 31, 17, 5, (3, 5, 9, 11, 64, 64), "bicubic"),
        (kind, 120, 90, 6, (7, 13, 80, 101, 28, 28), "bicubic"),
        (kind, 120, 90, 7, (7, 13, 80, 101, 28, 28), "lanczos"),
        (kind, 120, 90, 8, (7, 13, 80, 101, 28, 28), "box"),
        (kind, 120, 90, 9, (7, 13, 80, 101, 28, 28), "hamming"),
        (kind, 120, 90, 10, (7, 13, 28, 101, 28, 28), "bilinear"),  # height kept
        (kind, 120, 90, 11, (7, 13, 80, 28, 28, 28), "bilinear"),  # width kept
        (kind, 120, 90, 12, (7, 13, 28, 29, 28, 29), "bilinear"),  # a crop only
        (kind, 1, 40, 13, (5, 0, 30, 1, 8, 8), "bilinear"),
        (kind, 300, 200, 14, (20, 30, 170, 220, 224, 224), "bilinear"),
    ]
CASES += [
    ("short_center", 100, 75, 20, (32, 0, 28, 28, 0, 0), "bilinear"),
    ("short_center", 75, 100, 21, (32, 0, 28, 28, 0, 0), "bilinear"),
    ("short_center", 101, 67, 22, (33, 40, 30, 30, 0, 0), "bicubic"),
    ("short_center", 37, 200, 23, (20, 64, 24, 24, 0, 0), "bilinear"),
    ("short_center", 64, 64, 24, (64, 0, 61, 59, 0, 0), "bilinear"),
    ("short_center", 300, 225, 25, (256, 0, 224, 224, 0, 0), "bilinear"),
    ("center", 20, 20, 30, (19, 17, 0, 0, 0, 0), "bilinear"),
    ("center", 20, 20, 31, (15, 13, 0, 0, 0, 0), "bilinear"),
    ("center", 20, 21, 32, (25, 10, 0, 0, 0, 0), "bilinear"),
    ("center", 21, 20, 33, (10, 26, 0, 0, 0, 0), "bilinear"),
    ("center", 7, 5, 34, (12, 12, 0, 0, 0, 0), "bilinear"),
]

for name, w, h, s, numbers, filter_name in CASES:
    result = make(name, picture(w, h, s), numbers, FILTERS[filter_name])
    fields = [name, w, h, s, *numbers, filter_name, f"{fnv(result.tobytes()):016x}"]
    sys.stdout.write("\t".join(str(f) for f in fields) + "\n")
