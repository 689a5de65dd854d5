"""Reads by premix_shards.torch as trainings do: ranks, workers, killed runs, damaged files.

usage: loader_check.py WORK OUT IN CACHE/FINGERPRINT      (OUT of three replicas, saliencymix alone, in WORK/formats the
same in every format, in WORK/anew the same of another seed; PYTHONPATH has premix_shards)

Each check is a function; prints one line of JSON with the names of those that passed, and ends with the first that fails.
"""
import collections
import contextlib
import errno
import glob
import hashlib
import io
import json
import multiprocessing
import os
import pickle
import shutil
import sys
import time
import warnings

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch
import torch.distributed as dist
import xxhash
from PIL import Image, ImageFile
from torch.utils.data import BatchSampler, DataLoader, DistributedSampler

import premix_shards.torch as pt
from premix_shards.torch import PeaksDataset, PlannedDataset, PlanOrderSampler, SaliencyMixCollate, SkipBatches
from premix_shards.torch import _images, _plan, _tables
from premix_shards.torch._images import Images
from premix_shards.torch._pixels import Cropper

RANKS, WORKERS, BATCH = 3, 2, 4
forked = multiprocessing.get_context("fork")  # without a second import of torch


def keys(batches):
    return [key for b in batches for key in b["key"]]


def rank_of(rank, store, maps, out, root):
    """One rank: what each order reads in three epochs by one loader whose workers live on."""
    dist.init_process_group("gloo", init_method=f"file://{store}/meet", rank=rank, world_size=RANKS)
    data, read = PlannedDataset(out, root, cache=maps), {}
    for name, sampler in (("distributed", DistributedSampler(data, seed=5)), ("plan", PlanOrderSampler(data, pad=False)),
                          ("padded", PlanOrderSampler(data)), ("blocks", PlanOrderSampler(data, pad=False, block=3, seed=5))):
        batches = DataLoader(data, BATCH, sampler=sampler, num_workers=WORKERS, persistent_workers=True)
        read[name] = []
        for epoch in range(3):
            data.set_epoch(epoch)
            sampler.set_epoch(epoch)
            read[name].append(keys(batches))
    with open(os.path.join(store, f"{rank}.json"), "w") as f:
        json.dump(read, f)
    dist.destroy_process_group()


def check_ranks(work, out, root, cache):
    """Three ranks of two workers, 41 samples: each once an epoch; DistributedSampler repeats as many as it must."""
    store, maps = os.path.join(work, "ranks"), os.path.join(work, "maps of ranks")
    os.makedirs(store)
    ranks = [forked.Process(target=rank_of, args=(r, store, maps, out, root)) for r in range(RANKS)]
    for r in ranks:
        r.start()
    for r in ranks:
        r.join()
        assert r.exitcode == 0, r
    ranks = [json.load(open(os.path.join(store, f"{r}.json"))) for r in range(RANKS)]
    orders = collections.defaultdict(list)
    for epoch in range(3):
        want = {f"r{epoch:03d}-{i:09d}" for i in range(41)}
        for name in ("plan", "blocks"):
            parts = [r[name][epoch] for r in ranks]
            assert collections.Counter(sum(parts, [])) == collections.Counter(want), (name, epoch)
            assert sorted(map(len, parts)) == [13, 14, 14], parts
            orders[name].append([[k.partition("-")[2] for k in p] for p in parts])
        for name in ("distributed", "padded"):
            count = collections.Counter(sum((r[name][epoch] for r in ranks), []))
            assert set(count) == want and sum(count.values()) == 42, (name, count)
            assert {len(r[name][epoch]) for r in ranks} == {14}
    assert all(p == sorted(p) for p in orders["plan"][0]) and orders["plan"][0] == orders["plan"][1]
    assert orders["blocks"][0] != orders["blocks"][1]


def tell(to, maps, place, root, skip):
    """Sends hashes of the batches of epoch 1, of a plan or of a cache."""
    if os.path.exists(os.path.join(place, "fingerprint.json")):
        data, collate = PeaksDataset(place, root, maps=maps), SaliencyMixCollate(seed=3, alpha=0.7, prob=0.8)
    else:
        data, collate = PlannedDataset(place, root, cache=maps), None
    sampler = DistributedSampler(data, 1, 0, seed=11)
    sampler.set_epoch(1)
    data.set_epoch(1)
    batches = SkipBatches(BatchSampler(sampler, BATCH, drop_last=False), skip)
    for b in DataLoader(data, batch_sampler=batches, collate_fn=collate, num_workers=WORKERS):
        h = hashlib.sha256()
        for name in sorted(b):
            h.update(json.dumps(b[name]).encode() if isinstance(b[name], list) else b[name].numpy().tobytes())
        to.send(h.hexdigest())
    to.send(None)


