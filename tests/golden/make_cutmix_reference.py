#!/usr/bin/python3
"""Makes cutmix_reference.tsv: the mean and standard error of CutMix's corrected lambda, by numpy.

Written from the paper's box rule and numpy's own generator, so that it shares nothing with the code
under test. A row is: height, width, alpha, mean, standard deviation, draws.
"""
import numpy as np

rng = np.random.default_rng(20240501)
DRAWS = 200_000
for height, width in ((32, 32), (1, 7), (9, 7), (224, 224)):
    for alpha in (1.0, 0.2):
        lam = rng.beta(alpha, alpha, DRAWS)
        side = np.sqrt(1.0 - lam)
        half_h = np.trunc(height * side).astype(np.int64) // 2
        half_w = np.trunc(width * side).astype(np.int64) // 2
        cy = rng.integers(0, height, DRAWS)
        cx = rng.integers(0, width, DRAWS)
        rows = np.clip(cy + half_h, 0, height) - np.clip(cy - half_h, 0, height)
        columns = np.clip(cx + half_w, 0, width) - np.clip(cx - half_w, 0, width)
        kept = 1.0 - rows * columns / (height * width)
        print(height, width, alpha, f"{kept.mean():.9f}", f"{kept.std():.9f}", DRAWS, sep="\t")
