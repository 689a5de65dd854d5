"""Writes resize.tsv: checksums of what Pillow 13.0.0 makes of generated images of many sizes.

A line holds kind, width, height, width and height of the result, and the CRC-32 of its RGB pixels for
bilinear, bicubic and lanczos. Sizes lie on both sides of where Pillow changes the order of its passes
(height lost > 2 × width lost), beside random ones. Run it here, without arguments.
"""

import random
import zlib

from PIL import Image

from generated import generated

FILTERS = [Image.Resampling.BILINEAR, Image.Resampling.BICUBIC, Image.Resampling.LANCZOS]

edges = [
    (377, 755, 256, 512), (377, 754, 256, 512), (378, 755, 256, 512), (377, 755, 255, 512), (377, 755, 256, 513),
    (350, 701, 256, 512), (40, 90, 40, 30), (40, 90, 60, 89), (40, 90, 60, 91), (40, 90, 30, 70), (40, 90, 30, 69),
    (1, 97, 50, 96), (3, 400, 224, 224), (20, 40, 59, 2), (640, 480, 640, 200), (90, 40, 100, 39),
]
r = random.Random(1)
sizes = edges + [tuple(r.choice([r.randint(1, 40), r.randint(30, 400)]) for _ in range(4)) for _ in range(60)]
with open("resize.tsv", "w") as out:
    for i, (w, h, rw, rh) in enumerate(sizes):
        kind = ("hash", "rings")[i % 2]
        image = Image.fromarray(generated(kind, w, h))
        crcs = [format(zlib.crc32(image.resize((rw, rh), f).tobytes()), "08x") for f in FILTERS]
        print(kind, w, h, rw, rh, *crcs, sep="\t", file=out)
