"""What each rank reads, counted by key, with the functions of pytorch/train_webdataset.py; and what train_resnet.py resumes.

usage: ranks.py FOLDER         (with the outputs many, few and one of TestRanks)

Prints JSON, and to stderr what it is at. torch is imported once: ranks, and their loaders' workers, are forked.
"""
import collections
import contextlib
import faulthandler
import io
import json
import os
import sys
import tarfile
import tempfile
import time
import traceback
from unittest import mock

import numpy as np
import torch
import torch.distributed as dist
import torch.multiprocessing as mp

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "pytorch"))
import premix_data
import train_resnet
import train_webdataset

RANKS = (1, 2, 3)
HANGS = 180  # seconds after which a cell, of a second or two, shows where each of its threads waits, and ends


class Counted(premix_data.Data):
    """Keeps the keys of what it hands over."""

    def epoch(self, epoch):
        self.keys = []
        for batch in super().epoch(epoch):
            self.keys += batch["key"]
            yield batch


def cell(out, reader, workers):
    """An epoch on this rank."""
    try:
        data = Counted(out, "train", reader, batch=8, workers=workers)
    except SystemExit as e:
        return {"refused": str(e)}
    torch.manual_seed(0)
    model = train_webdataset.distributed(torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(data.shape().numel(), 12)))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    seen = train_webdataset.train_epoch(model, optimizer, data, 0, train_webdataset.scale)
    state = [v for p in model.parameters() for v in (p.detach(), optimizer.state[p]["momentum_buffer"])]
    return {"keys": data.keys, "steps": seen["steps"], "shards": len(data.shards[0]), "samples": data.samples,
            "state": torch.cat([v.flatten() for v in state]).tolist()}


def begin(what):
    """Says what begins, and has Python show the stacks and end if that takes too long."""
    if what:
        print(f"{time.monotonic() - BEGAN:.1f} s: {what}", file=sys.stderr, flush=True)
    faulthandler.dump_traceback_later(HANGS, exit=True)


def rank_main(rank, ranks, root, meeting):
    try:
        torch.set_num_threads(1)
        if ranks > 1:
            os.environ.update(RANK=str(rank), WORLD_SIZE=str(ranks))
            dist.init_process_group("gloo", init_method="file://" + meeting, rank=rank, world_size=ranks)
        results = []
        for out, reader, workers in cells(ranks):
            begin(f"{out}, {reader}, {ranks} ranks × {workers} workers" if rank == 0 else None)
            results.append(cell(os.path.join(root, out), reader, workers))
        with open(f"{meeting}.{rank}", "w") as f:
            json.dump(results, f)
    except BaseException:
        traceback.print_exc()
        os._exit(1)  # without the ends of what was forked with it


def cells(ranks):
    """Outputs, readers and workers that are counted: what can differ, since loaders of 3 ranks × 3 workers take much time."""
    for reader in premix_data.READERS:
        streams = reader in ("join", "steps")  # where the shards are divided among workers
        yield from (("many", reader, workers) for workers in ((0, 1, 3) if streams or ranks < 3 else (0, 1)))
        yield from (("one", reader, workers) for workers in ((0, 3) if streams or ranks == 2 else (0,)))
        if ranks == 2:  # two shards or three a rank, and three workers
            yield from (("few", reader, workers) for workers in (0, 3))


def table(root, ranks, meeting):
    """The cells of a number of ranks, summed over them."""
    processes = [mp.get_context("fork").Process(target=rank_main, args=(rank, ranks, root, meeting)) for rank in range(ranks)]
    for p in processes:
        p.start()
    for p in processes:
        p.join()
        if p.exitcode:
            raise SystemExit(f"{ranks} ranks: one ended with {p.exitcode}")
    by_rank = []
    for rank in range(ranks):
        with open(f"{meeting}.{rank}") as f:
            by_rank.append(json.load(f))
    for (out, reader, workers), *results in zip(cells(ranks), *by_rank):
        row = {"output": out, "reader": reader, "ranks": ranks, "workers": workers}
        if "refused" in results[0]:
            yield {**row, "refused": results[0]["refused"]}
            continue
        times = collections.Counter(key for r in results for key in r["keys"])
        yield {**row, "samples": results[0]["samples"], "shards": results[0]["shards"],
               "once": sum(n == 1 for n in times.values()), "more": sum(n > 1 for n in times.values()),
               "never": results[0]["samples"] - len(times), "reads": sum(times.values()), "steps": [r["steps"] for r in results],
               "agree": all(r["state"] == results[0]["state"] for r in results)}


def epochs(out):
    """The replica of each of two epochs: by new loaders, and by a persistent one whose data set was changed in between."""
    data = premix_data.Data(out, batch=8, workers=2)
    new = [sorted({key[:4] for batch in data.epoch(e) for key in batch["key"]}) for e in range(3)]
    indexed = data.indexed(data.shards[0])
    sampler = premix_data.DistributedSampler(indexed, num_replicas=1, rank=0)
    loader = data.loader(indexed, sampler=sampler, persistent_workers=True)
    first = [key for batch in loader for key in batch["key"]]
    indexed.shards = data.indexed(data.shards[1]).shards
    sampler.set_epoch(1)
    second = [key for batch in loader for key in batch["key"]]
    return {"new": new, "persistent": [sorted({key[:4] for key in keys}) for keys in (first, second)], "reshuffled": first != second}


