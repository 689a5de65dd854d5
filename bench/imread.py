"""Times the decoding of whole JPEG files in memory by premix and by the libraries that people use; run by bench/imread.sh.

    imread.py DATA ASM NOASM [--rounds N] [--markdown]

DATA has SET/CLASS/*.jpg, ASM and NOASM are the two builds of bench/kernels. The protocol is that of
https://github.com/ternaus/imread_benchmark: the files of a set are in memory, one thread decodes one after the other to an
RGB array, whole passes. The figure is images a second of CPU time, which on an idle machine is the time on the wall; the
best of --rounds passes, which the readers take in turns.
"""
import argparse, glob, io, json, os, statistics, subprocess, sys, time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"
import cv2
import numpy as np
import torch
import torchvision
from PIL import Image, __version__ as pillow_version
from torchvision.io import ImageReadMode, decode_jpeg

cv2.setNumThreads(1)
torch.set_num_threads(1)


def pillow(data):
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def opencv(data):
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION)


def torch_decode(data):
    return decode_jpeg(torch.frombuffer(data, dtype=torch.uint8), mode=ImageReadMode.RGB)


PEERS = {"Pillow %s" % pillow_version: pillow, "OpenCV %s" % cv2.__version__: opencv,
         "torchvision %s" % torchvision.__version__.split("+")[0]: torch_decode}


def peer(decode, files):
    def once():
        start = time.process_time()
        for data in files:
            decode(data)
        return len(files) / (time.process_time() - start)
    return once


def ours(program, folder):
    process = subprocess.Popen([program, "-files", folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                               env=dict(os.environ, GOMAXPROCS="1"))

    def once():
        process.stdin.write("time imread 0\n")
        process.stdin.flush()
        line = process.stdout.readline()
        if not line:
            sys.exit("imread.py: %s ended" % program)
        t = json.loads(line)
        return t["images"] / t["cpu_ns"] * 1e9
    once.process = process
    return once


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("data"), ap.add_argument("asm"), ap.add_argument("noasm")
    ap.add_argument("--rounds", type=int, default=7)
    ap.add_argument("--markdown", action="store_true")
    a = ap.parse_args()
    form = "| %s | %s | %s | %s | %s |" if a.markdown else "%-10s %-22s %10s %10s %8s"
    print(form % ("set", "reader", "images/s", "median", "× Pillow"))
    if a.markdown:
        print("|---|---|---|---|---|")
    for folder in sorted(glob.glob(os.path.join(a.data, "*"))):
        names = sorted(glob.glob(os.path.join(folder, "*", "*.jp*g")))
        if not names:
            continue
        files = []
        for name in names:
            with open(name, "rb") as f:
                files.append(bytearray(f.read()))
        readers = {name: peer(decode, files) for name, decode in PEERS.items()}
        own = {"premix": ours(a.asm, folder), "premix, plain Go": ours(a.noasm, folder)}
        readers = {**own, **readers}
        for once in readers.values():
            once()
        rates = {name: [] for name in readers}
        for _ in range(a.rounds):
            for name, once in readers.items():
                rates[name].append(once())
        base = max(next(v for k, v in rates.items() if k.startswith("Pillow")))
        for name, r in rates.items():
            print(form % (os.path.basename(folder), name, "%.0f" % max(r), "%.0f" % statistics.median(r), "%.2f" % (max(r) / base)), flush=True)
        for once in own.values():
            once.process.stdin.close()
            once.process.wait()


if __name__ == "__main__":
    main()
