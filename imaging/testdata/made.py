"""Makes pictures of every kind that premix reads, but JPEG, and says what Pillow reads of each.

    made.py COUNT SEED made.zip

The archive holds the files and pixels.tsv: name, width, height and CRC-32 of Pillow's RGB pixels, laid on white
where they are transparent: (c*a + 255*(255-a) + 127) // 255. Of 16-bit gray the high byte is taken. Where premix
must refuse a file the row says the kind of the fault instead. Pillow 13.0.0.
"""

import io
import random
import sys
import warnings
import zipfile
import zlib

import numpy as np
from PIL import Image

import made_gif
import made_pnm
import made_png
import made_tiff
import made_webp

MAKERS = [made_png.png, made_gif.gif, made_tiff.tiff, made_tiff.tiff, made_webp.webp, made_webp.bmp, made_pnm.pnm]


def pillow(data):
    """Returns width, height and pixels on white, as premix has them."""
    image = Image.open(io.BytesIO(data))
    image.load()
    if image.mode in ("I;16", "I;16B", "I"):
        pixels = np.dstack([(np.asarray(image).astype(int) >> 8).astype(np.uint8)] * 3)
    elif image.mode in ("RGBA", "LA", "PA", "La") or "transparency" in image.info:
        if image.mode == "La":
            image = image.convert("LA")
        x = np.asarray(image.convert("RGBA")).astype(int)
        a = x[:, :, 3:]
        pixels = ((x[:, :, :3] * a + 255 * (255 - a) + 127) // 255).astype(np.uint8)
    else:
        pixels = np.asarray(image.convert("RGB"))
    return image.width, image.height, pixels


def main(count, seed, out):
    warnings.simplefilter("ignore")
    rows = []
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:

        def add(name, content):
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)

        for i in range(count):
            maker = MAKERS[i % len(MAKERS)]
            rng = random.Random(f"{seed} {i}")
            name, data, kind = maker(rng)
            name = "%05d-%s" % (i, name)
            if kind:
                row = [name, kind]
            else:
                try:
                    w, h, pixels = pillow(data)
                except Exception as e:
                    sys.exit("%s: Pillow: %r" % (name, e))
                row = [name, w, h, "%08x" % zlib.crc32(pixels.tobytes())]
            rows.append("\t".join(map(str, row)) + "\n")
            add(name, data)
        add("pixels.tsv", "".join(rows))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
