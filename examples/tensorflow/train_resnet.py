"""Trains a ResNet with Keras on mixed TFRecords, for many epochs, and goes on where it was stopped.

usage: train_resnet.py OUT [--epochs 90] [--model resnet50|small] [--batch 256] [--lr 0.1]
                       [--checkpoint DIR] [--stop-after E] [--seed 0]

OUT is an output of premix --format tfrecord with the splits train and validation. With K replicas, epoch e reads replica
e mod K. --batch is the global batch: where there are several GPUs, each gets its share of it. The crops were drawn when the
set was made, so pictures are only flipped here. With --checkpoint DIR the state after each epoch is kept in
DIR/checkpoint.keras, and what it must agree with in DIR/checkpoint.json; the same command goes on from it. --stop-after E
ends the program after that epoch. The last line is JSON.
"""
import argparse
import json
import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import keras
import tensorflow as tf
from keras import layers

AUTO = tf.data.AUTOTUNE
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet's pixels


class Split:
    """A split of an output: the shards of its replicas, by its manifest."""

    def __init__(self, out, name):
        folder = os.path.join(out, "__premix__", name)
        with open(os.path.join(folder, "manifest.json")) as f:
            manifest = json.load(f)
        self.fingerprint = manifest["fingerprint"]  # of recipe, classes and input; the same when replicas are added
        if manifest["output"]["format"] != "tfrecord":
            sys.exit(f"{out} is {manifest['output']['format']}: make it with premix --format tfrecord")
        replicas = sorted(manifest["replicas"], key=lambda r: r["replica"])
        self.samples, self.replicas = replicas[0]["samples"], len(replicas)
        self.shards = [[os.path.join(out, s["name"]) for s in r["shards"]] for r in replicas]
        self.size = tuple(manifest["output"]["size"])
        self.encoding = manifest["output"]["image_format"]
        self.classes = manifest["output"]["classes"]["count"]
        self.features = {"image/encoded": tf.io.FixedLenFeature([], tf.string)}
        if manifest["output"]["label_form"] == "dense":  # with the smoothing of premix --smoothing in it
            self.features["image/class/soft_label"] = tf.io.FixedLenFeature([self.classes], tf.float32)
        else:
            for label in "a", "b":
                self.features["image/mix/label_" + label] = tf.io.FixedLenFeature([], tf.int64)
            self.features["image/mix/lam"] = tf.io.FixedLenFeature([], tf.float32)

    def parse(self, record):
        """The pixels, and the soft label: the weights of all classes."""
        f = tf.io.parse_single_example(record, self.features)
        if self.encoding == "png":
            image = tf.io.decode_png(f["image/encoded"], channels=3)
        else:  # INTEGER_ACCURATE: the same pixels as every other reader; TensorFlow's default is the fast DCT
            image = tf.io.decode_jpeg(f["image/encoded"], channels=3, dct_method="INTEGER_ACCURATE")
        image = tf.ensure_shape(image, (*self.size, 3))
        if "image/class/soft_label" in f:
            return image, f["image/class/soft_label"]
        lam = f["image/mix/lam"]
        a, b = (tf.one_hot(f["image/mix/label_" + label], self.classes) for label in ("a", "b"))
        return image, lam * a + (1 - lam) * b

    def epoch(self, e, seed, batch):
        """The records of epoch e, shuffled, without those that fill no batch, each with its number in the epoch."""
        # Seeds are of the epoch alone, so that a run that goes on reads what it would have read.
        shards = tf.random.experimental.stateless_shuffle(tf.gather(tf.constant(self.shards), e % self.replicas), seed=(seed, e))
        files = tf.data.Dataset.from_tensor_slices(shards)
        records = files.interleave(tf.data.TFRecordDataset, cycle_length=4, num_parallel_calls=AUTO, deterministic=True)
        some = records.batch(4096).map(lambda r: tf.random.experimental.stateless_shuffle(r, seed=(seed, e)))
        return some.unbatch().take(self.samples // batch * batch).enumerate().map(lambda i, record: (e, i, record))

    def training(self, first, last, batch, seed):
        """Batches of the epochs from first to last, one epoch after the other."""

        def sample(e, i, record):
            image, label = self.parse(record)
            return tf.image.stateless_random_flip_left_right(image, seed=(seed + e, i)), label

        epochs = tf.data.Dataset.range(first, last).flat_map(lambda e: self.epoch(e, seed, batch))
        batches = epochs.map(sample, num_parallel_calls=AUTO).batch(batch, drop_remainder=True).prefetch(AUTO)
        return batches.apply(tf.data.experimental.assert_cardinality((last - first) * (self.samples // batch)))

    def once(self, batch):
        """Each sample of the first replica once, in its order."""
        records = tf.data.TFRecordDataset(self.shards[0])
        batches = records.map(self.parse, num_parallel_calls=AUTO).batch(batch).prefetch(AUTO)
        return batches.apply(tf.data.experimental.assert_cardinality(-(-self.samples // batch)))


def normalized(shape):
    inputs = layers.Input(shape)
    return inputs, layers.Rescaling([1 / 255 / d for d in DEVIATION], [-m / d for m, d in zip(MEAN, DEVIATION)])(inputs)


def small(shape, classes):
    """A ResNet of ten convolutions, for small pictures and few of them."""

    def convolution(x, filters, size=3, strides=1):
        return layers.Conv2D(filters, size, strides, padding="same", use_bias=False, kernel_initializer="he_normal")(x)

    def normalize(x):
        return layers.BatchNormalization(momentum=0.9)(x)  # the default, 0.99, needs hundreds of steps

    inputs, x = normalized(shape)
    x = layers.ReLU()(normalize(convolution(x, 32, strides=2)))
    for filters in 32, 64, 128:
        y = layers.ReLU()(normalize(convolution(x, filters, strides=2)))
        y = normalize(convolution(y, filters))
        x = layers.ReLU()(layers.Add()([convolution(x, filters, 1, 2), y]))
    return keras.Model(inputs, layers.Dense(classes)(layers.GlobalAveragePooling2D()(x)))


def resnet50(shape, classes):
    inputs, x = normalized(shape)
    network = keras.applications.ResNet50(weights=None, input_shape=shape, classes=classes, classifier_activation=None)
    return keras.Model(inputs, network(x))


MODELS = {"small": small, "resnet50": resnet50}


class Save(keras.callbacks.Callback):
    """Saves model and optimizer after each epoch: the old file stays until the new one is whole."""

    def __init__(self, file, identity):
        super().__init__()
        self.file, self.identity = file, identity

    def on_epoch_end(self, epoch, logs=None):
        os.makedirs(os.path.dirname(self.file), exist_ok=True)
        if not os.path.exists(self.file):  # else load has compared them
            with open(identity_file(self.file), "w") as f:
                json.dump(self.identity, f)
        new = os.path.join(os.path.dirname(self.file), "new.keras")
        self.model.save(new)
        os.replace(new, self.file)


def optimizer(rate):
    # Keras' decay is apart from the gradient: each step takes weight · rate · 1e-3. PyTorch's SGD adds weight · 1e-4 to the
    # gradient, and momentum then repeats that 1 / (1 - 0.9) = 10 times. So both shrink a weight alike, ten steps later there.
    return keras.optimizers.SGD(rate, momentum=0.9, nesterov=True, weight_decay=1e-3)


def compiled(args, split, steps):
    model = MODELS[args.model]((*split.size, 3), split.classes)
    warm = min(5, args.epochs // 10) * steps
    rate = keras.optimizers.schedules.CosineDecay(0.0, args.epochs * steps - warm, warmup_target=args.lr, warmup_steps=warm)
    model.compile(
        optimizer(rate),
        keras.losses.CategoricalCrossentropy(from_logits=True),  # takes soft labels as they are; no label_smoothing on top
        metrics=["accuracy"],
        jit_compile="auto" if tf.config.list_physical_devices("GPU") else False)
    return model


def identity(args, split):
    """What a checkpoint must agree with: another value would make it another training."""
    return {**{name: getattr(args, name) for name in ("model", "epochs", "batch", "lr", "seed")}, "fingerprint": split.fingerprint}


def identity_file(file):
    return file.removesuffix(".keras") + ".json"


def load(file, wanted):
    """The checkpoint."""
    try:
        with open(identity_file(file)) as f:
            found = json.load(f)
    except FileNotFoundError:
        sys.exit(f"{file} has no {identity_file(file)} beside it, which says what run saved it: give another --checkpoint")
    for name, value in wanted.items():
        if found.get(name) == value:
            continue
        if name == "fingerprint":
            sys.exit(f"{file} was saved by a run on another data set (fingerprint {found.get(name)}, not {value}): give the same OUT, or another --checkpoint")
        sys.exit(f"{file} was saved by a run with --{name} {found.get(name)}, not {value}: give the same options, or another --checkpoint")
    return keras.models.load_model(file)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("out", metavar="OUT")
    p.add_argument("--epochs", type=int, default=90)
    p.add_argument("--model", choices=sorted(MODELS), default="resnet50")
    p.add_argument("--batch", type=int, default=256, help="samples a step, of all GPUs together")
    p.add_argument("--lr", type=float, default=0.1, help="highest learning rate; in proportion to --batch, as a rule")
    p.add_argument("--checkpoint", metavar="DIR", help="keep the state after each epoch here, and go on from it")
    p.add_argument("--stop-after", type=int, metavar="E", help="end after epoch E of --epochs; the same command goes on")
    p.add_argument("--seed", type=int, default=0)
    args = p.parse_args()
    keras.utils.set_random_seed(args.seed)
    train, validation = Split(args.out, "train"), Split(args.out, "validation")
    steps = train.samples // args.batch
    if steps == 0:
        sys.exit(f"{train.samples} samples are less than a batch: --batch {train.samples} at most")
    file = os.path.join(args.checkpoint, "checkpoint.keras") if args.checkpoint else None
    several = len(tf.config.list_logical_devices("GPU")) > 1
    with (tf.distribute.MirroredStrategy() if several else tf.distribute.get_strategy()).scope():
        model = compiled(args, train, steps)
        if file and os.path.exists(file):
            model = load(file, identity(args, train))
    first, last = int(model.optimizer.iterations) // steps, min(args.epochs, args.stop_after or args.epochs)
    if first > 0:
        print(f"going on after epoch {first} of {args.epochs} ({file})")
    losses = []
    if first < last:
        losses = model.fit(
            train.training(first, last, args.batch, args.seed), shuffle=False, initial_epoch=first, epochs=last, steps_per_epoch=steps,
            validation_data=validation.once(args.batch), callbacks=[Save(file, identity(args, train))] if file else [], verbose=2).history["loss"]
    loss, accuracy = model.evaluate(validation.once(args.batch), verbose=0)
    print(f"validation accuracy {accuracy:.1%} of {validation.samples}")
    print(json.dumps({
        "reader": "tf.data", "model": args.model, "classes": train.classes, "replicas": train.replicas, "train": train.samples, "steps": steps,
        "first_epoch": first, "epochs": last, "losses": losses, "validation": validation.samples, "validation_loss": loss, "accuracy": accuracy}))


if __name__ == "__main__":
    main()
