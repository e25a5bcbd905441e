#!/usr/bin/env python3
"""Makes ace_golden.tsv: adversarial colours by the textbook, in f64 with NumPy.

    /usr/bin/python3 tests/golden/make_ace_golden.py > tests/golden/ace_golden.tsv

Curves are sums of clamped ramps and gradients sums over pixels, one parameter at a time: nothing is shared
with loader/mix/ace_*, which look values up in tables and sum by value.
"""
import numpy as np

HEIGHT, WIDTH = 9, 11
MEAN, STD = 0.5, 0.25


def picture():
    """[3, H, W] of bytes, and the numbers of the loss: L = sum of a z + b z^2 / 2."""
    i = np.arange(HEIGHT * WIDTH).reshape(HEIGHT, WIDTH)
    c = np.arange(3).reshape(3, 1, 1)
    pixels = (i * 37 + c * 11 + 13) % 256
    a = ((i * 29 + c * 7) % 17 - 8) / 8
    b = ((i * 13 + c * 5) % 7) / 16
    return pixels, a, b


def curve(p, x):
    k = len(p)
    ramps = np.clip(k * x[..., None] - np.arange(k), 0, 1)
    return ramps @ p / p.sum(), ramps


def attack(pieces, bound, steps, sign, keep_best):
    pixels, a, b = picture()
    x = pixels / 255
    p = np.full((3, pieces), 1 / pieces)
    alpha = (1.5 if sign else 2.5) * (bound - 1) / (pieces * steps)
    if not sign:
        alpha *= np.sqrt(3 * pieces)
    best, best_loss, losses = p, None, []
    for step in range(steps + 1):
        grad = np.zeros_like(p)
        loss = 0
        for c in range(3):
            f, ramps = curve(p[c], x[c])
            z = (f - MEAN) / STD
            loss += (a[c] * z + b[c] * z * z / 2).sum()
            by_f = (a[c] + b[c] * z) / STD
            for m in range(pieces):
                grad[c, m] = (by_f * (ramps[..., m] - f) / p[c].sum()).sum()
        losses.append(loss)
        if best_loss is None or loss > best_loss:
            best, best_loss = p, loss
        if step == steps:
            break
        move = alpha * np.sign(grad) if sign else alpha * grad / (np.sqrt((grad**2).sum()) + 1e-8)
        p = np.clip(p + move, 1 / pieces, bound / pieces)
    kept = best if keep_best else p
    out = np.stack([np.rint(255 * curve(kept[c], x[c])[0]) for c in range(3)]).astype(np.uint8)
    return losses[0], best_loss if keep_best else losses[-1], out


print("pieces\tbound\tsteps\tsign\tbest\tloss_before\tloss_after\tbytes")
for pieces, bound, steps, sign, best in [
    (64, 8, 5, False, False),
    (64, 8, 1, False, False),
    (64, 2, 5, True, False),
    (4, 16, 3, True, True),
    (255, 4, 4, False, True),
    (7, 1000, 2, False, False),
]:
    before, after, out = attack(pieces, bound, steps, sign, best)
    print(pieces, bound, steps, int(sign), int(best), repr(float(before)), repr(float(after)),
          out.tobytes().hex(), sep="\t")
