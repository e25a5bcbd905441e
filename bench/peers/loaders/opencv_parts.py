"""simplejpeg and OpenCV by hand: one sample, as fast as they can."""
import cv2
import numpy as np
import simplejpeg

from serve import MEAN, SIDE, STD

# v / 255 / std - mean / std in one multiplication and one addition.
SCALE = np.asarray([1 / (255 * value) for value in STD], np.float32).reshape(3, 1, 1)
SHIFT = np.asarray([-mean / std for mean, std in zip(MEAN, STD)], np.float32).reshape(3, 1, 1)


def window(random, height, width):
    """torchvision's RandomResizedCrop."""
    for _ in range(10):
        area = height * width * random.uniform(0.08, 1.0)
        ratio = np.exp(random.uniform(np.log(3 / 4), np.log(4 / 3)))
        w, h = int(round((area * ratio) ** 0.5)), int(round((area / ratio) ** 0.5))
        if 0 < w <= width and 0 < h <= height:
            return random.integers(0, height - h + 1), random.integers(0, width - w + 1), h, w
    side = min(height, width)
    return (height - side) // 2, (width - side) // 2, side, side


def load(path, random, out):
    """One sample into out, f32 [3, 224, 224]. Bilinear, not antialiased: OpenCV has no such resize
    but INTER_AREA, which is another filter and slower."""
    with open(path, "rb") as file:
        pixels = simplejpeg.decode_jpeg(file.read(), "RGB")
    top, left, h, w = window(random, *pixels.shape[:2])
    small = cv2.resize(pixels[top : top + h, left : left + w], (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
    if random.random() < 0.5:
        small = cv2.flip(small, 1)
    np.multiply(small.transpose(2, 0, 1), SCALE, out=out)
    out += SHIFT
