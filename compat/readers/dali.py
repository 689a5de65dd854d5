"""DALI on the CPU: readers.webdataset and readers.tfrecord, with the index files."""
import glob
import json

import numpy as np
from nvidia.dali import fn, pipeline_def, types
from nvidia.dali import tfrecord as tfrec

import common


def run(pipe, job, row):
    pipe.build()
    a = common.Answer(job)
    for _ in range(job["samples"]):
        row(a, [np.array(o.at(0)) for o in pipe.run()])
    a.say()


def tars(job):
    shards = sorted(glob.glob(f"{job['dir']}/{job['name']}-{job['split']}{job['dash']}-*.tar"))
    index = [s.replace(job["dir"], job["dir"] + "/__index__")[:-4] + ".idx" for s in shards]
    ext = [job["image"], "cls", "json"] + (["soft.npy"] if job["dense"] else [])
    dtypes = [types.UINT8] * 3 + ([types.FLOAT16 if job["half"] else types.FLOAT] if job["dense"] else [])

    @pipeline_def(batch_size=1, num_threads=1, device_id=None)
    def pipe():
        out = fn.readers.webdataset(paths=shards, index_paths=index, ext=ext, dtypes=dtypes, name="r", missing_component_behavior="error")
        return (*out, fn.decoders.image(out[0], device="cpu"))

    p = pipe()

    def row(a, v):
        j = json.loads(v[2].tobytes())
        soft = v[3][128 // v[3].itemsize:] if job["dense"] else None  # behind the header of 128 bytes
        a.add(v[1].tobytes(), j["key"], j["label_a"], j["label_b"], j["lam"], j["source"], soft, v[0].tobytes(), v[-1])

    p.build()
    assert p.reader_meta("r")["epoch_size"] == job["samples"], p.reader_meta("r")
    run(p, job, row)


def tfrecords(job):
    shards = sorted(glob.glob(f"{job['dir']}/{job['split']}{job['dash']}-*"))
    index = [s.replace(job["dir"], job["dir"] + "/__index__") + ".idx" for s in shards]
    text, number, real = (tfrec.FixedLenFeature((), t, d) for t, d in ((tfrec.string, ""), (tfrec.int64, -1), (tfrec.float32, -1.0)))
    features = {
        "image/encoded": text, "image/class/label": number, "image/filename": text, "image/mix/label_a": number, "image/mix/label_b": number,
        "image/mix/lam": real, "image/mix/source": text, "image/mix/box": tfrec.FixedLenFeature([4], tfrec.int64, -1),
    }
    if job["dense"]:
        features["image/class/soft_label"] = tfrec.FixedLenFeature([job["classes"]], tfrec.float32, -1.0)

    @pipeline_def(batch_size=1, num_threads=1, device_id=None)
    def pipe():
        out = fn.readers.tfrecord(path=shards, index_path=index, features=features, name="r")
        return (*(out[k] for k in features), fn.decoders.image(out["image/encoded"], device="cpu"))

    p = pipe()
    p.build()
    assert p.reader_meta("r")["epoch_size"] == job["samples"], p.reader_meta("r")

    def row(a, v):
        f = dict(zip(features, v))
        key = f["image/filename"].tobytes().decode().rsplit(".", 1)[0]
        a.add(f["image/class/label"].item() - 1, key, f["image/mix/label_a"].item(), f["image/mix/label_b"].item(), f["image/mix/lam"].item(),
              f["image/mix/source"].tobytes(), f.get("image/class/soft_label"), f["image/encoded"].tobytes(), v[-1])

    run(p, job, row)


if __name__ == "__main__":
    for job in common.jobs():
        {"webdataset": tars, "tfrecord": tfrecords}[job["format"]](job)
