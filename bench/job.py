#!/usr/bin/env python3
"""Runs the whole job with premix and with the Python baseline, in turns. bench/job.sh prepares what it needs and calls it.

    job.py PREMIX FLOOR DATA WORK [--rounds N] [--images N] [--sets A,B] [--engines A,B] [--small N] [--procs N] [--markdown]

PREMIX is the program, FLOOR that of bench/floor, DATA a folder of image folders (DATA/SET/CLASS/*.jpg), WORK an empty folder
to work in.

The job: an ImageFolder becomes SaliencyMix shards. Centre crop 224 of a shorter side of 256, bilinear; fine-grained
saliency; JPEG quality 95 4:2:0; WebDataset. "fresh" finds the peaks first; "cached" has them from the fresh run; "kept" has the
crops too (--keep-crops), and is compared with cached runs of the baseline.
"variants" is a cached run that writes five outputs, one for each of the methods (--variant).
A round is one fresh run of each program, then one cached run of each, one run of premix with variants, one kept run, and the
kernels alone (bench/floor, one process for each of --procs at once). Both programs use every core (--procs).
A set "photos" that DATA does not have is made of all its photographs: 500x375 pixels, quality 95, every second one 4:4:4.
"small" are JPEGs of 32x32 pixels, cut out of the photographs (--small N; 0: none), mixed by premix alone.

The figure is images per CPU-second, user and system time of all processes. Of premix everything counts, from exec to exit;
of the baseline its own count, which leaves out the start of Python and its imports. ratio = premix / baseline.
Medians of the rounds. Resident memory is that of the largest process.
"""
import argparse, datetime, glob, json, os, platform, re, shutil, statistics, subprocess, sys, tarfile, tempfile, time

from variants import FIVE

HERE = os.path.dirname(os.path.abspath(__file__))


