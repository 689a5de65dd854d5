"""One training and one evaluation pass with TensorFlow Datasets: tfds.load and no data set code.

usage: train_tfds.py OUT        (an output of premix mix --format tfds --label-form dense, with train and validation)
"""
import json
import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import tensorflow as tf
import tensorflow_datasets as tfds

out = sys.argv[1]
manifest = json.load(open(os.path.join(out, "__premix__/train/manifest.json")))
name, (height, width) = manifest["output"]["name"], manifest["output"]["size"]
train, info = tfds.load(name, split="train", data_dir=out, as_supervised=True, with_info=True)
validation = tfds.load(name, split="validation", data_dir=out, as_supervised=True)
classes = info.features["label"].num_classes


def scale(image, label):
    return tf.cast(tf.ensure_shape(image, (height, width, 3)), tf.float32) / 255.0, label


tf.keras.utils.set_random_seed(0)
model = tf.keras.Sequential([tf.keras.layers.Input((height, width, 3)), tf.keras.layers.Flatten(), tf.keras.layers.Dense(classes)])
model.compile(tf.keras.optimizers.SGD(0.01), tf.keras.losses.CategoricalCrossentropy(from_logits=True), metrics=["categorical_accuracy"])
history = model.fit(train.map(scale).batch(8), epochs=1, verbose=0).history
loss, accuracy = model.evaluate(validation.map(scale).batch(8), verbose=0)
print(json.dumps({
    "reader": "tfds", "train": int(train.reduce(0, lambda n, _: n + 1)),
    "soft_sum": float(train.reduce(0.0, lambda s, x: s + tf.reduce_sum(x[1]))),
    "soft_least": float(train.reduce(1.0, lambda s, x: tf.minimum(s, tf.reduce_min(x[1])))),
    "first_loss": history["loss"][0], "validation": int(validation.reduce(0, lambda n, _: n + 1)), "validation_loss": loss, "accuracy": accuracy}))
