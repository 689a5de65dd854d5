"""Compares premix_shards.torch and examples/pytorch/online.py with an output of premix, pixel by pixel.

usage: online_check.py MAPS OUT IN CACHE/FINGERPRINT [OUT IN CACHE/FINGERPRINT …]
(OUT webdataset, --encode png, --label-form dense, made with CACHE; MAPS a folder for mapped files; PYTHONPATH has premix_shards)

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

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "examples", "pytorch"))
import online  # noqa: E402
from premix_shards.torch import PlannedDataset  # noqa: E402


def compare(maps, out, root, cache):
    members = {}
    for path in sorted(glob.glob(os.path.join(out, "*-train-*.tar"))):
        with tarfile.open(path) as tar:
            for m in tar:
                key, ext = m.name.split(".", 1)
                members.setdefault(key, {})[ext] = tar.extractfile(m).read()
    planned = PlannedDataset(out, root, soft=True, cache=maps)
    peaks = online.Peaks(cache, root) if os.path.exists(os.path.join(cache, "fingerprint.json")) else None
    order = {}
    for path in sorted(glob.glob(os.path.join(out, "*-train-*.tar"))):
        with tarfile.open(path) as tar:
            keys = [m.name.split(".")[0] for m in tar if m.name.endswith(".cls")]
        order.setdefault(json.loads(members[keys[0]]["json"])["replica"], []).extend(keys)
    order = [keys for _, keys in sorted(order.items())]
    bad, seen, methods, by_peaks = [], set(), set(), 0
    if planned.replicas != len(order):
        bad.append(f"{planned.replicas} replicas, want {len(order)}")
    for epoch in range(planned.replicas):
        planned.set_epoch(epoch)
        if peaks:
            peaks.set_epoch(epoch)
            rows = {r["name"]: r for r in peaks.rows}
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
            if peaks and record["method"] == "saliencymix":
                target, source = rows[record["target"]], rows[record["source"]]
                picture, lam = peaks.mixed(target, source, record["lam_drawn"])
                if not np.array_equal(picture, want) or [peaks.label(target), peaks.label(source), lam] != record["mix"]:
                    bad.append(f"{key}: by peaks, λ {lam}, want {record['mix']}")
                by_peaks += 1
            seen.add(key)
            methods.add(record["method"])
        if not peaks:
            continue
        if sorted(peaks.order) != list(range(len(peaks))):
            bad.append(f"epoch {epoch}: an image is not once target and once source")
        for i in range(0, len(peaks), 7):  # its own draws: what it pastes is what it says
            image, a, b, lam = peaks[i]
            target = peaks.crop(peaks.rows[peaks.order[i]])
            changed = (image.permute(1, 2, 0).numpy() != target).any(2).mean()
            if not 0 <= changed <= 1 - lam + 1e-12:
                bad.append(f"epoch {epoch}, {i}: {changed} of the pixels differ from the target's, λ is {lam}")
    if seen != set(members):
        bad.append(f"{len(seen)} of {len(members)} samples")
    print(json.dumps({"samples": len(seen), "methods": sorted(methods), "by_peaks": by_peaks, "differences": len(bad), "first": bad[:5]}), flush=True)


if __name__ == "__main__":
    maps, *args = sys.argv[1:]
    for i in range(0, len(args), 3):
        compare(maps, *args[i:i + 3])
