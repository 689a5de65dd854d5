"""Hugging Face datasets on tars: load_dataset on the folder, streaming and prepared, which must agree."""
import datasets

import common


def read(job, streaming):
    files = f"{job['dir']}/{job['name']}-{job['split']}{job['dash']}-*.tar"
    if job["dash"]:
        data = datasets.load_dataset("webdataset", data_files={job["split"]: files}, split=job["split"], streaming=streaming, cache_dir=job["tmp"])
    else:  # the folder as it is, with all side files
        data = datasets.load_dataset(job["dir"], split=job["split"], streaming=streaming, cache_dir=job["tmp"])
    data = data.cast_column(job["image"], datasets.Image(decode=False))
    a = common.Answer(job)
    for s in data:
        j = s["json"]
        assert s["__key__"].endswith(j["key"]), (s["__key__"], j["key"])
        a.add(s["cls"], j["key"], j["label_a"], j["label_b"], j["lam"], j["source"], s.get("soft.npy"), encoded=s[job["image"]]["bytes"])
    return a


if __name__ == "__main__":
    for job in common.jobs():
        read(job, True).say()
        read(job, False).say()
