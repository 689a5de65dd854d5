"""Writes class folders of Fashion-MNIST (Xiao et al. 2017): 28×28 pixels, gray, ten classes.

usage: fashion.py IDX OUT [--per-class N]

IDX is the folder that has train-images-idx3-ubyte.gz and train-labels-idx1-ubyte.gz, as Debian's package dataset-fashion-mnist
has them in /usr/share/datasets/fashion-mnist. OUT gets the first N images of each class (500), as PNG. Needs NumPy and Pillow.
"""
import argparse
import gzip
import os

import numpy as np
from PIL import Image

CLASSES = ("t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle-boot")


def read(path, magic, header):
    """The bytes of an IDX file after its header, whose first number says what it holds."""
    with gzip.open(path) as f:
        data = f.read()
    if data[:4] != magic.to_bytes(4, "big"):
        raise SystemExit(f"fashion.py: {path} is not an IDX file of this kind")
    return np.frombuffer(data, np.uint8, offset=header)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("idx")
    p.add_argument("out")
    p.add_argument("--per-class", type=int, default=500, metavar="N")
    args = p.parse_args()
    images = read(os.path.join(args.idx, "train-images-idx3-ubyte.gz"), 0x803, 16).reshape(-1, 28, 28)
    labels = read(os.path.join(args.idx, "train-labels-idx1-ubyte.gz"), 0x801, 8)
    for label, title in enumerate(CLASSES):
        os.makedirs(os.path.join(args.out, title), exist_ok=True)
        for i in np.flatnonzero(labels == label)[:args.per_class]:
            Image.fromarray(images[i]).save(os.path.join(args.out, title, f"{i:05d}.png"))


if __name__ == "__main__":
    main()
