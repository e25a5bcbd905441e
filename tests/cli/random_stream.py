"""The random streams of docs/rng.md, written a second time, for tests that draw what the ops draw."""

import math

MASK = 0xFFFFFFFF


def philox(counter, key):
    """Philox4x32-10."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c0, 0xCD9E8D57 * c2
        c0, c1, c2, c3 = (p1 >> 32) ^ c1 ^ k0, p1 & MASK, (p0 >> 32) ^ c3 ^ k1, p0 & MASK
        k0, k1 = (k0 + 0x9E3779B9) & MASK, (k1 + 0xBB67AE85) & MASK
    return [c0, c1, c2, c3]


class RandomStream:
    def __init__(self, seed, epoch, unit, name, occurrence=0, view=0):
        purpose = 0x811C9DC5
        for byte in name.encode() + occurrence.to_bytes(4, "little") + view.to_bytes(4, "little"):
            purpose = ((purpose ^ byte) * 0x01000193) & MASK
        self.key = (seed & MASK, seed >> 32)
        self.counter = (purpose, unit & MASK, ((epoch << 8) & MASK) | ((unit >> 32) & 0xFF))
        self.block = 0
        self.words = []

    def word(self):
        if not self.words:
            self.words = philox((self.block, *self.counter), self.key)
            self.block += 1
        return self.words.pop(0)

    def unit(self):
        return (self.word() >> 8) / 2.0**24

    def below(self, bound):
        threshold = (2**32 - bound) % bound
        while True:
            product = self.word() * bound
            if (product & MASK) >= threshold:
                return product >> 32

    def normal(self):
        while True:
            x, y = 2 * self.unit() - 1, 2 * self.unit() - 1
            s = x * x + y * y
            if 0 < s < 1:
                return x * math.sqrt(-2 * math.log(s) / s)

    def log_gamma(self, shape):
        if shape < 1:
            larger = self.log_gamma(shape + 1)
            return larger + math.log(((self.word() >> 8) + 0.5) / 2.0**24) / shape
        d = shape - 1 / 3
        c = 1 / math.sqrt(9 * d)
        while True:
            x = self.normal()
            base = 1 + c * x
            if base <= 0:
                continue
            v = base**3
            u = ((self.word() >> 8) + 0.5) / 2.0**24
            if math.log(u) < 0.5 * x * x + d - d * v + d * math.log(v):
                return math.log(d) + math.log(v)

    def beta(self, a, b):
        first = self.log_gamma(a)
        return 1 / (1 + math.exp(self.log_gamma(b) - first))
