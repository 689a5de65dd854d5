"""Writes photos.tsv and spectral.tsv: what OpenCV's two detectors make of photographs and of
generated images. It is the oracle of the tests and no part of the build.

    python opencv.py DATA        DATA holds flowers/ and objects/, the photographs of the tests

The committed files are of Pillow 13.0.0 and OpenCV 4.14.0 (opencv-contrib-python-headless).
"""
import pathlib
import sys
import zlib

import cv2
import numpy as np
from PIL import Image

HERE = pathlib.Path(__file__).parent
SIDE = 224    # of the part that is cut out of the centre of a photograph, unscaled
SAMPLES = 16  # of a spectral map

fine = cv2.saliency.StaticSaliencyFineGrained_create()
spectral = cv2.saliency.StaticSaliencySpectralResidual_create()


def first(levels, best):
    """Column and row of the first best level in row-major order."""
    y, x = np.unravel_index(best(levels), levels.shape)
    return f"{x},{y}"


def detect(detector, image):
    ok, values = detector.computeSaliency(image)
    assert ok
    return values, (values * 255).astype(np.uint8)


def samples(values):
    """Values at places spread over the rows and columns of a map."""
    h, w = values.shape
    at = [((2 * k + 1) * h // (2 * SAMPLES), (2 * (7 * k % SAMPLES) + 1) * w // (2 * SAMPLES)) for k in range(SAMPLES)]
    return ",".join(f"{values[y, x]:.7f}" for y, x in at)


def photos(data, out):
    print("file\tcut\tmap\tpeak\ttrough\tspectral", file=out)
    for path in sorted(p for p in data.glob("*/**/*.jp*g") if p.parts[len(data.parts)] in ("flowers", "objects")):
        picture = Image.open(path).convert("RGB")
        w, h = min(picture.width, SIDE), min(picture.height, SIDE)
        x, y = (picture.width - w) // 2, (picture.height - h) // 2
        cut = np.asarray(picture)[y : y + h, x : x + w].copy()
        _, levels = detect(fine, cut)
        _, residual = detect(spectral, cut)
        print(path.relative_to(data).as_posix(), f"{zlib.crc32(cut.tobytes()):08x}", f"{zlib.crc32(levels.tobytes()):08x}",
              first(levels, np.argmax), first(levels, np.argmin), first(residual, np.argmax), sep="\t", file=out)


def generate(kind, w, h, ch):
    y, x, c = np.meshgrid(np.arange(h), np.arange(w), np.arange(ch), indexing="ij")
    if kind == "hash":
        return (((7 * x + 13 * y + 29 * c + x * y * (c + 1)) * 2654435761 % 2**32 >> 19) & 255).astype(np.uint8)
    assert kind == "rings"
    return ((x * x + 3 * y * y + 17 * c * x >> 6) & 255).astype(np.uint8)


# The other generated images are so symmetric that parts of their spectra are rounding errors.
WELL_CONDITIONED = [
    ("hash", 224, 224, 3), ("hash", 256, 256, 3), ("hash", 41, 33, 3), ("hash", 7, 5, 3), ("hash", 64, 64, 1), ("hash", 250, 17, 1),
    ("rings", 224, 224, 3), ("rings", 256, 256, 3), ("rings", 41, 33, 3), ("rings", 7, 5, 3), ("rings", 250, 17, 1),
]  # fmt: skip


def generated(out):
    print("kind\tw\th\tch\tvalues", file=out)
    for kind, w, h, ch in WELL_CONDITIONED:
        values, _ = detect(spectral, np.squeeze(generate(kind, w, h, ch)) if ch == 1 else generate(kind, w, h, ch))
        print(kind, w, h, ch, samples(values), sep="\t", file=out)


if __name__ == "__main__":
    with open(HERE / "photos.tsv", "w") as out:
        photos(pathlib.Path(sys.argv[1]), out)
    with open(HERE / "spectral.tsv", "w") as out:
        generated(out)
