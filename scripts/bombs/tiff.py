"""Bombs that are TIFF."""

import io
import struct
import zlib

from PIL import Image

SIDE = 11585


def file(w, h, blocks, offsets=None, tiled=None, bits=8, samples=1, photo=1, compression=1, rows=None, more=(), counts=None, entries=0):
    """Is a TIFF whose strips or tiles are blocks, or the blocks at the given places in them."""
    data = b"".join(blocks)
    if offsets is None:
        offsets, at = [], 8
        for b in blocks:
            offsets.append(at)
            at += len(b)
        counts = list(map(len, blocks))
    tags = {256: (4, [w]), 257: (4, [h]), 258: (3, [bits] * samples), 259: (3, [compression]), 262: (3, [photo]), 277: (3, [samples])}
    tags[324 if tiled else 273], tags[325 if tiled else 279] = (4, offsets), (4, counts)
    tags.update({322: (4, [tiled[0]]), 323: (4, [tiled[1]])} if tiled else {278: (4, [rows or h])})
    tags.update(more)
    extra = [struct.pack("<HHII", 60000, 3, 1, 0)] * entries
    n = len(tags) + len(extra)
    at = 8 + len(data) + len(data) % 2
    values, where, listed = [], at + 2 + 12 * n + 4, []
    for number, (kind, v) in sorted(tags.items()):
        raw = struct.pack("<%d%s" % (len(v), {1: "B", 3: "H", 4: "I", 7: "B"}[kind]), *v)
        raw += b"\0" * (len(raw) % 2)
        place = raw.ljust(4, b"\0") if len(raw) <= 4 else struct.pack("<I", where)
        if len(raw) > 4:
            values.append(raw)
            where += len(raw)
        listed.append(struct.pack("<HHI", number, kind, len(v)) + place)
    body = data + b"\0" * (len(data) % 2) + struct.pack("<H", n) + b"".join(extra) + b"".join(listed)
    return b"II*\0" + struct.pack("<I", at) + body + bytes(4) + b"".join(values)


def squeezed(n):
    z = zlib.compressobj(9)
    part = bytes(1 << 20)
    return b"".join([z.compress(part) for _ in range(n >> 20)] + [z.compress(bytes(n & 0xFFFFF)), z.flush()])


def lzw(n):
    """Codes n zeros with the LZW of TIFF."""
    out, acc, have, written = bytearray(), 0, 0, 0

    def put(code, width):
        nonlocal acc, have
        acc, have = acc << width | code, have + width
        while have >= 8:
            have -= 8
            out.append(acc >> have & 255)
        acc &= 255

    while written < n:
        put(256, 12 if written else 9)
        put(0, 9)
        written, width, size = written + 1, 9, 2
        for code in range(258, 4093):
            put(code, width)
            if code + 2 == 1 << width and width < 12:
                width += 1
            written, size = written + size, size + 1
    put(257, 12)
    return bytes(out) + bytes([acc << 8 - have & 255])


def jpeg(w, h, **options):
    out = io.BytesIO()
    Image.new("L", (w, h), 99).save(out, "JPEG", **options)
    return out.getvalue()


def tiff_deflate_rgb():
    return file(SIDE, SIDE, [squeezed(3 * SIDE * SIDE)], samples=3, photo=2, compression=8)


def tiff_deflate_predictor16():
    return file(8000, 8000, [squeezed(8 * 8000 * 8000)], bits=16, samples=4, photo=5, compression=8, more={317: (3, [2])})


def tiff_deflate_beyond():
    return file(SIDE, SIDE, [squeezed(8 * SIDE * SIDE)], bits=16, samples=4, photo=5, compression=8)


def tiff_planes():
    return file(8000, 8000, [squeezed(2 * 8000 * 8000)] * 4, bits=16, samples=4, photo=5, compression=8, more={284: (3, [2])})


def tiff_lzw():
    return file(SIDE, SIDE, [lzw(SIDE * SIDE)], compression=5)


def tiff_lzw_clear_codes():
    period = 0
    for _ in range(8):
        period = period << 9 | 256
    return file(SIDE, SIDE, [period.to_bytes(9, "big") * 11_000_000], compression=5)


def tiff_lzw_overlap():
    """Strips of one row that lie in the same bytes, which say nothing for long and then one row."""
    period = 0
    for _ in range(8):
        period = period << 9 | 256
    data = period.to_bytes(9, "big") * 1_000_000 + lzw(100)
    return file(100, 60000, [data], [8] * 60000, compression=5, rows=1, counts=[len(data)] * 60000)


