#!/usr/bin/python3
"""Makes object_golden.tsv: holes filled, soft edges and heat maps, in float64 by numpy from the text
of docs/ops.md.

Run with Debian 12's /usr/bin/python3 and python3-numpy: make_object_golden.py > object_golden.tsv

Pictures are golden_pictures.py's. Rows, fields by tabs:
  fill   width height seed  boxes of the hole as x,y,w,h;...  its pixels in rows as hex
  alpha  width height feather  boxes of the mask  the alpha of all pixels as hex
  heat   width height seed norm  box of the group; other boxes  every fifth of the map's cells, in rows
"""
import math

import numpy as np

from golden_pictures import picture


def pixels(width, height, seed):
    return np.asarray(picture(width, height, seed), dtype=np.float64)


def mask_of(width, height, boxes):
    mask = np.zeros((height, width), dtype=bool)
    for x, y, w, h in boxes:
        mask[y : y + h, x : x + w] = True
    return mask


def text_of(boxes):
    return ";".join(",".join(map(str, box)) for box in boxes)


def pooled(a):
    h, w = a.shape[:2]
    padded = np.pad(a, [(0, h % 2), (0, w % 2)] + [(0, 0)] * (a.ndim - 2))
    return padded[0::2, 0::2] + padded[1::2, 0::2] + padded[0::2, 1::2] + padded[1::2, 1::2]


def up(f, height, width):
    def places(count, size):
        at = np.clip(np.arange(count) / 2 - 0.25, 0, size - 1)
        low = np.floor(at).astype(int)
        return low, np.minimum(low + 1, size - 1), at - low

    y0, y1, fy = places(height, f.shape[0])
    x0, x1, fx = places(width, f.shape[1])
    fx = fx[None, :, None]
    fy = fy[:, None, None]
    top = f[y0][:, x0] * (1 - fx) + f[y0][:, x1] * fx
    bottom = f[y1][:, x0] * (1 - fx) + f[y1][:, x1] * fx
    return top * (1 - fy) + bottom * fy


def push_pull(colours, weights):
    """Pictures without holes; None when nothing is known."""
    levels = [(colours * weights[:, :, None], weights)]
    while levels[-1][1].min() == 0 and levels[-1][1].size > 1:
        c, w = (pooled(a) for a in levels[-1])
        over = np.maximum(w, 1)
        levels.append((c / over[:, :, None], w / over))
    c, w = levels.pop()
    if w.min() == 0:
        return None
    f = c / w[:, :, None]
    for c, w in reversed(levels):
        f = c + (1 - w[:, :, None]) * up(f, *w.shape)
    return f


