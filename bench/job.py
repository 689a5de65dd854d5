#!/usr/bin/env python3
"""Runs the whole job with premix and with the Python baseline, in turns. bench/job.sh prepares what it needs and calls it.

    job.py PREMIX DATA WORK [--rounds N] [--images N] [--sets A,B] [--engines A,B] [--procs N] [--markdown]

PREMIX is the program, DATA a folder of image folders (DATA/SET/CLASS/*.jpg), WORK an empty folder to work in.

The job: an ImageFolder becomes SaliencyMix shards. Centre crop 224 of a shorter side of 256, bilinear; fine-grained
saliency; JPEG quality 95 4:2:0; WebDataset. "fresh" finds the peaks first; "cached" has them from the fresh run.
A round is one fresh run of each program, then one cached run of each. Both use every core (--procs).

The figure is images per CPU-second, user and system time of all processes. Of premix everything counts, from exec to exit;
of the baseline its own count, which leaves out the start of Python and its imports. ratio = premix / baseline.
Medians of the rounds. Resident memory is that of the largest process.
"""
import argparse, datetime, glob, json, os, platform, re, shutil, statistics, subprocess, sys, tarfile, tempfile, time

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
        return out.read(), dict(wall=wall, cpu=used.ru_utime + used.ru_stime, rss=used.ru_maxrss / 1024)


def run_premix(a, folder, peaks, n):
    out = os.path.join(a.work, "premix-" + peaks)
    cache = os.path.join(a.work, "cache")
    shutil.rmtree(out, ignore_errors=True)
    if peaks == "fresh":
        shutil.rmtree(cache, ignore_errors=True)
    _, used = run([
        a.premix, "mix", "--in", folder, "--out", out, "--cache", cache, "--geometry", "center", "--size", "224", "--resize", "256",
        "--encode", "jpeg:95", "--format", "webdataset", "--workers", str(a.procs), "--progress", "none"])
    check("premix", out, n)
    return used


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
    """Yields for fresh and cached peaks the medians of each program."""
    kept = {}
    for _ in range(a.rounds):
        for peaks in "fresh", "cached":
            for program in ["premix"] + a.engines:
                if program == "premix":
                    used = run_premix(a, folder, peaks, n)
                else:
                    used = run_baseline(a, program, folder, peaks, n)
                kept.setdefault((peaks, program), []).append(used)
    for (peaks, program), runs in kept.items():
        rates = [n / r["cpu"] for r in runs]
        yield dict(
            set=name, images=n, peaks=peaks, program=program, rate=statistics.median(rates), lo=min(rates), hi=max(rates),
            wall=statistics.median(r["wall"] for r in runs), rss=max(r["rss"] for r in runs))


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("premix"), ap.add_argument("data"), ap.add_argument("work")
    ap.add_argument("--rounds", type=int, default=3)
    ap.add_argument("--images", type=int, default=2000, help="at least so many in each set")
    ap.add_argument("--sets", default="flowers,objects")
    ap.add_argument("--engines", default="pillow,cv2")
    ap.add_argument("--procs", type=int, default=os.cpu_count())
    ap.add_argument("--markdown", action="store_true", help="write the table as Markdown")
    a = ap.parse_args()
    a.engines = a.engines.split(",")
    print(machine())
    print("medians of %d rounds in turns, %d processes or workers; ×: premix / baseline\n" % (a.rounds, a.procs))
    form = "| %s | %s | %s | %s | %s | %s | %s | %s | %s |" if a.markdown else "%-10s %6s  %-7s %-8s %21s %-9s %6s %7s %7s"
    print(form % ("set", "images", "peaks", "program", "images per CPU-second", "range", "×", "wall s", "RSS MB"))
    if a.markdown:
        print("|---|---|---|---|---|---|---|---|---|")
    results = []
    for name in a.sets.split(","):
        folder = os.path.join(a.work, name)
        n = tile(os.path.join(a.data, name), folder, a.images)
        if n == 0:
            print("job.py: no photographs in %s: images are drawn" % os.path.join(a.data, name), file=sys.stderr)
            n = draw(a, folder)
            name = "drawn"
        rows = list(measure(a, name, folder, n))
        for peaks in "fresh", "cached":
            ours, *theirs = [r for r in rows if r["peaks"] == peaks]
            for r in [ours] + theirs:
                ratio = "" if r is ours else "%.2f" % (ours["rate"] / r["rate"])
                print(form % (r["set"], r["images"], peaks, r["program"], "%.0f" % r["rate"], "%.0f–%.0f" % (r["lo"], r["hi"]), ratio,
                              "%.1f" % r["wall"], "%.0f" % r["rss"]), flush=True)
                if r is not ours:
                    results.append({
                        "set": r["set"], "images": n, "peaks": peaks, "engine": r["program"], "ours_images_per_cpu_s": round(ours["rate"], 1),
                        "peer_images_per_cpu_s": round(r["rate"], 1), "ratio": round(ours["rate"] / r["rate"], 3)})
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
