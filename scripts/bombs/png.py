"""Bombs that are PNG."""

import struct
import zlib

SIDE = 11585  # squared, nearly --max-pixels


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def squeezed(rows, of, level=9):
    """Deflates the row `of`, rows times."""
    z = zlib.compressobj(level)
    parts = [z.compress(of) for _ in range(rows)] + [z.flush()]
    return b"".join(parts)


def file(w, h, depth, colour, idat, interlaced=0, between=b""):
    head = struct.pack(">IIBBBBB", w, h, depth, colour, 0, 0, interlaced)
    idat = idat if isinstance(idat, list) else [chunk(b"IDAT", idat)]
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + between + b"".join(idat) + chunk(b"IEND", b"")


def small(i):
    return file(40, 40, 8, 2, squeezed(40, b"\0" + bytes((7 * i + x) % 256 for x in range(120))))


def interlaced(side, bytes_a_pixel):
    z = zlib.compressobj(9)
    out = b""
    for x, y, dx, dy in (0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2):
        row = b"\4" + bytes((side - x + dx - 1) // dx * bytes_a_pixel)
        out += b"".join(z.compress(row) for _ in range((side - y + dy - 1) // dy))
    return out + z.flush()


def png_gray1():
    return file(SIDE, SIDE, 1, 0, squeezed(SIDE, bytes(1 + (SIDE + 7) // 8)))


def png_rgb8_paeth():
    return file(SIDE, SIDE, 8, 2, squeezed(SIDE, b"\4" + bytes(3 * SIDE)))


def png_rgba8_average():
    return file(11520, 11520, 8, 6, squeezed(11520, b"\3" + bytes(range(256)) * 180))


def png_rgba16_within():
    return file(8128, 8128, 16, 6, squeezed(8128, b"\4" + bytes(range(256)) * 254))


def png_rgba16_beyond():
    return file(SIDE, SIDE, 16, 6, squeezed(SIDE, b"\4" + bytes(8 * SIDE)))


def png_interlaced16_within():
    return file(8128, 8128, 16, 6, interlaced(8128, 8), 1)


def png_interlaced16_beyond():
    return file(SIDE, SIDE, 16, 6, interlaced(SIDE, 8), 1)


def png_thread():
    return file(1, 65535, 8, 2, squeezed(65535, b"\4\1\2\3"))


def png_too_wide():
    return file(131072, 131072, 8, 2, squeezed(1, bytes(1000)))


def png_surplus():
    return file(10, 10, 8, 0, squeezed(100_000, bytes(11000)))


def png_empty_idats():
    return file(100, 100, 8, 0, [chunk(b"IDAT", b"")] * 8_000_000 + [chunk(b"IDAT", squeezed(100, bytes(101)))])


def png_empty_blocks():
    """A deflate stream of blocks that hold nothing."""
    body = b"\0\0\0\xff\xff" * 20_000_000 + zlib.compress(bytes(10100))[2:]
    return file(100, 100, 8, 0, b"\x78\x01" + body)


def png_tables():
    """A deflate stream of blocks with Huffman tables of their own, and little else."""
    z = zlib.compressobj(9)
    part = b""
    for i in range(64):
        part += z.compress(bytes((i * 7 + k * k) % 251 for k in range(64))) + z.flush(zlib.Z_FULL_FLUSH)
    return file(65535, 2000, 8, 0, b"\x78\xda" + part[2:] * 20_000)


def png_chunks():
    return file(100, 100, 8, 0, squeezed(100, bytes(101)), between=chunk(b"teSt", b"") * 8_000_000)
