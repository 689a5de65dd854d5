"""Makes COUNT tars and says what Python's tarfile reads of each: tars.py COUNT SEED OUT.zip. Every third is damaged. GNU tar makes
the sparse ones. NNNNN.KIND.bin is a tar, NNNNN.KIND.txt a line for each member, and how it ended."""
import bz2, gzip, hashlib, io, os, random, subprocess, sys, tarfile, tempfile, zipfile

count, seed, out = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
TYPES = [tarfile.REGTYPE] * 12 + [tarfile.AREGTYPE, tarfile.CONTTYPE, tarfile.LNKTYPE, tarfile.SYMTYPE, tarfile.DIRTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, b"Z"]


def noise(r, n):
    return (r.randbytes(40) * (n // 40 + 1))[:n]


def name(r):
    part = lambda: "".join(r.choice("abcxyz0189._- äπ日") for _ in range(r.choice([1, 3, 8, 30, r.randrange(1, 140)]))).strip() or "n"
    return "/".join(part() for _ in range(r.choice([1, 1, 2, 3, 9]))) + r.choice([".jpg", ".cls", ".json", "", ".png.7"])


def archive(r, least=0):
    f = r.choice([tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
    b = io.BytesIO()
    with tarfile.open(fileobj=b, mode="w", format=f, encoding="utf-8", pax_headers={"comment": "x" * r.randrange(900)} if f == tarfile.PAX_FORMAT and r.random() < .3 else None) as t:
        for _ in range(max(least, r.choice([0] + [1, 2, 5, 12] * 3))):
            m = tarfile.TarInfo(name(r))
            m.type, m.mtime = r.choice(TYPES[:12] if len(m.name.encode()) > 90 else TYPES), r.choice([0, 1e9, 1234567890.5, 2**34])
            if f == tarfile.USTAR_FORMAT:
                m.mtime = int(m.mtime) % 2**33
            m.uid, m.uname = r.choice([0, 1000, 2**21 - 1] + [2**31] * (f != tarfile.USTAR_FORMAT)), r.choice(["", "root", "üser"])
            data = noise(r, r.choice([0, 1, 511, 512, 513, 1023, 1024, r.randrange(9000)]))
            if m.type == tarfile.REGTYPE and r.random() < .1:
                m.type = r.choice(TYPES[13:])
            if m.islnk() or m.issym():
                m.linkname = name(r)
            if m.isreg() or m.type == b"Z":
                m.size = len(data)
            elif m.isdir() or r.random() < .7:
                data = b""
            else:
                m.size = len(data)  # a link may state the size of what it leads to, and has no contents
                data = b""
            if f == tarfile.PAX_FORMAT and r.random() < .2:
                m.pax_headers = {"SCHILY.xattr.user.x": "v" * r.randrange(2000), "comment": "é"}
            try:
                h = m.tobuf(f, "utf-8", "surrogateescape")
            except ValueError:  # a name that the format cannot hold
                continue
            t.fileobj.write(h + data + bytes(-len(data) % 512))
            t.offset += len(h) + len(data) + -len(data) % 512
    data = b.getvalue()
    end = len(data.rstrip(b"\0"))
    if r.random() < .3:  # no more than the end mark
        data = data[:(end + 511) // 512 * 512] + bytes(1024) if end else bytes(1024)
    return data


def sparse(r):
    with tempfile.TemporaryDirectory() as d:
        names = []
        for i in range(r.choice([1, 2, 4])):
            names.append("s%d%s" % (i, "x" * r.choice([0, 0, 130])))
            with open(os.path.join(d, names[-1]), "wb") as f:
                if i % 2 or r.random() < .2:
                    f.write(noise(r, r.randrange(3000)))
                    continue
                for _ in range(r.choice([0, 1, 3, 30])):
                    f.seek(r.choice([4096, 65536, 1 << 20]) * r.randrange(1, 4), 1)
                    f.write(noise(r, 4096))
                f.truncate(f.tell() + r.choice([0, 4096, 1 << 20]))
        how = r.choice([["--format=gnu"], ["--format=oldgnu"]] + [["--format=posix", "--sparse-version=" + v] for v in ("0.0", "0.1", "1.0")])
        return subprocess.run(["tar", "-c", "-S", "--hole-detection=raw", "--mtime=@0", "--owner=0", "--group=0", "-C", d, *how, *names], check=True, stdout=subprocess.PIPE).stdout


def damaged(r, data):
    data, what = bytearray(data), r.randrange(5)
    if what == 0:
        del data[r.randrange(len(data)):]
    elif what == 1:
        at = r.randrange(len(data))
        data[at:at + r.choice([1, 512, 5000])] = b""
    elif what == 2:
        at = r.randrange(len(data))
        data[at:at + r.choice([100, 512, 5000])] = bytes(r.choice([100, 512, 5000]))
    else:
        for _ in range(1 + 7 * (what - 3)):
            data[r.randrange(len(data))] ^= 1 << r.randrange(8)
    return bytes(data)


def read(data, zeros):
    lines = []
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:*", ignore_zeros=zeros, encoding="utf-8") as t:
            for m in t:
                kind, size, sum, link = "o", 0, "-", ""
                if m.issparse():
                    kind, size = "s", m.size
                elif m.isreg():
                    kind, size = "f", m.size
                    body = t.extractfile(m).read()
                    assert len(body) == size
                    sum = hashlib.sha1(body).hexdigest()
                elif m.islnk() or m.issym():
                    kind, link = "l", m.linkname
                elif m.isdev():
                    kind = "l"
                hex = lambda s: s.encode("utf-8", "surrogateescape").hex()
                lines.append("%s %s %d %s %s\n" % (kind, hex(m.name.rstrip("/")), size, sum, hex(link)))
        lines.append("end\n")
    except Exception as e:
        lines.append("error: %s: %s\n" % (type(e).__name__, str(e).replace("\n", " ")[:100]))
    return "".join(lines)


def packed(r, data):
    kind = r.choice(["tar"] * 5 + ["gz", "gz", "bz2"])
    if kind == "tar":
        return data
    at = [0, *sorted(r.randrange(len(data) + 1) for _ in range(r.choice([0, 0, 1, 3]))), len(data)]
    pack = bz2.compress if kind == "bz2" else lambda b: gzip.compress(b, r.choice([0, 1, 9]), mtime=0)
    return b"".join(pack(data[a:b]) for a, b in zip(at, at[1:]))


with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
    for i in range(count):
        r = random.Random(seed * 1_000_003 + i)
        kind, zeros = "whole", False
        data = sparse(r) if r.random() < .15 else archive(r)
        if r.random() < .1:
            parts = [p + bytes(-len(p) % 10240) for p in (archive(r, 5), data if data.strip(b"\0") else b"")]  # records, as of tapes
            data, zeros, kind = b"".join(parts) + archive(r, 5), True, "joined"
        data = packed(r, data) if i % 6 else data
        if i % 3 == 2 and not zeros:
            data, kind = damaged(r, data), "damaged"
        for ending, b in [("bin", data), ("txt", read(data, zeros).encode())]:
            z.writestr(zipfile.ZipInfo("%05d.%s.%s" % (i, kind, ending)), b, zipfile.ZIP_DEFLATED)