def filled(image, hole):
    ys, xs = np.nonzero(hole)
    x, y = xs.min(), ys.min()
    w, h = xs.max() + 1 - x, ys.max() + 1 - y
    margin = max(16, max(w, h) // 2)
    region = np.s_[max(0, y - margin) : y + h + margin, max(0, x - margin) : x + w + margin]
    out = image.copy()
    f = push_pull(image[region], 1.0 - hole[region])
    part = out[region]
    part[hole[region]] = 114 if f is None else np.rint(np.clip(f[hole[region]], 0, 255))
    return out


def alpha_of(mask, feather):
    def windows(a):
        p = np.pad(a, 1, mode="edge")
        h, w = a.shape
        return np.stack([p[dy : dy + h, dx : dx + w] for dy in range(3) for dx in range(3)])

    a = mask.astype(np.int64) * 255
    if feather > 0:
        a = windows(a).min(0)
    for _ in range(feather):
        a = np.rint(windows(a).sum(0) / 9).astype(np.int64)
    return a


def grown(mask, pixels):
    h, w = mask.shape
    p = np.pad(mask, pixels)
    out = np.zeros_like(mask)
    for dy in range(2 * pixels + 1):
        for dx in range(2 * pixels + 1):
            out |= p[dy : dy + h, dx : dx + w]
    return out


def heat(image, group_box, other_boxes, norm):
    height, width = image.shape[:2]
    f = max(1, min(height, width) // 60)
    h, w = height // f, width // f

    def cells(a):
        return a[: h * f, : w * f].reshape(h, f, w, f, *a.shape[2:]).mean(axis=(1, 3))

    own = mask_of(width, height, [group_box])
    others = mask_of(width, height, other_boxes)
    weight = 1 - cells(grown(own | others, 4).astype(np.float64))
    weight[weight < 0.01] = 0
    background = push_pull(cells(image), weight)
    o = cells(own.astype(np.float64)) >= 0.5
    busy = cells(others.astype(np.float64)) >= 0.5
    ys, xs = np.nonzero(o)
    mx = int(np.rint((xs.min() + xs.max()) / 2))
    my = int(np.rint((ys.min() + ys.max()) / 2))
    band = []
    for y in range(h):
        for x in range(w):
            distance = min(np.maximum(abs(ys - y), abs(xs - x)))
            if 1 <= distance <= 3 and not busy[y, x]:
                band.append((y, x, (0.40, 0.35, 0.25)[distance - 1]))
    every = math.ceil(len(band) / 256)
    band = band[::every]
    total = sum(b[2] for b in band)
    d = np.zeros((h, w))
    inside = np.zeros((h, w))
    for by, bx, weight_b in band:
        dy, dx = by - my, bx - mx
        y0, y1 = max(0, -dy), min(h, h - dy)
        x0, x1 = max(0, -dx), min(w, w - dx)
        other = background[y0 + dy : y1 + dy, x0 + dx : x1 + dx]
        norms = np.sqrt(((other - background[by, bx]) ** 2).sum(-1)) / 255
        d[y0:y1, x0:x1] += weight_b * norms
        inside[y0:y1, x0:x1] += weight_b
    _, _, bw, bh = group_box

    def overlap(count, box, size):
        begin = (np.arange(count) + 0.5) * f - box / 2
        return np.maximum(0, np.minimum(begin + box, size) - np.maximum(begin, 0))

    share = np.outer(overlap(h, bh, height), overlap(w, bw, width)) / (bw * bh)
    valid = (inside >= 0.75 * total) & (inside > 0) & (share >= 0.7)
    d = np.where(valid, d / np.maximum(inside, 1e-9), 0)
    if norm == "ref":
        m = np.where(valid, (1 - d / d[valid].max()) ** 3, 0)
        return m / m.max()
    yy, xx = np.mgrid[0:h, 0:w]
    home = (abs(yy - my) <= 1) & (abs(xx - mx) <= 1)
    ranked = np.sort(d[valid & ~home])
    low = ranked[max(1, math.ceil(0.01 * len(ranked))) - 1]
    high = ranked[max(1, math.ceil(0.95 * len(ranked))) - 1]
    return np.where(valid, np.clip((high - d) / (high - low), 0, 1) ** 3, 0)


FILLS = [
    (23, 17, 1, [(5, 4, 9, 7)]),
    (23, 17, 2, [(0, 0, 6, 17)]),
    (40, 33, 3, [(10, 10, 3, 20), (30, 2, 8, 8)]),
    (90, 70, 4, [(3, 60, 80, 10)]),
    (160, 120, 5, [(60, 50, 21, 17), (70, 30, 4, 60)]),
    (7, 1, 6, [(2, 0, 3, 1)]),
    (1, 9, 7, [(0, 0, 1, 4)]),
    (12, 12, 8, [(0, 0, 12, 12)]),
    (64, 64, 9, [(0, 0, 64, 63)]),
]
ALPHAS = [
    (20, 14, 2, [(5, 4, 10, 7)]),
    (20, 14, 1, [(0, 0, 12, 9)]),
    (20, 14, 0, [(3, 3, 4, 4)]),
    (24, 24, 5, [(2, 2, 20, 20), (0, 10, 24, 3)]),
    (9, 7, 3, [(0, 0, 9, 7)]),
    (5, 5, 2, [(2, 2, 1, 1)]),
]
HEATS = [
    (80, 64, 1, (30, 20, 12, 14), [], "renorm"),
    (80, 64, 1, (30, 20, 12, 14), [], "ref"),
    (150, 121, 2, (100, 70, 31, 40), [(20, 30, 30, 30), (96, 60, 8, 20)], "renorm"),
    (150, 121, 3, (0, 0, 25, 60), [(60, 60, 50, 50)], "ref"),
]


def hex_of(values):
    return np.asarray(values, dtype=np.uint8).tobytes().hex()


def main():
    for width, height, seed, boxes in FILLS:
        hole = mask_of(width, height, boxes)
        result = filled(pixels(width, height, seed), hole)
        print("fill", width, height, seed, text_of(boxes), hex_of(result[hole]), sep="\t")
    for width, height, feather, boxes in ALPHAS:
        alpha = alpha_of(mask_of(width, height, boxes), feather)
        print("alpha", width, height, feather, text_of(boxes), hex_of(alpha), sep="\t")
    for width, height, seed, group, others, norm in HEATS:
        values = heat(pixels(width, height, seed), group, others, norm)
        text = " ".join(f"{v:.4f}".rstrip("0").rstrip(".") for v in values.ravel()[::5])
        print("heat", width, height, seed, norm, text_of([group, *others]), text, sep="\t")


main()