def check_resumed(work, out, root, cache):
    """A process that is killed after three batches and started again reads what one that runs through reads."""
    for place in (out, cache):
        def start(skip):
            end, to = forked.Pipe(duplex=False)
            process = forked.Process(target=tell, args=(to, os.path.join(work, "maps"), place, root, skip))
            process.start()
            return process, iter(end.recv, None)
        _, batches = start(0)
        whole = list(batches)
        assert len(whole) == 11 == len(set(whole)), whole
        killed, batches = start(0)
        first = [next(batches) for _ in range(3)]
        killed.kill()
        killed.join()
        rest = list(start(3)[1])
        assert first + rest == whole, (place, whole, first, rest)


def check_formats(work, out, root, cache):
    """The plan of an output of any format is read: names of shards differ, samples do not."""
    want = PlannedDataset(out, root, cache=os.path.join(work, "maps"))
    outputs = sorted(glob.glob(os.path.join(work, "formats", "*", "")))
    assert len(outputs) >= 6, outputs
    for place in outputs:
        data = PlannedDataset(place, root, cache=os.path.join(work, "maps"))
        assert data.replicas == want.replicas == 3, place
        for epoch in range(3):
            data.set_epoch(epoch)
            want.set_epoch(epoch)
            assert len(data) == 41 and torch.equal(data[7]["image"], want[7]["image"]) and data[7]["lam"] == want[7]["lam"], place


def check_spawned(work, out, root, cache):
    """Workers that are new processes, as on macOS and Windows, see the epoch as forked ones do."""
    data = PlannedDataset(out, root, cache=os.path.join(work, "maps"))
    batches = DataLoader(data, 16, num_workers=1, persistent_workers=True, multiprocessing_context="spawn")
    for epoch in (1, 0, 5):
        data.set_epoch(epoch)
        assert keys(batches) == [f"r{epoch % 3:03d}-{i:09d}" for i in range(41)], epoch


def check_work(work, out, root, cache):
    """The order of the plan decodes an image once and the first of each shard twice, any other order up to twice. A second
    start reads no plan."""
    data = PlannedDataset(out, root, cache=os.path.join(work, "maps"))
    count, read = collections.Counter(), data._images.read
    data._images.read = lambda name, *at: (count.update([name]), read(name, *at))[1]
    whole = [data[i]["image"] for i in range(41)]
    assert sum(count.values()) == 41 + 2 and len(count) == 41, count
    data._crops.clear()
    count.clear()
    for i in range(40, -1, -2):
        assert torch.equal(data[i]["image"], whole[i])
    assert sum(count.values()) == 42, count
    PeaksDataset(cache, root, maps=os.path.join(work, "maps"))
    table, file = pq.read_table, pq.ParquetFile
    pq.read_table = pq.ParquetFile = None
    try:
        PlannedDataset(out, root, cache=os.path.join(work, "maps")).set_epoch(0)
        PeaksDataset(cache, root, maps=os.path.join(work, "maps"))[0]
    finally:
        pq.read_table, pq.ParquetFile = table, file


def check_tables(work, out, root, cache):
    """Hashes are equal where names are, wherever they stand in a heap; keys are those of their positions, of any width."""
    rng = np.random.default_rng(3)
    for _ in range(50):
        names = [bytes(rng.integers(97, 99, n, np.uint8)).decode() for n in rng.integers(0, 4, 60) * 7 + rng.integers(0, 3, 60)]
        h = _tables.hashes(*_tables.bytes_of(pa.array(names)))
        assert [[a == b for b in h.tolist()] for a in h.tolist()] == [[a == b for b in names] for a in names]
        again = _tables.hashes(*_tables.bytes_of(pa.array(["x" * int(rng.integers(0, 30))] + names + ["y"]).slice(1, 60)))
        assert h.tolist() == again.tolist()
    assert len(_tables.hashes(*_tables.bytes_of(pa.array([], pa.string())))) == 0
    for key, start in ((["r000-", 9], 0), (["", 3], 990), (["é-", 3], 995), (["a", 1], 9), (["a", 30], 5)):
        keys = [f"{key[0]}{p:0{key[1]}d}" for p in range(start, start + 8)]
        assert _plan._are_keys(pa.array(keys), key, start), key
        for i in range(8):
            for wrong in (keys[i][:-1], keys[i] + "0", keys[i][:-1] + "x", keys[i][:-1] + "/", "b" + keys[i][1:], keys[i - 1]):
                assert not _plan._are_keys(pa.array(keys[:i] + [wrong] + keys[i + 1:]), key, start), (key, wrong)


def first_of(maps, place, root, at_once):
    """The first picture of a data set, converted when all processes are there: what a rank does as it starts."""
    at_once.wait()
    if os.path.exists(os.path.join(place, "fingerprint.json")):
        PeaksDataset(place, root, maps=maps)[0]
    else:
        PlannedDataset(place, root, cache=maps)[0]


