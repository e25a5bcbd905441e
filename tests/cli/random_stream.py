"""The random streams of docs/rng.md, written a second time, for tests that draw what the ops draw."""

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
