"""Makes GIF files: local, global and missing palettes, frames on a part of the screen, interlaced, transparent, with blocks
that are not known, animated, and with more codes than pixels."""

import struct

from made_common import samples, size


def codes(indexes, bits):
    """Codes indexes with LZW as GIF does, starting anew where the table is full."""
    clear = 1 << bits
    out, have, acc = bytearray(), 0, 0
    table, width = {}, bits + 1

    def put(code):
        nonlocal have, acc
        acc |= code << have
        have += width
        while have >= 8:
            out.append(acc & 255)
            acc >>= 8
            have -= 8

    put(clear)
    string = ()
    for v in indexes:
        if string and string + (v,) not in table:
            put(table.get(string, string[0]))
            if len(table) + clear + 2 == 4096:
                put(clear)
                table, width = {}, bits + 1
            else:
                table[string + (v,)] = clear + 2 + len(table)
                if clear + 1 + len(table) == 1 << width and width < 12:
                    width += 1
            string = (v,)
        else:
            string += (v,)
    put(table.get(string, string[0]))
    if len(table) + clear + 2 == 1 << width and width < 12:
        width += 1
    put(clear + 1)
    if have:
        out.append(acc & 255)
    return bytes(out)


def blocks(data, most=255):
    out = b""
    for i in range(0, len(data), most):
        part = data[i : i + most]
        out += bytes([len(part)]) + part
    return out + b"\0"


def gif(rng):
    (w, h) = size(rng, 40)
    bits = rng.randint(1, 8)
    colours = 1 << bits
    x = y = 0
    screen = w, h
    clear = rng.randrange(colours) if rng.random() < 0.4 else None
    if clear is not None and rng.random() < 0.5:  # without it, Pillow shows black where premix shows white
        x, y = rng.randrange(9), rng.randrange(9)
        screen = w + x + rng.randrange(9), h + y + rng.randrange(9)
    if rng.random() < 0.15:
        screen = rng.randint(1, w + x), rng.randint(1, h + y)
        if clear is None:
            screen = w, screen[1]
            x = y = 0
    palette = rng.randbytes(3 * colours)
    place = rng.choice(["global", "global", "local", "both", "none"])
    if place == "none":
        colours, bits = 256, 8
        clear, x, y, screen = None, 0, 0, (w, h)
    pixels = samples(rng, w, h, 1, colours)[:, :, 0]
    interlaced = rng.random() < 0.4
    order = range(h)
    if interlaced:
        order = [*range(0, h, 8), *range(4, h, 8), *range(2, h, 4), *range(1, h, 2)]
    indexes = [int(v) for r in order for v in pixels[r]]
    surplus = rng.choice(["", "", "codes", "blocks", "file"])
    if surplus == "codes":
        indexes += [rng.randrange(colours) for _ in range(rng.randint(1, 3 * w + 9))]
    least = max(2, bits)
    data = blocks(codes(indexes, least), rng.choice([255, 255, 7]))
    if surplus == "blocks":
        data = data[:-1] + blocks(rng.randbytes(rng.randint(1, 300)))
    extensions = b""
    if rng.random() < 0.4:
        extensions += b"!\xfe" + blocks(b"a comment") + b"!\xff" + blocks(b"NETSCAPE2.0")[:-1] + b"\3\1\0\0\0"
    if clear is not None:
        extensions += b"!\xf9\4" + bytes([1, 9, 0, clear]) + b"\0"
    has = lambda which: place in (which, "both")
    out = rng.choice([b"GIF87a", b"GIF89a"]) + struct.pack("<HHBBB", *screen, has("global") << 7 | bits - 1, 0, 0)
    out += (rng.randbytes(len(palette)) if place == "both" else palette) if has("global") else b""
    out += extensions + b"," + struct.pack("<HHHHB", x, y, w, h, has("local") << 7 | interlaced << 6 | bits - 1)
    out += (palette if has("local") else b"") + bytes([least]) + data
    if rng.random() < 0.3:  # another frame
        out += b"," + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\2" + blocks(codes([0], 2))
    if surplus == "file":
        return "%d%s-file.gif" % (bits, place), out + b";" + rng.randbytes(rng.randint(1, 300)), ""
    return "%d%s%s.gif" % (bits, place, surplus and "-" + surplus), out + b";", ""
