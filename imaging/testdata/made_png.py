"""Makes PNG files that Pillow does not write: every colour type and depth, filter, transparency, interlaced or not, and
surplus data in five places."""

import struct
import zlib

import numpy as np

from made_common import pack, samples, size

CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
PASSES = (0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def paeth(a, b, c):
    p = a + b - c
    return min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]


def filtered(rng, rows, bpp):
    """Filters packed rows, each as the generator says."""
    out, prev = b"", None
    for row in rows:
        prev = prev or bytes(len(row))
        kind, line = rng.randrange(5), bytearray()
        for i, v in enumerate(row):
            a, c = (row[i - bpp], prev[i - bpp]) if i >= bpp else (0, 0)
            b = prev[i]
            line.append((v - (0, a, b, (a + b) // 2, paeth(a, b, c))[kind]) & 255)
        out, prev = out + bytes([kind]) + bytes(line), row
    return out


def png(rng):
    colour = rng.choice(list(CHANNELS))
    depth = rng.choice(DEPTHS[colour])
    (w, h), n = size(rng), CHANNELS[colour]
    interlaced = rng.random() < 0.4
    entries = rng.randint(1, 1 << min(depth, 8))
    pixels = samples(rng, w, h, n, entries if colour == 3 else 1 << depth)
    bpp = max(1, n * depth // 8)
    raw = b""
    for x, y, dx, dy in PASSES if interlaced else ((0, 0, 1, 1),):
        part = pixels[y::dy, x::dx]
        if part.size:
            raw += filtered(rng, pack([r.reshape(-1) for r in part], depth), bpp)
    tables = b""
    if colour == 3:
        tables += chunk(b"PLTE", rng.randbytes(3 * entries))
    if rng.random() < 0.3:
        if colour == 3:
            tables += chunk(b"tRNS", rng.randbytes(rng.randint(1, entries)))
        elif (colour, depth) in ((0, 1), (0, 8), (2, 8)):  # of other depths Pillow compares what it has made 8 bits
            tables += chunk(b"tRNS", pixels[rng.randrange(h), rng.randrange(w)].astype(">u2").tobytes())
    if rng.random() < 0.3:
        tables += chunk(b"gAMA", struct.pack(">I", 45455)) + chunk(b"teSt", rng.randbytes(9))
    surplus = rng.choice(["", "", "", "rows", "stream", "idat", "late", "file"])
    if surplus == "rows":
        raw += rng.randbytes(rng.randint(1, 300))
    packed = zlib.compress(raw, rng.choice([0, 1, 9]))
    if surplus == "stream":
        packed += rng.randbytes(rng.randint(1, 300))
    cuts = sorted(rng.randint(0, len(packed)) for _ in range(rng.randrange(4)))
    idat = b"".join(chunk(b"IDAT", packed[a:b]) for a, b in zip([0] + cuts, cuts + [len(packed)]))
    if surplus == "idat":
        idat += chunk(b"IDAT", rng.randbytes(rng.randint(1, 300)))
    if surplus == "late":
        idat += chunk(b"tEXt", b"a\0b") + chunk(b"IDAT", rng.randbytes(20))
    head = struct.pack(">IIBBBBB", w, h, depth, colour, 0, 0, interlaced)
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + tables + idat + chunk(b"IEND", b"")
    if surplus == "file":
        data += rng.randbytes(rng.randint(1, 300))
    return "%d-%d%s%s.png" % (colour, depth, "i" * interlaced, surplus and "-" + surplus), data, ""
