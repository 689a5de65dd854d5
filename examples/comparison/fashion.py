"""Writes class folders of Fashion-MNIST (Xiao et al. 2017): 28×28 pixels, gray, ten classes.

usage: fashion.py IDX OUT [--train 500] [--test 500]

IDX is the folder of the four files, train-images-idx3-ubyte.gz and so on, as Debian's package dataset-fashion-mnist has them in
/usr/share/datasets/fashion-mnist. OUT/train and OUT/validation get the first N images of each class, in PNG.
"""
import argparse
import gzip
import os

import numpy as np
from PIL import Image

CLASSES = ("t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle-boot")


def read(path, header):
    """The bytes of an IDX file after its header, whose length follows from its number of dimensions."""
    with gzip.open(path) as f:
        data = f.read()
    return np.frombuffer(data, np.uint8, offset=header)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("idx")
    p.add_argument("out")
    p.add_argument("--train", type=int, default=500, metavar="N", help="images of a class")
    p.add_argument("--test", type=int, default=500, metavar="N", help="images of a class")
    args = p.parse_args()
    for name, folder, most in ("train", "train", args.train), ("t10k", "validation", args.test):
        images = read(os.path.join(args.idx, f"{name}-images-idx3-ubyte.gz"), 16).reshape(-1, 28, 28)
        labels = read(os.path.join(args.idx, f"{name}-labels-idx1-ubyte.gz"), 8)
        for label, title in enumerate(CLASSES):
            os.makedirs(os.path.join(args.out, folder, title), exist_ok=True)
            for i in np.flatnonzero(labels == label)[:most]:
                Image.fromarray(images[i]).save(os.path.join(args.out, folder, title, f"{i:05d}.png"))


if __name__ == "__main__":
    main()