def check_converted(work, out, root, cache):
    """Mapped files whose checksum is missing, as after a kill, are converted again, by several processes at once, too; a kill at
    any rename leaves nothing that is refused."""
    maps = os.path.join(work, "maps of converted")
    for place in (out, cache):
        def make():
            return PeaksDataset(place, root, maps=maps) if place == cache else PlannedDataset(place, root, cache=maps)
        want = make()[0]["image"]
        about, = glob.glob(os.path.join(maps, ("peaks" if place == cache else "plan") + "-*", "about.json"))
        for again in range(4):
            if place == out and again % 2:  # the table is there, its checksum is not
                with open(about) as f:
                    said = json.load(f)
                said["sums"] = {name: s for name, s in said["sums"].items() if not name.startswith("r")}
                with open(about, "w") as f:
                    json.dump(said, f)
            else:
                os.remove(about)
            for left in ("r000.part", "names.npy.1.tmp", "r000-0.npy.1.tmp"):
                shutil.copy(__file__, os.path.join(os.path.dirname(about), left))
            assert torch.equal(make()[0]["image"], want), again
            assert all(name.endswith((".npy", ".json", ".lock")) for name in os.listdir(os.path.dirname(about)))
            os.remove(about)
            at_once = forked.Barrier(4)
            ranks = [forked.Process(target=first_of, args=(maps, place, root, at_once)) for _ in range(4)]
            for r in ranks:
                r.start()
            for r in ranks:
                r.join()
                assert r.exitcode == 0, r
        shutil.rmtree(maps)
        os.makedirs(maps)
        rename, left, kills = os.replace, 0, 0

        def stopped(a, b):
            nonlocal left
            if left == 0:
                raise KeyboardInterrupt
            left -= 1
            rename(a, b)
        while True:  # killed before rename number kills
            left = kills
            os.replace = stopped
            try:
                make()
                break
            except KeyboardInterrupt:
                kills += 1
            finally:
                os.replace = rename
            assert torch.equal(make()[0]["image"], want), kills
            shutil.rmtree(maps)
            os.makedirs(maps)
        assert kills >= 4, kills


def check_anew(work, out, root, cache):
    """A plan that is written anew, with another seed, leaves a data set that is in use what it has prepared, and is refused for its
    other replicas; a later one reads the new plan, and so does one that converts while premix writes, or it is refused."""
    maps, place, anew, read = os.path.join(work, "maps of anew"), os.path.join(work, "written"), os.path.join(work, "anew"), _plan._read

    def write():
        """Yields after each step, as premix takes them."""
        meta, new = (os.path.join(p, "__premix__", "train") for p in (place, anew))
        files = sorted(os.listdir(os.path.join(new, "plan")))
        for name in files:
            os.remove(os.path.join(meta, "plan", name))
            yield
        os.remove(os.path.join(meta, "config.json"))
        yield
        shutil.copy(os.path.join(new, "config.json"), meta)
        yield
        for name in files:
            shutil.copy(os.path.join(new, "plan", name), os.path.join(meta, "plan"))
            yield

    def told(data, epoch=0):
        data.set_epoch(epoch)
        return [(item["key"], item["label_b"], item["lam"], item["image"].sum().item()) for item in map(data.__getitem__, range(41))]
    want = [[told(PlannedDataset(p, root, cache=os.path.join(work, "maps")), e) for e in (0, 1)] for p in (out, anew)]
    assert want[0][0] != want[1][0]
    shutil.copytree(out, place)
    data = PlannedDataset(place, root, cache=maps)
    batches = DataLoader(data, 41, num_workers=1, persistent_workers=True)
    before = next(iter(batches))["image"]
    for step, _ in enumerate(write()):
        assert torch.equal(next(iter(batches))["image"], before)
        if step >= 2:  # the first file of replica 1 is gone
            refused(ValueError, "written anew", lambda: data.set_epoch(1))
    for method in ("fork", "spawn"):
        assert torch.equal(next(iter(DataLoader(data, 41, num_workers=1, multiprocessing_context=method)))["image"], before)
    assert told(PlannedDataset(place, root, cache=maps), 1) == want[1][1] and told(data) == want[0][0]
    ends = collections.Counter()
    for after, steps in [(k, s) for k in range(5) for s in (1, 7, 8, 14)]:  # before which file is read, and how far
        shutil.rmtree(maps)
        shutil.rmtree(place)
        shutil.copytree(out, place)
        writing, left = write(), after

        def spoiled(*args):
            nonlocal left
            left -= 1
            if left == -1:
                for _ in zip(range(steps), writing):
                    pass
            return read(*args)
        _plan._read = spoiled
        try:
            found = told(PlannedDataset(place, root, cache=maps))
            assert found == want[0][0], (after, steps)
            ends["old"] += 1
        except ValueError as e:
            assert "written anew" in str(e), (after, steps, e)
            ends["refused"] += 1
        finally:
            _plan._read = read
        list(writing)
        assert told(PlannedDataset(place, root, cache=maps)) == want[1][0], (after, steps)
    assert ends["old"] and ends["refused"], ends


