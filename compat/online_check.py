"""Compares premix_shards.torch with an output of premix, pixel by pixel.

usage: online_check.py MAPS OUT IN CACHE/FINGERPRINT [OUT IN CACHE/FINGERPRINT …]
(OUT webdataset, --encode png, --label-form dense, made with CACHE, or a folder without a cache: peaks are not looked at then;
MAPS a folder for mapped files; PYTHONPATH has premix_shards)

Prints one line of JSON for each output.
"""
import glob
import io
import json
import os
import sys
import tarfile

import numpy as np
from PIL import Image

from premix_shards.torch import PeaksDataset, PlannedDataset, SaliencyMixCollate


def samples(out):
    """The members of all samples, and the keys of each replica in the order of the shards."""
    members, order = {}, {}
    for path in sorted(glob.glob(os.path.join(out, "*-train-*.tar"))):
        with tarfile.open(path) as tar:
            for m in tar:
                key, ext = m.name.split(".", 1)
                members.setdefault(key, {})[ext] = tar.extractfile(m).read()
                if ext == "json":
                    order.setdefault(json.loads(members[key]["json"])["replica"], []).append(key)
    return members, [keys for _, keys in sorted(order.items())]


def compare(maps, out, root, cache):
    members, order = samples(out)
    planned, collate = PlannedDataset(out, root, soft=True, cache=maps), SaliencyMixCollate()
    peaks = PeaksDataset(cache, root, maps=maps) if os.path.exists(os.path.join(cache, "fingerprint.json")) else None
    number = {peaks.name(i): i for i in range(len(peaks))} if peaks else {}
    bad, seen, methods, by_peaks = [], set(), set(), 0
    if planned.replicas != len(order):
        bad.append(f"{planned.replicas} replicas, want {len(order)}")
    for epoch in range(planned.replicas):
        planned.set_epoch(epoch)
        if peaks:
            peaks.set_epoch(epoch)
        if len(planned) != len(order[epoch]):
            bad.append(f"epoch {epoch}: {len(planned)} samples, want {len(order[epoch])}")
        for i in range(len(planned)):
            item = planned[i]
            key, a, b, lam = item["key"], item["label_a"], item["label_b"], item["lam"]
            record = json.loads(members[key]["json"])
            want = np.asarray(Image.open(io.BytesIO(members[key]["png"])))
            if key != order[epoch][i]:
                bad.append(f"epoch {epoch}: sample {i} is {key}, that of the shards {order[epoch][i]}")
            if not np.array_equal(item["image"].permute(1, 2, 0).numpy(), want) or [float(a), float(b), lam] != record["mix"]:
                bad.append(f"{key} {record['method']}: planned, {[a, b, lam]}, want {record['mix']}")
            if not np.array_equal(item["soft"].numpy(), np.load(io.BytesIO(members[key]["soft.npy"]))):
                bad.append(f"{key}: dense labels {item['soft'].tolist()}")
            if peaks and record["method"] == "saliencymix":  # λ is drawn as premix draws it for this target
                batch = collate([peaks[number[record["target"]]], peaks[number[record["source"]]]])
                got = [batch["label_a"][0].item(), batch["label_b"][0].item(), batch["lam"][0].item()]
                if not np.array_equal(batch["image"][0].permute(1, 2, 0).numpy(), want) or got != record["mix"] or batch["box"][0].tolist() != record["box"]:
                    bad.append(f"{key}: by peaks, {got}, want {record['mix']}")
                by_peaks += 1
            seen.add(key)
            methods.add(record["method"])
    if seen != set(members):
        bad.append(f"{len(seen)} of {len(members)} samples")
    print(json.dumps({"samples": len(seen), "methods": sorted(methods), "by_peaks": by_peaks, "differences": len(bad), "first": bad[:5]}), flush=True)


if __name__ == "__main__":
    maps, *args = sys.argv[1:]
    for i in range(0, len(args), 3):
        compare(maps, *args[i:i + 3])
