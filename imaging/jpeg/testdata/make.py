"""Makes the small JPEG files of this folder, one or more for every kind that is read.

Usage: python make.py CJPEG [PHOTOGRAPH]

CJPEG is the program of libjpeg-turbo 3, for what Pillow cannot write. The files are committed:
run this only to add some, then pillow_crc.py. From PHOTOGRAPH, motor-boats-3524545_960_720.jpg of
the shared objects (CC0), the files in damaged/ are made, with the jpegtran of the PATH; after that
run scripts/jpegs.sh rewrite.
"""

import io
import os
import subprocess
import sys
import tempfile

from PIL import Image

HERE = os.path.dirname(os.path.abspath(__file__))


def picture(w, h, bands=3):
    """Smooth colours, an edge and some noise, the same on every machine."""
    out, seed = bytearray(), 1
    for y in range(h):
        for x in range(w):
            for c in range(bands):
                seed = (seed * 1103515245 + 12345) & 0x7FFFFFFF
                v = (x * (5 + 3 * c) + y * (7 - 2 * c)) & 255
                if (x - w // 2) ** 2 + (y - h // 3) ** 2 < (w // 3) ** 2:
                    v = 255 - v // (c + 1)
                out.append(max(0, min(255, v + (seed >> 16) % 23 - 11)))
    return Image.frombytes({1: "L", 3: "RGB", 4: "CMYK"}[bands], (w, h), bytes(out))


def write(name, data):
    with open(os.path.join(HERE, name + ".jpg"), "wb") as f:
        f.write(data)


def pillow(im, **kw):
    b = io.BytesIO()
    im.save(b, "JPEG", **{"quality": 85, **kw})
    return b.getvalue()


def cjpeg(im, *args, scans=None):
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as f:
        if scans:
            f.write(scans)
            f.flush()
            args += ("-scans", f.name)
        b = io.BytesIO()
        im.save(b, "PPM")
        return subprocess.run([sys.argv[1], "-quality", "85", *args], input=b.getvalue(), stdout=subprocess.PIPE, check=True).stdout


def adobe(data, transform):
    """Sets the transform of the Adobe segment, or removes the segment (None)."""
    i = data.index(b"\xff\xee\x00\x0eAdobe")
    if transform is None:
        return data[:i] + data[i + 16 :]
    return data[: i + 15] + bytes([transform]) + data[i + 16 :]


# Pillow's own.
for w, h in (1, 1), (2, 2), (3, 5), (4, 4), (5, 3), (6, 1), (16, 16), (17, 33), (35, 18):
    write(f"420-{w}x{h}", pillow(picture(w, h), subsampling=2))
for w, h in (3, 2), (5, 7), (31, 9):
    write(f"422-{w}x{h}", pillow(picture(w, h), subsampling=1))
write("444-29x21", pillow(picture(29, 21), subsampling=0, quality=95))
write("444-low-29x21", pillow(picture(29, 21), subsampling=0, quality=5))
write("gray-23x19", pillow(picture(23, 19, 1)))
write("gray-progressive-41x17", pillow(picture(41, 17, 1), progressive=True))
write("420-optimized-40x24", pillow(picture(40, 24), optimize=True))
write("420-restart1-50x35", pillow(picture(50, 35), restart_marker_blocks=1))
write("444-restart3-50x35", pillow(picture(50, 35), subsampling=0, restart_marker_blocks=3))
write("420-restartrow-50x70", pillow(picture(50, 70), restart_marker_rows=1))
write("420-progressive-37x29", pillow(picture(37, 29), progressive=True))
write("444-progressive-37x29", pillow(picture(37, 29), subsampling=0, progressive=True))
write("420-progressive-restart-70x40", pillow(picture(70, 40), progressive=True, restart_marker_blocks=2))
write("rgb-25x14", pillow(picture(25, 14), keep_rgb=True))
cmyk = pillow(picture(26, 18, 4))
write("cmyk-26x18", cmyk)
write("cmyk-noadobe-26x18", adobe(cmyk, None))
write("ycck-26x18", adobe(cmyk, 2))
write("cmyk-progressive-26x18", pillow(picture(26, 18, 4), progressive=True))

# Sampling factors.
for s in "1x2", "4x1", "4x2", "2x4", "1x4", "4x4", "1x3", "3x1", "3x3":
    name = s.replace("x", "")
    if s in ("4x4", "3x3", "4x2", "2x4"):
        # More than ten blocks would be an MCU: planes apart.
        write(f"s{name}-53x39", cjpeg(picture(53, 39), "-sample", s, scans="0;\n1;\n2;\n"))
    else:
        write(f"s{name}-53x39", cjpeg(picture(53, 39), "-sample", s))
write("s12-3x3", cjpeg(picture(3, 3), "-sample", "1x2"))
write("s12-1x9", cjpeg(picture(1, 9), "-sample", "1x2"))
write("s22-21-11-53x39", cjpeg(picture(53, 39), "-sample", "2x2,2x1,1x1"))
write("s11-21-12-53x39", cjpeg(picture(53, 39), "-sample", "1x1,2x1,1x2"))
write("s11-22-11-53x39", cjpeg(picture(53, 39), "-sample", "1x1,2x2,1x1"))
write("s42-21-22-53x39", cjpeg(picture(53, 39), "-sample", "4x2,2x1,2x2", "-progressive", scans="".join(
    f"{c}: 0-0, 0, 1;\n{c}: 1-63, 0, 0;\n{c}: 0-0, 1, 0;\n" for c in range(3))))
write("s12-progressive-53x39", cjpeg(picture(53, 39), "-sample", "1x2", "-progressive"))

# Scans.
write("scans-420-53x39", cjpeg(picture(53, 39), scans="0;\n1,2;\n"))
write("scans-422-restart-53x39", cjpeg(picture(53, 39), "-sample", "2x1", "-restart", "4B", scans="0;\n1;\n2;\n"))
write("prog-dconly-53x39", cjpeg(picture(53, 39), "-progressive", scans="0,1,2: 0-0, 0, 2;\n"))
write("prog-coarse-53x39", cjpeg(picture(53, 39), "-progressive", scans="0,1,2: 0-0, 0, 1;\n0: 1-5, 0, 2;\n1: 1-63, 0, 3;\n2: 1-63, 0, 3;\n"))
write("prog-fine-40x24", cjpeg(picture(40, 24), "-progressive", scans="".join(
    ["0,1,2: 0-0, 0, 3;\n"] + [f"0,1,2: 0-0, {b + 1}, {b};\n" for b in (2, 1, 0)]
    + [f"{c}: {k}-{k}, 0, 0;\n" for c in (1, 2) for k in (1, 2, 3)]
    + [f"{c}: 4-63, 0, 4;\n" for c in (1, 2)] + [f"{c}: 4-63, {b + 1}, {b};\n" for b in (3, 2, 1, 0) for c in (1, 2)]
    + ["0: 1-20, 0, 0;\n0: 21-63, 0, 1;\n0: 21-63, 1, 0;\n"])))

# Tables and colours.
write("sof1-q1-24x24", cjpeg(picture(24, 24), "-quality", "1"))
write("rgb-cjpeg-25x14", cjpeg(picture(25, 14), "-rgb"))
write("arith-30x20", cjpeg(picture(30, 20), "-arithmetic"))
write("arith-progressive-30x20", cjpeg(picture(30, 20), "-arithmetic", "-progressive"))
write("arith-restart-30x20", cjpeg(picture(30, 20), "-arithmetic", "-restart", "2B"))
write("arith-gray-30x20", cjpeg(picture(30, 20, 1), "-arithmetic"))


# Damage that libjpeg reads past: "damaged-" in the data, "cut-" at its end.
def read(name):
    with open(os.path.join(HERE, name + ".jpg"), "rb") as f:
        return bytearray(f.read())


def patch(source, name, find, last=False, skip=0, put=b""):
    data = read(source)
    i = (data.rindex(find) if last else data.index(find)) + skip
    data[i : i + len(put)] = put
    write("damaged-" + name, data)


SOS = b"\xff\xda"
patch("420-restart1-50x35", "restart-ahead", b"\xff\xd1", put=b"\xff\xd3")
patch("420-restart1-50x35", "restart-behind", b"\xff\xd2", put=b"\xff\xd0")
patch("420-restart1-50x35", "restart-far", b"\xff\xd2", put=b"\xff\xd6")
patch("420-restart1-50x35", "restart-lost", b"\xff\xd2", put=b"\x12\x34")
patch("420-restart1-50x35", "restart-eoi", b"\xff\xd3", put=b"\xff\xd9")
patch("420-restart1-50x35", "restart-reserved", b"\xff\xd3", put=b"\xff\x20")
patch("444-29x21", "marker", SOS, skip=500, put=b"\xff\xd5")
patch("444-29x21", "codes", SOS, skip=100, put=b"\xfe\xfe\xfe\xfe\xfe\xfe")
patch("444-29x21", "run", SOS, skip=60, put=b"\xfa" * 40)
patch("sof1-q1-24x24", "quantisers", b"\xff\xdb", skip=5, put=b"\xfe" * 128)
patch("444-progressive-37x29", "refinement", SOS, last=True, skip=20, put=b"\x55\xaa\x55\xaa")
patch("420-progressive-37x29", "scan-eoi", SOS, last=True, skip=14, put=b"\xff\xd9")
patch("arith-30x20", "arith", SOS, skip=80, put=b"\x13" * 40)
for name in "420-35x18", "444-restart3-50x35", "420-progressive-37x29", "gray-progressive-41x17", "scans-420-53x39", "cmyk-26x18":
    data = read(name)
    for percent in 45, 80, 95:
        n = data.index(SOS) + 14
        cut = data[: n + (len(data) - n) * percent // 100]
        while cut[-1] == 0xFF or cut.rfind(SOS) > len(cut) - 20 or cut.rfind(b"\xff\xc4") > len(cut) - 60:
            cut = cut[:-1]  # not in a segment: Pillow gives up there
        write(f"cut-{percent}-{name}", cut)

# What the tests of damage do damage to.
if len(sys.argv) > 2:
    photo = Image.open(sys.argv[2]).convert("RGB").resize((160, 120), Image.Resampling.LANCZOS)
    baseline = pillow(photo, quality=80, subsampling=2, optimize=True)
    write("damaged/baseline", baseline)
    for name, args in {"restart": ["-restart", "5B"], "progressive": ["-progressive"], "arithmetic": ["-arithmetic"]}.items():
        command = ["jpegtran", "-copy", "none", *args]
        write("damaged/" + name, subprocess.run(command, input=baseline, stdout=subprocess.PIPE, check=True).stdout)
