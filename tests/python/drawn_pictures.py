"""Small pictures for tests, drawn with Pillow."""

import pytest

numpy = pytest.importorskip("numpy")
IMAGE = pytest.importorskip("PIL.Image")
DRAW = pytest.importorskip("PIL.ImageDraw")

CLASSES = ("ant", "bee", "cat")


def drawn(seed, width, height):
    """A picture with edges, areas of one colour and noise: no op leaves all of it alone."""
    random = numpy.random.RandomState(seed)
    noise = random.randint(0, 256, (height, width, 3)).astype("uint8")
    picture = IMAGE.fromarray(noise).resize((width, height), IMAGE.BICUBIC, (0, 0, width // 4, height // 4))
    pen = DRAW.Draw(picture)
    for _ in range(6):
        x, y = random.randint(0, width), random.randint(0, height)
        colour = tuple(int(c) for c in random.randint(0, 256, 3))
        pen.ellipse([x - 20, y - 12, x + 20, y + 12], fill=colour)
    return picture


def draw_folder(folder, a_class=8):
    """Classes of JPEGs and PNGs of many sizes."""
    for number, name in enumerate(CLASSES):
        (folder / name).mkdir(parents=True)
        for i in range(a_class):
            seed = 100 * number + i
            picture = drawn(seed, 70 + 13 * (seed % 7), 64 + 9 * (seed % 5))
            suffix = "png" if i % 4 == 3 else "jpg"
            picture.save(folder / name / f"{i:02}.{suffix}", **({} if suffix == "png" else {"quality": 92}))
    return folder