def check_peaks(work, out, root, cache):
    """In a batch each image is once target and once source, and only the box differs; other epochs and seeds draw other λ."""
    data = PeaksDataset(cache, root, maps=os.path.join(work, "maps"))
    items = [data[i] for i in range(9)]
    assert data.classes == 12 == len(data.class_names)
    batch = SaliencyMixCollate(classes=data.classes)(items)
    assert batch["label_b"].tolist() == batch["label_a"].roll(-1).tolist()
    for i, item in enumerate(items):
        x0, y0, x1, y1 = batch["box"][i].tolist()
        want = item["image"].clone()
        want[:, y0:y1, x0:x1] = items[(i + 1) % 9]["image"][:, y0:y1, x0:x1]
        assert torch.equal(batch["image"][i], want)
        assert batch["lam"][i] == 1 - (y1 - y0) * (x1 - x0) / (want.shape[1] * want.shape[2])
    assert torch.allclose(batch["soft"].sum(1), torch.ones(9)) and batch["soft"].shape == (9, 12)
    once = [SaliencyMixCollate(seed=s)([dict(item, epoch=e) for item in items])["lam"].tolist() for s, e in ((0, 0), (1, 0), (0, 1))]
    assert once[0] == batch["lam"].tolist() and once[0] != once[1] and once[0] != once[2]
    alone = SaliencyMixCollate()(items[:1])
    assert alone["lam"].tolist() == [1] and torch.equal(alone["image"][0], items[0]["image"])
    never = SaliencyMixCollate(prob=0)(items)
    assert never["lam"].tolist() == [1] * 9 and never["label_a"].tolist() == never["label_b"].tolist()
    means = SaliencyMixCollate(alpha=0.3)([dict(items[0], ordinal=g) for g in range(64)])["lam"]
    assert 0.4 < means.mean() < 0.9, means


def check_numbers(work, out, root, cache):
    """Where the cache does not tell how premix numbers classes, a warning says so; class_names= settles it."""
    copies = iter(range(9))

    def warned(classes, **options):
        place = os.path.join(work, f"cache of numbers {next(copies)}")
        shutil.copytree(cache, place)
        for path in glob.glob(os.path.join(place, "*.parquet")):
            t = pq.read_table(path)
            i = t.schema.get_field_index("class")
            pq.write_table(t.set_column(i, t.schema.field(i), [[classes[c] for c in t["class"].to_pylist()]]), path)
        with warnings.catch_warnings(record=True) as found:
            warnings.simplefilter("always")
            data = PeaksDataset(place, root, maps=os.path.join(work, "maps of numbers"), **options)
        assert all(w.filename == __file__ for w in found), found
        return data, [str(w.message) for w in found]
    names = sorted(os.listdir(root))
    data, found = warned({c: c for c in names})
    assert not found and data.class_names == names, found
    numbers = {c: str(i) for i, c in enumerate(names)}
    data, found = warned(numbers)
    assert len(found) == 1 and "class_names=" in found[0] and data.class_names[:3] == ["0", "1", "10"], found
    _, found = warned({c: "a " + c for c in names})
    assert len(found) == 1 and "not named after folders" in found[0], found
    data, found = warned(numbers, class_names=[str(i) for i in range(12)])
    assert not found and all(names[data[i]["label"]] == data.name(i).partition("/")[0] for i in range(41)), found


def check_beside(work, out, root, cache):
    """A second data set of one cache, with other names or after the cache has grown, leaves the mapped files of a first that is in
    use; they are removed after 30 days without a start or an epoch."""
    maps, place = os.path.join(work, "maps beside"), os.path.join(work, "cache that grows")
    shutil.copytree(cache, place)
    first = PeaksDataset(place, root, maps=maps)
    turned = PeaksDataset(place, root, class_names=first.class_names[::-1], maps=maps)
    folders = set(glob.glob(os.path.join(maps, "peaks-*-*")))
    assert len(folders) == 1 and turned.class_names == first.class_names[::-1] and turned.classes == 12
    for i in range(41):
        assert turned[i]["label"] == 11 - first[i]["label"] and first.class_names[first[i]["label"]] == first.name(i).partition("/")[0]

    def grow(t):
        for path in glob.glob(os.path.join(place, "*.parquet")):
            os.utime(path, (t, t))
        PeaksDataset(place, root, maps=maps)
        return set(glob.glob(os.path.join(maps, "peaks-*-*")))
    assert len(grow(1)) == 2
    first.set_epoch(1)
    assert int(DataLoader(first, 41, num_workers=1)._get_iterator()._next_data()["ordinal"][40]) == 40
    about, = (os.path.join(f, "about.json") for f in folders)
    long_ago = time.time() - 31 * 86400
    os.utime(about, (long_ago, long_ago))
    first.set_epoch(2)
    assert folders < grow(2)
    os.utime(about, (long_ago, long_ago))
    assert not folders & grow(3) and len(grow(3)) == 3


