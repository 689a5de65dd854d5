"""Writes the files of this folder and pixels.tsv, with Pillow 13.0.0 and OpenCV 4.14.

pixels.tsv holds, for each file, the size and the CRC-32 of the RGB pixels that Pillow reads,
laid on white where they are transparent: (c*a + 255*(255-a) + 127) // 255. Of 16-bit gray,
which Pillow clips, the high byte is taken. Run it here, without arguments.
"""

import struct
import zlib

import cv2
import numpy as np
from PIL import Image

from generated import generated

rings = Image.fromarray(generated("rings"))
wide = Image.fromarray(generated("rings", 34, 18))
noise = generated("hash")
alpha = Image.fromarray(noise[:, :, 0])
clear = rings.copy()
clear.putalpha(alpha)
few = rings.quantize(11)
deep = generated("rings").astype(np.uint16) * 256 + noise
deep4 = np.dstack([deep, noise[:, :, 0].astype(np.uint16) * 256 + noise[:, :, 1]])

written = []


def save(name, image, **options):
    image.save(name, **options)
    written.append(name)


for suffix in ("png", "bmp", "tif"):
    save("bilevel." + suffix, rings.convert("1"))
    save("gray." + suffix, rings.convert("L"))
    save("palette." + suffix, few)
    save("rgb." + suffix, rings)
    save("rgba." + suffix, clear)
save("gray-alpha.png", clear.convert("LA"))
save("gray-key.png", rings.convert("L"), transparency=rings.convert("L").getpixel((5, 5)))
save("rgb-key.png", rings, transparency=rings.getpixel((5, 5)))
save("palette-key.png", few, transparency=3)
save("palette-alpha.png", few, transparency=bytes(range(0, 242, 22)))
for name, pixels in (("gray16.png", deep[:, :, 0]), ("rgb16.png", deep), ("rgba16.png", deep4), ("rgb16.tif", deep)):
    assert cv2.imwrite(name, pixels)
    written.append(name)


def adam7(name, pixels):
    """Writes an interlaced PNG, which Pillow reads and does not write."""
    rows = b""
    for x, y, dx, dy in (0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2):
        rows += b"".join(b"\0" + row.tobytes() for row in pixels[y::dy, x::dx] if row.size)
    with open(name, "wb") as f:
        f.write(b"\x89PNG\r\n\x1a\n")
        for kind, data in (
            (b"IHDR", struct.pack(">IIBBBBB", pixels.shape[1], pixels.shape[0], 8, 2, 0, 0, 1)),
            (b"IDAT", zlib.compress(rows)),
            (b"IEND", b""),
        ):
            f.write(struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)))
    written.append(name)


adam7("rgb-interlaced.png", np.asarray(rings))
adam7("tiny-interlaced.png", np.asarray(rings)[:1, :3].copy())
for compression in ("tiff_lzw", "tiff_adobe_deflate", "packbits"):
    save("rgb-%s.tif" % compression.removeprefix("tiff_").removeprefix("adobe_"), rings, compression=compression)
save("plain.gif", few, interlace=0)
save("interlaced.gif", few, interlace=1)
save("key.gif", few, transparency=2)
for quality in (5, 60, 95):
    save("lossy%d.webp" % quality, rings, quality=quality)
    save("lossy%d-even.webp" % quality, wide, quality=quality)
save("lossy-alpha.webp", clear, quality=80)
save("lossy-alpha-raw.webp", clear, quality=80, alpha_quality=50)
save("lossless.webp", rings, lossless=True)
save("lossless-palette.webp", few.convert("RGB"), lossless=True)
save("lossless-alpha.webp", clear, lossless=True, exact=True)
save("one.webp", rings.crop((0, 0, 1, 1)), quality=90)

with open("pixels.tsv", "w") as out:
    for name in written:
        image = Image.open(name)
        image.load()
        if image.mode == "I;16":
            high = (np.asarray(image) >> 8).astype(np.uint8)
            pixels = np.dstack([high] * 3)
        elif image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
            x = np.asarray(image.convert("RGBA")).astype(int)
            a = x[:, :, 3:]
            pixels = ((x[:, :, :3] * a + 255 * (255 - a) + 127) // 255).astype(np.uint8)
        else:
            pixels = np.asarray(image.convert("RGB"))
        print(name, image.width, image.height, "%08x" % zlib.crc32(pixels.tobytes()), sep="\t", file=out)
