"""Writes COUNT zip archives with Python's zipfile, and what zipfile reads of them: made.py COUNT SEED OUT.zip.

N.zip is an archive: members of any size, stored, deflated or compressed otherwise, with ZIP64, data descriptors, comments,
bytes before it and behind it, extra fields, folders, names twice and names in CP437 or UTF-8; three of eight are damaged: cut,
a byte changed, or bytes that are gone. N.txt has a line for each member, NAME SHA1 with the name's bytes in hexadecimal, or
NAME ! and why it cannot be read; or one line, "error: ...".
"""
import hashlib
import io
import random
import struct
import sys
import warnings
import zipfile

count, seed, out = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
warnings.simplefilter("ignore")


class Pipe(io.RawIOBase):
    """A file that cannot seek, so that zipfile writes data descriptors."""

    def __init__(self):
        self.data = bytearray()

    def writable(self):
        return True

    def write(self, b):
        self.data += b
        return len(b)


def contents(r):
    n = r.choice([0, 1, 7, 60, 300, 300, 900, 4000, 4000, 70000 if r.random() < 0.1 else 5])
    if r.random() < 0.5:
        return bytes(r.randrange(256) for _ in range(min(n, 50))) * (n // 50 + 1)
    return r.randbytes(min(n, 5000))


def name(r, i):
    base = r.choice(["cat/%d.jpg", "dog/%d.jpg", "a/b/c/%d.png", "%d", "täg/%d.jpg", "日本/%d.jpg", "/abs/%d", "../up/%d.jpg", "win\\%d.jpg", "sp ace/%d.jpg", "é%d", "nul\x00%d"]) % i
    if r.random() < 0.05:
        base = "twice/1.jpg"
    return base + "/" if r.random() < 0.08 else base


def make(r):
    pipe = r.random() < 0.3
    f = Pipe() if pipe else io.BytesIO()
    prefix = r.randbytes(r.choice([1, 100, 3000])) if r.random() < 0.15 else b""
    if prefix and r.random() < 0.5:  # places count from the beginning of the file, as in a program that unpacks itself
        f.write(prefix)
        prefix = b""
    with zipfile.ZipFile(f, "w", allowZip64=True) as z:
        for i in range(r.choice([0, 1, 2, 3, 5, 8, 13, 20])):
            info = zipfile.ZipInfo("x")
            info.filename = info.orig_filename = name(r, i)
            info.compress_type = r.choices([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA], [4, 5, 0.3, 0.3])[0]
            info.create_system = r.choice([0, 3])
            if r.random() < 0.2:
                info.extra = struct.pack("<HH", 0x5455, 5) + b"\x01abcd"
            if r.random() < 0.1:
                info.comment = b"a comment"
            if info.filename.endswith("/"):
                z.writestr(info, b"")
                continue
            with z.open(info, "w", force_zip64=r.random() < 0.2) as w:
                w.write(contents(r))
        if r.random() < 0.2:
            z.comment = r.choice([b"c", b"PK\x05\x06 in a comment", b"x" * 3000, b"\0" * 22])
    data = prefix + bytes(f.data if pipe else f.getvalue())
    if r.random() < 0.05:
        data += r.choice([b"\0" * 100, b"\r\n"])
    return data


def alter(r, data):
    """What zipfile cannot write."""
    b = bytearray(data)
    encrypted, plain = r.random() < 0.2, r.random() < 0.6
    for mark, flags in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        at = -1
        while (at := b.find(mark, at + 1)) >= 0:
            if encrypted:
                b[at + flags] |= 1
            if plain:
                b[at + flags + 1] &= 0xF7  # the name is UTF-8, and nothing says so
    return bytes(b)


def damage(r, data):
    if not data:
        return data
    at = r.randrange(len(data))
    if r.random() < 0.6:  # the directory is a small part
        at = max(0, len(data) - 1 - int(r.expovariate(1 / 150)))
    kind = r.randrange(6)
    if kind == 0:
        return data[:at]
    if kind == 1:
        n = r.randrange(1, 30)
        return data[:at] + data[at + n :]
    b = bytearray(data)
    b[at] = r.choice([0, 1, 255, b[at] ^ 1 << r.randrange(8), r.randrange(256)])
    return bytes(b)


def lines(data):
    try:
        z = zipfile.ZipFile(io.BytesIO(data))
    except Exception as e:
        return "error: %s: %s\n" % (type(e).__name__, str(e).replace("\n", " "))
    text = ""
    for m in z.infolist():
        try:
            raw = m.orig_filename.encode("utf-8" if m.flag_bits & 0x800 else "cp437")
        except UnicodeError:
            raw = m.orig_filename.encode("utf-8")
        raw = raw.split(b"\0")[0]
        try:
            if m.compress_type not in (0, 8):
                raise NotImplementedError("method %d" % m.compress_type)
            if m.file_size > 1 << 28:
                raise NotImplementedError("too large")
            result = hashlib.sha1(z.read(m)).hexdigest()
        except Exception as e:
            result = "! %s: %s" % (type(e).__name__, str(e).replace("\n", " ")[:100])
        text += "%s %s\n" % (raw.hex(), result)
    return text


with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
    for i in range(count):
        r = random.Random(seed * 1_000_003 + i)
        data = make(r)
        if r.random() < 0.2:
            data = alter(r, data)
        if i % 8 >= 5:
            data = damage(r, data)
        for suffix, b in ((".zip", data), (".txt", lines(data).encode())):
            info = zipfile.ZipInfo("%05d%s" % (i, suffix))
            info.compress_type = zipfile.ZIP_DEFLATED
            z.writestr(info, b)
