"""Writes Parquet files of images with Spark 4.3.0 (parquet-mr 1.17.0), each of a codec and a way of writing: spark.py OUT.zip.

It needs pyspark, Java 17 and Pillow. N.txt has what Spark was given, a line for each row: LABEL SHA1 (− for null). The files
image and binary are what Spark's data sources of images and of files give: raw pixels, and a column "content".
"""
import datetime
import glob
import hashlib
import io
import os
import sys
import tempfile
import zipfile

from PIL import Image
from pyspark.sql import SparkSession
from pyspark.sql.types import *

os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
CODECS = ["none", "snappy", "gzip", "zstd", "lz4", "lz4_raw"]
# After four rows of a dictionary pages are plain, since it has grown too large.
fallback = {"parquet.dictionary.page.size": "2500", "parquet.page.row.count.limit": "4"}
WAYS = {
    "default": {"spark.sql.parquet.outputTimestampType": "INT96"},
    "fallback": {**fallback, "parquet.page.write-checksum.enabled": "true"},
    "v2": {**fallback, "parquet.writer.version": "PARQUET_2_0"},
    "groups": {"parquet.block.size": "6000", "parquet.page.size": "1000", "parquet.page.size.row.check.min": "2"},
    "delta": {"parquet.writer.version": "PARQUET_2_0", "parquet.enable.dictionary": "false"},
}


def picture(i):
    im = Image.new("RGB", (20 + i, 20))
    im.putdata([(x * 12 % 256, y * 12 % 256, (x * y + 37 * i) % 256) for y in range(20) for x in range(20 + i)])
    b = io.BytesIO()
    im.save(b, "JPEG", quality=70)
    return b.getvalue()


builder = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").config("spark.driver.bindAddress", "127.0.0.1")
spark = builder.config("spark.driver.host", "127.0.0.1").config("spark.sql.session.timeZone", "UTC").getOrCreate()
image = StructType([StructField("bytes", BinaryType()), StructField("path", StringType())])
schema = StructType([
    StructField("image", image), StructField("label", IntegerType()), StructField("at", TimestampType()),
    StructField("tags", ArrayType(StringType())), StructField("score", DecimalType(20, 3))])
rows = []
for i in range(20):
    data = None if i == 9 else bytearray(picture(i % 3 if i < 8 else i % 5))
    at = datetime.datetime(2024, 1, 1 + i)
    rows.append(((data, "%d.jpg" % i), None if i == 11 else i % 3, at, ["x", "y"] if i % 2 else None, None))
frame = spark.createDataFrame(rows, schema).coalesce(1)
lines = ""
for (data, _), label, *_ in rows:
    lines += "%s %s\n" % ("-" if label is None else label, hashlib.sha1(data).hexdigest() if data else "-")

with tempfile.TemporaryDirectory() as work, zipfile.ZipFile(sys.argv[1], "w", zipfile.ZIP_DEFLATED) as z:
    def add(name, writer, text):
        writer.mode("overwrite").parquet(work + "/out")
        (file,) = glob.glob(work + "/out/*.parquet")
        with open(file, "rb") as f:
            z.writestr(zipfile.ZipInfo(name + ".parquet"), f.read(), zipfile.ZIP_DEFLATED)
        z.writestr(zipfile.ZipInfo(name + ".txt"), text, zipfile.ZIP_DEFLATED)

    for codec in CODECS:
        for way, options in WAYS.items():
            if way in ("groups", "delta") and codec != "zstd":
                continue
            spark.conf.set("spark.sql.parquet.outputTimestampType", options.get("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MICROS"))
            writer = frame.write.option("compression", codec)
            for k, v in options.items():
                writer = writer.option(k, v)
            add(codec + "-" + way, writer, lines)
    for i in range(2):
        os.makedirs(work + "/in/label=%d" % i)
        with open(work + "/in/label=%d/%d.jpg" % (i, i), "wb") as f:
            f.write(picture(i))
    add("image", spark.read.format("image").load(work + "/in").coalesce(1).write, "")
    add("binary", spark.read.format("binaryFile").load(work + "/in").coalesce(1).write, "")
