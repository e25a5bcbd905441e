#!/usr/bin/env python3
"""Prints the rows of simd/normal_table.h.

A word's lower 31 bits, made odd, are an integer m; u = m / 2^32 lies in (0, 1/2) and the word's normal
is the quantile at u, its sign aside. An octave of m (one exponent of its f32) has a cubic in the
mantissa x, from 1 to 2: the least squares fit over u, so that its error has mean 0 and is
uncorrelated with the cubic (the mean and the variance of the normals are kept).

Row j holds octave (j + 1) mod 32, as that is what the lowest 5 bits of the exponent field give.
"""
from statistics import NormalDist

import numpy as np

OCTAVES = 32
DEGREE = 3


def quantile(u):
    return np.array([-NormalDist().inv_cdf(float(v)) for v in u])


def fit(octave):
    """The cubic of m from 2^octave to 2^(octave + 1), lowest power first."""
    if octave == 31:  # m = 2^31 only, which is u = 1/2
        return np.zeros(DEGREE + 1)
    if octave < 6:  # few odd m: take all of them, and only as many powers as they fix
        m = np.arange(2**octave, 2 ** (octave + 1) + 1)
        x = m[m % 2 == 1] / 2**octave
        weight = np.ones_like(x)
    else:
        node, weight = np.polynomial.legendre.leggauss(64)
        x = 1.5 + node / 2
    degree = min(DEGREE, len(x) - 1)
    basis = np.vander(x - 1.5, degree + 1, increasing=True)
    root = np.sqrt(weight)[:, None]
    wanted = quantile(x * 2.0 ** (octave - 32))[:, None]
    shifted = np.linalg.lstsq(basis * root, wanted * root, rcond=None)[0][:, 0]
    cubic = np.polynomial.Polynomial(shifted)(np.polynomial.Polynomial([-1.5, 1]))
    return np.pad(cubic.coef, (0, DEGREE + 1 - len(cubic.coef)))


def literal(value):
    """The f32 as C++ writes it, without the zeros that Python adds."""
    mantissa, exponent = float(np.float32(value)).hex().split("p")
    return mantissa.rstrip("0").removesuffix(".") + "p" + exponent + "f" if value else "0"


def main():
    for j in range(OCTAVES):
        print("    {" + ", ".join(literal(c) for c in fit((j + 1) % OCTAVES)) + "},")


if __name__ == "__main__":
    main()
