"""What the makers of pictures share."""

import numpy as np


def size(rng, most=26):
    """Draws a size; small ones, where rules of borders matter, are more likely, and few fill a table of LZW."""
    if rng.random() < 0.03:
        most = 90
    return tuple(rng.choice([1, 2, 3, 7, 8, 9, rng.randint(1, most), rng.randint(1, most)]) for _ in "wh")


def samples(rng, w, h, n, top=256):
    """Draws an array of h×w×n samples below top: noise, or something smooth."""
    g = np.random.default_rng(rng.getrandbits(32))
    if rng.random() < 0.5:
        return g.integers(0, top, (h, w, n))
    y, x = np.mgrid[0:h, 0:w]
    planes = [(np.sin(x * g.random() + y * g.random() + i) + 1) / 2 * (top - 1) for i in range(n)]
    return np.stack(planes, 2).astype(int)


def pack(rows, bits):
    """Packs rows of samples, the first in the high bits; 16 bits are big endian."""
    if bits == 16:
        return [r.astype(">u2").tobytes() for r in rows]
    if bits == 8:
        return [r.astype(np.uint8).tobytes() for r in rows]
    out = []
    for r in rows:
        planes = np.array([(r >> (bits - 1 - b)) & 1 for b in range(bits)]).T.reshape(-1)
        out.append(np.packbits(planes.astype(np.uint8)).tobytes())
    return out