def smoothed(out):
    """The loss of an epoch, and that with the dense labels as they are stored: of an output with --smoothing."""
    torch.manual_seed(0)
    data = premix_data.Data(out, batch=8, workers=0)
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(data.shape().numel(), len(premix_data.classes(out))))
    seen = train_webdataset.train_epoch(model, torch.optim.SGD(model.parameters(), lr=0.0), data, 0, train_webdataset.scale)
    stored = []
    for path, _ in data.shards[0]:
        with tarfile.open(path) as shard:
            members = {m.name: shard.extractfile(m).read() for m in shard.getmembers()}
        for name in (name for name in members if name.endswith(".soft.npy")):
            label = torch.from_numpy(np.load(io.BytesIO(members[name])).astype("float32"))
            sample = premix_data.decode({kind: members[name.removesuffix("soft.npy") + kind] for kind in ("jpg", "json")})
            scores = model(train_webdataset.scale(sample["image"][None]))
            stored.append(torch.nn.functional.cross_entropy(scores, label[None]).item())
    return {"smoothing": data.smoothing, "samples": len(stored), "loss": seen["loss"] / seen["samples"], "stored": sum(stored) / len(stored)}


def not_launched():
    """What train_webdataset.launch says where there are more ranks than GPUs, by --ranks and by torchrun, and without WORLD_SIZE."""
    args = train_webdataset.options("").parse_args(["OUT", "--ranks", "3"])
    torchrun = {"RANK": "5", "WORLD_SIZE": "6", "LOCAL_RANK": "2", "LOCAL_WORLD_SIZE": "3"}
    for environment in {}, torchrun, {"RANK": "0"}:
        with mock.patch("torch.cuda.is_available", lambda: True), mock.patch("torch.cuda.device_count", lambda: 2), mock.patch.dict(os.environ, environment):
            try:
                train_webdataset.launch(None, args)
            except SystemExit as e:
                yield str(e)


def numbered(folder):
    """The indexes of replicas that lie in a folder with others."""
    os.makedirs(os.path.join(folder, "__index__"))
    for name in ("train", "train-r001", "train-r010", "train-r1000", "train-r002", "training", "train-x"):
        open(os.path.join(folder, "__index__", f"wids-{name}.json"), "w").close()
    return [os.path.basename(path) for path in premix_data.replicas(folder, "train")]


def resumed(out, other, folder):
    """Two epochs of train_resnet.py in one go, and with an end after the first; and what other trainings are told. The network
    is small, since saving a ResNet takes longer than all the rest; TestTraining trains one."""
    def network(name, classes, size):
        return torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3), torch.nn.BatchNorm2d(8), torch.nn.ReLU(), torch.nn.AdaptiveAvgPool2d(4),
                                   torch.nn.Flatten(), torch.nn.Linear(128, classes))

    def run(name, *more, out=out):
        args = train_resnet.parser().parse_args([out, "--epochs", "2", "--batch", "8", "--workers", "0", "--checkpoint", os.path.join(folder, name), *more])
        stdout = io.StringIO()
        with contextlib.redirect_stdout(stdout), mock.patch.object(train_resnet, "network", network):
            train_resnet.main(args)
        return json.loads(stdout.getvalue().splitlines()[-1])

    whole = run("whole")
    half = run("parts", "--stop-after", "1")
    rest = run("parts")
    states = [torch.load(os.path.join(folder, name, "checkpoint.pt")) for name in ("whole", "parts")]
    same = all(torch.equal(states[0]["model"][name], states[1]["model"][name]) for name in states[0]["model"])
    refused = []
    for more, data in (["--lr", "0.2"], out), (["--reader", "chunked"], out), (["--float32"], out), ([], other):
        try:
            refused.append(str(run("parts", *more, out=data)))
        except SystemExit as e:
            refused.append(str(e))
    wanted = states[1]["identity"]
    try:
        refused.append(str(train_resnet.load(os.path.join(folder, "parts", "checkpoint.pt"), {**wanted, "ranks": 2})))
    except SystemExit as e:
        refused.append(str(e))
    return {"whole": whole, "half": half["losses"], "rest": rest, "same": same, "refused": refused}


if __name__ == "__main__":
    root, BEGAN = sys.argv[1], time.monotonic()
    many, few, one = (os.path.join(root, name) for name in ("many", "few", "one"))
    with tempfile.TemporaryDirectory() as tmp:
        answer = {"rows": [row for ranks in RANKS for row in table(root, ranks, os.path.join(tmp, f"meeting{ranks}"))]}
        for name, what in {
            "epochs": lambda: epochs(many), "numbered": lambda: numbered(os.path.join(tmp, "numbered")), "smoothed": lambda: smoothed(few),
            "not_launched": lambda: list(not_launched()), "resumed": lambda: resumed(few, one, tmp),
        }.items():
            begin(name)
            answer[name] = what()
        print(json.dumps(answer))
