"""Hugging Face datasets on Parquet: load_dataset on the folder, streaming and prepared.

The card of README.md makes each replica but the first one a configuration. Without a card, a replica is a split.
"""
import datasets

import common


def has_card(folder):
    try:
        with open(f"{folder}/README.md") as f:
            return f.readline() == "---\n"
    except FileNotFoundError:
        return False


def read(job, streaming):
    config, split = None, job["split"] + job["under"]
    if has_card(job["dir"]):
        replica, split = job["under"].removeprefix("_"), job["split"]
        config = replica if replica in datasets.get_dataset_config_names(job["dir"]) else "default"
    data = datasets.load_dataset(job["dir"], config, split=split, streaming=streaming, cache_dir=job["tmp"])
    for label in ("label", "label_a", "label_b"):
        assert data.features[label].names == job["names"], data.features[label]
    assert isinstance(data.features["image"], datasets.Image), data.features
    data = data.cast_column("image", datasets.Image(decode=False))
    a = common.Answer(job)
    for s in data:
        assert s["image"]["path"] == s["key"] + "." + job["image"] and len(s["box"]) == 4 and len(s["peak"]) == 2
        a.add(s["label"], s["key"], s["label_a"], s["label_b"], s["lam"], s["source"], s.get("soft_label"), encoded=s["image"]["bytes"])
    return a


if __name__ == "__main__":
    for job in common.jobs():
        read(job, True).say()
        read(job, False).say()
