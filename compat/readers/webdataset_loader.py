"""webdataset and a PyTorch DataLoader with two workers."""
import glob
import json

import webdataset as wds
from torch.utils.data import DataLoader

import common


if __name__ == "__main__":
    for job in common.jobs():
        shards = sorted(glob.glob(f"{job['dir']}/{job['name']}-{job['split']}{job['dash']}-*.tar"))
        data = wds.WebDataset(shards, shardshuffle=False, nodesplitter=wds.split_by_node, workersplitter=wds.split_by_worker)
        data = data.decode()  # images stay bytes
        loader = DataLoader(data, batch_size=None, num_workers=2)
        a = common.Answer(job)
        for s in loader:
            j = s["json"]
            assert s["__key__"].endswith(j["key"]) and j["mix"] == [j["label_a"], j["label_b"], j["lam"]], j
            soft = s.get("soft.npy")
            a.add(s["cls"], j["key"], j["label_a"], j["label_b"], j["lam"], j["source"], soft, encoded=s[job["image"]])
        a.say()