def tiff_deflate_overlap():
    data = b"\x78\x01" + b"\0\0\0\xff\xff" * 2_000_000 + zlib.compress(bytes(100))[2:]
    return file(100, 60000, [data], [8] * 60000, compression=8, rows=1, counts=[len(data)] * 60000)


def tiff_packbits_overlap():
    data = b"\x80" * 10_000_000 + b"\x9d\0"
    return file(100, 60000, [data], [8] * 60000, compression=32773, rows=1, counts=[len(data)] * 60000)


def tiff_strips():
    return file(2000, 60000, [bytes(2000)], [8] * 60000, rows=1, counts=[2000] * 60000)


def tiff_deflate_strips():
    data = squeezed(2000)
    return file(2000, 60000, [data], [8] * 60000, compression=8, rows=1, counts=[len(data)] * 60000)


def tiff_entries():
    data = squeezed(2000)
    return file(2000, 60000, [data], [8] * 60000, compression=8, rows=1, counts=[len(data)] * 60000, entries=65000)


def tiff_tiny_tiles():
    n = (8000 // 16) ** 2
    return file(8000, 8000, [bytes(256)], [8] * n, (16, 16), counts=[256] * n)


def tiff_jpeg_tiles():
    data, n = jpeg(16, 16), (11584 // 16) ** 2
    return file(11584, 11584, [data], [8] * n, (16, 16), compression=7, counts=[len(data)] * n)


def tiff_jpeg_tiles_within():
    data, n = jpeg(128, 128), (8064 // 128) ** 2
    return file(8064, 8064, [data] * n, tiled=(128, 128), compression=7)


def tiff_jpeg_strip():
    return file(9000, 9000, [jpeg(9000, 9000)], compression=7)


def tiff_jpeg_progressive():
    return file(9000, 9000, [jpeg(9000, 9000, progressive=True)], compression=7)


def segment(marker, content):
    return bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content


def tiff_jpeg_passes():
    """Tiles that are one arithmetic-coded JPEG of 64 scans, each of which makes 126 decisions a block from some bytes in all."""
    side, n = 1440, 64
    nothing = "4bc8"
    bands = "4bc60000000000016874004eea00000000b56a5d800000000dfda10000000002b96f30929de6099a37e73a6eb7ba79e87dcd314d973832e8bea0"
    data = b"\xff\xd8" + segment(0xDB, b"\0" + b"\1" * 64) + segment(0xCA, struct.pack(">BHHB", 8, side, side, 1) + b"\1\x11\0")
    data += segment(0xDA, b"\1\1\0\0\0\0") + bytes.fromhex(nothing)
    data += (segment(0xDA, b"\1\1\0\1\x3f\0") + bytes.fromhex(bands)) * 63 + b"\xff\xd9"
    return file(8 * side, 8 * side, [data], [8] * n, (side, side), compression=7, counts=[len(data)] * n)


def tiff_jpeg_tables():
    """Tiles that share tables of 20 MB."""
    data, n = jpeg(16, 16), 2000
    tables = (bytes([0x13, 1]) + bytes(16)) * 3600
    tables = b"\xff\xd8" + segment(0xC4, tables) * 300 + b"\xff\xd9"
    return file(16 * 40, 16 * 50, [data], [8] * n, (16, 16), compression=7, counts=[len(data)] * n, more={347: (7, tables)})


def tiff_jpeg_other_size():
    return file(100, 100, [jpeg(60000, 2000)], compression=7)


def tiff_large_tile():
    return file(1, 1, [bytes(100)], tiled=(1 << 20, 1 << 20))


def tiff_wide_tiles():
    """Tiles of which one column belongs to the picture."""
    data = squeezed(65536 * 16)
    return file(1, 65520, [data], [8] * 4095, (65536, 16), compression=8, counts=[len(data)] * 4095)


def tiff_fax():
    return file(SIDE, SIDE, [b"\xff" * ((SIDE + 7) // 8)], bits=1, photo=0, compression=4)


def tiff_fax_busy():
    """Rows of pixels that differ from their neighbours."""
    image = Image.effect_noise((8000, 8000), 255).convert("1")
    out = io.BytesIO()
    image.save(out, "TIFF", compression="group4")
    return out.getvalue()


def tiff_too_large():
    return file(1 << 31, 1 << 31, [bytes(100)])


def tiff_shared():
    """YCbCr whose pixels share Cb and Cr."""
    n = (SIDE + 3) // 4
    return file(SIDE, SIDE, [squeezed(n * n * 18)], samples=3, photo=6, compression=8, more={530: (3, [4, 4])})
