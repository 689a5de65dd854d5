#!/usr/bin/env python3
"""Measures what docs/small-pictures.md says: disk and time of CIFAR-10 and Tiny ImageNet, from the archive to the shards.

    small.py PREMIX PHOTOS WORK [cifar|tiny]

PREMIX is the program, PHOTOS a folder of folders of photographs, WORK a new folder. The real data sets are not needed: small.py
makes ones of the same layouts, counts and sizes (cifar-10-python.tar.gz with 60,000 images of 32×32 pixels in 10 classes;
tiny-imagenet-200 with 110,000 JPEGs of 64×64 pixels in 200 classes) of windows of the photographs, scaled to few pixels.
Prints a line for each step: CPU-seconds of all its processes, seconds, bytes. Needs NumPy and Pillow.
"""
import glob, io, os, pickle, random, resource, subprocess, sys, tarfile, time

import numpy as np
from PIL import Image

HERE = os.path.dirname(os.path.abspath(__file__))
SMALL = os.path.join(HERE, "..", "examples", "small")
CIFAR = "airplane automobile bird cat deer dog frog horse ship truck".split()


def windows(photos, side, seed):
    """Endless windows of side×side pixels of the photographs, scaled so that a window shows about a third of one."""
    rng = random.Random(seed)
    small = []
    for path in sorted(glob.glob(os.path.join(photos, "*", "*"))):
        im = Image.open(path).convert("RGB")
        im.thumbnail((3 * side, 3 * side))
        if min(im.size) >= side:
            small.append(np.asarray(im))
    if not small:
        sys.exit(f"small.py: no photographs in {photos}")
    while True:
        p = rng.choice(small)
        y, x = rng.randint(0, p.shape[0] - side), rng.randint(0, p.shape[1] - side)
        yield p[y:y + side, x:x + side]


def make_cifar(photos, path):
    def add(tar, name, value):
        data = pickle.dumps(value, 2)
        info = tarfile.TarInfo("cifar-10-batches-py/" + name)
        info.size = len(data)
        tar.addfile(info, io.BytesIO(data))

    pictures, rng = windows(photos, 32, 1), random.Random(2)
    with tarfile.open(path, "w:gz", compresslevel=1) as tar:
        add(tar, "batches.meta", {"label_names": CIFAR, "num_cases_per_batch": 10000, "num_vis": 3072})
        for name in [f"data_batch_{i}" for i in range(1, 6)] + ["test_batch"]:
            rows = np.stack([next(pictures).transpose(2, 0, 1).reshape(-1) for _ in range(10000)])
            add(tar, name, {"data": rows, "labels": [rng.randrange(10) for _ in rows], "filenames": [f"{i}.png" for i in range(len(rows))]})


def make_tiny(photos, root):
    pictures, rng = windows(photos, 64, 3), random.Random(4)
    classes = [f"n{1440000 + 7919 * i:08d}" for i in range(200)]
    for c in classes:
        os.makedirs(os.path.join(root, "train", c, "images"))
        with open(os.path.join(root, "train", c, c + "_boxes.txt"), "w") as f:
            for i in range(500):
                Image.fromarray(next(pictures)).save(os.path.join(root, "train", c, "images", f"{c}_{i}.JPEG"), quality=85)
                f.write(f"{c}_{i}.JPEG\t0\t0\t63\t63\n")
    os.makedirs(os.path.join(root, "val", "images"))
    with open(os.path.join(root, "val", "val_annotations.txt"), "w") as f:
        for i in range(10000):
            Image.fromarray(next(pictures)).save(os.path.join(root, "val", "images", f"val_{i}.JPEG"), quality=85)
            f.write(f"val_{i}.JPEG\t{rng.choice(classes)}\t0\t0\t63\t63\n")
    with open(os.path.join(root, "wnids.txt"), "w") as f:
        f.write("".join(c + "\n" for c in classes))


def size(path):
    if os.path.isfile(path):
        return os.path.getsize(path)
    return sum(os.path.getsize(os.path.join(d, f)) for d, _, files in os.walk(path) for f in files)


def step(what, command, result):
    def cpu():
        u = resource.getrusage(resource.RUSAGE_CHILDREN)
        return u.ru_utime + u.ru_stime

    start, used = time.perf_counter(), cpu()
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"small.py: {' '.join(command)}: {done.stderr}")
    print(f"{what}: {cpu() - used:.1f} CPU-seconds, {time.perf_counter() - start:.1f} s, {size(result) / 1e6:.0f} MB in {result}", flush=True)
    for line in done.stdout.splitlines():
        if line.startswith("samples"):
            print("    " + line, flush=True)


def main(premix, photos, work, which="both"):
    premix, photos = os.path.abspath(premix), os.path.abspath(photos)
    os.makedirs(work)
    os.chdir(work)
    config = lambda name: ["--config", os.path.join(SMALL, name + ".yaml")]
    if which in ("both", "cifar"):
        make_cifar(photos, "cifar-10-python.tar.gz")
        step("folders.py", [sys.executable, os.path.join(SMALL, "folders.py"), "cifar-10-python.tar.gz", "cifar10"], "cifar10")
        step("mix, 1 replica", [premix, "mix", *config("cifar"), "--in", "cifar10", "--out", "cifar10-1", "--cache", "none"], "cifar10-1")
        step("mix, 2 replicas", [premix, "mix", *config("cifar"), "--in", "cifar10", "--out", "cifar10-2", "--replicas", "2", "--cache", "none"], "cifar10-2")
        step("pack", [premix, "pack", *config("cifar-test"), "--in", "cifar10/test", "--out", "cifar10-test", "--cache", "none"], "cifar10-test")
    if which in ("both", "tiny"):
        make_tiny(photos, "tiny-imagenet-200")
        print(f"tiny-imagenet-200: {size('tiny-imagenet-200') / 1e6:.0f} MB", flush=True)
        step("mix, 1 replica", [premix, "mix", *config("tiny-imagenet"), "--in", "tiny-imagenet-200", "--out", "tiny-1", "--cache", "none"], "tiny-1")
        step("pack", [premix, "pack", *config("tiny-imagenet-val"), "--in", "tiny-imagenet-200", "--out", "tiny-1", "--cache", "none"], "tiny-1")


if __name__ == "__main__":
    if not 4 <= len(sys.argv) <= 5:
        sys.exit(__doc__)
    main(*sys.argv[1:])
