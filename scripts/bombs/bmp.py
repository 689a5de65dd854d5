"""Bombs that are BMP."""

import struct

SIDE = 11585


def file(w, h, bits, data, palette=0):
    offset = 54 + 4 * palette
    head = struct.pack("<IIIIiiHHIIIIII", offset + len(data), 0, offset, 40, w, h, 1, bits, 0, len(data), 0, 0, palette, 0)
    return b"BM" + head + bytes(range(256))[: 4 * palette].ljust(4 * palette, b"\x55") + data


def bmp_bits():
    return file(SIDE, SIDE, 1, bytes((SIDE + 31) // 32 * 4 * SIDE), 2)


def bmp_deep():
    return file(5790, -5790, 32, bytes(4 * 5790 * 5790))


def bmp_palette():
    return file(SIDE, 11500, 8, bytes((SIDE + 3) // 4 * 4 * 11500), 256)


def bmp_short():
    return file(SIDE, SIDE, 24, bytes(1000))


def bmp_too_large():
    return file(0x7FFFFFFF, 0x7FFFFFFF, 24, bytes(1000))
