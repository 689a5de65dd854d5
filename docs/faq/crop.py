"""How wrong λ becomes by a random crop after mixing. usage: crop.py OUT (WebDataset, 224 × 224)"""
import glob
import json
import math
import random
import sys
import tarfile

random.seed(0)
moved, gone, mixed = [], 0, 0
for shard in sorted(glob.glob(sys.argv[1] + "/*.tar")):
    with tarfile.open(shard) as tar:
        for member in tar:
            if not member.name.endswith(".json"):
                continue
            r = json.load(tar.extractfile(member))
            area, ratio = random.uniform(0.08, 1), math.exp(random.uniform(math.log(3 / 4), math.log(4 / 3)))
            w, h = min(224, math.sqrt(area * ratio) * 224), min(224, math.sqrt(area / ratio) * 224)
            x, y = random.uniform(0, 224 - w), random.uniform(0, 224 - h)
            x0, y0, x1, y1 = r["box"]
            part = max(0, min(x1, x + w) - max(x0, x)) * max(0, min(y1, y + h) - max(y0, y)) / (w * h)
            moved.append(abs(1 - part - r["lam"]))
            mixed += r["lam"] < 1
            gone += r["lam"] < 1 and part == 0
print(f"λ is wrong by {sum(moved) / len(moved):.2f} on average; the patch is not in the crop in {gone / mixed:.0%} of {mixed}")
