"""What a sample costs in a PyTorch loader, in CPU time: premix_shards.torch, mixed shards, and torchvision's RandomResizedCrop + CutMix.

    PYTHONPATH=python bench/loader.py DATA PREMIX [--rounds N] [--passes N] [--size 224] [--batch 64]
    PYTHONPATH=python bench/loader.py --rows IMAGES REPLICAS [--only plan|peaks] [--work DIR]

The first form: DATA has SET/CLASS/*.jpg; of objects, whose photographs are larger than ImageNet's, a third set has the longer side
500, JPEG of quality 92. Each way reads the same photographs by the same DataLoader, with one worker; all give uint8 batches and
dense labels. The figure is samples a second of CPU time of loader and worker together, the best of --rounds, which take turns;
a round is --passes epochs after one that is not counted. Prints a table.

The second form: memory and start with the drawn plan and peaks of so many images and replicas. One replica of the plan is
written and converted, for the others its files are links, and the mapped files copies; peaks are written and converted for all replicas.
Prints a table. 1281167 90 takes 5 minutes of CPU time and 8 GB of disk for the peaks, and 8 GB for the plan.
"""
import argparse
import glob
import io
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time

os.environ["OMP_NUM_THREADS"] = "1"
import numpy as np
import torch
from torch.utils.data import DataLoader

torch.set_num_threads(1)


def cpu():
    return sum(u.ru_utime + u.ru_stime for u in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))


def of_process(pid):
    """CPU seconds of a process that lives."""
    with open(f"/proc/{pid}/stat") as f:
        fields = f.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def ways(root, out, cache, shards, maps, size, batch):
    """Names, and functions that return a loader and what to call before an epoch."""
    from PIL import Image
    from torch.utils.data import default_collate
    from torchvision import datasets
    from torchvision.transforms import v2
    from wids.wids import IndexedTarSamples

    from premix_shards.torch import PeaksDataset, PlannedDataset, PlanOrderSampler, SaliencyMixCollate

    classes = len([d for d in os.listdir(root) if os.path.isdir(os.path.join(root, d))])
    common = {"batch_size": batch, "num_workers": 1, "persistent_workers": True}

    def torchvision():
        crop = v2.Compose([v2.RandomResizedCrop(size), v2.RandomHorizontalFlip(), v2.PILToTensor()])
        cutmix = v2.CutMix(num_classes=classes)
        return DataLoader(datasets.ImageFolder(root, crop), shuffle=True, collate_fn=lambda items: cutmix(*default_collate(items)), **common), lambda e: None

    def collate():
        data = PeaksDataset(cache, root, maps=maps)
        return DataLoader(data, shuffle=True, collate_fn=SaliencyMixCollate(classes=classes), **common), data.set_epoch

    def planned(order):
        def make():
            data = PlannedDataset(out, root, soft=True, cache=maps)
            sampler = PlanOrderSampler(data) if order == "plan" else torch.utils.data.RandomSampler(data)
            return DataLoader(data, sampler=sampler, **common), data.set_epoch
        return make

    class Mixed(torch.utils.data.Dataset):
        """The samples of local shards, by wids's table of each tar."""

        def __init__(self):
            paths = sorted(glob.glob(os.path.join(shards, "premix-train-*.tar")))
            self.samples = [(s, i) for s in (IndexedTarSamples(path=path) for path in paths) for i in range(len(s))]

        def __len__(self):
            return len(self.samples)

        def __getitem__(self, i):
            shard, i = self.samples[i]
            sample = shard[i]
            image = np.array(Image.open(io.BytesIO(sample[".jpg"].read())))
            return torch.from_numpy(image).permute(2, 0, 1).contiguous(), torch.from_numpy(np.load(io.BytesIO(sample[".soft.npy"].read())))

    def mixed():
        return DataLoader(Mixed(), shuffle=True, **common), lambda e: None

    return {"torchvision, RandomResizedCrop + CutMix": torchvision, "PeaksDataset + SaliencyMixCollate": collate,
            "PlannedDataset, order of the plan": planned("plan"), "PlannedDataset, random order": planned("random"), "mixed shards (jpeg:95), wids": mixed}


