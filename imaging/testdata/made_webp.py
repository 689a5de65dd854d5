"""Makes WebP files, stills and animations, and BMP files."""

import io
import struct

import numpy as np
from PIL import Image

from made_common import samples, size


def picture(rng, mode, most=26):
    w, h = size(rng, most)
    n = {"1": 1, "L": 1, "P": 1, "RGB": 3, "RGBA": 4}[mode]
    pixels = samples(rng, w, h, n).astype(np.uint8)
    if mode == "1":
        return Image.fromarray(pixels[:, :, 0]).convert("1")
    if mode == "P":
        image = Image.fromarray(pixels[:, :, 0], "P")
        image.putpalette(rng.randbytes(768))
        return image
    return Image.fromarray(pixels if n > 1 else pixels[:, :, 0], mode)


def encoded(image, kind, **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def chunks(data):
    """Yields the chunks of a WebP, each with its padding."""
    at = 12
    while at + 8 <= len(data):
        n = struct.unpack("<I", data[at + 4 : at + 8])[0]
        yield data[at : at + 4], data[at : at + 8 + n + n % 2]
        at += 8 + n + n % 2


def riff(*parts):
    body = b"WEBP" + b"".join(parts)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def chunk(kind, data):
    return kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def part(frame, x, y):
    """Is an ANMF chunk with the picture of a still WebP."""
    data, image = frame
    inner = b"".join(c for kind, c in chunks(data) if kind in (b"ALPH", b"VP8 ", b"VP8L"))
    w, h = image.size
    u24 = lambda v: struct.pack("<I", v)[:3]
    return chunk(b"ANMF", u24(x // 2) + u24(y // 2) + u24(w - 1) + u24(h - 1) + u24(100) + b"\2" + inner)


def webp(rng):
    options = rng.choice([dict(lossless=True, exact=True), dict(quality=rng.randint(0, 100)), dict(quality=80, alpha_quality=rng.randint(0, 100))])
    mode = rng.choice(["RGB", "RGBA"])
    image = picture(rng, mode)
    data = encoded(image, "WEBP", **options)
    form = rng.choice(["still", "animation", "placed"])
    if form == "animation":
        others = [image.transpose(Image.Transpose.FLIP_TOP_BOTTOM), image.point(lambda v: 255 - v)]
        data = encoded(image, "WEBP", save_all=True, append_images=others, duration=50, **options)
    elif form == "placed":
        x, y = 2 * rng.randrange(9), 2 * rng.randrange(9)
        w, h = image.width + x + rng.randrange(9), image.height + y + rng.randrange(9)
        u24 = lambda v: struct.pack("<I", v)[:3]
        head = chunk(b"VP8X", bytes([0x12, 0, 0, 0]) + u24(w - 1) + u24(h - 1))
        second = encoded(image.convert("RGBA"), "WEBP", lossless=True), image
        data = riff(head, chunk(b"ANIM", rng.randbytes(4) + b"\0\0"), part((data, image), x, y), part(second, 0, 0))
    return "%s-%s.webp" % (form, mode), data, ""


def bmp(rng):
    kind = rng.choice(["1", "L", "P", "RGB", "RGBA", "RLE", "16", "fields", "os2"])
    if kind in ("1", "L", "P", "RGB"):
        return kind + ".bmp", encoded(picture(rng, kind), "BMP"), ""
    if kind == "RGBA":  # Pillow drops the opacity of such a file, as premix does
        return kind + ".bmp", encoded(picture(rng, "RGBA"), "BMP"), ""
    w, h = size(rng)
    if kind == "os2":
        rows = b"".join(rng.randbytes(3 * w) + b"\0" * (-3 * w % 4) for _ in range(h))
        return "os2.bmp", b"BM" + struct.pack("<IIIIHHHH", 26 + len(rows), 0, 26, 12, w, h, 1, 24) + rows, "unsupported"
    bits, compression = {"RLE": (8, 1), "16": (16, 0), "fields": (rng.choice([16, 32]), 3)}[kind]
    tables = rng.randbytes(1024) if kind == "RLE" else b"\0\0\xff\0\0\xff\0\0\xff\0\0\0" if kind == "fields" else b""
    rows = b"".join(rng.randbytes(w * bits // 8) + b"\0" * (-(w * bits // 8) % 4) for _ in range(h))
    if kind == "RLE":
        rows = b"".join(bytes([w, 7, 0, 0]) for _ in range(h)) + b"\0\1"
    head = struct.pack("<IIIIiiHHIIIIII", 54 + len(tables) + len(rows), 0, 54 + len(tables), 40, w, h, 1, bits, compression, len(rows), 0, 0, 0, 0)
    return kind + ".bmp", b"BM" + head + tables + rows, "unsupported"
