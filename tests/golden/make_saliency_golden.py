#!/usr/bin/python3
"""Writes saliency_golden.tsv: the estimators of specs (R-Mix, 3.5) in numpy's doubles, with its FFT.

A line: estimator, width, height, then the map's values at kCells, each over the map's largest value.
The pictures are made of whole numbers, by Picture here and in saliency_test.cc.
"""
import os

import numpy as np

SIDE = 64
CELLS = [(0, 0), (3, 60), (16, 48), (20, 47), (24, 50), (31, 31), (32, 32), (40, 8), (47, 52), (63, 63)]
SIZES = [(224, 224), (100, 37), (64, 64), (20, 31)]


def picture(width, height):
    out = np.zeros((height, width, 3), np.uint8)
    noise = 1
    for y in range(height):
        for x in range(width):
            inside = width * 5 // 8 <= x < width * 7 // 8 and height // 4 <= y < height // 2
            for c in range(3):
                noise = (noise * 1664525 + 1013904223) % 2**32
                out[y, x, c] = 40 + (noise >> 26) + x * 40 // width + (100 - 30 * c if inside else 0)
    return out


def box_mean(channel):
    def weights(length):
        matrix = np.zeros((SIDE, length))
        for c in range(SIDE):
            for p in range(length):
                overlap = min((c + 1) * length, (p + 1) * SIDE) - max(c * length, p * SIDE)
                matrix[c, p] = max(0, overlap) / length
        return matrix

    height, width = channel.shape
    return weights(height) @ channel.astype(np.float64) @ weights(width).T


def gray(rgb):
    r, g, b = (rgb[..., c].astype(np.int64) for c in range(3))
    return (19595 * r + 38470 * g + 7471 * b + 32768) >> 16


def blur(grid, sigma):
    radius = int(4 * sigma + 0.5)
    kernel = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    kernel /= kernel.sum()
    for axis in (0, 1):
        pad = [(radius, radius) if a == axis else (0, 0) for a in (0, 1)]
        padded = np.pad(grid, pad, mode="symmetric")
        grid = np.apply_along_axis(lambda line: np.convolve(line, kernel, "valid"), axis, padded)
    return grid


def sr(rgb):
    spectrum = np.fft.fft2(box_mean(gray(rgb)))
    logs = np.log(np.abs(spectrum) + 1e-8)
    mean = sum(np.roll(logs, (dy, dx), (0, 1)) for dy in (-1, 0, 1) for dx in (-1, 0, 1)) / 9
    back = np.fft.ifft2(np.exp(logs - mean) * np.exp(1j * np.angle(spectrum)))
    return blur(np.abs(back) ** 2, 2.5)


def sobel(rgb):
    grid = np.pad(box_mean(gray(rgb)), 1, mode="symmetric")
    at = lambda dy, dx: grid[1 + dy : 65 + dy, 1 + dx : 65 + dx]
    across = sum(w * (at(d, 1) - at(d, -1)) for d, w in ((-1, 1), (0, 2), (1, 1)))
    down = sum(w * (at(1, d) - at(-1, d)) for d, w in ((-1, 1), (0, 2), (1, 1)))
    return blur(np.hypot(across, down), 1.5)


def contrast(rgb):
    out = np.zeros((SIDE, SIDE))
    for c in range(3):
        grid = box_mean(rgb[..., c])
        mean = lambda y, x, half: grid[
            max(0, y - half) : y + half + 1, max(0, x - half) : x + half + 1
        ].mean()
        for inner, outer in ((3, 13), (5, 25), (9, 41)):
            for y in range(SIDE):
                for x in range(SIDE):
                    out[y, x] += abs(mean(y, x, inner // 2) - mean(y, x, outer // 2))
    return out


def prior():
    distance = (np.arange(SIDE) + 0.5) / SIDE - 0.5
    return np.exp(-(distance[:, None] ** 2 + distance[None, :] ** 2) / (2 * 0.25**2))


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(here, "saliency_golden.tsv"), "w") as out:
        for width, height in SIZES:
            rgb = picture(width, height)
            maps = {"sr": sr(rgb), "sobel": sobel(rgb), "contrast": contrast(rgb)}
            maps |= {name + "+prior": grid * prior() for name, grid in list(maps.items())}
            maps["center"] = prior()
            for name, grid in maps.items():
                grid = grid / grid.max()
                values = "\t".join(f"{grid[cell]:.9g}" for cell in CELLS)
                out.write(f"{name}\t{width}\t{height}\t{values}\n")


if __name__ == "__main__":
    main()
