"""Writes the images of CIFAR-10 or CIFAR-100 into class folders.

usage: folders.py ARCHIVE OUT      (cifar-10-python.tar.gz or cifar-100-python.tar.gz, not unpacked; OUT a new folder)

OUT/train/CLASS/00000.png and OUT/test/CLASS/00000.png, numbered in the order of the archive. The names of the classes, sorted,
are in the order of CIFAR's labels, so premix numbers them alike; the program stops where they are not. CIFAR-100 has its 100
fine classes. Needs NumPy and Pillow.

The archive holds Python pickles, which can run any program when they are read. Here they cannot: nothing but arrays of bytes,
lists, texts and numbers is made of them.
"""
import collections
import os
import pickle
import re
import sys
import tarfile
import zlib

import numpy as np
from PIL import Image

DAMAGE = (tarfile.TarError, zlib.error, EOFError, OSError)  # what reading a tar.gz raises that is cut off, or is none
LIMIT = 512 << 20  # bytes of a member; CIFAR-100's largest has 155 MB


def empty_array(_, shape, code):
    """What pickles of arrays begin with; the state that follows has shape and bytes."""
    if shape != (0,):
        raise pickle.UnpicklingError(f"an array that begins with the shape {shape}")
    return np.zeros(0, np.uint8)


def byte_type(code, *_):
    if code not in ("u1", b"u1"):
        raise pickle.UnpicklingError(f"an array of {code!r}, not of bytes")
    return np.dtype("u1", False, True)


class Unpickler(pickle.Unpickler):
    """Reads pickles of CIFAR. Every name that a pickle may look up is here."""

    NAMES = {
        ("numpy.core.multiarray", "_reconstruct"): empty_array, ("numpy._core.multiarray", "_reconstruct"): empty_array,
        ("numpy", "ndarray"): None,  # only an argument of _reconstruct
        ("numpy", "dtype"): byte_type,
        ("_codecs", "encode"): lambda text, encoding: text.encode(encoding),  # how Python 3 writes bytes for Python 2
    }

    def find_class(self, module, name):
        if (module, name) not in self.NAMES:
            raise pickle.UnpicklingError(f"the pickle asks for {module}.{name}, which no CIFAR does")
        return self.NAMES[module, name]


def stop(message):
    sys.exit("folders.py: " + message)


def damaged(archive, err):
    stop(f"{archive} cannot be read ({str(err).partition(chr(10))[0].rstrip(':')}): download it again")


def load(tar, name):
    """The dictionary in a member of the archive."""
    member = next((m for m in tar.getmembers() if m.isfile() and os.path.basename(m.name) == name), None)
    if member is None:
        stop(f"{tar.name} has no {name}: want cifar-10-python.tar.gz or cifar-100-python.tar.gz")
    if member.size > LIMIT:
        stop(f"{member.name} has {member.size} bytes, more than any CIFAR")
    try:
        return Unpickler(tar.extractfile(member), encoding="latin1").load()
    except DAMAGE as err:
        damaged(tar.name, err)
    except Exception as err:  # a damaged pickle raises nearly anything
        stop(f"{tar.name}: {member.name}: {err}")


def write(out, split, classes, batches, key):
    """Writes the images of batches; returns their number."""
    count = collections.Counter()
    for name, batch in batches:
        pixels, labels = np.asarray(batch["data"]), batch[key]
        if pixels.dtype != np.uint8 or pixels.ndim != 2 or pixels.shape != (len(labels), 3072):
            stop(f"{name}: {pixels.shape} {pixels.dtype} for {len(labels)} labels, want rows of 3072 bytes")
        if not all(type(v) is int and 0 <= v < len(classes) for v in labels):
            stop(f"{name}: a label that is none of 0 to {len(classes) - 1}")
        for rgb, label in zip(pixels.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1), labels):
            Image.fromarray(np.ascontiguousarray(rgb)).save(os.path.join(out, split, classes[label], f"{count[label]:05d}.png"))
            count[label] += 1
    return sum(count.values())


def main(archive, out):
    if os.path.exists(out):
        stop(f"{out} exists: choose a new folder")
    try:
        tar = tarfile.open(archive)
        names = {os.path.basename(m.name) for m in tar}  # reads all of it
    except FileNotFoundError:
        stop(f"{archive} is not there")
    except DAMAGE as err:
        damaged(archive, err)
    with tar:
        if "batches.meta" in names:
            classes, key = load(tar, "batches.meta")["label_names"], "labels"
            members = {"train": [f"data_batch_{i}" for i in range(1, 6)], "test": ["test_batch"]}
        elif {"meta", "train", "test"} <= names:
            classes, key = load(tar, "meta")["fine_label_names"], "fine_labels"
            members = {"train": ["train"], "test": ["test"]}
        else:
            stop(f"{archive} holds neither batches.meta nor meta: want cifar-10-python.tar.gz or cifar-100-python.tar.gz")
        if not all(isinstance(c, str) and re.fullmatch("[A-Za-z0-9_-]+", c) for c in classes):
            stop(f"{archive}: a class has a name that cannot be a folder name")
        if classes != sorted(set(classes)):
            stop(f"{archive}: its classes are not in the order of their names, so folders would number them otherwise")
        for split in members:
            for c in classes:
                os.makedirs(os.path.join(out, split, c))
        for split, list_ in members.items():
            n = write(out, split, classes, ((name, load(tar, name)) for name in list_), key)
            print(f"{out}/{split}: {n} images of {len(classes)} classes")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__.split("\n\n")[1])
    main(*sys.argv[1:])