def rate(make, passes):
    loader, set_epoch = make()
    n = 0
    for epoch in range(passes + 1):
        if epoch == 1:
            worker = loader._iterator._workers[0].pid
            began = cpu() + of_process(worker)
        set_epoch(epoch)
        for b in loader:
            first = b["image"] if isinstance(b, dict) else b[0]
            assert first.dtype == torch.uint8
            n += len(first) if epoch else 0
    return n / (cpu() + of_process(worker) - began)


def prices(args):
    from PIL import Image

    with tempfile.TemporaryDirectory(prefix="premix-loader-", dir=args.work) as work:
        sets = {"flowers": os.path.join(args.data, "flowers"), "objects": os.path.join(args.data, "objects"), "objects-500": os.path.join(work, "objects-500")}
        for path in glob.glob(os.path.join(sets["objects"], "*", "*.jp*g")):
            to = os.path.join(sets["objects-500"], os.path.relpath(path, sets["objects"]))
            os.makedirs(os.path.dirname(to), exist_ok=True)
            im = Image.open(path).convert("RGB")
            im.thumbnail((500, 500), Image.LANCZOS)
            im.save(to, quality=92)
        print("| photographs | | " + " | ".join(["samples a CPU-second", "of torchvision"]) + " |\n|---|---|---|---|")
        for name, root in sets.items():
            out, shards, cache = (os.path.join(work, name + "-" + kind) for kind in ("plan", "shards", "cache"))
            def run(*more):
                subprocess.run([args.premix, "mix", "--in", root, "--cache", cache, "--size", str(args.size), "--progress", "none", "--truncated", "accept", "--max-bad", "10%", *more], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            run("--replicas", "3", "--plan-only", "--out", out)
            run("--label-form", "dense", "--out", shards)
            fingerprint = os.path.dirname(glob.glob(os.path.join(cache, "*", "fingerprint.json"))[0])
            best = {}
            makes = ways(root, out, fingerprint, shards, os.path.join(work, "maps"), args.size, args.batch)
            for _ in range(args.rounds):
                for way, make in makes.items():
                    best[way] = max(best.get(way, 0), rate(make, args.passes))
            base = next(iter(best.values()))
            for i, (way, value) in enumerate(best.items()):
                print(f"| {name if not i else ''} | {way} | {value:.0f} | {value / base:.2f} |", flush=True)


def memory(pid):
    """Resident and proportional MB of a process: the second counts pages that k processes share as 1/k."""
    with open(f"/proc/{pid}/smaps_rollup") as f:
        sizes = dict(line.split(":") for line in f.read().splitlines()[1:])
    return int(sizes["Rss"].split()[0]) / 1024, int(sizes["Pss"].split()[0]) / 1024


def drawn_plan(out, n, replicas, shards):
    """Writes the plan of one replica as premix does, and links for the others."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    plan = os.path.join(out, "__premix__", "train", "plan")
    os.makedirs(plan)
    recipe = {"size": "224", "resize": 0, "geometry": "rrc", "interpolation": "bilinear", "exif": "ignore", "truncated": "fail", "smoothing": 0.0}
    with open(os.path.join(out, "__premix__", "train", "config.json"), "w") as f:
        json.dump({"fingerprint": "0" * 64, "recipe": recipe, "output": {"name": "premix", "split": "train", "size": [224, 224], "shards": shards, "classes": {"count": 1000}}}, f)
    rng = np.random.default_rng(0)
    digest = pa.array([i.to_bytes(16, "big") for i in range(n)], pa.binary(16))
    order = rng.permutation(n)
    name = np.array([f"n{1440764 + i * 7919 % 1000:08d}/n{1440764 + i * 7919 % 1000:08d}_{i}.JPEG" for i in range(n)])
    length, crops = rng.integers(20000, 300000, n), np.stack([rng.integers(0, 200, n), rng.integers(0, 200, n), rng.integers(50, 300, n), rng.integers(50, 300, n)], 1).astype(float)
    ints = pa.list_(pa.field("element", pa.int32(), False))
    for shard in range(shards):
        first, end = -(-n * shard // shards), -(-n * (shard + 1) // shards)
        at = order[first:end]
        k = len(at)
        boxes = np.sort(rng.integers(0, 225, (k, 2, 2)), 1).reshape(k, 4).astype(np.int32)
        box = pa.array(boxes.tolist(), ints)
        columns = {"key": [f"r000-{p:09d}" for p in range(first, end)], "replica": pa.array(np.zeros(k, np.int32)), "shard": np.full(k, shard), "index": np.arange(k),
                   "method": ["saliencymix"] * k, "lam": rng.random(k), "box": box, "src_box": box}
        for which, i in (("target", at), ("source", np.roll(at, -1))):
            columns.update({which + "_name": name[i], which + "_offset": np.zeros(k, np.int64), which + "_length": length[i], which + "_label": (i % 1000).astype(np.int32), which + "_digest": digest.take(pa.array(i)),
                            which + "_flip": i % 2 == 0, **{f"{which}_crop_{c}": crops[i, j] for j, c in enumerate("xywh")}})
        path = os.path.join(plan, f"premix-train-r000-{shard:06d}.parquet")
        pq.write_table(pa.table(columns), path, compression="zstd")
        for r in range(1, replicas):
            os.link(path, path.replace("r000", f"r{r:03d}"))


def drawn_cache(place, n, replicas, chunk=1000):
    """Writes peaks as premix does, for all replicas."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    os.makedirs(place)
    with open(os.path.join(place, "fingerprint.json"), "w") as f:
        json.dump({"size": "224", "resize": 0, "geometry": "rrc", "interpolation": "bilinear", "exif": "ignore", "truncated": "fail", "detector": "finegrained"}, f)
    rng = np.random.default_rng(0)
    for c, first in enumerate(range(0, n, chunk)):
        i = np.repeat(np.arange(first, min(first + chunk, n)), replicas)
        k, container = len(i), f"n{c:08d}"
        numbers = {"replica": np.tile(np.arange(replicas, dtype=np.int32), k // replicas), "offset": np.zeros(k, np.int64), "length": i % 100000 + 9000, "label": np.full(k, -1, np.int32),
                   "flip": rng.random(k) < 0.5, "flat": np.zeros(k, bool)}
        numbers.update({v: rng.integers(0, 224, k).astype(np.int32) for v in ("peak_row", "peak_col")})
        numbers.update({v: rng.integers(1, 300, k).astype(float) for v in ("crop_x", "crop_y", "crop_w", "crop_h")})
        each = pa.array(np.repeat(np.arange(k // replicas), replicas))
        texts = {"name": pa.array([f"{container}/{container}_{g}.JPEG" for g in i[::replicas]]).take(each), "digest": pa.array([f"{g:032x}" for g in i[::replicas]]).take(each),
                 "class": pa.array([container] * k), "failure_stage": pa.array([""] * k), "failure_kind": pa.array([""] * k)}
        t = pa.table({**numbers, **texts}).replace_schema_metadata({"premix": json.dumps({"container": container})})
        pq.write_table(t, os.path.join(place, f"{c:032x}-{0:032x}.r0-{replicas - 1}.parquet"), compression="zstd")


class Blank(torch.utils.data.Dataset):
    """A data set whose pictures cost nothing, but whose rows are read."""

    def __init__(self, data):
        self.data = data
        if hasattr(data, "_cropper"):
            blank, cropper = np.zeros((224, 224, 3), np.uint8), data._cropper
            data._images.read = lambda *at: b""
            data._cropper = lambda *at: blank
            data._cropper.h, data._cropper.w = cropper.h, cropper.w

    def __len__(self):
        return len(self.data)

    def __getitem__(self, i):
        self.data[i]
        return 0


SCALE = """
import json, sys, time
sys.path.insert(0, {bench!r})
import loader, torch, resource
from premix_shards.torch import PeaksDataset, PlannedDataset
began = time.perf_counter()
data = {made}
data.set_epoch({epoch})
first = time.perf_counter() - began
blank = loader.Blank(data)
batches = torch.utils.data.DataLoader(blank, 256, shuffle=True, num_workers=2, persistent_workers=True)
it = iter(batches)
next(it)
start = time.perf_counter() - began
most = [0, 0]
for k, b in enumerate(it):
    if k % 500 == 0 or k > len(batches) - 8:
        for w in it._workers:
            most = [max(a, b) for a, b in zip(most, loader.memory(w.pid))]
print(json.dumps([first, start, *most, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))
"""


def scale(args):
    n, replicas = args.rows
    with tempfile.TemporaryDirectory(prefix="premix-loader-", dir=args.work) as work:
        out, place, maps = (os.path.join(work, d) for d in ("out", "cache", "maps"))

        def row(name, made, epoch):
            text = SCALE.format(bench=os.path.dirname(os.path.abspath(__file__)), made=made, epoch=epoch)
            first, start, rss, pss, main = json.loads(subprocess.run([sys.executable, "-c", text], check=True, stdout=subprocess.PIPE).stdout)
            print(f"| {name} | {first:.1f} | {start:.1f} | {rss:.0f} | {pss:.0f} | {main:.0f} |", flush=True)

        print("| | s to the data set | s to the first batch | MB of a worker, resident | proportional | MB of the main process |\n|---|---|---|---|---|---|")
        row("an empty loader of 2 workers", "loader.Empty()", 0)
        if args.only != "peaks":
            scale_plan(row, out, maps, work, n, replicas)
        if args.only != "plan":
            scale_peaks(row, place, maps, work, n, replicas)


def scale_plan(row, out, maps, work, n, replicas):
    from premix_shards.torch._plan import Plan

    drawn_plan(out, n, replicas, 1024)
    made = f"PlannedDataset({out!r}, {work!r}, cache={maps!r})"
    row("plan, converted at the first start", made, 0)
    mapped, = glob.glob(os.path.join(maps, "plan-*", "r000-*.npy"))
    plan = Plan(out, "train", maps)
    with open(plan._about) as f:
        about = json.load(f)
    for r in plan.replicas[1:]:
        to = plan._path(r, plan._stamp(r))
        shutil.copy(mapped, to)
        about["keys"][str(r)] = [f"r{r:03d}-", 9]
        about["sums"][os.path.basename(to)] = about["sums"][os.path.basename(mapped)]
    plan._say(about)
    row(f"plan of {replicas} replicas, converted before", made, replicas - 1)
    shutil.rmtree(out)
    shutil.rmtree(maps)


def scale_peaks(row, place, maps, work, n, replicas):
    drawn_cache(place, n, replicas)
    made = f"PeaksDataset({place!r}, {work!r}, maps={maps!r})"
    row(f"peaks of {replicas} replicas, converted at the first start", made, 0)
    row(f"peaks of {replicas} replicas, converted before", made, replicas - 1)


class Empty:
    """A data set without rows: what PyTorch itself takes."""

    def set_epoch(self, epoch):
        pass

    def __len__(self):
        return 100_000

    def __getitem__(self, i):
        return 0


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("data", nargs="?")
    p.add_argument("premix", nargs="?")
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--passes", type=int, default=3)
    p.add_argument("--size", type=int, default=224)
    p.add_argument("--batch", type=int, default=64)
    p.add_argument("--rows", type=int, nargs=2, metavar=("IMAGES", "REPLICAS"))
    p.add_argument("--only", choices=("plan", "peaks"))
    p.add_argument("--work")
    args = p.parse_args()
    if args.rows:
        scale(args)
    elif args.premix:
        prices(args)
    else:
        p.error("DATA and PREMIX, or --rows")


if __name__ == "__main__":
    main()
