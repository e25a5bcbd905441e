#!/usr/bin/python3
"""Makes resize_golden.tsv, resize_box_golden.tsv and convert_golden.tsv with Debian's Pillow and numpy.

The pictures come from an integer formula that the tests repeat (picture below, TestPicture in
tests/unit/simd/pictures.h), so the tables hold checksums only and the tests need no Python.

    /usr/bin/python3 tests/golden/make_resize_golden.py
"""
import pathlib
import random
import zlib

import numpy as np
import PIL
from PIL import Image

FILTERS = {
    "box": Image.BOX,
    "bilinear": Image.BILINEAR,
    "hamming": Image.HAMMING,
    "bicubic": Image.BICUBIC,
    "lanczos": Image.LANCZOS,
}
HERE = pathlib.Path(__file__).parent


def picture(width, height, channels, seed):
    """By seed % 3: noise; a ramp with some noise; only 0 and 255."""
    y, x, c = np.meshgrid(
        np.arange(height), np.arange(width), np.arange(channels), indexing="ij"
    )
    mask = 0xFFFFFFFF
    h = (x * 374761393 + y * 668265263 + c * 2246822519 + seed * 3266489917) & mask
    h = ((h ^ (h >> 13)) * 1274126177) & mask
    noise = (h ^ (h >> 16)) & 255
    if seed % 3 == 0:
        value = noise
    elif seed % 3 == 1:
        value = np.minimum((x + 2 * y) % 240 + noise // 16, 255)
    else:
        value = np.where(noise > 127, 255, 0)
    return value.astype(np.uint8)


def resized(pixels, crop, size, name, mirror):
    x, y, width, height = crop
    part = pixels[y : y + height, x : x + width]
    if mirror:
        part = part[:, ::-1]
    if part.shape[2] == 4:
        # Pillow multiplies RGBA by alpha; four planes of their own do not.
        bands = [Image.fromarray(np.ascontiguousarray(part[:, :, c])) for c in range(4)]
        out = np.stack([np.asarray(b.resize(size, FILTERS[name])) for b in bands], axis=2)
        return out
    if part.shape[2] == 1:
        image = Image.fromarray(np.ascontiguousarray(part[:, :, 0]))
    else:
        image = Image.fromarray(np.ascontiguousarray(part))
    return np.asarray(image.resize(size, FILTERS[name]))


def resize_rows():
    rng = random.Random(20260101)
    sizes = [
        # source, target
        ((500, 375), (224, 224)),
        ((300, 250), (224, 224)),
        ((97, 61), (224, 224)),
        ((33, 17), (100, 9)),
        ((17, 33), (9, 100)),
        ((64, 64), (64, 31)),
        ((64, 64), (31, 64)),
        ((1, 1), (500, 500)),
        ((1, 300), (224, 224)),
        ((300, 1), (224, 224)),
        ((640, 480), (1, 1)),
        ((640, 480), (7, 300)),
        ((2, 3), (5, 7)),
        ((20, 20), (21, 19)),
    ]
    for source, target in sizes:
        for name in FILTERS:
            for channels in (1, 3, 4):
                yield (*source, channels, rng.randrange(1000), 0, 0, *source, *target, name, 0)
    yield (65500, 4, 3, 4, 0, 0, 65500, 4, 224, 224, "bilinear", 0)
    yield (4, 65500, 3, 5, 0, 0, 4, 65500, 224, 224, "bicubic", 0)
    yield (65500, 4, 1, 6, 0, 0, 65500, 4, 224, 224, "lanczos", 1)
    for _ in range(160):
        width, height = rng.randrange(1, 260), rng.randrange(1, 200)
        crop_w, crop_h = rng.randrange(1, width + 1), rng.randrange(1, height + 1)
        x, y = rng.randrange(width - crop_w + 1), rng.randrange(height - crop_h + 1)
        target = rng.choice([(224, 224), (rng.randrange(1, 130), rng.randrange(1, 130))])
        yield (width, height, rng.choice([1, 3, 3, 4]), rng.randrange(1000), x, y, crop_w, crop_h,
               *target, rng.choice(list(FILTERS)), rng.randrange(2))


def write_resize():
    lines = [f"# Made by make_resize_golden.py, Pillow {PIL.__version__}",
             "# width height channels seed crop_x crop_y crop_width crop_height out_width "
             "out_height filter mirror crc32"]
    for row in resize_rows():
        width, height, channels, seed = row[:4]
        pixels = picture(width, height, channels, seed)
        out = resized(pixels, row[4:8], row[8:10], row[10], row[11])
        lines.append("\t".join(map(str, row)) + f"\t{zlib.crc32(out.tobytes()):08x}")
    (HERE / "resize_golden.tsv").write_text("\n".join(lines) + "\n")


def resize_box_rows():
    """Boxes in eighths, as planes decoded at a reduced size have them: exact in f32, which is the
    type of Pillow's box."""
    rng = random.Random(20260102)
    fixed = [
        # source, box, target
        ((500, 375), (0, 0, 500, 375), (224, 224)),
        ((500, 375), (3.5, 2.25, 480.125, 360.5), (224, 224)),
        ((260, 240), (10, 20, 224, 200), (224, 224)),
        ((260, 240), (10.5, 8, 224, 224), (224, 224)),
        ((260, 240), (10, 8.125, 224, 224), (224, 224)),
        ((40, 30), (0.125, 0.125, 0.25, 0.25), (7, 5)),
        ((40, 30), (39.5, 29.5, 0.5, 0.5), (8, 9)),
        ((7, 5), (1.25, 0.5, 4.5, 4.5), (224, 224)),
        ((1, 1), (0.25, 0.5, 0.75, 0.5), (30, 20)),
        ((900, 60), (0, 1, 899.875, 58), (50, 40)),
        ((60, 900), (1, 0, 58, 899.875), (40, 50)),
    ]
    for source, box, target in fixed:
        for name in FILTERS:
            yield (*source, rng.randrange(1000), *box, *target, name)
    for _ in range(200):
        width, height = rng.randrange(1, 260), rng.randrange(1, 200)
        step = rng.choice([1, 2, 4, 8])
        left, top = rng.randrange(width * step), rng.randrange(height * step)
        box = (left, top, 1 + rng.randrange(width * step - left),
               1 + rng.randrange(height * step - top))
        target = rng.choice([(224, 224), (rng.randrange(1, 130), rng.randrange(1, 130))])
        yield (width, height, rng.randrange(1000), *(v / step for v in box), *target,
               rng.choice(list(FILTERS)))


def write_resize_box():
    lines = [f"# Made by make_resize_golden.py, Pillow {PIL.__version__}",
             "# width height seed box_left box_top box_width box_height out_width out_height filter "
             "crc32; one channel"]
    for row in resize_box_rows():
        width, height, seed, left, top, box_width, box_height = row[:7]
        image = Image.fromarray(picture(width, height, 1, seed)[:, :, 0])
        box = (left, top, left + box_width, top + box_height)
        out = np.asarray(image.resize(row[7:9], FILTERS[row[9]], box=box))
        lines.append("\t".join(map(str, row)) + f"\t{zlib.crc32(out.tobytes()):08x}")
    (HERE / "resize_box_golden.tsv").write_text("\n".join(lines) + "\n")


def bfloat16_bits(values):
    bits = values.astype(np.float32).view(np.uint32).astype(np.uint64)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)


