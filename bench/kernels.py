#!/usr/bin/env python3
"""Times premix's kernels beside those of OpenCV and Pillow, in turns. bench/kernels.sh prepares what it needs and calls it.

    kernels.py PICTURES ASM NOASM [--rounds N] [--only PATTERN] [--markdown]

PICTURES is a folder that `kernels -prepare` wrote, ASM and NOASM are the two builds of bench/kernels.

How it measures: everything runs on one thread. A sample is as many whole passes over the images as take --sample
milliseconds of CPU time; where one pass of the peer takes longer, premix's samples take as long, up to 150 ms. Samples are
taken in turns: assembly build, peer, build without assembly, and again, --rounds times. Time is CPU time of the whole
process (garbage collection included) an image. The figure of each is the minimum over the rounds: other load on the machine
can only add to it. Medians stand beside it in the table. ratio = peer_us / ours_us: how many times faster premix is.

same_bits: the results were compared, for every image, before anything was timed.
"""
import argparse, datetime, fnmatch, io, json, os, platform, re, statistics, struct, subprocess, sys, time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OPENCV_OPENCL_RUNTIME"):
    os.environ[name] = "disabled" if "OPENCL" in name else "1"
import cv2
import numpy as np
import PIL
from PIL import Image

cv2.setNumThreads(1)
cv2.ocl.setUseOpenCL(False)


class Pictures:
    """What `kernels -prepare` wrote."""

    def __init__(self, folder):
        with open(os.path.join(folder, "manifest.json")) as f:
            m = json.load(f)
        self.folder, self.source, self.n, self.boxes, self.sizes = folder, m["source"], m["images"], m["boxes"], m["files"]
        self.full = self.rgb("full.rgb", *m["full"])
        self.squares = {s: self.rgb("%d.rgb" % s, s, s) for s in m["sides"]}
        self.write_progressive()

    def rgb(self, name, w, h):
        return list(np.fromfile(os.path.join(self.folder, name), np.uint8).reshape(self.n, h, w, 3))

    def write_progressive(self):
        """Premix writes no progressive files. Both builds read these, since they are started later."""
        sizes = []
        for i, a in enumerate(self.full):
            name = os.path.join(self.folder, "progressive-%02d.jpg" % i)
            Image.fromarray(a).save(name, "JPEG", quality=95, progressive=True)
            sizes.append(os.path.getsize(name))
        self.sizes["progressive"] = sum(sizes) // self.n

    def files(self, kind):
        out = []
        for i in range(self.n):
            with open(os.path.join(self.folder, "%s-%02d.jpg" % (kind, i)), "rb") as f:
                out.append(f.read())
        return out


class Whole:
    """Premix itself as the other side: another kernel of the same build, whose results are the same."""

    def __init__(self, kernel, builds):
        self.name, self.kernel, self.builds, self.what = "whole image", kernel, builds, "pixels"
        self.outputs = builds[0].outputs(kernel)
        self.n = len(self.outputs)

    def same(self, i, data):
        return data == self.outputs[i]

    def time(self, ms, build=0):
        return self.builds[build].time(self.kernel, ms)


class Peer:
    """The other side of a comparison: once(i) does the work for image i; same(i, data) compares premix's result with it."""

    def __init__(self, name, n, once, same, what):
        self.name, self.n, self.once, self.same, self.what = name, n, once, same, what

    def time(self, ms):
        start, images = time.process_time(), 0
        while True:
            for i in range(self.n):
                self.once(i)
            images += self.n
            used = time.process_time() - start
            if used * 1e3 >= ms:
                return used / images * 1e6


def peak_bytes(m):
    p, t = int(np.argmax(m)), int(np.argmin(m))
    return np.array([*divmod(p, m.shape[1]), *divmod(t, m.shape[1])], np.int32).tobytes()


def detector(create, images, compare):
    """OpenCV's detector. Its float map alone is timed, without the 8-bit map and the maximum that a peak needs."""
    d = create()

    def once(i):
        return d.computeSaliency(images[i])[1]

    def same(i, data):
        m = (once(i) * 255).astype(np.uint8)
        want = peak_bytes(m)
        if compare == "map":
            return data == want + m.tobytes()
        return data[:8] == want[:8]

    what = {"map": "8-bit map, peak and trough", "peak": "peak"}[compare]
    return Peer("OpenCV", len(images), once, same, what)


def resize(images, w, h, box, filter):
    pil = [Image.fromarray(a) for a in images]

    def once(i):
        return pil[i].resize((w, h), filter).crop(box)

    return Peer("Pillow", len(images), once, lambda i, data: data == once(i).tobytes(), "pixels")


def resized_crop(images, boxes):
    pil = [Image.fromarray(a) for a in images]

    def once(i):
        return pil[i].crop(boxes[i]).resize((224, 224), Image.BILINEAR)

    return Peer("Pillow", len(images), once, lambda i, data: data == once(i).tobytes(), "pixels")


