"""Trains a small Flax network on an ArrayRecord output, and goes on where it was stopped, in the middle of an epoch too.

usage: train_flax.py OUT [--epochs 2] [--batch 16] [--lr 0.01] [--workers 2] [--seed 0]
                     [--checkpoint DIR] [--save-every 100] [--stop-after STEP]

OUT is an output of premix --format array_record with the splits train and validation. With K replicas, epoch e reads
replica e mod K: tfds.data_source finds the records, Grain shuffles and batches them in worker processes, and JAX trains, on
the CPU too. Pictures are flipped and not cropped: a crop after mixing would change the share of each picture, and the label with it.

With --checkpoint DIR, the weights and the state of Grain's iterator are kept together in DIR/checkpoint.msgpack, every
--save-every steps and at the end, and the same command goes on from them. --stop-after ends the program after that step. The
last line is JSON.
"""
import argparse
import json
import os
import sys

import grain
import jax
import jax.numpy as jnp
import numpy as np
import optax
import tensorflow_datasets as tfds
from absl import flags
from flax import nnx, serialization

# What a checkpoint must agree with, beside the data set: another value would make it another training. The state of the
# iterator has a part for each worker.
SAME = ("epochs", "batch", "lr", "workers", "seed")


class Sample:
    """A record as arrays; a class of the module, so that workers can be given it."""

    def __init__(self, classes, dense):
        self.classes, self.dense = classes, dense

    def __call__(self, record, rng=None):
        image = record["image"]
        if rng is not None and rng.random() < 0.5:  # mirrored: the shares stay as they are
            image = image[:, ::-1]
        if self.dense:  # with the smoothing of premix --smoothing in it
            soft = record["soft_label"]
        else:
            soft = np.zeros(self.classes, np.float32)
            soft[record["label_a"]] += record["lam"]
            soft[record["label_b"]] += 1 - record["lam"]
        return {"image": np.ascontiguousarray(image), "label": record["label"], "soft": soft}


class Split:
    """A split of an output: a data source for each replica."""

    def __init__(self, out, name):
        with open(os.path.join(out, "__premix__", name, "manifest.json")) as f:
            manifest = json.load(f)
        output = manifest["output"]
        if output["format"] != "array_record":
            sys.exit(f"{out} is {output['format']}: make it with premix --format array_record")
        numbers = sorted((r["replica"], r["numbered"]) for r in manifest["replicas"])
        # The fingerprint, of recipe, classes and input, stays the same when replicas are added; what epochs read does not.
        self.identity = f"{manifest['fingerprint']} {[n for n, _ in numbers]}"
        self.classes = output["classes"]["count"]
        builder = tfds.builder_from_directory(os.path.join(out, output["name"], "1.0.0"))
        names = [f"{name}_r{n:03d}" if numbered else name for n, numbered in numbers]
        self.replicas = [builder.as_data_source(split=n) for n in names]
        self.sample = Sample(self.classes, output["label_form"] == "dense")

    def epoch(self, e, seed, batch):
        """The batches of epoch e, in an order that only seed and e decide. What fills no batch is left out."""
        data = grain.MapDataset.source(self.replicas[e % len(self.replicas)])
        return data.seed(seed * 1000003 + e).shuffle().random_map(self.sample).batch(batch, drop_remainder=True)

    def training(self, epochs, seed, batch, workers):
        """An iterator over the batches of all epochs, one after the other, and how many each epoch has."""
        each = [self.epoch(e, seed, batch) for e in range(epochs)]
        data = grain.MapDataset.concatenate(each).to_iter_dataset()
        return iter(data.mp_prefetch(grain.MultiprocessingOptions(num_workers=workers))), len(each[0])

    def once(self, batch):
        """Each sample of the first replica once, in its order."""
        return grain.MapDataset.source(self.replicas[0]).map(self.sample).batch(batch)


class Network(nnx.Module):
    def __init__(self, classes, rngs):
        self.first = nnx.Conv(3, 16, (3, 3), strides=2, rngs=rngs)
        self.second = nnx.Conv(16, 32, (3, 3), strides=2, rngs=rngs)
        self.last = nnx.Linear(32, classes, rngs=rngs)

    def __call__(self, images):
        x = images.astype(jnp.float32) / 127.5 - 1
        x = nnx.relu(self.second(nnx.relu(self.first(x))))
        return self.last(x.mean((1, 2)))


@nnx.jit
def train_step(model, optimizer, images, soft):
    def loss(model):
        return optax.softmax_cross_entropy(model(images), soft).mean()  # takes soft labels as they are

    value, gradients = nnx.value_and_grad(loss)(model)
    optimizer.update(model, gradients)
    return value


