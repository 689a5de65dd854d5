"""The random numbers that premix draws, for whole batches: docs/methods.md, "What is drawn, and how".

A stream is a pure function of (seed, replica, ordinal, purpose): Philox4x32-10 (Salmon et al., "Parallel random numbers: as
easy as 1, 2, 3", SC 2011), keyed by the seed. No state, no clock and no global generator takes part.
"""
from __future__ import annotations

import math

import numpy as np

MIX, LAMBDA = 2, 4  # purposes
_M32 = np.uint64(0xFFFFFFFF)
_32 = np.uint64(32)


def words(seed: int, replica: int, ordinals: np.ndarray, purpose: int, block: int = 0) -> np.ndarray:
    """The two 64-bit words of a block of each ordinal's stream: uint64, shape (n, 2)."""
    n = len(ordinals)
    ordinals = np.asarray(ordinals, np.uint64)
    a, b = ordinals & _M32, ordinals >> _32
    c = np.full(n, replica, np.uint64)
    d = np.full(n, purpose << 24 | block, np.uint64)
    k0, k1 = seed & 0xFFFFFFFF, seed >> 32 & 0xFFFFFFFF
    for _ in range(10):
        p, q = np.uint64(0xD2511F53) * a, np.uint64(0xCD9E8D57) * c
        a, b, c, d = q >> _32 ^ b ^ np.uint64(k0), q & _M32, p >> _32 ^ d ^ np.uint64(k1), p & _M32
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return np.stack([a | b << _32, c | d << _32], 1)


def uniform(seed: int, replica: int, ordinals: np.ndarray, purpose: int) -> np.ndarray:
    """The first number of each ordinal's stream, float64 in [0, 1): the upper 53 bits of its first word."""
    return (words(seed, replica, ordinals, purpose)[:, 0] >> np.uint64(11)).astype(np.float64) * 2.0**-53


class _Stream:
    """One stream, number by number."""

    def __init__(self, seed: int, replica: int, ordinal: int, purpose: int) -> None:
        self._of = seed, replica, np.array([ordinal], np.uint64), purpose
        self._block = 0
        self._left: "list[int]" = []

    def uniform(self) -> float:
        if not self._left:
            self._left = [int(w) for w in words(*self._of, block=self._block)[0]]
            self._block += 1
        return float((self._left.pop(0) >> 11) * 2.0**-53)

    def positive(self) -> float:
        while True:
            u = self.uniform()
            if u > 0:
                return u


def _beta(s: _Stream, a: float) -> float:
    while a < 1:  # Jöhnk's method, in logarithms
        x, y = math.log(s.positive()) / a, math.log(s.positive()) / a
        big = max(x, y)
        total = math.exp(x - big) + math.exp(y - big)
        if big + math.log(total) <= 0:
            return math.exp(x - big) / total
    gamma = a + math.sqrt(a)
    while True:  # Cheng's algorithm BB
        u, v = s.positive(), s.positive()
        odds = math.log(u / (1 - u)) / math.sqrt(a)
        w, z = a * math.exp(odds), u * u * v
        r = gamma * odds - math.log(4)
        if a + r - w + 1 + math.log(5) >= 5 * z or a + r - w >= math.log(z) or r + 2 * a * math.log(2 * a / (a + w)) >= math.log(z):
            return w / (a + w)


def lam(seed: int, replica: int, ordinals: np.ndarray, alpha: float) -> np.ndarray:
    """λ ~ Beta(alpha, alpha) of each ordinal, float64.

    With alpha 1 these are the very numbers of `premix mix --seed SEED` in that replica. With another alpha the last bits may
    differ, since the logarithms of Python are those of the C library."""
    if alpha == 1:
        return uniform(seed, replica, ordinals, LAMBDA)
    return np.array([_beta(_Stream(seed, replica, int(g), LAMBDA), alpha) for g in ordinals], np.float64)
