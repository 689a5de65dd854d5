"""Makes PBM, PGM and PPM files, plain and raw, of any largest value, with comments and surplus data."""

import numpy as np

from made_common import pack, samples, size


def pnm(rng):
    kind = rng.randint(1, 6)
    (w, h), n = size(rng), 3 if kind in (3, 6) else 1
    top = rng.choice([255, 255, 255, 1, 15, 127, 254, rng.randint(1, 255), 256, 1023, 4095, 65535, rng.randint(256, 65535)])
    if kind in (1, 4):
        top = 1
    pixels = samples(rng, w, h, n, top + 1)
    space = lambda: rng.choice([b" ", b"\n", b"\t", b"\r\n", b" \n "])
    note = lambda: b"# made by hand 1 2 3\n" if rng.random() < 0.3 else b""
    head = b"P%d" % kind + space() + note() + b"%d" % w + space() + note() + b"%d" % h
    if kind not in (1, 4):
        head += space() + note() + b"%d" % top
    rows = [r.reshape(-1) for r in pixels]
    if kind >= 4:
        data = b"".join(pack(rows, 1 if kind == 4 else 16 if top > 255 else 8))
        data = rng.choice([b" ", b"\n"]) + data + rng.randbytes(rng.choice([0, 0, 0, 1, 99]))
    elif kind == 1:
        gap = rng.choice([b"", b" "])
        data = b"\n" + b"\n".join(gap.join(b"%d" % v for v in r) for r in rows) + b"\n"
    else:
        data = space() + note() + (space() + note()).join(b"%d" % v for r in rows for v in r)
        data += rng.choice([b"", b"\n", b" 7 7 7\n"])
    return "p%d-%d.%s" % (kind, top, {1: "pbm", 2: "pgm", 0: "ppm"}[kind % 3]), head + data, ""
