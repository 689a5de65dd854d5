"""Makes TIFF files: every colour model, depth, order of bytes and bits, strips and tiles, samples together or in planes,
predictors, and every compression, some of them as libtiff writes them. Also what premix must refuse by name."""

import io
import struct
import zlib

import numpy as np
from PIL import Image

from made_common import pack, samples, size

REVERSED = bytes(int(f"{i:08b}"[::-1], 2) for i in range(256))


class Tiff:
    """A file under construction: tags are added, then strips or tiles."""

    def __init__(self, order):
        self.order, self.tags = order, []

    def tag(self, number, kind, *values):
        fmt = {1: "B", 3: "H", 4: "I", 5: "I", 7: "B"}[kind]
        data = struct.pack(self.order + "%d%s" % (len(values), fmt), *values)
        self.tags.append((number, kind, len(values) // (2 if kind == 5 else 1), data))

    def file(self, blocks, tiled):
        at, offsets = 8, []
        body = b""
        for b in blocks:
            offsets.append(8 + len(body))
            body += b + b"\0" * (len(b) % 2)
        self.tag(324 if tiled else 273, 4, *offsets)
        self.tag(325 if tiled else 279, 4, *map(len, blocks))
        at = 8 + len(body)
        values, entries = b"", b""
        where = at + 2 + 12 * len(self.tags) + 4
        for number, kind, n, data in sorted(self.tags):
            if len(data) > 4:
                place = struct.pack(self.order + "I", where + len(values))
                values += data + b"\0" * (len(data) % 2)
            else:
                place = data.ljust(4, b"\0")
            entries += struct.pack(self.order + "HHI", number, kind, n) + place
        head = {"<": b"II*\0", ">": b"MM\0*"}[self.order] + struct.pack(self.order + "I", at)
        return head + body + struct.pack(self.order + "H", len(self.tags)) + entries + b"\0\0\0\0" + values


def lzw(data):
    """Codes bytes with the LZW of TIFF."""
    out, acc, have = bytearray(), 0, 0
    table, width = {}, 9

    def put(code):
        nonlocal acc, have
        acc, have = acc << width | code, have + width
        while have >= 8:
            have -= 8
            out.append(acc >> have & 255)
        acc &= (1 << have) - 1

    put(256)
    s = b""
    for i in range(len(data)):
        c = data[i : i + 1]
        if len(s + c) == 1 or s + c in table:
            s += c
            continue
        put(s[0] if len(s) == 1 else table[s])
        table[s + c] = 258 + len(table)
        if 258 + len(table) == 4094:
            put(256)
            table, width = {}, 9
        elif 258 + len(table) == 1 << width and width < 12:
            width += 1
        s = c
    if s:
        put(s[0] if len(s) == 1 else table[s])
        if 258 + len(table) + 1 == 1 << width and width < 12:
            width += 1
    put(257)
    if have:
        out.append(acc << (8 - have) & 255)
    return bytes(out)


def packbits(rng, data):
    out, i = b"", 0
    while i < len(data):
        run = 1
        while i + run < len(data) and run < 128 and data[i + run] == data[i]:
            run += 1
        if run > 1:
            out, i = out + bytes([257 - run, data[i]]), i + run
        else:
            n = min(rng.randint(1, 128), len(data) - i)
            out, i = out + bytes([n - 1]) + data[i : i + n], i + n
        if rng.random() < 0.1:
            out += b"\x80"
    return out


def compressed(rng, kind, data):
    return {1: lambda: data, 5: lambda: lzw(data), 8: lambda: zlib.compress(data), 32773: lambda: packbits(rng, data)}[kind]()


# Colour models: photometric interpretation, depths, samples of colour.
MODELS = [(0, (1, 2, 4, 8), 1), (1, (1, 2, 4, 8, 16), 1), (2, (8, 16), 3), (3, (1, 2, 4, 8), 1), (5, (8, 16), 4), (6, (8,), 3)]


def shared_units(pixels, sx, sy):
    """Is YCbCr whose pixels share Cb and Cr: for each unit its Y, then Cb and Cr."""
    h, w, _ = pixels.shape
    out = b""
    for y in range(0, h, sy):
        for x in range(0, w, sx):
            ys = [pixels[min(y + j, h - 1), min(x + i, w - 1), 0] for j in range(sy) for i in range(sx)]
            out += bytes(int(v) for v in (*ys, *pixels[y, x, 1:]))
    return out


def plain(rng):
    photo, depths, n = rng.choice(MODELS)
    bits = rng.choice(depths)
    order = rng.choice("<>")
    w, h = size(rng)
    alpha = 0
    if bits >= 8 and photo in (1, 2) and not (photo == 1 and bits == 16):
        # Pillow divides by an associated opacity and multiplies again, which rounds twice: only that of
        # what is not associated is compared.
        alpha = rng.choice([0, 0, 2])
    t = Tiff(order)
    total = n + (alpha > 0)
    compression = rng.choice([1, 1, 5, 8, 32773])
    planar = total > 1 and bits == 8 and photo in (2, 5) and rng.random() < 0.3
    if planar and compression == 1 and alpha:
        planar = False  # Pillow mixes up the planes
    reverse = rng.random() < 0.25 and bits <= 8 and not (planar and compression == 1) and (compression != 1 or (photo, bits) in ((0, 1), (1, 1), (1, 8), (2, 8)))
    if reverse and (total > 3 or photo in (5, 6) or alpha):
        reverse = False  # Pillow cannot do it
    sx = sy = 1
    if photo == 6 and compression in (5, 8):
        sx, sy = rng.choice([(1, 1), (2, 1), (2, 2), (4, 1), (1, 2), (4, 2), (4, 4)])
        if sx > w or sy > h or -(-w // sx) * (sx * sy + 2) % sy:
            sx = sy = 1  # libtiff refuses, or loses the last Cb and Cr of each strip
    predictor = compression in (5, 8) and bits >= 8 and sx * sy == 1 and rng.random() < 0.4
    tiled = rng.random() < 0.3 and sx * sy == 1
    if tiled and compression == 1 and (bits < 8 or planar):
        tiled = False
    bw, bh = (16 * rng.randint(1, 3), 16 * rng.randint(1, 3)) if tiled else (w, rng.randint(1, h))
    if compression == 1 and planar:
        bh = h  # Pillow takes each strip for a plane
    if sy > 1 and not tiled:
        bh = max(sy, bh // sy * sy)
    pixels = samples(rng, w, h, total, 1 << bits)
    for number, kind, values in (
        (256, 4, [w]), (257, 3, [h]), (258, 3, [bits] * total), (259, 3, [compression]), (262, 3, [photo]), (277, 3, [total]),
        (284, 3, [1 + planar]), (266, 3, [1 + reverse]),
    ):
        t.tag(number, kind, *values)
    if tiled:
        t.tag(322, 3, bw), t.tag(323, 3, bh)
    else:
        t.tag(278, 3, bh)
    if alpha:
        t.tag(338, 3, alpha)
    if predictor:
        t.tag(317, 3, 2)
    if photo == 3:
        t.tag(320, 3, *(rng.randrange(65536) for _ in range(3 << bits)))
    if photo == 6:
        t.tag(530, 3, sx, sy)
        if rng.random() < 0.3:
            t.tag(529, 5, 2126, 10000, 7152, 10000, 722, 10000)
        if rng.random() < 0.3:
            t.tag(532, 5, 16, 1, 235, 1, 128, 1, 240, 1, 128, 1, 240, 1)
    blocks = []
    for plane in range(total) if planar else [None]:
        part = pixels if plane is None else pixels[:, :, plane : plane + 1]
        for y in range(0, h, bh):
            for x in range(0, w, bw):
                block = part[y : y + bh, x : x + bw]
                if tiled:
                    block = np.pad(block, ((0, bh - block.shape[0]), (0, bw - block.shape[1]), (0, 0)), "edge")
                if predictor:
                    block = np.concatenate([block[:, :1], np.diff(block, axis=1) % (1 << bits)], 1)
                if sx * sy > 1:
                    raw = shared_units(block, sx, sy)
                else:
                    raw = b"".join(pack([r.reshape(-1) for r in block], bits))
                if bits == 16 and order == "<":
                    raw = np.frombuffer(raw, ">u2").astype("<u2").tobytes()
                raw = compressed(rng, compression, raw)
                blocks.append(raw.translate(REVERSED) if reverse else raw)
    name = "%d-%d-%d-%d%s%s%s%s" % (photo, bits, total, compression, "p" * planar, "r" * reverse, "t" * tiled, "d" * predictor)
    return name + ("-%d%d" % (sx, sy)) * (sx * sy > 1) + ".tif", t.file(blocks, tiled), ""


def jpeg(rng):
    """Strips or tiles that are JPEG, with tables of their own or by libtiff, which puts them into a tag."""
    mode = rng.choice(["L", "RGB", "YCbCr", "CMYK"])
    n = len(Image.new(mode, (1, 1)).getbands())
    w, h = size(rng)
    pixels = samples(rng, w, h, n).astype(np.uint8)
    image = Image.fromarray(pixels if n > 1 else pixels[:, :, 0], mode)
    if rng.random() < 0.4:
        out = io.BytesIO()
        image.save(out, "TIFF", compression="jpeg", quality=rng.randint(20, 95))
        return "jpeg-%s-libtiff.tif" % mode, out.getvalue(), ""
    t = Tiff(rng.choice("<>"))
    tiled = rng.random() < 0.5
    bw, bh = (16 * rng.randint(1, 3), 16 * rng.randint(1, 3)) if tiled else (w, 8 * rng.randint(1, 3))
    subsampling = rng.choice([0, 1, 2]) if mode == "YCbCr" else 0
    if subsampling == 2 and not tiled:
        bh = 16 * rng.randint(1, 2)
    photo = {"L": rng.choice([0, 1]), "RGB": 2, "YCbCr": 6, "CMYK": 5}[mode]
    for number, kind, values in (
        (256, 4, [w]), (257, 4, [h]), (258, 3, [8] * n), (259, 3, [7]), (262, 3, [photo]), (277, 3, [n]),
    ):
        t.tag(number, kind, *values)
    if tiled:
        t.tag(322, 3, bw), t.tag(323, 3, bh)
    else:
        t.tag(278, 3, bh)
    if mode == "YCbCr":
        t.tag(530, 3, *[(1, 1), (2, 1), (2, 2)][subsampling])
    blocks = []
    for y in range(0, h, bh):
        for x in range(0, w, bw):
            block = pixels[y : y + bh, x : x + bw]
            if tiled:
                block = np.pad(block, ((0, bh - block.shape[0]), (0, bw - block.shape[1]), (0, 0)), "edge")
            part = Image.fromarray(block if n > 1 else block[:, :, 0], mode)
            out = io.BytesIO()
            if mode == "RGB":
                part.save(out, "JPEG", keep_rgb=True)
            else:
                part.save(out, "JPEG", quality=rng.randint(20, 95), subsampling=subsampling, progressive=rng.random() < 0.3)
            blocks.append(out.getvalue())
    return "jpeg-%s%s-%d.tif" % (mode, "t" * tiled, subsampling), t.file(blocks, tiled), ""


def fax(rng):
    w, h = size(rng, 90)
    image = Image.fromarray(samples(rng, w, h, 1).astype(np.uint8)[:, :, 0]).convert("1")
    compression = rng.choice(["group3", "group4"])
    out = io.BytesIO()
    image.save(out, "TIFF", compression=compression)
    return compression + ".tif", out.getvalue(), ""


def refused(rng):
    """What would be garbage, or is not read."""
    kind = rng.choice(["bands", "bands16", "extra", "float", "signed", "lab", "oldjpeg", "ccitt", "zstd", "logluv", "ycbcr-planes", "predictor3", "bits12"])
    w, h = rng.randint(1, 20), rng.randint(1, 20)
    tags = {256: [w], 257: [h], 258: [8], 259: [1], 262: [1], 277: [1], 278: [h]}
    n, bits = 1, 8
    if kind in ("bands", "bands16"):
        n, bits = rng.choice([4, 5, 8, 13]), 16 if kind == "bands16" else 8
        tags |= {338: [0] * (n - 1), 284: [rng.choice([1, 2])]}
    elif kind == "extra":
        n = rng.choice([4, 5, 6])
        tags |= {262: [2], 338: [0] * (n - 3)}
    elif kind == "float":
        bits = 32
        tags |= {339: [3]}
    elif kind == "signed":
        bits = 16
        tags |= {339: [2]}
    elif kind == "lab":
        n = 3
        tags |= {262: [8]}
    elif kind == "oldjpeg":
        tags |= {259: [6], 262: [6]}
        n = 3
    elif kind == "ccitt":
        bits = 1
        tags |= {259: [2]}
    elif kind == "zstd":
        tags |= {259: [50000]}
    elif kind == "logluv":
        tags |= {262: [32845], 259: [34676]}
        n, bits = 3, 16
    elif kind == "ycbcr-planes":
        n = 3
        tags |= {262: [6], 284: [2], 530: [1, 1]}
    elif kind == "predictor3":
        tags |= {259: [8], 317: [3]}
    elif kind == "bits12":
        bits = 12
    tags |= {258: [bits] * n, 277: [n]}
    t = Tiff(rng.choice("<>"))
    for number, values in tags.items():
        t.tag(number, 3, *values)
    planes = n if tags.get(284) == [2] else 1
    block = rng.randbytes((w * n // planes * bits + 7) // 8 * h)
    return "refused-%s-%d.tif" % (kind, n), t.file([block] * planes, False), "unsupported"


def tiff(rng):
    return rng.choice([plain, plain, plain, plain, jpeg, fax, refused])(rng)
