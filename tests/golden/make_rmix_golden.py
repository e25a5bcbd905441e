#!/usr/bin/python3
"""Makes rmix_golden.tsv: R-Mix as the reference has it, in torch, with everything drawn given.

Saliency is pooled with a kernel of size div P, masks are at least the quantile of a sample's patches and
made as large as the picture by repetition. Pictures and maps come from Numbers, as in mix_rmix_test.cc. A
line: side, P, w1, sample, partner, quantile, mask (hexadecimal, patch 0 lowest), lambda, and the pixels
at k * 7919 mod 3 side side for k in 0..7.

    /usr/bin/python3 tests/golden/make_rmix_golden.py
"""
import pathlib

import numpy as np
import torch

CASES = [(224, 2, 0.3125), (224, 4, 0.815), (224, 8, 0.07), (32, 2, 0.5), (32, 4, 0.25), (32, 8, 0.9)]
QUANTILES = torch.linspace(0, 0.99, 10)
PARTNERS = [3, 2, 1, 0, 4]  # the last one is left alone


def numbers(seed, count):
    state = np.uint64(seed)
    out = np.empty(count, np.float32)
    for i in range(count):
        state = (int(state) * 1664525 + 1013904223) % 2**32
        out[i] = np.float32((state >> 8) / 2**24)
    return torch.from_numpy(out)


def main():
    lines = []
    for case, (side, patches, w1) in enumerate(CASES):
        n = len(PARTNERS)
        x = numbers(100 + case, n * 3 * side * side).view(n, 3, side, side)
        maps = numbers(200 + case, n * side * side).view(n, 1, side, side)
        q = [(3 * i + case) % 10 for i in range(n)]
        pooled = torch.nn.functional.avg_pool2d(maps, side // patches).view(n, -1)
        pooled = pooled / pooled.sum(dim=1, keepdim=True)
        masks = torch.stack(
            [(pooled[i] >= torch.quantile(pooled[i], QUANTILES[q[i]])).float() for i in range(n)]
        )
        large = torch.nn.functional.interpolate(
            masks.view(n, 1, patches, patches), scale_factor=side // patches, mode="nearest"
        )
        for i, j in enumerate(PARTNERS):
            if i == j:
                out, lam = x[i], 1.0
            else:
                equal = (large[i] == large[j]).float()
                own = equal * w1 + (1 - equal) * large[i]
                out, lam = own * x[i] + (1 - own) * x[j], own.mean().item()
            bits = sum(int(bit) << k for k, bit in enumerate(masks[i].tolist()))
            flat = out.reshape(-1)
            pixels = [flat[k * 7919 % flat.numel()].item() for k in range(8)]
            lines.append(
                "\t".join(
                    [str(side), str(patches), str(w1), str(i), str(j), str(q[i]), f"{bits:x}", f"{lam:.9g}"]
                    + [f"{v:.9g}" for v in pixels]
                )
            )
    (pathlib.Path(__file__).parent / "rmix_golden.tsv").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
