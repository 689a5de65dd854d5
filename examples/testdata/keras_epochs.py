"""Runs tensorflow/train_resnet.py and looks at what it reads, for TestKerasEpochs. usage: keras_epochs.py OUT DIR

OUT has two replicas. All runs are in this process, since TensorFlow is slow to import. Prints one line of JSON.
"""
import contextlib
import io
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "tensorflow"))
import train_resnet

BATCH = 20


def run(*args):
    """The last line that a training prints, or {"exit": message} if it ends the program."""
    sys.argv = ["train_resnet.py", OUT, "--model", "small", "--lr", "0.02", "--batch", str(BATCH), *args]
    train_resnet.keras.utils.clear_session()
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            train_resnet.main()
    except SystemExit as e:
        return {"exit": str(e.code)}
    return json.loads(printed.getvalue().splitlines()[-1])


def reads():
    """Of four epochs: how many records, how many different ones, how many of replica e mod 2, and whether the order is that of
    the shards or of another epoch."""
    split = train_resnet.Split(OUT, "train")
    replicas = [[r.numpy() for r in train_resnet.tf.data.TFRecordDataset(shards)] for shards in split.shards]
    epochs = [[record.numpy() for _, _, record in split.epoch(train_resnet.tf.constant(e, "int64"), 0, BATCH)] for e in range(4)]
    again = [record.numpy() for _, _, record in split.epoch(train_resnet.tf.constant(2, "int64"), 0, BATCH)]
    return [{"records": len(r), "different": len(set(r)), "of_replica": len(set(r) & set(replicas[e % 2])),
             "ordered": r == replicas[e % 2][:len(r)] or r in epochs[:e], "same_again": e != 2 or r == again} for e, r in enumerate(epochs)]


def decay():
    """What is left of a weight of 1 without a gradient after 200 steps at a rate of 0.1: here, and with PyTorch's SGD, by the
    formula in its documentation, with a weight decay of 1e-4 and Nesterov's momentum."""
    weight = train_resnet.keras.Variable(1.0)
    optimizer = train_resnet.optimizer(0.1)
    other, momentum = 1.0, 0.0
    for _ in range(200):
        optimizer.apply([train_resnet.tf.zeros(())], [weight])
        gradient = 1e-4 * other
        momentum = 0.9 * momentum + gradient
        other -= 0.1 * (gradient + 0.9 * momentum)
    return [float(weight.numpy()), other]


def of_other_data():
    """The checkpoint as if it were of a training on another output."""
    with open(os.path.join(CHECKPOINT, "checkpoint.json")) as f:
        written = json.load(f)
    with open(os.path.join(CHECKPOINT, "checkpoint.json"), "w") as f:
        json.dump({**written, "fingerprint": "other"}, f)
    return run("--epochs", "3", "--checkpoint", CHECKPOINT)


OUT, CHECKPOINT = sys.argv[1], sys.argv[2]
print(json.dumps({
    "reads": reads(),
    "decay": decay(),
    "whole": run("--epochs", "3"),
    "stopped": run("--epochs", "3", "--checkpoint", CHECKPOINT, "--stop-after", "1"),
    "went_on": run("--epochs", "3", "--checkpoint", CHECKPOINT),
    "other": [run(*more, "--checkpoint", CHECKPOINT) for more in (["--epochs", "4"], ["--epochs", "3", "--seed", "1"])] + [of_other_data()],
}))
