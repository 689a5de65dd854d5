"""Writes pillow-crc.tsv: what Pillow makes of the test images.

Usage: python pillow_crc.py SHARED_DATA > pillow-crc.tsv

SHARED_DATA is the folder that holds flowers, objects and oddities. Columns: the file (below this
folder, or below SHARED_DATA if it begins with one of those names), width, height, the CRC-32 of
Image.open(file).convert("RGB").tobytes(), and the same with ImageFile.LOAD_TRUNCATED_IMAGES; "-"
stands for an error.
"""

import glob
import os
import sys
import warnings
import zlib

import PIL
from PIL import Image, ImageFile, features

warnings.simplefilter("ignore")
Image.MAX_IMAGE_PIXELS = None


def decode(path, truncated):
    ImageFile.LOAD_TRUNCATED_IMAGES = truncated
    try:
        im = Image.open(path, formats=["JPEG"])
        size = im.size
        im = im.convert("RGB")
    except Exception:
        return None, "-"
    return size, "%08x" % zlib.crc32(im.tobytes())


def main(shared):
    here = os.path.dirname(os.path.abspath(__file__))
    files = [(here, f) for f in sorted(glob.glob("*.jp*g", root_dir=here))]
    for pattern in "flowers/*/*", "objects/*/*", "oddities/*":
        files += [(shared, f) for f in sorted(glob.glob(pattern, root_dir=shared))]
    print("# Pillow %s, libjpeg-turbo %s" % (PIL.__version__, features.version("libjpeg_turbo")))
    for root, name in files:
        path = os.path.join(root, name)
        with open(path, "rb") as f:
            if f.read(2) != b"\xff\xd8":
                continue
        size, crc = decode(path, False)
        size_truncated, crc_truncated = decode(path, True)
        w, h = size or size_truncated or (0, 0)
        print(name, w, h, crc, crc_truncated, sep="\t")


main(sys.argv[1])
