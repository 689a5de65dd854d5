"""Writes the files of this folder with array_record: NAME.array_record.gz, each of 100 records.

    python made.py DIR

Record i has i*i*7 mod 4001 bytes, byte k of it being (k + i) mod 251; record 17 has 150,000.
"""
import gzip
import os
import sys

from array_record.python import array_record_module


def record(i):
    size = 150_000 if i == 17 else i * i * 7 % 4001
    return bytes((k + i) % 251 for k in range(size))


for name, options, count in [
    ("plain", "group_size:1,uncompressed", 100),
    ("tfds", "group_size:1", 100),  # what TensorFlow Datasets writes: zstd
    ("group", "group_size:7,uncompressed", 100),
    ("zstd", "group_size:7,zstd:9", 100),
    ("brotli", "group_size:7,brotli:5", 100),
    ("snappy", "group_size:7,snappy", 100),
    ("transposed", "group_size:7,transpose:true,uncompressed", 100),
    ("padded", "group_size:40,uncompressed,pad_to_block_boundary:true", 100),
    ("empty", "group_size:1", 0),
]:
    path = os.path.join(sys.argv[1], name)
    writer = array_record_module.ArrayRecordWriter(path, options)
    for i in range(count):
        writer.write(record(i))
    writer.close()
    with open(path, "rb") as f, open(path + ".array_record.gz", "wb") as out:
        out.write(gzip.compress(f.read(), 9, mtime=0))
    os.remove(path)