def check_transforms(work, out, root, cache):
    """Transforms are applied after the mix; those that make λ wrong are warned of, and no others."""
    from torchvision.transforms import v2

    def warned(make):
        with warnings.catch_warnings(record=True) as found:
            warnings.simplefilter("always")
            data = make()
        return [str(w.message) for w in found if "makes λ wrong" in str(w.message)], data
    maps = os.path.join(work, "maps")
    good = v2.Compose([v2.RandomHorizontalFlip(1), v2.ColorJitter(0.1), v2.ToDtype(torch.float32, scale=True), v2.Normalize([0.5] * 3, [0.5] * 3)])
    found, data = warned(lambda: PlannedDataset(out, root, cache=maps, transform=good))
    assert not found and data[0]["image"].dtype == torch.float32, found
    for bad in (v2.Compose([v2.RandomApply([v2.RandomResizedCrop(8)])]), torch.nn.Sequential(v2.RandomErasing()), v2.CutMix(num_classes=12)):
        assert len(warned(lambda: PlannedDataset(out, root, cache=maps, transform=bad))[0]) == 1, bad
        assert len(warned(lambda: SaliencyMixCollate(transform=bad))[0]) == 1, bad


def refused(kind, text, f):
    try:
        f()
    except kind as e:
        assert text in str(e), f"{text!r} is not in {e!r}"
        assert len(str(e).splitlines()) <= 2
    else:
        raise AssertionError(f"not refused: {text}")


@contextlib.contextmanager
def without(module, name, error):
    """Makes a function of a module raise an error."""
    def fails(*args):
        raise error

    whole = getattr(module, name)
    setattr(module, name, fails)
    try:
        yield
    finally:
        setattr(module, name, whole)


def check_copies(work, out, root, cache):
    """Copied images of Parquet that are cut or another's are refused by their own names, at the start and in a worker. A disk that is
    full is named, and leaves nothing; where the copies are there, nothing is written."""
    maps, path = os.path.join(work, "maps of copies"), os.path.join(work, "rows.parquet")
    os.makedirs(maps)
    pq.write_table(pa.table({"image": [{"bytes": b"12345", "path": ""}, {"bytes": b"67", "path": ""}]}), path)
    with without(os, "fsync", OSError(errno.ENOSPC, "full")):
        refused(OSError, maps, lambda: Images(path, maps, ["rows.parquet"]))
    assert not [f for f in os.listdir(maps) if not f.endswith(".lock")]
    with without(_tables.Writer, "write", OSError(errno.ENOSPC, "full")):
        refused(OSError, maps, lambda: PlannedDataset(out, root, cache=maps))
        refused(OSError, maps, lambda: PeaksDataset(cache, root, maps=maps))
    assert len(PlannedDataset(out, root, cache=maps)) == len(PeaksDataset(cache, root, maps=maps)) == 41
    images = Images(path, maps, ["rows.parquet"])
    with without(_images, "one_at_a_time", OSError(errno.EROFS, "a folder that is read-only has no locks")):
        Images(path, maps, ["rows.parquet"])
    rows = [("rows.parquet/0", -1, 5, xxhash.xxh3_128_digest(b"12345")), ("rows.parquet/1", -1, 2, xxhash.xxh3_128_digest(b"67"))]
    assert [images.read(*row) for row in rows] == [b"12345", b"67"]
    refused(ValueError, "other bytes", lambda: images.read(*rows[1][:3], rows[0][3]))
    (data, index), = images._copies.values()
    for name in (data, index):
        with open(name, "rb") as f:
            whole = f.read()
        for size in (0, 3, len(whole) - 1):
            os.truncate(name, size)
            refused(ValueError, name, lambda: Images(path, maps, ["rows.parquet"]))
            refused(ValueError, name, lambda: pickle.loads(pickle.dumps(images)).read(*rows[0]))
            with open(name, "wb") as f:
                f.write(whole)
        for at in range(0 if name == data else 128, len(whole)):  # every byte counts, but the header of .npy
            with open(name, "wb") as f:
                f.write(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1:])
            refused(ValueError, data, lambda: [pickle.loads(pickle.dumps(images)).read(*row) for row in rows])
        with open(name, "wb") as f:
            f.write(whole)
    os.remove(data)
    left = data + ".1.tmp"  # by a process that was killed
    shutil.copy(path, left)
    assert Images(path, maps, ["rows.parquet"]).read(*rows[0]) == b"12345" and not os.path.exists(left)


