"""wids: random access through the list of shards."""
import json

import numpy as np
import wids

import common

if __name__ == "__main__":
    for job in common.jobs():
        data = wids.ShardListDataset(f"{job['dir']}/__index__/wids-{job['split']}{job['dash']}.json", cache_dir=job["tmp"])
        data.transformations = []  # members as they are
        a = common.Answer(job)
        for i in range(len(data)):
            s = data[i]
            j = json.loads(common.text(s[".json"].read()))
            assert s["__key__"] == j["key"]
            soft = np.load(s[".soft.npy"]) if job["dense"] else None
            a.add(common.text(s[".cls"].read()), j["key"], j["label_a"], j["label_b"], j["lam"], j["source"], soft, encoded=s["." + job["image"]].read())
        a.say()
