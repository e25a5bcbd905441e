#!/usr/bin/python3
"""Writes decoded_rgb.tsv: what Pillow makes of the sample pictures, as hashes.

Usage: make_decoded_rgb.py DATA_FOLDER > decoded_rgb.tsv

Run it with Debian 12's own Python and Pillow (python3-pil 9.4, libjpeg-turbo 2.1.5): headrace
decodes with the same libjpeg-turbo and libwebp, and the pixels must be the same to the last bit. A row is: path
below the data folder, upright width and height, SHA-256 of the upright RGB bytes.

One deliberate difference: Pillow opens 16-bit grey as integers and its convert("RGB") clips them at
255; headrace gives value / 257 rounded to nearest, and so does this script.
"""
import csv
import hashlib
import pathlib
import sys

import numpy as np
import PIL
from PIL import Image, ImageOps, features

PHOTOS = 20


def upright_rgb(path):
    with Image.open(path) as image:
        if image.mode.startswith("I"):
            grey = np.asarray(image).astype(np.int64)
            image = Image.fromarray(((grey + 128) // 257).astype(np.uint8), "L")
        image = ImageOps.exif_transpose(image)
        return image.convert("RGB")


def main():
    data = pathlib.Path(sys.argv[1])
    if PIL.__version__ != "9.4.0" or features.version("libjpeg_turbo") != "2.1.5":
        sys.exit("this wants Pillow 9.4.0 with libjpeg-turbo 2.1.5 and libwebp 1.2.4, as in Debian 12")
    with open(data / "formats" / "manifest.tsv", newline="") as table:
        rows = csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE)
        names = ["formats/" + row["file"] for row in rows]
    classes = sorted((data / "imagenet-mini" / "images").iterdir())
    photos = [sorted(folder.iterdir())[0] for folder in classes if folder.is_dir()]
    names += [str(photo.relative_to(data)) for photo in photos[:PHOTOS]]
    print("path\twidth\theight\trgb_sha256")
    for name in names:
        rgb = upright_rgb(data / name)
        digest = hashlib.sha256(rgb.tobytes()).hexdigest()
        print(f"{name}\t{rgb.width}\t{rgb.height}\t{digest}")


if __name__ == "__main__":
    main()
