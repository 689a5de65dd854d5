"""One training and one evaluation pass with tf.data and Keras on TFRecords in the TF-slim profile.

usage: train_keras.py OUT [--dense]        (an output of premix with the splits train and validation)

--dense takes the vector image/class/soft_label (premix mix --label-form dense); otherwise the soft label is made
from the pair image/mix/label_a, image/mix/label_b, image/mix/lam, and smoothed as the output is. image/class/label is
1-based, as TF-slim has it.
"""
import glob
import json
import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import tensorflow as tf

out, use_dense = sys.argv[1], "--dense" in sys.argv
classes = len(open(os.path.join(out, "__premix__/train/classes.txt")).read().splitlines())
height, width = json.load(open(os.path.join(out, "__premix__/train/manifest.json")))["output"]["size"]
smoothing = json.load(open(os.path.join(out, "__premix__/train/config.json")))["recipe"].get("smoothing", 0.0)  # "lam" is never smoothed
FEATURES = {
    "image/encoded": tf.io.FixedLenFeature([], tf.string),
    "image/class/label": tf.io.FixedLenFeature([], tf.int64),
    "image/mix/label_a": tf.io.FixedLenFeature([], tf.int64),
    "image/mix/label_b": tf.io.FixedLenFeature([], tf.int64),
    "image/mix/lam": tf.io.FixedLenFeature([], tf.float32),
}
if use_dense:
    FEATURES["image/class/soft_label"] = tf.io.FixedLenFeature([classes], tf.float32)


def parse(record, smoothing):
    f = tf.io.parse_single_example(record, FEATURES)
    # INTEGER_ACCURATE: the same pixels as every other reader; TensorFlow's default is the fast DCT.
    image = tf.io.decode_jpeg(f["image/encoded"], channels=3, dct_method="INTEGER_ACCURATE")
    image = tf.cast(tf.ensure_shape(image, (height, width, 3)), tf.float32) / 255.0
    if use_dense:
        return image, f["image/class/soft_label"]
    lam = f["image/mix/lam"]
    y = lam * tf.one_hot(f["image/mix/label_a"], classes) + (1 - lam) * tf.one_hot(f["image/mix/label_b"], classes)
    return image, (1 - smoothing) * y + smoothing / classes


def split(name, smoothing=0.0):
    files = sorted(glob.glob(os.path.join(out, name + "-*")))
    return tf.data.TFRecordDataset(files).map(lambda record: parse(record, smoothing)).batch(8)


tf.keras.utils.set_random_seed(0)
model = tf.keras.Sequential([tf.keras.layers.Input((height, width, 3)), tf.keras.layers.Flatten(), tf.keras.layers.Dense(classes)])
model.compile(tf.keras.optimizers.SGD(0.01), tf.keras.losses.CategoricalCrossentropy(from_logits=True), metrics=["categorical_accuracy"])
train, validation = split("train", smoothing), split("validation")
history = model.fit(train, epochs=1, verbose=0).history
loss, accuracy = model.evaluate(validation, verbose=0)
print(json.dumps({
    "reader": "tf.data", "dense": use_dense, "train": sum(len(y) for _, y in train), "soft_sum": float(sum(tf.reduce_sum(y) for _, y in train)),
    "soft_least": float(min(tf.reduce_min(y) for _, y in train)),
    "first_loss": history["loss"][0], "validation": sum(len(y) for _, y in validation), "validation_loss": loss, "accuracy": accuracy}))
