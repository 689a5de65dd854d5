"""What premix draws, written again from docs/methods.md and the papers named there."""
import math

M32, M64 = 2**32 - 1, 2**64 - 1
PERMUTATION, MIX, METHOD, LAMBDA, CENTRE, CORNER, CROP = range(1, 8)


def philox(ctr, key):
    """Philox4x32-10 of Salmon et al., SC 2011."""
    ctr, key = list(ctr), list(key)
    for _ in range(10):
        p, q = 0xD2511F53 * ctr[0], 0xCD9E8D57 * ctr[2]
        ctr = [q >> 32 ^ ctr[1] ^ key[0], q & M32, p >> 32 ^ ctr[3] ^ key[1], p & M32]
        key = [(key[0] + 0x9E3779B9) & M32, (key[1] + 0xBB67AE85) & M32]
    return ctr


class Stream:
    """The random numbers of (seed, replica, ordinal, purpose)."""

    def __init__(self, seed, replica, ordinal, purpose):
        self.key = [seed & M32, seed >> 32]
        self.ctr = [ordinal & M32, ordinal >> 32, replica, purpose << 24]
        self.words = []

    def word(self):
        if not self.words:
            w = philox(self.ctr, self.key)
            self.ctr[3] += 1
            self.words = [w[0] | w[1] << 32, w[2] | w[3] << 32]
        return self.words.pop(0)

    def uniform(self):
        return (self.word() >> 11) * 2.0**-53

    def below(self, n):
        """Lemire's multiplication with rejection."""
        while True:
            p = self.word() * n
            if p & M64 >= 2**64 % n:
                return p >> 64

    def pixel(self, h, w):
        x = self.below(w)
        return x, self.below(h)


def digest_stream(crop_seed, replica, digest, purpose):
    ctr = [int.from_bytes(digest[4 * i:4 * i + 4], "big") for i in range(4)]
    w = philox(ctr, [crop_seed & M32, crop_seed >> 32])
    return Stream(w[2] | w[3] << 32, replica, w[0] | w[1] << 32, purpose)


def order(n, seed, replica):
    """The ordinals of a replica by position: a Feistel network of eight rounds with cycle walking."""
    half = max(1, ((n - 1).bit_length() + 1) // 2)
    mask = 2**half - 1
    s = Stream(seed, replica, 0, PERMUTATION)
    keys = [s.word() for _ in range(8)]
    odd = s.word() & 1 if n > 1 else 0

    def mixed(z):  # the output function of SplitMix64
        z &= M64
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & M64
        z = (z ^ z >> 27) * 0x94D049BB133111EB & M64
        return z ^ z >> 31

    by_position = [None] * n
    for ordinal in range(n):
        x = ordinal
        while True:
            left, right = x >> half, x & mask
            for k in keys:
                left, right = right, left ^ mixed(right + k) & mask
            x = left << half | right
            if x < n:
                break
        by_position[x ^ odd if x < 2 else x] = ordinal
    return by_position


def beta(s, a):
    """Beta(a, a): Jöhnk's method in logarithms for a < 1, Cheng's algorithm BB for a > 1."""
    def positive():
        while True:
            u = s.uniform()
            if u > 0:
                return u

    if a == 1:
        return s.uniform()
    while a < 1:
        x, y = math.log(positive()) / a, math.log(positive()) / a
        big = max(x, y)
        total = math.exp(x - big) + math.exp(y - big)
        if big + math.log(total) <= 0:
            return math.exp(x - big) / total
    gamma = a + math.sqrt(a)
    while True:
        u, v = positive(), positive()
        log_odds = math.log(u / (1 - u)) / math.sqrt(a)
        w = a * math.exp(log_odds)
        z = u * u * v
        r = gamma * log_odds - math.log(4)
        if a + r - w + 1 + math.log(5) >= 5 * z or a + r - w >= math.log(z) or r + 2 * a * math.log(2 * a / (a + w)) >= math.log(z):
            return w / (a + w)


def rrc(s, w, h, scale, ratio=(3 / 4, 4 / 3)):
    """RandomResizedCrop.get_params of torchvision: x, y, width and height."""
    def between(lo, hi):
        return lo + s.uniform() * (hi - lo)

    for _ in range(10):
        area = w * h * between(*scale)
        aspect = math.exp(between(math.log(ratio[0]), math.log(ratio[1])))
        cw, ch = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
        if 0 < cw <= w and 0 < ch <= h:
            y = int(s.uniform() * (h - ch + 1))
            x = int(s.uniform() * (w - cw + 1))
            return x, y, cw, ch
    cw, ch = w, h
    if w / h < ratio[0]:
        ch = round(w / ratio[0])
    elif w / h > ratio[1]:
        cw = round(h * ratio[1])
    return (w - cw) // 2, (h - ch) // 2, cw, ch
