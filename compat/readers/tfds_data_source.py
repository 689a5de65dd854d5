"""TFDS: as_data_source, without any code of the data set and without TensorFlow."""
import sys

import tensorflow_datasets as tfds

import common

if __name__ == "__main__":
    for job in common.jobs():
        builder = tfds.builder_from_directory(f"{job['dir']}/{job['name']}/1.0.0")
        split = job["split"] + job["under"]
        assert builder.info.splits[split].num_examples == job["samples"]
        data = builder.as_data_source(split=split, decoders={"image": tfds.decode.SkipDecoding()})
        assert len(data) == job["samples"]
        a = common.Answer(job)
        for r in data:
            assert r["box"].shape == (4,) and r["peak"].shape == (2,) and r["file_name"] == r["key"] + b"." + job["image"].encode()
            a.add(r["label"], r["key"], r["label_a"], r["label_b"], r["lam"], r["source"], r["soft_label"] if job["dense"] else None, encoded=r["image"])
        first = builder.as_data_source(split=split)[0]["image"]
        assert first.shape == (job["height"], job["width"], 3) and first.dtype == "uint8"
        a.say()
    assert "tensorflow" not in sys.modules
