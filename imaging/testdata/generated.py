"""The generated pictures of the Go tests (internal/testimage): kind is hash or rings."""

import numpy as np


def generated(kind, w=23, h=17):
    y, x, c = np.meshgrid(*(np.arange(n, dtype=np.uint64) for n in (h, w, 3)), indexing="ij")
    if kind == "hash":
        return ((((7 * x + 13 * y + 29 * c + x * y * (c + 1)) * 2654435761) & 0xFFFFFFFF) >> 19 & 255).astype(np.uint8)
    return (((x * x + 3 * y * y + 17 * c * x) >> 6) & 255).astype(np.uint8)