def decode_pillow(files):
    def once(i):
        im = Image.open(io.BytesIO(files[i]))
        im.load()
        return im

    return Peer("Pillow", len(files), once, lambda i, data: data == once(i).convert("RGB").tobytes(), "pixels")


def decode_opencv(files):
    arrays = [np.frombuffer(f, np.uint8) for f in files]

    def once(i):
        return cv2.imdecode(arrays[i], cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION)

    return Peer("OpenCV", len(files), once, lambda i, data: data == once(i).tobytes(), "pixels")


def encode_pillow(images, what, form, **options):
    pil = [Image.fromarray(a) for a in images]

    def once(i):
        o = io.BytesIO()
        pil[i].save(o, form, **options)
        return o.getvalue()

    return Peer("Pillow", len(images), once, compare_files(images, once, what), what)


def encode_opencv(images, what, ext, options):
    bgr = [np.ascontiguousarray(a[:, :, ::-1]) for a in images]

    def once(i):
        return cv2.imencode(ext, bgr[i], options)[1]

    return Peer("OpenCV", len(images), once, compare_files(images, lambda i: once(i).tobytes(), what), what)


def compare_files(images, once, what):
    def pixels(data):
        return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))

    def same(i, data):
        if what == "bytes of the file":
            return data == once(i)
        return np.array_equal(pixels(data), images[i]) and np.array_equal(pixels(once(i)), images[i])

    return same


def comparisons(p, builds):
    """Yields the name of a line, the kernel of ours, and the peer or None."""
    fine, spectral = cv2.saliency.StaticSaliencyFineGrained_create, cv2.saliency.StaticSaliencySpectralResidual_create
    for side, images in p.squares.items():
        compare = "map" if side * side <= 65793 else "peak"
        yield "finegrained-%d" % side, "finegrained-%d" % side, detector(fine, images, compare)
    yield "finegrained-500x375", "finegrained-500x375", detector(fine, p.full, "peak")
    yield "finegrained-map-224", "finegrained-map-224", detector(fine, p.squares[224], "map")
    yield "spectral-224", "spectral-224", detector(spectral, p.squares[224], "peak")
    yield "frequencytuned-224", "frequencytuned-224", None
    for name, filter in ("bilinear", Image.BILINEAR), ("bicubic", Image.BICUBIC), ("lanczos", Image.LANCZOS):
        kernel = "resize-%s-500x375" % name
        yield kernel, kernel, resize(p.full, 341, 256, (58, 16, 282, 240), filter)
    yield "resize-rrc-bilinear", "resize-rrc-bilinear", resized_crop(p.full, p.boxes)
    for kernel, kind in ("jpeg-decode-500x375", "found"), ("jpeg-decode-500x375-q95-420", "420"):
        files = p.files(kind)
        yield kernel, kernel, decode_pillow(files)
        yield kernel + "-opencv", kernel, decode_opencv(files)
    for kind in "imagenet", "progressive":
        yield "jpeg-decode-" + kind, "jpeg-decode-" + kind, decode_pillow(p.files(kind))
    yield "jpeg-decode-crop-rrc", "jpeg-decode-crop-rrc", Whole("jpeg-decode-crop-whole", builds)
    images, q = p.squares[224], [cv2.IMWRITE_JPEG_QUALITY, 95]
    file, full = "bytes of the file", [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]
    for kernel, sub, more in ("jpeg-encode-224-q95-420", 2, []), ("jpeg-encode-224-q95-444", 0, full):
        yield kernel, kernel, encode_pillow(images, file, "JPEG", quality=95, subsampling=sub)
        yield kernel + "-opencv", kernel, encode_opencv(images, file, ".jpg", q + more)
    kernel = "jpeg-encode-224-q95-420-opt"
    yield kernel, kernel, encode_pillow(images, file, "JPEG", quality=95, subsampling=2, optimize=True)
    yield "png-encode-224", "png-encode-224", encode_pillow(images, "pixels, lossless", "PNG")
    yield "png-encode-224-opencv", "png-encode-224", encode_opencv(images, "pixels, lossless", ".png", [])


