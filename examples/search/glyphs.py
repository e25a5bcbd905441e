#!/usr/bin/env python3
"""Draws the glyph task: digits on 32 x 32 grey pictures, of which the answer is known.

    glyphs.py FOLDER [--train N] [--val N] [--test N] [--seed S] [--mirrored]

FOLDER/train holds upright digits, ten of each by default. FOLDER/val and FOLDER/test hold the same digits
turned by up to 30 degrees and 0.7 to 1.3 times as bright. So a policy that turns pictures helps, and mirroring
them does not: a search has to find that out.

With --mirrored there are two classes, "plain" and "mirrored": whether the picture is the mirror image of a
digit. Then a random flip makes the labels wrong, and has to hurt.
"""

import argparse
import pathlib
import random
import sys

try:
    from PIL import Image
except ImportError:
    sys.exit("glyphs.py: found no Pillow; pip install pillow, or apt install python3-pil")

WIDTH, HEIGHT = 32, 32
# The digits that have a mirror image of their own (0, 1 and 8 nearly are theirs).
ONE_SIDED = "2345679"
# Five pixels a row, seven rows a digit.
FONT = {
    "0": ".###. #...# #..## #.#.# ##..# #...# .###.",
    "1": "..#.. .##.. ..#.. ..#.. ..#.. ..#.. .###.",
    "2": ".###. #...# ....# ...#. ..#.. .#... #####",
    "3": "##### ...#. ..#.. ...#. ....# #...# .###.",
    "4": "...#. ..##. .#.#. #..#. ##### ...#. ...#.",
    "5": "##### #.... ####. ....# ....# #...# .###.",
    "6": "..##. .#... #.... ####. #...# #...# .###.",
    "7": "##### ....# ...#. ..#.. .#... .#... .#...",
    "8": ".###. #...# #...# .###. #...# #...# .###.",
    "9": ".###. #...# #...# .#### ....# ...#. .##..",
}


def glyph(name):
    """The digit's ink, 14 x 20, 0 to 255."""
    rows = FONT[name].split()
    mask = Image.new("L", (5, 7))
    mask.putdata([255 if dot == "#" else 0 for row in rows for dot in row])
    return mask.resize((14, 20), Image.BILINEAR)


def clip(value):
    return max(0, min(255, round(value)))


def draw(ink, draws, shifted):
    """One picture. `shifted`: turned and brighter or darker, as val and test are."""
    paper = Image.new("L", (WIDTH, HEIGHT))
    paper.paste(ink, (9 + draws.randint(-2, 2), 6 + draws.randint(-2, 2)))
    background, foreground = draws.uniform(20, 60), draws.uniform(150, 230)
    light = 1.0
    if shifted:
        paper = paper.rotate(draws.uniform(-30, 30), Image.BILINEAR)
        light = draws.uniform(0.7, 1.3)
    pixels = [
        clip(light * (background + (foreground - background) * dot / 255 + draws.gauss(0, 12)))
        for dot in paper.getdata()
    ]
    paper.putdata(pixels)
    return paper


def make(folder, count, draws, shifted, mirrored):
    names = ONE_SIDED if mirrored else sorted(FONT)
    inks = {name: glyph(name) for name in names}
    for number in range(count):
        name = names[number % len(names)]
        ink, label = inks[name], name
        if mirrored:
            label = "plain"
            if number // len(names) % 2 == 1:
                ink, label = ink.transpose(Image.FLIP_LEFT_RIGHT), "mirrored"
        path = folder / label / f"{number:05}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        draw(ink, draws, shifted).save(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--train", type=int, default=100, help="pictures to train on")
    parser.add_argument("--val", type=int, default=1000, help="pictures that the search scores on")
    parser.add_argument("--test", type=int, default=2000, help="pictures for the last table")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--mirrored", action="store_true", help="plain or mirrored, in place of ten digits")
    given = parser.parse_args()
    for part, count in (("train", given.train), ("val", given.val), ("test", given.test)):
        draws = random.Random(f"{part} {given.seed}")
        make(given.folder / part, count, draws, part != "train", given.mirrored)


if __name__ == "__main__":
    main()