def tile(source, target, at_least):
    """Copies the images of an ImageFolder, under several names each, until there are at_least; returns their number."""
    files = sorted(f for f in glob.glob(os.path.join(source, "*", "*")) if f.lower().endswith((".jpg", ".jpeg")))
    if not files:
        return 0
    copies = -(-at_least // len(files))
    for f in files:
        folder = os.path.join(target, os.path.basename(os.path.dirname(f)))
        os.makedirs(folder, exist_ok=True)
        stem, ext = os.path.splitext(os.path.basename(f))
        for k in range(copies):
            shutil.copyfile(f, os.path.join(folder, "%s_%03d%s" % (stem, k, ext)))
    return copies * len(files)


def run(command):
    """Runs a command and returns what it printed and what it cost, with the processes it waited for."""
    start = time.perf_counter()
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        p = subprocess.Popen(command, stdout=out, stderr=err)
        _, status, used = os.wait4(p.pid, 0)
        wall, p.returncode = time.perf_counter() - start, os.waitstatus_to_exitcode(status)
        out.seek(0), err.seek(0)
        if p.returncode != 0:
            sys.exit("job.py: %s\nended with %d\n%s%s" % (" ".join(command), p.returncode, out.read(), err.read()))
        return out.read(), dict(wall=wall, cpu=used.ru_utime + used.ru_stime, sys=used.ru_stime, rss=used.ru_maxrss / 1024)


SMALL = ["--geometry", "pad:4", "--size", "32", "--resize", "none"]
PHOTOS = ["--geometry", "center", "--size", "224", "--resize", "256"]


def run_premix(a, folder, peaks, n, shape):
    out = os.path.join(a.work, "premix-" + peaks)
    cache = os.path.join(a.work, "cache")
    shutil.rmtree(out, ignore_errors=True)
    if peaks == "fresh":
        shutil.rmtree(cache, ignore_errors=True)
    command = [a.premix, "mix", "--in", folder, "--out", out, "--cache", cache, "--encode", "jpeg:95", "--format", "webdataset",
               "--workers", str(a.procs), "--progress", "none"] + shape
    if peaks == "kept":
        run(command + ["--keep-crops"])  # keeps them
        shutil.rmtree(out)
        command.append("--keep-crops")
    outputs = [out]
    if peaks == "variants":
        outputs = [os.path.join(out, m) for m in FIVE]
        for m in FIVE:
            command += ["--variant", "%s:--method %s" % (m, m)]
    _, used = run(command)
    for o in outputs:
        check("premix", o, n)
    return used


def run_floor(a, folder):
    """Returns the CPU time of the kernels of a cached run, seconds an image, while as many work as a job has workers."""
    all = [subprocess.Popen([a.floor, folder], stdout=subprocess.PIPE, text=True) for _ in range(a.procs)]
    said = [json.loads(p.communicate()[0]) for p in all]
    if any(p.returncode for p in all):
        sys.exit("job.py: %s failed" % a.floor)
    return statistics.mean(f["crop_us"] + f["encode_us"] for f in said) / 1e6


def run_baseline(a, engine, folder, peaks, n):
    out = os.path.join(a.work, "%s-%s" % (engine, peaks))
    shutil.rmtree(out, ignore_errors=True)
    command = [sys.executable, os.path.join(HERE, "baseline", "baseline.py"), folder, out, "--procs", str(a.procs), "--engine", engine]
    if peaks == "cached":
        command += ["--cached-peaks", os.path.join(a.work, engine + "-fresh", "peaks.npz")]
    text, used = run(command)
    said = json.loads(text.splitlines()[-1])
    if said["images"] != n:
        sys.exit("job.py: the baseline saw %d images of %d" % (said["images"], n))
    used.update(cpu=said["cpu_s"], wall=said["wall_s"])
    check(engine, out, n)
    return used


def check(name, out, n):
    """Counts the samples of an output."""
    got = 0
    for shard in glob.glob(os.path.join(out, "*.tar")):
        with tarfile.open(shard) as t:
            got += sum(m.name.endswith(".jpg") for m in t)
    if got != n:
        sys.exit("job.py: %s wrote %d samples for %d images" % (name, got, n))


def machine():
    cpu = platform.processor()
    try:
        with open("/proc/cpuinfo") as f:
            info = f.read()
        cpu = "%s (family %s, model %s)" % tuple(re.search(r"%s\s*: (.*)" % k, info)[1] for k in ("model name", "cpu family", r"model\b"))
    except (OSError, TypeError):
        pass
    go = subprocess.run(["go", "env", "GOVERSION"], capture_output=True, text=True).stdout.strip()
    from importlib.metadata import version
    return "%s, %d cores, load %.1f; %s; Python %s, OpenCV %s, Pillow %s, webdataset %s; %s" % (
        cpu, os.cpu_count(), os.getloadavg()[0], go, platform.python_version(), version("opencv-contrib-python-headless"),
        version("pillow"), version("webdataset"), datetime.date.today())


def measure(a, name, folder, n):
    """Yields for fresh, cached and kept peaks the medians of each program."""
    kept, floors = {}, []
    small = name == "small"
    for _ in range(a.rounds):
        for peaks in ("fresh", "cached") if small else ("fresh", "cached", "variants", "kept"):
            for program in ["premix"] + ([] if small or peaks in ("variants", "kept") else a.engines):
                if program == "premix":
                    used = run_premix(a, folder, peaks, n, SMALL if small else PHOTOS)
                else:
                    used = run_baseline(a, program, folder, peaks, n)
                kept.setdefault((peaks, program), []).append(used)
        if not small:
            floors.append(run_floor(a, folder))
    for (peaks, program), runs in kept.items():
        rates = [n / r["cpu"] for r in runs]
        row = dict(
            set=name, images=n, peaks=peaks, program=program, rate=statistics.median(rates), lo=min(rates), hi=max(rates),
            wall=statistics.median(r["wall"] for r in runs), rss=max(r["rss"] for r in runs), sys="", floor=0)
        if program == "premix":
            row["sys"] = "%.0f" % (100 * statistics.median(r["sys"] / r["cpu"] for r in runs))
            if peaks == "cached" and floors:
                row["floor"] = statistics.median(r["cpu"] / n / f for r, f in zip(runs, floors))
        yield row


def draw_photos(a, folder):
    """Cuts pictures of 500x375 pixels out of all photographs of DATA, under several names each; returns their number."""
    from PIL import Image
    files = sorted(glob.glob(os.path.join(a.data, "*", "*", "*.jpg")))
    if not files:
        return 0
    one = os.path.join(a.work, "cut")
    for i, path in enumerate(files):
        with Image.open(path) as picture:
            picture = picture.convert("RGB")
        scale = max(500 / picture.width, 375 / picture.height)
        picture = picture.resize((round(picture.width * scale) + 1, round(picture.height * scale) + 1), Image.LANCZOS).crop((0, 0, 500, 375))
        os.makedirs(os.path.join(one, "c%d" % (i % 10)), exist_ok=True)
        picture.save(os.path.join(one, "c%d" % (i % 10), "%05d.jpg" % i), quality=95, subsampling=0 if i % 2 else 2)
    n = tile(one, folder, a.images)
    shutil.rmtree(one)
    return n


def draw_small(a, folder):
    """Makes JPEGs of 32x32 pixels in ten classes."""
    import numpy as np
    from PIL import Image
    sys.path.insert(0, HERE)
    import small
    pictures = small.windows(os.path.join(a.data, a.sets.split(",")[0]), 32, 1)
    for i in range(a.small):
        os.makedirs(os.path.join(folder, "c%d" % (i % 10)), exist_ok=True)
        Image.fromarray(next(pictures)).save(os.path.join(folder, "c%d" % (i % 10), "%06d.jpg" % i), quality=95)
    return a.small


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("premix"), ap.add_argument("floor"), ap.add_argument("data"), ap.add_argument("work")
    ap.add_argument("--rounds", type=int, default=3)
    ap.add_argument("--images", type=int, default=2000, help="at least so many in each set")
    ap.add_argument("--sets", default="flowers,objects")
    ap.add_argument("--engines", default="pillow,cv2")
    ap.add_argument("--small", type=int, default=50000, help="so many pictures of 32x32")
    ap.add_argument("--procs", type=int, default=os.cpu_count())
    ap.add_argument("--markdown", action="store_true", help="write the table as Markdown")
    a = ap.parse_args()
    a.engines = a.engines.split(",")
    print(machine())
    print("medians of %d rounds in turns, %d processes or workers; ×: premix / baseline\n" % (a.rounds, a.procs))
    form = "| %s | %s | %s | %s | %s | %s | %s | %s | %s | %s |" if a.markdown else "%-10s %6s  %-8s %-8s %21s %-11s %6s %6s %7s %7s"
    print(form % ("set", "images", "peaks", "program", "images per CPU-second", "range", "×", "sys %", "wall s", "RSS MB"))
    if a.markdown:
        print("|---|---|---|---|---|---|---|---|---|---|")
    results = []
    for name in a.sets.split(",") + (["small"] if a.small else []):
        folder = os.path.join(a.work, name)
        if name == "small":
            n = draw_small(a, folder)
        elif name == "photos" and not os.path.isdir(os.path.join(a.data, name)):
            n = draw_photos(a, folder)
        else:
            n = tile(os.path.join(a.data, name), folder, a.images)
        if n == 0:
            print("job.py: no photographs in %s: images are drawn" % os.path.join(a.data, name), file=sys.stderr)
            n = draw(a, folder)
            name = "drawn"
        rows = list(measure(a, name, folder, n))
        for peaks in "fresh", "cached", "variants", "kept":
            ours = [r for r in rows if r["peaks"] == peaks and r["program"] == "premix"]
            theirs = [r for r in rows if r["peaks"] == ("cached" if peaks == "kept" else peaks) and r["program"] != "premix"]
            for r in ours + theirs:
                ratio = "" if r in ours else "%.2f" % (ours[0]["rate"] / r["rate"])
                print(form % (r["set"], r["images"], r["peaks"], r["program"], "%.0f" % r["rate"], "%.0f–%.0f" % (r["lo"], r["hi"]), ratio,
                              r["sys"], "%.1f" % r["wall"], "%.0f" % r["rss"]), flush=True)
                if r not in ours:
                    results.append({
                        "set": r["set"], "images": n, "peaks": peaks, "engine": r["program"], "ours_images_per_cpu_s": round(ours[0]["rate"], 1),
                        "peer_images_per_cpu_s": round(r["rate"], 1), "ratio": round(ours[0]["rate"] / r["rate"], 3)})
            if peaks == "variants" and ours:
                cached = next(r for r in rows if r["peaks"] == "cached" and r["program"] == "premix")
                results.append({"set": name, "images": n, "peaks": peaks, "five_over_one": round(cached["rate"] / ours[0]["rate"], 3)})
            if ours and ours[0]["floor"]:
                results.append({"set": name, "images": n, "peaks": peaks, "cpu_over_kernels": round(ours[0]["floor"], 3)})
        shutil.rmtree(folder)
        if name == "drawn":
            break
    print()
    for r in results:
        print(json.dumps(r))


def draw(a, folder):
    """Draws a data set and keeps what the baseline can read: the JPEG files."""
    run([a.premix, "synth", "--out", folder, "--images", str(a.images)])
    n = 0
    for f in glob.glob(os.path.join(folder, "*", "*")):
        with open(f, "rb") as s:
            jpeg = s.read(2) == b"\xff\xd8"
        if jpeg and f.endswith((".jpg", ".jpeg")):
            n += 1
        else:
            os.remove(f)
    return n


if __name__ == "__main__":
    main()
