"""Compares examples/pytorch/online.py with an output of premix, pixel by pixel.

usage: online_check.py OUT IN CACHE/FINGERPRINT [OUT IN CACHE/FINGERPRINT …]      (OUT webdataset, --encode png, made with CACHE)

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


def compare(out, root, cache):
    members = {}
    for path in sorted(glob.glob(os.path.join(out, "*-train-*.tar"))):
        with tarfile.open(path) as tar:
            for m in tar:
                key, ext = m.name.split(".", 1)
                members.setdefault(key, {})[ext] = tar.extractfile(m).read()
    planned, peaks = online.Planned(out, root), online.Peaks(cache, root)
    bad, seen, methods, by_peaks = [], set(), set(), 0
    for epoch in range(len(planned.epochs)):
        planned.set_epoch(epoch)
        peaks.set_epoch(epoch)
        rows = {r["name"]: r for r in peaks.rows}
        for i in range(len(planned)):
            row = planned.row(i)
            record = json.loads(members[row["key"]]["json"])
            want = np.asarray(Image.open(io.BytesIO(members[row["key"]]["png"])))
            image, a, b, lam = planned[i]
            if not np.array_equal(image.permute(1, 2, 0).numpy(), want) or [float(a), float(b), lam] != record["mix"]:
                bad.append(f"{row['key']} {row['method']}: planned, {[a, b, lam]}, want {record['mix']}")
            if row["method"] == "saliencymix":
                target, source = rows[row["target_name"]], rows[row["source_name"]]
                picture, lam = peaks.mixed(target, source, row["lam_drawn"])
                if not np.array_equal(picture, want) or [peaks.label(target), peaks.label(source), lam] != record["mix"]:
                    bad.append(f"{row['key']}: by peaks, λ {lam}, want {record['mix']}")
                by_peaks += 1
            seen.add(row["key"])
            methods.add(row["method"])
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
    args = sys.argv[1:]
    for i in range(0, len(args), 3):
        compare(*args[i:i + 3])
