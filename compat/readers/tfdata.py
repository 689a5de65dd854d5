"""tf.data.TFRecordDataset and tf.io.parse_single_example. JPEGs are decoded with the accurate DCT."""
import glob

import tensorflow as tf

import common


def decode(encoded, job):
    if job["image"] == "png":
        return tf.io.decode_png(encoded, channels=3)
    return tf.io.decode_jpeg(encoded, channels=3, dct_method="INTEGER_ACCURATE")


if __name__ == "__main__":
    for job in common.jobs():
        shards = sorted(glob.glob(f"{job['dir']}/{job['split']}{job['dash']}-*"))
        one = lambda t: tf.io.FixedLenFeature([], t)
        features = {
            "image/encoded": one(tf.string), "image/format": one(tf.string), "image/height": one(tf.int64), "image/width": one(tf.int64),
            "image/channels": one(tf.int64), "image/colorspace": one(tf.string), "image/filename": one(tf.string),
            "image/class/label": one(tf.int64), "image/class/synset": one(tf.string), "image/mix/flat": one(tf.int64),
            "image/mix/mixed": one(tf.int64), "image/mix/replica": one(tf.int64), "image/mix/method": one(tf.string),
            "image/mix/label_a": one(tf.int64), "image/mix/label_b": one(tf.int64), "image/mix/lam": one(tf.float32),
            "image/mix/lam_drawn": one(tf.float32), "image/mix/target": one(tf.string), "image/mix/source": one(tf.string),
            "image/mix/box": tf.io.FixedLenFeature([4], tf.int64), "image/mix/src_box": tf.io.FixedLenFeature([4], tf.int64),
            "image/mix/peak": tf.io.FixedLenFeature([2], tf.int64),
        }
        if job["dense"]:
            features["image/class/soft_label"] = tf.io.FixedLenFeature([job["classes"]], tf.float32)
        a = common.Answer(job)
        for raw in tf.data.TFRecordDataset(shards):
            f = tf.io.parse_single_example(raw, features)
            encoded = f["image/encoded"].numpy()
            pixels = decode(encoded, job).numpy()
            label = f["image/class/label"].numpy() - 1
            assert pixels.shape == (f["image/height"], f["image/width"], 3), pixels.shape
            assert f["image/format"] == {"jpg": b"JPEG", "png": b"PNG"}[job["image"]] and f["image/class/synset"].numpy().decode() == job["names"][label]
            soft = f["image/class/soft_label"].numpy() if job["dense"] else None
            key = f["image/filename"].numpy().decode().rsplit(".", 1)[0]
            a.add(label, key, f["image/mix/label_a"], f["image/mix/label_b"], f["image/mix/lam"], f["image/mix/source"].numpy(), soft, encoded, pixels)
        a.say()
