"""The runs and the table of variants.sh, which says what they are."""

import argparse
import filecmp
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys

LAMBDAS = [0.9999, 0.9995, 0.999, 0.998, 0.997]
FIVE = ["none", "cutmix", "mixup", "resizemix", "saliencymix"]


def photographs(folder, images, to):
    """Copies photographs under new names until there are enough of them."""
    files = sorted(p for p in folder.glob("*/*") if p.suffix.lower() in (".jpg", ".jpeg"))
    if not files:
        sys.exit(f"{folder}: no class folders with photographs")
    for i in range(images):
        p = files[i % len(files)]
        place = to / p.parent.name
        place.mkdir(parents=True, exist_ok=True)
        shutil.copy(p, place / f"{i // len(files)}-{p.name}")


class Bench:
    def __init__(self, program, data, work):
        self.base = [program, "mix", "--in", str(data), "--cache", str(work / "cache"), "--shards", "32", "--progress", "none"]
        self.work = work

    def run(self, *flags):
        """Runs premix and returns its user and system seconds."""
        child = subprocess.Popen([*self.base, *flags], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        message = child.stderr.read()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            sys.exit(f"{flags}: {message.decode()}")
        return usage.ru_utime, usage.ru_stime

    def clear(self, out):
        shutil.rmtree(self.work / out, ignore_errors=True)
        return str(self.work / out)

    def one(self):
        return self.run("--out", self.clear("one"))

    def five(self):
        return self.run("--out", self.clear("five"), *(w for m in FIVE for w in ("--variant", f"{m}:--method {m}")))

    def separate(self):
        self.clear("separate")
        runs = [self.run("--out", str(self.work / "separate" / m), "--method", m) for m in FIVE]
        return tuple(map(sum, zip(*runs)))

    def plain(self, n):
        """Variants whose crops are as they are, but for a box of 2 to 12 pixels: no two are alike, so each is encoded."""
        flags = (w for i in range(n) for w in ("--variant", f"v{i}:--method cutout --lambda {LAMBDAS[i]}"))
        return self.run("--out", self.clear("plain"), *flags)

    def plain_one(self):
        return self.plain(1)

    def plain_five(self):
        return self.plain(5)

    def same(self):
        """Wants the shards of the variants to be those of the separate runs."""
        shards = 0
        for m in FIVE:
            for shard in sorted((self.work / "five" / m).glob("*.tar")):
                shards += 1
                if not filecmp.cmp(shard, self.work / "separate" / m / shard.name, shallow=False):
                    sys.exit(f"{shard} differs from that of a run of its own")
        if shards != 5 * 32:
            sys.exit(f"{shards} shards were compared")


def main():
    p = argparse.ArgumentParser()
    p.add_argument("program")
    p.add_argument("data", type=pathlib.Path)
    p.add_argument("work", type=pathlib.Path)
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--images", type=int, default=2000)
    p.add_argument("--sets", default="flowers,objects")
    p.add_argument("--markdown", action="store_true")
    o = p.parse_args()
    if o.markdown:
        print("| set | one run | five variants | × one | five runs | × one | four times encode and write | five variants / (one run + that) | system |")
        print("|---|---|---|---|---|---|---|---|---|")
    for name in o.sets.split(","):
        work = o.work / name
        photographs(o.data / name, o.images, work / "in")
        b = Bench(o.program, work / "in", work)
        b.one()  # fills the cache
        kinds = [b.one, b.five, b.separate, b.plain_one, b.plain_five]
        seconds = {k.__name__: [] for k in kinds}
        system = {k.__name__: [] for k in kinds}
        for _ in range(o.rounds):
            for kind in kinds:
                user, kernel = kind()
                seconds[kind.__name__].append(user + kernel)
                system[kind.__name__].append(kernel)
        b.same()
        one, five, separate, less, more = (1000 * statistics.median(seconds[k.__name__]) / o.images for k in kinds)
        share = sum(system["five"]) / sum(seconds["five"])
        row = {
            "set": name, "images": o.images, "one_ms": one, "five_ms": five, "five": five / one, "separate_ms": separate,
            "separate": separate / one, "encode_and_write_ms": more - less, "bound": five / (one + more - less), "system": share,
        }
        if o.markdown:
            print(f"| {name} | {one:.2f} | {five:.2f} | {five / one:.2f} | {separate:.2f} | {separate / one:.2f} | {more - less:.2f} | {row['bound']:.2f} | {share:.0%} |")
        else:
            print(json.dumps({k: round(v, 3) if isinstance(v, float) else v for k, v in row.items()}))
        sys.stdout.flush()
        shutil.rmtree(work)


if __name__ == "__main__":
    main()
