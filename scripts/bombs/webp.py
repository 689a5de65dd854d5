"""Bombs that are WebP. Pillow makes what is coded."""

import io
import struct

from PIL import Image

Image.MAX_IMAGE_PIXELS = None


def encoded(image, **options):
    out = io.BytesIO()
    image.save(out, "WEBP", **options)
    return out.getvalue()


def chunk(kind, data):
    return kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def riff(*parts):
    return b"RIFF" + struct.pack("<I", 4 + sum(map(len, parts))) + b"WEBP" + b"".join(parts)


def u24(v):
    return struct.pack("<I", v)[:3]


def animation(screen, frame, still):
    head = chunk(b"VP8X", bytes([2, 0, 0, 0]) + u24(screen[0] - 1) + u24(screen[1] - 1))
    size = u24(frame[0] - 1) + u24(frame[1] - 1)
    return riff(head, chunk(b"ANIM", bytes(6)), chunk(b"ANMF", bytes(6) + size + u24(9) + b"\0" + still[12:]))


def webp_lossy():
    return encoded(Image.new("RGB", (16383, 8190), (9, 99, 199)), quality=1, method=0)


def webp_lossy_noise():
    return encoded(Image.effect_noise((8000, 4000), 200).convert("RGB"), quality=40, method=0)


def webp_lossless():
    return encoded(Image.new("RGB", (9000, 8400), (9, 99, 199)), lossless=True, method=0)


def webp_lossless_beyond():
    return encoded(Image.new("RGB", (16383, 8190), (9, 99, 199)), lossless=True, method=0)


def webp_lossless_noise():
    return encoded(Image.merge("RGBA", [Image.effect_noise((5000, 4000), s) for s in (50, 90, 170, 200)]), lossless=True, method=0, quality=0)


def webp_lossless_gradient():
    """All transforms, and nothing that can be copied."""
    wide = Image.linear_gradient("L").resize((8500, 7500))
    return encoded(Image.merge("RGB", [wide, wide.transpose(Image.Transpose.ROTATE_180), wide]), lossless=True, method=0)


def webp_alpha():
    image = Image.new("RGBA", (16383, 4000), (9, 99, 199, 77))
    return encoded(image, quality=1, method=0)


def webp_screen():
    return animation((16384 * 4, 2047), (1, 1), encoded(Image.new("RGB", (1, 1)), lossless=True))


def webp_large_screen():
    return animation((1 << 24, 1 << 24), (1, 1), encoded(Image.new("RGB", (1, 1)), lossless=True))


def webp_frame_beyond():
    return animation((10, 10), (16383, 16383), encoded(Image.new("RGB", (1, 1)), lossless=True))


def webp_other_size():
    return animation((100, 100), (10, 10), encoded(Image.new("RGB", (16383, 8190)), lossless=True, method=0))


def webp_chunks():
    head = chunk(b"VP8X", bytes([2, 0, 0, 0]) + u24(9) + u24(9))
    return riff(head, chunk(b"JUNK", b"") * 12_000_000)


def webp_lossless_slow():
    """Noise in few colours: as many codes as pixels, none of which is long."""
    noise = Image.effect_noise((9000, 7000), 90).point(lambda v: v & 0xF0)
    return encoded(Image.merge("RGB", [noise, noise.transpose(Image.Transpose.ROTATE_180), noise]), lossless=True, method=0, quality=0)