def check_truncated(work, out, root, cache):
    """Under --truncated accept a JPEG that is cut anywhere or damaged gives what Pillow fills it with, and no switch of Pillow is
    touched: under fail, beside it, it is still refused."""
    options = {"size": 24, "resize": 0, "geometry": "squash", "interpolation": "bilinear", "exif": "ignore"}
    accept, fail = (Cropper({**options, "truncated": t}) for t in ("accept", "fail"))
    rng, outcomes = np.random.default_rng(5), collections.Counter()
    picture = Image.fromarray(np.kron(rng.integers(0, 256, (9, 9, 3), np.uint8), np.ones((8, 8, 1), np.uint8)))

    def made(crop, data):
        try:
            return crop(data, (0, 0, 0, 0), False).tobytes()
        except (OSError, SyntaxError):
            return "refused"
    for how in ({}, {"progressive": True}, {"restart_marker_blocks": 2}):
        whole = io.BytesIO()
        picture.save(whole, "JPEG", quality=80, **how)
        whole = whole.getvalue()
        spoiled = [whole[:n] for n in range(2, len(whole) + 1, 3)] + [whole + b"more", whole[:-2]]
        for at in rng.integers(whole.index(b"\xff\xda"), len(whole), 200):
            spoiled.append(whole[:at] + bytes([int(rng.integers(0, 255))]) + whole[at + 1:])
        for data in spoiled:
            got, strict = made(accept, data), made(fail, data)
            assert not ImageFile.LOAD_TRUNCATED_IMAGES
            ImageFile.LOAD_TRUNCATED_IMAGES = True
            try:
                want = made(fail, data)
            finally:
                ImageFile.LOAD_TRUNCATED_IMAGES = False
            # Where libjpeg gives up, Pillow shows black. premix refuses that, or has the scans before a segment that is cut short:
            # TestOnline has these. Of a baseline JPEG nothing else comes.
            assert got in (want, "refused") or how == {"progressive": True} and not any(want), (how, len(data))
            outcomes[got == want, got != "refused", strict != "refused"] += 1
    assert outcomes[True, True, False] > 300 and outcomes[True, True, True] > 300 and outcomes[False, True, False] > 100, outcomes


def check_unread(work, out, root, cache):
    """What is not read is refused by name and kind, and a folder that an archive was unpacked to is read in its place."""
    place, maps = os.path.join(work, "unread"), os.path.join(work, "maps")
    os.makedirs(place)
    name = sorted(os.listdir(os.path.join(root, "ball")))[0]
    with open(os.path.join(root, "ball", name), "rb") as f:
        data = f.read()
    row = (len(data), xxhash.xxh3_128_digest(data))
    for base, kind, container in (("a.zip", "zip", "zip archive"), ("b.tar.gz", "gztar", "compressed tar")):
        path = os.path.join(place, base)
        shutil.move(shutil.make_archive(os.path.join(work, "packed"), kind, root), path)
        for where in (place, path):
            refused(ValueError, f"{path} is a {container}, which premix_shards.torch does not read: unpack it to a folder", lambda: Images(where, maps, [base + "/ball"]))
            refused(ValueError, f"{path} is a {container}", lambda: Images(where, maps).read(f"{base}/ball/{name}", -1, *row))
        if kind == "zip":  # its members have places
            refused(ValueError, f"{path} is a {container}", lambda: Images(place, maps).read(f"{base}/ball/{name}", 9, *row))
        shutil.move(path, path + ".old")
        shutil.unpack_archive(path + ".old", path, kind)
        for images in (Images(place, maps, [base + "/ball"]), Images(place, maps)):
            assert images.read(f"{base}/ball/{name}", -1, *row) == images.read(f"{base}/ball/{name}", 9, *row) == data
    for base, text in (("some.array_record", "ArrayRecord"), ("some.array_record-00000-of-00002", "ArrayRecord"), ("some.tfrecord.gz", "compressed")):
        with open(os.path.join(place, base), "wb") as f:
            f.write(bytes(64))
        refused(ValueError, f"{base} is {text}", lambda: Images(place, maps, [base]))
    for kind, text in (("mds", "MDS"), ("array_record", "ArrayRecord")):
        outputs = os.path.join(work, "formats " + kind)
        shutil.copytree(os.path.join(work, "formats", kind), outputs)
        for base, of in (("train/train-00000-of-00002.mds", "mds"), ("premix/1.0.0/premix-train.array_record-00000-of-00002", "array_record")):
            if kind == of:
                os.makedirs(os.path.dirname(os.path.join(outputs, base)), exist_ok=True)
                shutil.copy(__file__, os.path.join(outputs, base))
        refused(FileNotFoundError, f" is {text}, which premix_shards.torch does not read", lambda: PlannedDataset(out, outputs, cache=maps)[0])