class Ours:
    """A build of bench/kernels, as a process that answers requests."""

    def __init__(self, build, program, folder):
        env = dict(os.environ, GOMAXPROCS="1")
        self.build, self.folder = build, folder
        self.process = subprocess.Popen([program, "-serve", folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env)

    def ask(self, request):
        self.process.stdin.write(request + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            sys.exit("kernels.py: the %s build ended at the request %r" % (self.build, request))
        return json.loads(line)

    def time(self, kernel, ms):
        t = self.ask("time %s %d" % (kernel, ms))
        return t["cpu_ns"] / t["images"] / 1e3

    def outputs(self, kernel):
        name = os.path.join(self.folder, "output-" + self.build)
        self.ask("output %s %s" % (kernel, name))
        out = []
        with open(name, "rb") as f:
            while head := f.read(4):
                out.append(f.read(struct.unpack("<I", head)[0]))
        os.remove(name)
        return out


def measure(kernel, peer, builds, a):
    """Returns for each build and for the peer the samples in µs an image, and for each build whether results agree."""
    outputs = [b.outputs(kernel) for b in builds]
    if outputs[0] != outputs[1]:
        sys.exit("kernels.py: %s: the results of the two builds differ" % kernel)
    same, ms = None, a.sample
    if peer:
        same = all([peer.same(i, data) for i, data in enumerate(outputs[0])])
        ms = max(ms, min(150, int(peer.time(0) * peer.n / 1e3)))
    own = isinstance(peer, Whole)
    times = {"asm": [], "noasm": [], "peer": [], "peer of noasm": []}
    for _ in range(a.rounds):
        times["asm"].append(builds[0].time(kernel, ms))
        if peer:
            times["peer"].append(peer.time(ms))
        times["noasm"].append(builds[1].time(kernel, ms))
        if own:
            times["peer of noasm"].append(peer.time(ms, 1))
    if not own:
        times["peer of noasm"] = times["peer"]
    return times, same


def lines_of(name, times, same):
    for build in "asm", "noasm":
        ours, peer = min(times[build]), min(times[{"asm": "peer", "noasm": "peer of noasm"}[build]], default=None)
        yield {
            "kernel": name, "build": build, "ours_us": round(ours, 2), "peer_us": peer and round(peer, 2),
            "ratio": peer and round(peer / ours, 3), "same_bits": same}


def machine():
    cpu = platform.processor()
    try:
        with open("/proc/cpuinfo") as f:
            info = f.read()
        cpu = "%s (family %s, model %s)" % tuple(re.search(r"%s\s*: (.*)" % k, info)[1] for k in ("model name", "cpu family", r"model\b"))
    except (OSError, TypeError):
        pass
    go = subprocess.run(["go", "env", "GOVERSION"], capture_output=True, text=True).stdout.strip()
    return "%s, %d cores, load %.1f; %s; Python %s, NumPy %s, OpenCV %s, Pillow %s; %s" % (
        cpu, os.cpu_count(), os.getloadavg()[0], go, platform.python_version(), np.__version__, cv2.__version__,
        PIL.__version__, datetime.date.today())


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("pictures"), ap.add_argument("asm"), ap.add_argument("noasm")
    ap.add_argument("--rounds", type=int, default=9)
    ap.add_argument("--sample", type=int, default=30, metavar="MS")
    ap.add_argument("--only", default="*", metavar="PATTERN", help="lines to measure: finegrained-*")
    ap.add_argument("--markdown", action="store_true", help="write the table as Markdown")
    a = ap.parse_args()
    p = Pictures(a.pictures)
    builds = [Ours("asm", a.asm, a.pictures), Ours("noasm", a.noasm, a.pictures)]
    print(machine())
    sizes = tuple(p.sizes[kind] / 1e3 for kind in ("found", "420", "imagenet", "progressive"))
    print("images: %s; JPEG files as found: %.0f kB, at quality 95: %.0f, as of ImageNet: %.0f, progressive: %.0f" % (p.source, *sizes))
    print("CPU time an image in µs, one thread, minimum (median) of %d rounds in turns; ×: peer / premix\n" % a.rounds)
    form = "| %s | %s | %s | %s | %s | %s | %s | %s |" if a.markdown else "%-35s %-7s %15s %15s %15s %7s %7s  %s"
    print(form % ("kernel", "peer", "peer µs", "asm µs", "noasm µs", "asm ×", "noasm ×", "same bits"))
    if a.markdown:
        print("|---|---|---|---|---|---|---|---|")
    known = set(builds[0].ask("kernels"))
    results = []
    for name, kernel, peer in comparisons(p, builds):
        known.discard(kernel)
        if isinstance(peer, Whole):
            known.discard(peer.kernel)
        if not fnmatch.fnmatch(name, a.only):
            continue
        times, same = measure(kernel, peer, builds, a)
        us = {k: "%.1f (%.1f)" % (min(v), statistics.median(v)) if v else "" for k, v in times.items()}
        lines = list(lines_of(name, times, same))
        results += lines
        ratio = {line["build"]: "%.2f" % line["ratio"] if peer else "" for line in lines}
        bits = {True: "yes: ", False: "NO: ", None: ""}[same] + (peer.what if peer else "")
        print(form % (name, peer.name if peer else "", us["peer"], us["asm"], us["noasm"], ratio["asm"], ratio["noasm"], bits), flush=True)
    if known:
        sys.exit("kernels.py: nothing to compare these with: %s" % ", ".join(sorted(known)))
    for b in builds:
        b.process.stdin.close()
        b.process.wait()
    print()
    for r in results:
        print(json.dumps(r, ensure_ascii=False))


if __name__ == "__main__":
    main()
