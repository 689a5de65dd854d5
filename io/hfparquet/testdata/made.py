"""Writes COUNT Parquet files with pyarrow 26.0.1, and what pyarrow reads of them: made.py COUNT SEED OUT.zip.

N.parquet is a file of images and labels: any codec, page version, encoding, size of pages and row groups, types of
columns beside them; some are damaged. N.txt has a line for each row, LABEL SHA1 (− for null), or "error: ..." and the
rows before the damage.
"""
import hashlib
import io
import random
import sys
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq

count, seed, out = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]


def image(r):
    n = r.choice([1, 7, 60, 300, 300, 900, 4000])
    return bytes(r.randrange(256) for _ in range(min(n, 40))) * (n // 40 + 1)


def images(r, n):
    data = [None if r.random() < 0.05 else image(r) for _ in range(n)]
    if r.random() < 0.2:
        data = [data[i % 2] for i in range(n)]  # for dictionaries
    binary = r.choice([pa.binary(), pa.binary(), pa.large_binary(), pa.binary_view()])
    path = r.choice([pa.string(), pa.large_string()])
    shape = r.randrange(4)
    if shape == 0:
        return pa.array(data, binary)
    fields = [("bytes", binary), ("path", path)]
    if shape == 1:
        fields.reverse()
    if shape == 2:
        fields.append(("size", pa.list_(pa.int32())))
    row = lambda d: None if d is None and r.random() < 0.5 else {"bytes": d, "path": r.choice([None, "a.jpg"]), "size": [1, 2]}
    return pa.array([row(d) for d in data], pa.struct(fields))


def labels(r, n):
    kind = r.choice([pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())])
    null = r.choice([0, 0, 0.2])
    number = pa.types.is_integer(kind)
    value = lambda: r.randrange(100) if number else "class %d" % r.randrange(9)
    return pa.array([None if r.random() < null else value() for _ in range(n)], kind)


def beside(r, n):
    yield "number", pa.array([r.random() for _ in range(n)], r.choice([pa.float64(), pa.float32()]))
    yield "half", pa.array([0.5] * n, pa.float32()).cast(pa.float16())
    yield "time", pa.array([i * 1_000_000 for i in range(n)], r.choice([pa.timestamp("ns"), pa.timestamp("us", "UTC"), pa.time64("us"), pa.duration("ms")]))
    yield "decimal", pa.array([1] * n, pa.int64()).cast(pa.decimal128(25, 3))
    yield "nothing", pa.nulls(n)
    yield "map", pa.array([[("a", 1)]] * n, pa.map_(pa.string(), pa.int32()))
    yield "boxes", pa.array([[{"box": [1.0, 2.0], "name": None}]] * n, pa.list_(pa.struct([("box", pa.list_(pa.float32())), ("name", pa.string())])))
    yield "fixed", pa.array([[1, 2]] * n, pa.list_(pa.int32(), 2))
    yield "id", pa.array([b"0123456789abcdef"] * n, pa.binary(16))
    yield "flag", pa.array([None, True] * (n // 2) + [False] * (n % 2), pa.bool_())


def file(r):
    n = r.choice([0, 1, 3, 20, 20, 60])
    columns = [("image", images(r, n)), ("label", labels(r, n))] + [c for c in beside(r, n) if r.random() < 0.4]
    if r.random() < 0.3:
        r.shuffle(columns)
    nested = pa.types.is_struct(dict(columns)["image"].type)
    name = "image.bytes" if nested else "image"
    codec = r.choice(["none", "snappy", "gzip", "zstd", "brotli", "lz4"])
    if r.random() < 0.2:
        codec = {"label": r.choice(["none", "snappy"]), name: r.choice(["zstd", "gzip", "lz4"])}
    options = dict(
        compression=codec, version=r.choice(["1.0", "2.4", "2.6"]), data_page_version=r.choice(["1.0", "2.0"]),
        row_group_size=r.choice([1, 7, 30, 1000]), data_page_size=r.choice([100, 3000, 1 << 20]), write_batch_size=r.choice([1, 5, 1024]),
        write_page_index=r.random() < 0.3, write_page_checksum=r.random() < 0.3, write_statistics=r.random() < 0.7,
        store_schema=r.random() < 0.8, dictionary_pagesize_limit=r.choice([200, 1 << 20]))
    if r.random() < 0.4:
        options.update(use_dictionary=False, column_encoding={name: r.choice(["PLAIN", "DELTA_LENGTH_BYTE_ARRAY", "DELTA_BYTE_ARRAY"])})
        if pa.types.is_integer(dict(columns)["label"].type):
            options["column_encoding"]["label"] = r.choice(["PLAIN", "DELTA_BINARY_PACKED", "BYTE_STREAM_SPLIT"])
    elif r.random() < 0.3:
        options["use_dictionary"] = False
    b = io.BytesIO()
    pq.write_table(pa.table([c for _, c in columns], names=[c for c, _ in columns]), b, **options)
    return b.getvalue()


def damaged(r, data):
    data = bytearray(data)
    what = r.randrange(3)
    if what == 0:
        del data[r.randrange(len(data)):]
    for _ in range(0 if what == 0 else 1 + 3 * (what - 1)):
        data[r.randrange(len(data))] ^= 1 << r.randrange(8)
    return bytes(data)


def read(data):
    try:
        f = pq.ParquetFile(io.BytesIO(data), page_checksum_verification=True)
        paths = [f.schema.column(i).path for i in range(len(f.schema))]
        table = f.read(columns=["image.bytes" if "image.bytes" in paths else "image", "label"])
        lines = []
        for x, label in zip(table["image"].to_pylist(), table["label"].to_pylist()):
            x = x.get("bytes") if isinstance(x, dict) else x
            lines.append("%s %s\n" % ("-" if label is None else str(label).replace(" ", "_"), hashlib.sha1(x).hexdigest() if x else "-"))
        return "".join(lines)
    except Exception as e:
        return "error: %s" % str(e).replace("\n", " ")[:200]


with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
    for i in range(count):
        r = random.Random(seed * 1_000_003 + i)
        data = None
        while data is None:
            try:
                data = file(r)
            except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError):
                pass  # options that do not go together
        text = read(data)
        if i % 4 == 3:
            whole, data = text, damaged(r, data)
            text = read(data)
            if text.startswith("error: "):
                text += "\n" + whole
        for name, b in [("%05d.parquet" % i, data), ("%05d.txt" % i, text.encode())]:
            z.writestr(zipfile.ZipInfo(name), b, zipfile.ZIP_DEFLATED)
