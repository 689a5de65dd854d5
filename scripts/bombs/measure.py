"""Makes pictures that cost far more than their bytes, one after the other, and measures what premix takes for each.

    measure.py PREMIX [--max-memory 1GiB] [--only PATTERN] [--list] [--keep DIR]

A bomb lies among two small good pictures, and `premix pack` runs over the three. One line each says the seconds and the
MiB that the process took, and what became of the bomb. The exit code is 1 if one took more than ten seconds, more memory
than --max-memory and 200 MiB, or ended otherwise than with an output, or with a refusal that names --max-memory. A bomb is a function of one of the modules below,
whose name begins with the kind; it returns bytes, or parts of them one after the other.
"""

import argparse
import fnmatch
import json
import os
import pathlib
import shutil
import sys
import tempfile
import time

import bmp
import gif
import pnm
import png
import tiff
import webp

MODULES = [png, gif, tiff, webp, bmp, pnm]
SECONDS, SLACK = 10, 200 << 20
UNITS = {"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}


def bombs():
    for module in MODULES:
        for name, f in vars(module).items():
            if name.startswith(module.__name__ + "_") and callable(f):
                yield name, f


def bytes_of(text):
    for unit, n in UNITS.items():
        if text.endswith(unit):
            return int(text.removesuffix(unit)) * n
    return int(text)


def write(path, content):
    with open(path, "wb") as out:
        for part in [content] if isinstance(content, bytes) else content:
            out.write(part)


def make(path, f):
    """Writes a bomb in a process of its own: a child's memory begins with that of its parent."""
    pid = os.fork()
    if pid == 0:
        try:
            write(path, f())
            os._exit(0)
        finally:
            os._exit(1)
    if os.waitpid(pid, 0)[1]:
        sys.exit("%s: the bomb could not be made" % path.name)


def run(premix, work, memory):
    """Runs premix over work/in and returns seconds, bytes, the exit code and what it said."""
    out = work / "out"
    command = [premix, "pack", "--in", work / "in", "--out", out, "--size", "32", "--max-bad", "100%", "--cache", "none", "--max-memory", memory]
    started = time.monotonic()
    with open(work / "err", "w+b") as err:
        pid = os.posix_spawn(premix, list(map(str, command)), {**os.environ}, file_actions=[(os.POSIX_SPAWN_DUP2, err.fileno(), 2), (os.POSIX_SPAWN_DUP2, err.fileno(), 1)])
        try:
            _, status, usage = os.wait4(pid, 0)
        except BaseException:
            os.kill(pid, 9)
            raise
        err.seek(0)
        said = err.read().decode()
    return time.monotonic() - started, usage.ru_maxrss << 10, os.waitstatus_to_exitcode(status), said


def fate(work, said):
    """Says what became of the bomb: the reason of its failure, or that it was read."""
    for path in (work / "out").rglob("failures.jsonl"):
        for line in path.read_text().splitlines():
            row = json.loads(line)
            return "%s: %s" % (row["kind"], row["reason"])
    return said.strip().splitlines()[-1] if "--max-memory" in said else "read"


def main():
    p = argparse.ArgumentParser(usage=__doc__)
    p.add_argument("premix")
    p.add_argument("--max-memory", default="1GiB")
    p.add_argument("--only", default="*")
    p.add_argument("--list", action="store_true")
    p.add_argument("--keep", type=pathlib.Path)
    o = p.parse_args()
    chosen = [(n, f) for n, f in bombs() if fnmatch.fnmatch(n, o.only)]
    if o.list:
        print(*(n for n, _ in chosen), "%d bombs" % len(chosen), sep="\n")
        return
    premix, limit, bad = os.path.abspath(o.premix), bytes_of(o.max_memory), []
    for name, f in chosen:
        with tempfile.TemporaryDirectory() as tmp:
            work = pathlib.Path(tmp)
            (work / "in" / "c").mkdir(parents=True)
            for i in range(2):
                write(work / "in" / "c" / ("good%d.png" % i), png.small(i))
            bomb = work / "in" / "c" / ("bomb." + name.split("_")[0])
            make(bomb, f)
            if o.keep:
                o.keep.mkdir(parents=True, exist_ok=True)
                shutil.copy(bomb, o.keep / (name + bomb.suffix))
            seconds, memory, code, said = run(premix, work, o.max_memory)
            wrong = [w for w, is_so in (
                ("slow", seconds > SECONDS), ("large", memory > limit + SLACK), ("exit code %d: %s" % (code, said[-300:]), code not in (0, 3) and "--max-memory" not in said),
            ) if is_so]
            print("%-28s %9d bytes %6.2f s %6d MiB  %s%s" % (name, bomb.stat().st_size, seconds, memory >> 20, fate(work, said)[:200], "".join("  !! " + w for w in wrong)), flush=True)
            bad += [name] * bool(wrong)
    print("%d bombs, %d too expensive%s" % (len(chosen), len(bad), ": " + ", ".join(bad) if bad else ""))
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
