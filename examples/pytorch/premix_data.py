"""Reads a WebDataset output of premix for PyTorch, in one process or several ranks. Copy it beside your own program.

    data = premix_data.Data("OUT", "train", batch=256, workers=8)
    for epoch in range(epochs):
        for batch in data.epoch(epoch):  # replica epoch mod K, in a new order
            loss = premix_data.mixed_loss(model(batch["image"].float() / 255), batch["mix"], data.smoothing)

A batch has "image" (uint8, N×3×H×W), "mix" (N×3: label_a, label_b, weight of label_a), "label" (the heavier one) and "key".
Each epoch has a new loader: a data set in a worker that persists would not see the next replica. Readers:

    wids     random access, a shuffle over the whole replica. All ranks get the same number of samples: up to ranks-1
             samples are read twice, none is left out.
    chunked  the same, for replicas of more shards than should be open at once: each rank shuffles within its own part of
             the replica, in chunks of a few shards.
    join     webdataset, each shard read from beginning to end by one worker of one rank. Each sample once; ranks have
             different numbers of steps, so train inside of data.join(model). Not for FSDP or SyncBatchNorm.
    steps    webdataset, the same number of steps on all ranks: some samples are read twice and some not at all.

The last two need at least ranks × workers shards. Needs torch, Pillow, NumPy, wids, and webdataset for the last two.
"""
import contextlib
import glob
import io
import json
import math
import os
import random
import re
import signal

import numpy as np
import torch
import torch.distributed as dist
import wids
from PIL import Image
from torch.distributed.algorithms.join import Join
from torch.utils.data import DataLoader, Sampler, Subset
from torch.utils.data.distributed import DistributedSampler
from wids.wids import IndexedTarSamples, LRUShards

READERS = ("wids", "chunked", "join", "steps")
OPEN_SHARDS = 200  # of a worker, by random access; each takes two file descriptors and about 2 kB a sample
CHUNK_SHARDS = 8  # which chunked shuffles together
SHUFFLE = 1000  # samples between which join and steps shuffle, beside the order of shards


def mixed_loss(scores, mix, smoothing=0.0):
    """Cross-entropy with the soft label, in float32 also where the scores are not. "mix" of a sample is never smoothed; with
    the output's own smoothing, Data.smoothing, this is the loss with the dense label."""
    scores, a, b, lam = scores.float(), mix[:, 0].long(), mix[:, 1].long(), mix[:, 2]

    def entropy(labels):
        return torch.nn.functional.cross_entropy(scores, labels, reduction="none", label_smoothing=smoothing)

    return (lam * entropy(a) + (1 - lam) * entropy(b)).mean()


def classes(out, split="train"):
    with open(os.path.join(out, "__premix__", split, "classes.txt")) as f:
        return f.read().splitlines()


def config(out, split="train"):
    """The recipe of a split and what else does not change when replicas are added."""
    with open(os.path.join(out, "__premix__", split, "config.json")) as f:
        return json.load(f)


def replicas(out, split):
    """The wids index of each replica, by number. Replica 0 may have none in its name."""
    found = {}
    for path in glob.glob(os.path.join(glob.escape(out), "__index__", f"wids-{split}*.json")):
        name = re.fullmatch(rf"wids-{re.escape(split)}(?:-r(\d+))?\.json", os.path.basename(path))
        if name:
            found[int(name[1] or 0)] = path
    return [found[r] for r in sorted(found)]


def rank_and_ranks():
    return (dist.get_rank(), dist.get_world_size()) if dist.is_initialized() else (0, 1)


def decode(sample):
    """A sample as wids or webdataset hand it over: members by their extension."""
    members = {name.lstrip("."): data.read() if hasattr(data, "read") else data for name, data in sample.items()}
    image = Image.open(io.BytesIO(members["jpg"] if "jpg" in members else members["png"])).convert("RGB")
    meta = json.loads(members["json"])
    return {"image": torch.from_numpy(np.array(image)).permute(2, 0, 1), "mix": torch.tensor(meta["mix"], dtype=torch.float32),
            "label": meta["label"], "key": meta["key"]}


def refuse(text):
    """Ends this rank; one rank says why."""
    raise SystemExit(text if rank_and_ranks()[0] == 0 else 1)


