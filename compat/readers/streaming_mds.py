"""MosaicML streaming: two ranks with hashes checked, stopped in the middle of an epoch, and gone on with in new processes.

The answer is of all ranks together, before and after the stop, so a sample that did not come shows, and one that came twice
where the ranks have equal parts.
"""
import multiprocessing
import os
import pickle
import socket
import sys

import numpy as np
import torch
import torch.distributed
from streaming import StreamingDataset

import common

RANKS, BATCH = 2, 2


def work(rank, phase, port, jobs, out):
    """Reads the first batch of each job, or what follows it, as one rank."""
    os.environ.update(RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE=str(RANKS), LOCAL_WORLD_SIZE=str(RANKS), MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
    torch.distributed.init_process_group("gloo")
    seen = []
    for number, job in enumerate(jobs):
        data = StreamingDataset(local=job["dir"], split=job["split"] + job["dash"], shuffle=True, batch_size=BATCH, validate_hash="sha256")
        assert data.num_samples == job["samples"], data.num_samples
        path = f"{out}/state-{number}"
        if phase == 1:
            with open(path, "rb") as f:
                data.load_state_dict(pickle.load(f))
        rows = []
        for r in data:
            r["image"] = np.asarray(r["image"].convert("RGB"))
            rows.append(r)
            if phase == 0 and len(rows) == BATCH:
                break
        torch.distributed.barrier()
        if phase == 0 and rank == 0:
            with open(path, "wb") as f:
                pickle.dump(data.state_dict(num_samples=RANKS * BATCH, from_beginning=True), f)
        torch.distributed.barrier()
        seen.append(rows)
        del data
    with open(f"{out}/seen-{phase}-{rank}", "wb") as f:
        pickle.dump(seen, f)
    torch.distributed.barrier()
    torch.distributed.destroy_process_group()


def main():
    jobs = common.jobs()
    out = os.environ["TMPDIR"]
    for phase in range(2):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]
        ranks = [multiprocessing.get_context("fork").Process(target=work, args=(rank, phase, port, jobs, out)) for rank in range(RANKS)]
        for p in ranks:
            p.start()
        for p in ranks:
            p.join()
        if any(p.exitcode for p in ranks):
            sys.exit(f"ranks ended with {[p.exitcode for p in ranks]} in phase {phase}")
    parts = []
    for phase in range(2):
        for rank in range(RANKS):
            with open(f"{out}/seen-{phase}-{rank}", "rb") as f:
                parts.append(pickle.load(f))
    for number, job in enumerate(jobs):
        a = common.Answer(job)
        rows = [r for part in parts for r in part[number]]
        before = sum(len(part[number]) for part in parts[:RANKS])
        assert before == RANKS * BATCH, before
        unique = {r["key"]: r for r in rows}
        assert len(rows) == -(-job["samples"] // RANKS) * RANKS, len(rows)  # streaming repeats a sample where the ranks had unequal parts
        for r in unique.values():
            assert r["box"].shape == (4,) and r["box"].dtype == np.int32 and r["peak"].shape == (2,) and r["flat"] in (0, 1)
            if job["dense"]:
                assert r["soft_label"].dtype == (np.float16 if job["half"] else np.float32)
            a.add(r["label"], r["key"], r["label_a"], r["label_b"], r["lam"], r["source"], r["soft_label"] if job["dense"] else None, pixels=r["image"])
        a.say()


if __name__ == "__main__":
    main()
