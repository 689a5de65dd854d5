"""Runs jax/train_flax.py and looks at what it trains with, for TestFlax. usage: flax_epochs.py OUT DIR

OUT has two replicas, dense labels and PNG. All runs are in this process, since JAX compiles each step once in it; Grain's workers
are new processes. Prints one line of JSON.
"""
import contextlib
import io
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "jax"))
import numpy as np
import train_flax


def known(out):
    """The key and the dense label of each picture of both replicas, as it is and mirrored."""
    rows = {}
    for source in train_flax.Split(out, "train").replicas:
        for r in source:
            for image in r["image"], r["image"][:, ::-1]:
                rows[image.tobytes()] = (r["key"].decode(), r["soft_label"])
    return rows


def run(out, rows, *args, die_after=None):
    """The last line that a training prints, with the keys of its batches, or {"exit": message} if it ends the program. With
    die_after, that is after so many batches."""
    batches, step = [], train_flax.train_step

    def watched(model, optimizer, images, soft):
        found = [rows[image.tobytes()] for image in np.asarray(images)]
        assert (np.asarray(soft) == np.stack([label for _, label in found])).all(), "a dense label is not that of its picture"
        if len(batches) == die_after:
            sys.exit("died")
        batches.append([key for key, _ in found])
        return step(model, optimizer, images, soft)

    sys.argv = ["train_flax.py", out, "--batch", "20", *args]
    printed = io.StringIO()
    train_flax.train_step = watched
    try:
        with contextlib.redirect_stdout(printed):
            train_flax.main()
    except SystemExit as e:
        return {"exit": str(e.code), "batches": batches}
    finally:
        train_flax.train_step = step
    lines = printed.getvalue().splitlines()
    return {**json.loads(lines[-1]), "batches": batches, "printed": lines[:-1]}


def main():
    out, checkpoint = sys.argv[1:]
    rows, kept = known(out), ["--checkpoint", checkpoint]
    answer = {
        "whole": run(out, rows), "stopped": run(out, rows, *kept, "--stop-after", "2"),
        "died": run(out, rows, *kept, "--save-every", "3", die_after=5), "went_on": run(out, rows, *kept)}
    answer["other"] = [run(out, rows, *kept, *more) for more in (["--epochs", "3"], ["--seed", "1"], ["--workers", "0"])]
    path = os.path.join(checkpoint, "checkpoint.msgpack")  # as if it were of a training on another output
    state = train_flax.load(path, {})
    train_flax.save(path, {**state, "identity": json.dumps({**json.loads(state["identity"]), "data": "other"})})
    answer["other"].append(run(out, rows, *kept))
    os.truncate(path, os.path.getsize(path) // 2)
    answer["other"].append(run(out, rows, *kept))
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