def ignore_interrupts(worker):
    """Ctrl-C reaches the workers of a loader too. The main process ends them, and they print no traceback."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


class InPlace(LRUShards):
    """Opens local shards where they are. wids itself copies them into /tmp, and later takes the copy for the shard."""

    def get_shard(self, url):
        if url not in self.lru:
            self.lru[url] = IndexedTarSamples(path=url)
        return self.lru[url]


class Padded(Sampler):
    """Gives each rank as many samples. DistributedChunkedSampler has fewer for the last, which then stops before the others."""

    def __init__(self, sampler):
        self.sampler = sampler

    def __len__(self):
        return len(self.sampler)

    def __iter__(self):
        own = list(self.sampler) or [0]
        for i in range(len(self)):
            yield own[i % len(own)]


class Data:
    """A split of an output. Ranks are those of torch.distributed, where it is initialized."""

    def __init__(self, out, split="train", reader=None, batch=256, workers=4, seed=0, pin_memory=False):
        self.indexes = replicas(out, split)
        if not self.indexes:
            below = os.path.join(out, "webdataset")  # of an output of several formats
            if os.path.isdir(below):
                refuse(f"{out} has no index of a split {split!r} (__index__/wids-{split}.json): did you mean {below}?")
            refuse(f"{out} has no index of a split {split!r} (__index__/wids-{split}.json): "
                   "it is not a finished output of --format webdataset, or was made without --indexes wids")
        made = config(out, split)
        self.fingerprint = made["fingerprint"]  # of recipe, classes and input
        self.smoothing = made["recipe"].get("smoothing", 0.0)  # of premix mix --smoothing; pack has none
        self.rank, self.ranks = rank_and_ranks()
        self.batch, self.workers, self.seed, self.pin_memory = batch, workers, seed, pin_memory
        self.shards = [self.list_shards(index) for index in self.indexes]
        shards, samples = len(self.shards[0]), sum(n for _, n in self.shards[0])
        self.samples = samples  # of a replica
        self.reader = reader or ("wids" if shards <= OPEN_SHARDS else "chunked")
        if self.reader not in READERS:
            raise ValueError(f"reader {self.reader!r}: it must be one of {', '.join(READERS)}")
        if self.reader in ("join", "steps"):
            self.check_shards(out, split, shards)

    def check_shards(self, out, split, shards):
        """webdataset's own error for a worker without a shard says neither how many there are nor what to do."""
        needed = self.ranks * max(self.workers, 1)
        if shards < needed:
            refuse(f"{out}: {split!r} has {shards} shards a replica, and {self.ranks} ranks × {max(self.workers, 1)} workers need {needed} "
                   f"to stream. Take fewer --workers, or --reader wids, or make the output with --shards {needed} or more.")

    def list_shards(self, index):
        """(path, samples) of each shard."""
        with open(index) as f:
            return [(os.path.normpath(os.path.join(os.path.dirname(index), s["url"])), s["nsamples"]) for s in json.load(f)["shardlist"]]

    def replica(self, epoch):
        return epoch % len(self.indexes)

    def epoch(self, epoch):
        """An iterable over the batches of an epoch for this rank."""
        shards = self.shards[self.replica(epoch)]
        if self.reader in ("join", "steps"):
            return self.stream(shards, epoch)
        data = self.indexed(shards)
        if self.reader == "wids":
            sampler = DistributedSampler(data, num_replicas=self.ranks, rank=self.rank, seed=self.seed)
            sampler.set_epoch(epoch)
        else:
            chunk = CHUNK_SHARDS * math.ceil(self.samples / len(shards))
            sampler = wids.DistributedChunkedSampler if self.ranks > 1 else wids.ChunkedSampler
            sampler = sampler(data, chunksize=chunk, seed=self.seed, shufflefirst=True)
            sampler.set_epoch(epoch)
            sampler = Padded(sampler)
        return self.loader(data, sampler=sampler)

    def all_once(self):
        """The first replica in its order, each sample on one rank: for validation. Ranks may differ in their number of batches."""
        data = self.indexed(self.shards[0])
        return self.loader(Subset(data, range(self.rank, len(data), self.ranks)))

    def shape(self):
        """(3, height, width) of the pictures."""
        return self.indexed(self.shards[0])[0]["image"].shape

    def join(self, model):
        """The context to train an epoch in: under join, ranks that have read all wait for the others."""
        return Join([model]) if self.reader == "join" and self.ranks > 1 else contextlib.nullcontext()

    def agree(self, optimizer, steps):
        """After an epoch under join: Join gives all ranks the model of the one that made the last step, and here they get
        its optimizer's state. Without it, momentum differs and so do the models after the next step."""
        if self.reader != "join" or self.ranks == 1:
            return
        counts = [None] * self.ranks
        dist.all_gather_object(counts, steps)
        state = [optimizer.state_dict()]
        dist.broadcast_object_list(state, src=max(range(self.ranks), key=lambda r: (counts[r], r)))
        optimizer.load_state_dict(state[0])

    def indexed(self, shards):
        with contextlib.redirect_stderr(io.StringIO()):  # where wids describes each data set
            data = wids.ShardListDataset([{"url": path, "nsamples": n} for path, n in shards], transformations=[decode])
        data.cache = InPlace(min(len(shards), OPEN_SHARDS) if self.reader == "wids" else CHUNK_SHARDS + 2)
        return data

    def stream(self, shards, epoch):
        import webdataset as wds
        paths = [path for path, _ in shards]
        random.Random(f"{self.seed} {epoch}").shuffle(paths)  # the same on all ranks, which then divide it
        data = wds.WebDataset(paths, nodesplitter=wds.split_by_node, workersplitter=wds.split_by_worker, shardshuffle=False)
        data = data.compose(wds.detshuffle(SHUFFLE, seed=hash((self.seed, epoch)))).map(decode)
        if self.reader == "join":
            return self.loader(data)
        loader = wds.WebLoader(data.repeat(), batch_size=self.batch, num_workers=self.workers, pin_memory=self.pin_memory,
                               worker_init_fn=ignore_interrupts)
        return loader.with_epoch(self.steps())

    def steps(self):
        """The steps of a rank in an epoch, but for join, where they depend on its shards."""
        return math.ceil(math.ceil(self.samples / self.ranks) / self.batch)

    def loader(self, data, **options):
        return DataLoader(data, batch_size=self.batch, num_workers=self.workers, pin_memory=self.pin_memory,
                          worker_init_fn=ignore_interrupts, **options)