def write_convert():
    lines = [f"# Made by make_resize_golden.py, numpy {np.__version__}",
             "# name mean std, then the crc32 of the 256 results as f32, f16 and bf16"]
    constants = [
        ("imagenet_red", 0.485, 0.229), ("imagenet_green", 0.456, 0.224),
        ("imagenet_blue", 0.406, 0.225), ("cifar_red", 0.4914, 0.2470),
        ("cifar_green", 0.4822, 0.2435), ("cifar_blue", 0.4465, 0.2616),
        ("half", 0.5, 0.5), ("unit", 0.0, 1.0), ("mnist", 0.1307, 0.3081),
        ("zero_at_153", 0.6, 0.63), ("near_a_tie", 0.7, 0.25), ("bytes", 0.0, 0.00392156862745098),
        ("overflows_f16", 0.1, 1e-6), ("denormal_f16", 0.2, 30000.0),
    ]
    for name, mean, std in constants:
        f32 = ((np.arange(256) / 255.0 - mean) / std).astype(np.float32)
        with np.errstate(over="ignore"):
            f16 = f32.astype(np.float16)
        sums = [zlib.crc32(a.tobytes()) for a in (f32, f16, bfloat16_bits(f32))]
        lines.append("\t".join([name, repr(mean), repr(std)] + [f"{s:08x}" for s in sums]))

    # Halves of every upper half of an f32 with lower halves around the ties, no NaN; then all
    # halves as floats.
    low = np.array([0, 1, 0x0FFF, 0x1000, 0x1001, 0x2FFF, 0x3000, 0x7FFF, 0x8000, 0x8001, 0xFFFF])
    bits = (np.arange(65536, dtype=np.uint32)[:, None] << 16 | low.astype(np.uint32)).reshape(-1)
    floats = bits.view(np.float32)
    floats = floats[~np.isnan(floats)]
    with np.errstate(over="ignore"):
        f16 = floats.astype(np.float16)
    halves = np.arange(65536, dtype=np.uint16).view(np.float16)
    halves = halves[~np.isnan(halves)]
    sums = [zlib.crc32(a.tobytes())
            for a in (f16, bfloat16_bits(floats), halves.astype(np.float32))]
    lines.append("# all: f32 to f16, f32 to bf16, f16 to f32")
    lines.append("\t".join(["all", "0", "1"] + [f"{s:08x}" for s in sums]))
    (HERE / "convert_golden.tsv").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    write_resize()
    write_resize_box()
    write_convert()
