"""TFDS: builder_from_directory, without any code of the data set."""
import tensorflow as tf
import tensorflow_datasets as tfds

import common
import tfdata

if __name__ == "__main__":
    for job in common.jobs():
        builder = tfds.builder_from_directory(f"{job['dir']}/{job['name']}/1.0.0")
        split = job["split"] + job["under"]
        assert builder.info.splits[split].num_examples == job["samples"]
        for label in ("label", "label_a", "label_b"):
            assert builder.info.features[label].names == job["names"], builder.info.features[label].names
        data = builder.as_dataset(split=split, decoders={"image": tfds.decode.SkipDecoding()})
        a = common.Answer(job)
        for f in data:
            encoded = f["image"].numpy()
            assert f["box"].shape == (4,) and f["peak"].shape == (2,) and f["flat"].dtype == tf.bool and f["file_name"].numpy().decode() == f["key"].numpy().decode() + "." + job["image"]
            soft = f["soft_label"].numpy() if job["dense"] else None
            a.add(f["label"], f["key"].numpy(), f["label_a"], f["label_b"], f["lam"], f["source"].numpy(), soft, encoded, tfdata.decode(encoded, job).numpy())
        image, target = next(iter(builder.as_dataset(split=split, as_supervised=True)))
        assert image.shape == (job["height"], job["width"], 3) and target.shape == ((job["classes"],) if job["dense"] else ())
        a.say()
