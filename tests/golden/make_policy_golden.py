#!/usr/bin/python3
"""Makes policy_golden.tsv: torchvision's policies and level maps.

Run with Debian 12's /usr/bin/python3, python3-torch 1.13 and python3-torchvision 0.14 on a machine
with AVX2:  make_policy_golden.py > policy_golden.tsv
The machine matters: torch.linspace rounds as the CPU's vectors are long. torch takes AVX2 unless
ATEN_CPU_CAPABILITY says otherwise. Rows are

  table  POLICY  op p bin  op p bin       a sub-policy, in order; bin "-": the op has no magnitude
  list   OPS...                           what rand_augment draws from
  level  MAP op bins width height signed  then a value a bin
"""
import re
import sys

SIZES = [(224, 224), (451, 300), (32, 32), (1, 7), (640, 480), (333, 1000)]
NAMES = {"AutoContrast": "autocontrast"}


def snake(name):
    return NAMES.get(name) or re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def level_rows(name, spaces):
    """`spaces`: (bins, width, height) to a space of ops."""
    seen = set()
    for (bins, width, height), space in spaces.items():
        for op, (magnitudes, signed) in space.items():
            if not hasattr(magnitudes, "dim") or magnitudes.dim() == 0:
                continue  # the op has no magnitude
            # Once is enough for ops that do not look at the size.
            if "Translate" not in op and (op, bins) in seen:
                continue
            values = [repr(float(value)) for value in magnitudes]
            seen.add((op, bins))
            yield ["level", name, snake(op), str(bins), str(width), str(height),
                   str(int(signed)), *values]


def rows():
    from torchvision.transforms import autoaugment

    automatic = autoaugment.AutoAugment()
    for policy in autoaugment.AutoAugmentPolicy:
        for sub_policy in automatic._get_policies(policy):
            row = ["table", policy.value]
            for op, p, bin_index in sub_policy:
                row += [snake(op), repr(p), "-" if bin_index is None else str(bin_index)]
            yield row
    rand = autoaugment.RandAugment()
    yield ["list", *(snake(op) for op in rand._augmentation_space(31, (224, 224)))]
    yield from level_rows("torchvision", {
        (bins, width, height): automatic._augmentation_space(bins, (height, width))
        for bins in (10, 31) for width, height in SIZES})
    # Bits are a quotient, rounded half to even: all the numbers of bins that people use.
    yield from level_rows("torchvision", {
        (bins, 224, 224): {"Posterize": automatic._augmentation_space(bins, (224, 224))["Posterize"]}
        for bins in range(2, 65)})
    wide = autoaugment.TrivialAugmentWide()
    yield from level_rows("wide", {
        (bins, 224, 224): wide._augmentation_space(bins) for bins in (10, 31)})
    mix = autoaugment.AugMix()
    yield from level_rows("aug_mix", {
        (10, width, height): mix._augmentation_space(10, (height, width))
        for width, height in SIZES})


def cpu_capability():
    import torch

    return re.search(r"CPU capability usage: (.*)", torch.__config__.show()).group(1)


if __name__ == "__main__":
    if cpu_capability() != "AVX2":
        sys.exit("make_policy_golden.py: torch does not use AVX2 here")
    for line in rows():
        sys.stdout.write("\t".join(line) + "\n")