def check_refusals(work, out, root, cache):
    """What is missing, damaged or another's is refused by name."""
    maps = os.path.join(work, "maps of refusals")
    planned, peaks = lambda: PlannedDataset(copy, root, cache=maps), lambda: PeaksDataset(copied, root, maps=maps)
    copy, copied = os.path.join(work, "copy"), os.path.join(work, "copied")
    shutil.copytree(out, copy)
    shutil.copytree(cache, copied)
    refused(FileNotFoundError, "no config.json", lambda: PlannedDataset(root, root, cache=maps))
    refused(FileNotFoundError, "fingerprint.json", lambda: PeaksDataset(root, root, maps=maps))
    refused(FileNotFoundError, "--in", lambda: PlannedDataset(copy, os.path.join(work, "none"), cache=maps))
    data, peaks_of = planned(), peaks()
    peaks_item = peaks_of[0]
    refused(IndexError, "41", lambda: data[41])
    refused(ValueError, "-1", lambda: data.set_epoch(-1))
    other = os.path.join(work, "other")
    shutil.copytree(root, other)
    name = data._table[int(data._samples["target"][0])]
    with open(os.path.join(other, name), "ab") as f:
        f.write(b"x")
    refused(ValueError, "not the image", lambda: PlannedDataset(copy, other, cache=maps)[0])
    with open(os.path.join(root, name), "rb") as f:
        whole = f.read()
    again = Image.open(io.BytesIO(whole)).transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    spoiled = io.BytesIO()
    again.save(spoiled, "JPEG", quality=20)
    assert len(spoiled.getvalue()) < len(whole)
    number = {peaks_of.name(i): i for i in range(41)}[name]
    for other_bytes in (spoiled.getvalue().ljust(len(whole), b"\0"), whole[:-3] + b"x" + whole[-2:]):  # pictures of the same size and length
        assert Image.open(io.BytesIO(other_bytes)).size == again.size and len(other_bytes) == len(whole)
        with open(os.path.join(other, name), "wb") as f:
            f.write(other_bytes)
        refused(ValueError, name + ": other bytes", lambda: PlannedDataset(copy, other, cache=maps)[0])
        refused(ValueError, name + ": other bytes", lambda: PeaksDataset(copied, other, maps=maps)[number])
    os.remove(os.path.join(other, name))
    refused(FileNotFoundError, os.path.basename(name), lambda: PlannedDataset(copy, other, cache=maps)[0])
    with open(os.path.join(other, name), "wb") as f:
        f.write(whole)
    assert torch.equal(PlannedDataset(copy, other, cache=maps)[0]["image"], data[0]["image"])
    small = io.BytesIO()
    Image.fromarray(np.zeros((3, 3, 3), np.uint8)).save(small, "PNG")
    data._images.read = lambda *at: small.getvalue()
    data._crops.clear()
    refused(ValueError, name + ": the crop", lambda: data[0])
    data._images.read = lambda *at: b"x"
    refused(ValueError, name + " cannot be decoded", lambda: data[0])
    for folder, make in (("plan-*", planned), ("peaks-*", peaks)):  # every byte of a mapped file counts
        make()
        for path in glob.glob(os.path.join(maps, folder, "*.npy")):
            with open(path, "rb") as f:
                whole = f.read()
            if os.path.basename(path) in ("r001.npy", "r002.npy"):
                continue  # of other epochs
            for at in np.random.default_rng(7).integers(0, len(whole), 20):
                with open(path, "r+b") as f:
                    f.seek(at)
                    f.write(bytes([whole[at] ^ 4]))
                refused(ValueError, path, make)
                with open(path, "r+b") as f:
                    f.write(whole)
            os.truncate(path, len(whole) - 1)
            refused(ValueError, path, make)
            with open(path, "wb") as f:
                f.write(whole)
        make()
        about, = glob.glob(os.path.join(maps, folder, "about.json"))
        with open(about, "rb") as f:
            whole = f.read()
        for spoiled in (b"", whole[:len(whole) // 2], b"\xff", b"[]", b"{}", b'{"keys": 1, "sums": 1, "names": 1}', b"[" * 100000):
            with open(about, "wb") as f:
                f.write(spoiled)
            refused(ValueError, about + " is damaged", make)
        shutil.rmtree(os.path.dirname(about))
        make()
    for path, make, lacking in ((os.path.join(copy, "__premix__/train/config.json"), planned, ("fingerprint", "shards", "interpolation", "smoothing", "count")),
                                (os.path.join(copied, "fingerprint.json"), peaks, ("detector", "geometry", "size"))):
        with open(path, "rb") as f:
            whole = f.read()
        for spoiled in (b"", whole[:len(whole) // 2], b"\xff", b"[]", b"{}", b"[" * 100000, whole.replace(b'"size"', b'"size": "x", "was"'),
                        *(whole.replace(b'"' + name.encode() + b'"', b'"?"') for name in lacking)):
            assert spoiled != whole
            with open(path, "wb") as f:
                f.write(spoiled)
            refused(ValueError, path + " is damaged", make)
        with open(path, "wb") as f:
            f.write(whole)
        make()
    plans = sorted(glob.glob(os.path.join(copy, "__premix__/train/plan/*r002*")))
    rows = pq.read_table(plans[0])
    wrong = {"key": ["x"] * rows.num_rows, "shard": np.ones(rows.num_rows, np.int64), "source_name": ["x"] * rows.num_rows,
             "target_crop_x": rows["target_crop_x"].to_numpy() + 1, "method": ["x"] * rows.num_rows, "target_label": np.zeros(rows.num_rows, np.int32), "source_digest": pa.array([bytes(16)] * rows.num_rows, pa.binary(16))}
    for column, values in wrong.items():
        i = rows.schema.get_field_index(column)
        pq.write_table(rows.set_column(i, rows.schema.field(i), values if isinstance(values, pa.Array) else [values]), plans[0])
        refused(ValueError, plans[0], lambda: PlannedDataset(copy, root, cache=os.path.join(work, "fresh")).set_epoch(2))
    for spoil in (lambda: pq.write_table(rows.drop_columns(["source_name"]), plans[0]),
                  lambda: pq.write_table(rows.drop_columns(["source_digest"]).append_column("source_digest", rows["source_name"]), plans[0]),
                  lambda: os.truncate(plans[0], 100), lambda: os.truncate(plans[0], 0)):
        spoil()
        refused(ValueError, plans[0], lambda: PlannedDataset(copy, root, cache=os.path.join(work, "fresh")).set_epoch(2))
    pq.write_table(rows, plans[0])
    n = pq.read_metadata(plans[1]).num_rows
    twice = rows.slice(0, n)  # a second shard of the images of the first, each mixed with itself
    for name in [name for name in twice.schema.names if name.startswith("source_")]:
        twice = twice.set_column(twice.schema.get_field_index(name), twice.schema.field(name), twice["target_" + name[7:]])
    for name, values in (("key", [f"r002-{rows.num_rows + i:09d}" for i in range(n)]), ("shard", np.ones(n, np.int64))):
        twice = twice.set_column(twice.schema.get_field_index(name), twice.schema.field(name), [values])
    pq.write_table(twice, plans[1])
    refused(ValueError, "not each of the 41 images once", lambda: PlannedDataset(copy, root, cache=os.path.join(work, "fresh")).set_epoch(2))
    os.remove(plans[0])
    refused(ValueError, "replica 2", planned)
    files = sorted(glob.glob(os.path.join(copied, "*.parquet")))
    shutil.copy(files[0], os.path.join(copied, "0" * 32 + "-" + "0" * 32 + ".r0-2.parquet"))
    refused(ValueError, "twice", peaks)
    os.remove(os.path.join(copied, "0" * 32 + "-" + "0" * 32 + ".r0-2.parquet"))
    whole = pq.read_table(files[0])
    for name in ("digest", "failure_stage", "peak_row"):
        pq.write_table(whole.drop_columns([name]), files[0])
        refused(ValueError, files[0], peaks)
    i = whole.schema.get_field_index("digest")
    pq.write_table(whole.set_column(i, "digest", [["0" * 31 + "g"] * whole.num_rows]), files[0])
    refused(ValueError, files[0] + ": a digest is not", peaks)
    with open(files[0], "r+b") as f:
        f.truncate(100)
    refused(ValueError, files[0], peaks)
    refused(ValueError, "not in class_names", lambda: PeaksDataset(cache, root, class_names=["ball"], maps=maps))
    refused(ValueError, "label 3 is not below classes=2", lambda: SaliencyMixCollate(classes=2)([dict(peaks_item, label=label) for label in (0, 3)]))
    refused(ValueError, "alpha", lambda: SaliencyMixCollate(alpha=0.01))


if __name__ == "__main__":
    assert set(pt.__all__) == {"PeaksDataset", "PlanOrderSampler", "PlannedDataset", "SaliencyMixCollate", "SkipBatches"}
    checks = [f for name, f in list(globals().items()) if name.startswith("check_")]
    for f in checks:
        began = time.perf_counter()
        f(*sys.argv[1:])
        print(f"{f.__name__}: {time.perf_counter() - began:.1f} s", file=sys.stderr)
    print(json.dumps([f.__name__.partition("_")[2] for f in checks]))