@nnx.jit
def right(model, images, labels):
    return (model(images).argmax(1) == labels).sum()


def save(path, state):
    """Writes a checkpoint: the old one stays until the new one is whole."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path + ".new", "wb") as f:
        f.write(serialization.msgpack_serialize(state))
        f.flush()
        os.fsync(f.fileno())
    os.replace(path + ".new", path)


def load(path, wanted):
    """The checkpoint, or None where there is none yet."""
    if not os.path.exists(path):
        return None
    with open(path, "rb") as f:
        data = f.read()
    try:
        state = serialization.msgpack_restore(data)
        found = json.loads(state["identity"])
    except Exception as e:  # msgpack has many
        sys.exit(f"{path} is damaged ({e!r}): remove it, or give another --checkpoint")
    for name, value in wanted.items():
        if found.get(name) == value:
            continue
        if name == "data":
            sys.exit(f"{path} was saved by a run on another data set, or on other replicas ({found.get(name)}, not {value}): give the same OUT, or another --checkpoint")
        sys.exit(f"{path} was saved by a run with --{name} {found.get(name)}, not {value}: give the same options, or another --checkpoint")
    return state


def main():
    p = argparse.ArgumentParser(usage="\n".join(__doc__.splitlines()[2:4]).removeprefix("usage: "))
    p.add_argument("out")
    p.add_argument("--epochs", type=int, default=2)
    p.add_argument("--batch", type=int, default=16)
    p.add_argument("--lr", type=float, default=0.01)
    p.add_argument("--workers", type=int, default=2)
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--checkpoint", metavar="DIR")
    p.add_argument("--save-every", type=int, default=100, metavar="STEPS")
    p.add_argument("--stop-after", type=int, metavar="STEP")
    args = p.parse_args()
    flags.FLAGS.mark_as_parsed()  # Grain asks for absl's flags when it starts workers
    train, validation = Split(args.out, "train"), Split(args.out, "validation")
    batches, steps = train.training(args.epochs, args.seed, args.batch, args.workers)
    if steps == 0:
        sys.exit(f"{len(train.replicas[0])} samples fill no batch of {args.batch}: give a smaller --batch")
    path = args.checkpoint and os.path.join(args.checkpoint, "checkpoint.msgpack")
    wanted = {**{name: getattr(args, name) for name in SAME}, "data": train.identity}
    state = load(path, wanted) if path else None

    model = Network(train.classes, nnx.Rngs(args.seed))
    optimizer = nnx.Optimizer(model, optax.adam(args.lr), wrt=nnx.Param)
    step, last, losses = 0, args.epochs * steps, []
    if state:
        step, losses = state["step"], list(state["losses"])
        weights = nnx.state((model, optimizer))
        nnx.update((model, optimizer), jax.tree.unflatten(jax.tree.structure(weights), state["weights"].values()))
        batches.set_state(json.loads(state["iterator"]))
        print(f"going on after step {step} of {last}")
    end = min(last, args.stop_after or last)

    def keep():
        if path:
            weights = {f"{i:06d}": np.asarray(w) for i, w in enumerate(jax.tree.leaves(nnx.state((model, optimizer))))}
            save(path, {"step": step, "losses": losses, "weights": weights, "iterator": json.dumps(batches.get_state()), "identity": json.dumps(wanted)})

    begin, samples, soft_sum = step, 0, 0.0
    while step < end:
        batch = next(batches)
        losses.append(float(train_step(model, optimizer, batch["image"], batch["soft"])))
        step, samples, soft_sum = step + 1, samples + len(batch["soft"]), soft_sum + float(batch["soft"].sum())
        if step % args.save_every == 0 or step == end:
            keep()
        if step % steps == 0:
            print(f"epoch {step // steps} of {args.epochs}: mean loss {np.mean(losses[-steps:]):.4f}", flush=True)
    batches.close()
    accuracy = sum(int(right(model, batch["image"], batch["label"])) for batch in validation.once(args.batch)) / len(validation.replicas[0])
    print(f"validation accuracy {accuracy:.4f}")
    print(json.dumps({
        "reader": "grain", "first_step": begin, "steps": step, "steps_an_epoch": steps, "train": samples, "soft_sum": soft_sum, "losses": losses,
        "validation": len(validation.replicas[0]), "accuracy": accuracy}))


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        print("interrupted: with --checkpoint, the same command goes on after the last step that was kept", file=sys.stderr)
        sys.exit(130)
