"""Writes COUNT TFRecord files, and what tf.data of TensorFlow reads of them: records.py COUNT SEED OUT.zip.

N.tfrecord has records of 0 bytes and more, plain, gzipped (in one member or in several) or a zlib stream; half of the files
are damaged in one place. N.txt begins with a line "COMPRESSION DAMAGE"; then there is a line SHA1 for each record
that tf.data gives, and "error: ..." where it stops at one.
"""
import gzip
import hashlib
import os
import random
import sys
import tempfile
import zipfile
import zlib

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import tensorflow as tf

count, seed, out = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]


def record(r):
    n = r.choice([0, 1, 11, 12, 13, 100, 100, 1000, 5000])
    kind = r.randrange(5)
    if kind == 0:
        return bytes(n)
    if kind == 1:
        return bytes([r.randrange(256)]) * n
    return r.randbytes(n)


def framed(records, scratch):
    with tf.io.TFRecordWriter(scratch) as w:
        for data in records:
            w.write(data)
    with open(scratch, "rb") as f:
        return f.read()


def places(records):
    """Where each record begins."""
    at = 0
    for data in records:
        yield at, len(data)
        at += 16 + len(data)


def damage(r, data, spots, plain):
    """One damage of data; spots are of the records in a plain file."""
    what = r.choice(["cut", "flip", "length", "length-crc", "data", "data-crc", "zeros", "gone", "tail"])
    data = bytearray(data)
    if not data:
        return data, "none"
    if what == "cut":
        del data[r.randrange(len(data)) :]
    elif what == "tail":
        data += r.choice([b"x", b"garbage", r.randbytes(40)])
    elif what == "zeros":
        at = r.randrange(len(data))
        data[at : at + r.choice([1, 4, 30, 2000])] = bytes(min(len(data) - at, r.choice([1, 4, 30])))
    elif what == "gone":
        at = r.randrange(len(data))
        del data[at : at + r.choice([1, 4, 30, 200])]
    elif what == "flip" or not plain:
        what = "flip"
        data[r.randrange(len(data))] ^= 1 << r.randrange(8)
    else:
        at, n = r.choice(spots)
        first, size = {"length": (0, 8), "length-crc": (8, 4), "data": (12, n), "data-crc": (12 + n, 4)}[what]
        if size == 0:
            first, size, what = 8, 4, "length-crc"
        data[at + first + r.randrange(size)] ^= 1 << r.randrange(8)
    return data, what


def made(i, scratch):
    r = random.Random(seed * 1_000_003 + i)
    records = [record(r) for _ in range(r.choice([0, 1, 2, 5, 5, 5, 20]))]
    data, spots = framed(records, scratch), list(places(records))
    compression = r.choice(["plain", "plain", "GZIP", "GZIP", "ZLIB"])
    inside = r.random() < 0.5  # of what is compressed
    hurt = i % 2 == 1
    what = "none"
    if hurt and inside:
        data, what = damage(r, data, spots, True)
    data = bytes(data)
    if compression == "ZLIB":
        data = zlib.compress(data, r.choice([0, 1, 6, 9]))
    elif compression == "GZIP":
        cut = sorted(r.randrange(len(data) + 1) for _ in range(r.choice([0, 0, 1, 3])))
        data = b"".join(gzip.compress(data[a:b], r.choice([0, 1, 6, 9]), mtime=0) for a, b in zip([0] + cut, cut + [len(data)]))
        compression += "*%d" % (len(cut) + 1)
    if hurt and not inside:
        data, what = damage(r, data, spots, compression == "plain")
    elif hurt and compression != "plain":
        what += "-inside"
    return bytes(data), compression, what


def answer(path, compression):
    lines = ""
    kind = {"p": "", "G": "GZIP", "Z": "ZLIB"}[compression[0]]
    try:
        for data in tf.data.TFRecordDataset(path, kind):
            lines += hashlib.sha1(data.numpy()).hexdigest() + "\n"
    except tf.errors.OpError as err:
        lines += "error: " + " ".join(str(err).split())[:200] + "\n"
    return lines


with tempfile.TemporaryDirectory() as tmp, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
    scratch = os.path.join(tmp, "x")
    for i in range(count):
        data, compression, what = made(i, scratch)
        with open(scratch, "wb") as f:
            f.write(data)
        for ext, text in ("tfrecord", data), ("txt", (compression + " " + what + "\n" + answer(scratch, compression)).encode()):
            info = zipfile.ZipInfo("%05d.%s" % (i, ext))
            info.compress_type = zipfile.ZIP_DEFLATED
            z.writestr(info, text)
