"""Runs the Python of README.md files, and compares what it reads and trains with the samples themselves.

usage: snippets.py JOBS

JOBS is a JSON file, a list of jobs. A job is one section of a README.md: its blocks, the folder that they run in, and TRUTH,
the samples of all splits and replicas as premix's own reader gives them (truth.py). Frameworks are imported once; each job runs in a
fork of this process. One line of JSON a job says what went wrong: {"name": …, "errors": [], "output": …, "seconds": of CPU}.

How a job is watched: loops over batches (`for images, labels in …`, `for step, (images, labels) in …`, `for batch in …`)
hand each batch to a record; of the first step that trains, weights, batch and loss are kept; print is recorded. Then

  - each image must be one of the truth, and its label, soft or integer, that of the truth;
  - an epoch must be one replica, each sample once (but for timm, see SLACK), and the epochs of a loop the replicas in turn; a
    chain must be both replicas, and count its epochs from 0 to 1. Loaders of PyTorch keep the incomplete batches that they
    would drop, so that no sample can be missing by that;
  - the first loss must equal, to 1e-5, a cross-entropy in NumPy of the truth and what the first weights make of that batch;
  - the number of right answers, or the accuracy, must be that of the last weights on the truth.
"""
import ast
import copy
import gc
import json
import os
import sys
import tempfile
import traceback
from collections import Counter

import numpy as np

from truth import Truth, array, cross_entropy, scale

BATCH = 16
EPOCHS = 2
# Only timm fills an epoch up to whole batches of each worker. (missing, again) is what an epoch may lack and repeat by that: its
# reader of TFDS repeats the set in front of the buffer that shuffles it, so that a second copy may come before the first of another.
SLACK = {"webdataset/timm": (0, 2 * (BATCH - 1)), "tfds/timm": (2 * BATCH, 2 * BATCH)}


class Watch(ast.NodeTransformer):
    """Wraps what loops over batches iterate over in a call that records it."""

    def visit_For(self, node):
        self.generic_visit(node)
        names = [n.id for n in ast.walk(node.target) if isinstance(n, ast.Name)]
        if names in (["images", "labels"], ["step", "images", "labels"], ["batch"]) and not (
                isinstance(node.iter, ast.Call) and getattr(node.iter.func, "attr", "") == "iter_batches"):
            node.iter = ast.copy_location(ast.Call(ast.Name("_watch", ast.Load()), [node.iter, ast.Constant(node.lineno), ast.Constant("step" in names)], []), node.iter)
        return node


class Run:
    def __init__(self, job, truth):
        self.job, self.truth = job, truth
        self.passes, self.printed, self.first, self.metrics, self.errors = [], [], None, None, []

    def watch(self, items, line, chain):
        record = {"line": (self.block, line), "chain": chain, "batches": [], "epochs": []}
        self.passes.append(record)
        for item in items:
            batch = item[1] if chain else item
            if isinstance(batch, dict):
                batch = (batch["pixel_values"], batch["labels"]) if "labels" in batch else (batch["image"], batch["label"])
            record["batches"].append(tuple(batch))
            yield item
            if chain:
                record["epochs"].append(self.space.get("epoch"))

    def go(self):
        def show(*args, **kw):
            self.printed.append(args)
            print(*args, **kw)

        self.space = space = {"__name__": "__main__", "_watch": self.watch, "print": show}
        if "torch" in sys.modules:
            self.hook_torch()
        if "keras" in sys.modules:
            self.hook_keras()
        for self.block, code in enumerate(self.job["blocks"]):
            tree = ast.fix_missing_locations(Watch().visit(ast.parse(code)))
            exec(compile(tree, f"{self.job['name']} block {self.block}", "exec"), space)
        return space

    def hook_torch(self):
        """Keeps the first step of training: the model, its weights and batch, and the loss."""
        import torch

        call, backward, init = torch.nn.Module.__call__, torch.Tensor.backward, torch.utils.data.DataLoader.__init__
        run = self

        def watched(module, *args, **kw):
            if run.first is None and module.training and torch.is_grad_enabled() and not isinstance(module, torch.nn.modules.loss._Loss) \
                    and any(True for _ in module.parameters()):
                x = args[0] if args else kw["pixel_values"]
                run.first = {"model": module, "weights": copy.deepcopy(module.state_dict()), "batch": x.detach().clone()}
            return call(module, *args, **kw)

        def observed(loss, *args, **kw):
            run.first.setdefault("loss", loss.item())
            return backward(loss, *args, **kw)

        def persistent(loader, *args, **kw):  # the harder case for what follows the replicas
            kw["drop_last"] = False
            if kw.get("num_workers", 0) > 0:
                kw["persistent_workers"] = True
            init(loader, *args, **kw)

        torch.nn.Module.__call__, torch.Tensor.backward, torch.utils.data.DataLoader.__init__ = watched, observed, persistent
        torch.set_num_threads(1)

    def hook_keras(self):
        import keras
        import tensorflow as tf

        fit, run = keras.Model.fit, self

        def watched(model, x, **kw):
            batches = list(x)
            run.passes.append({"line": (run.block, "fit"), "chain": "steps_per_epoch" in kw, "batches": [(a.numpy(), b.numpy()) for a, b in batches]})
            model(batches[0][0])
            start, losses = model.get_weights(), []
            keep = keras.callbacks.LambdaCallback(on_train_batch_end=lambda step, logs: losses.append(logs["loss"]))
            same = tf.data.Dataset.from_generator(lambda: iter(batches), output_signature=x.element_spec)
            history = fit(model, same, callbacks=[keep], verbose=0, **kw)
            if run.first is None:
                end = model.get_weights()
                model.set_weights(start)
                run.first = {"keras": model, "batch": batches[0][0].numpy(), "loss": float(losses[0]), "scores": model(batches[0][0], training=True).numpy()}
                model.set_weights(end)
            if "validation_data" in kw:  # with the weights of now: the next fit changes them
                run.metrics = (model(run.evaluated(), training=False).numpy(), history.history["val_categorical_accuracy"][-1])
            return history

        keras.Model.fit = watched

    # What must hold.

    def check(self, space):
        want = self.job["checks"]
        self.check_batches()
        self.check_chain_and_epochs()
        if "loss" in want:
            self.check_loss()
        if "accuracy" in want:
            self.check_accuracy(space)
        if "first" in want:
            self.check_first(space)
        names, replicas = space.get("replicas", []), self.truth.replicas(self.job["split"])
        assert not names or len(names) == len(set(names)) == len(replicas), f"{names} are not {len(replicas)} replicas"

    def check_batches(self):
        for p in self.passes:
            p["rows"] = []
            for images, labels in p["batches"]:
                labels, rows = array(labels), self.truth.find(images)
                assert len(rows) == len(labels), "a batch has not as many labels as images"
                p["rows"] += rows
                for row, label in zip(rows, labels):
                    if np.ndim(label) == 0:
                        assert int(label) == row["label"], f"{row['key']}: label {label}, want {row['label']}"
                    else:
                        far = np.abs(label - row["soft"]).max()
                        assert far < 1e-6, f"{row['key']}: the soft label is {far} off"

    def check_chain_and_epochs(self):
        split = self.job["split"]
        replicas, loops = self.truth.replicas(split), {}
        slack = next((s for name, s in SLACK.items() if self.job["name"].endswith("/" + name)), (0, 0))
        for p in self.passes:
            if p["rows"] and p["rows"][0]["split"] != split:
                self.once(p["rows"], self.truth.of(p["rows"][0]["split"], p["rows"][0]["replica"]), (0, 0))
            elif p["chain"]:
                both = [s for e in range(EPOCHS) for s in self.truth.of(split, replicas[e % len(replicas)])]
                self.once(p["rows"], both, tuple(EPOCHS * n for n in slack))
                epochs = p.get("epochs")  # model.fit has none
                assert not epochs or (epochs == sorted(epochs) and set(epochs) == set(range(EPOCHS))), f"the epochs of the chain's steps are {epochs}"
            else:
                loops.setdefault(p["line"], []).append(p["rows"])
        for line, epochs in loops.items():
            assert len(epochs) == EPOCHS, f"the loop in line {line} had {len(epochs)} epochs"
            for e, rows in enumerate(epochs):
                self.once(rows, self.truth.of(split, replicas[e % len(replicas)]), slack)

    def once(self, rows, want, slack):
        names = lambda rows: [(s["split"], s["replica"], s["number"]) for s in rows]
        rows, want = names(rows), names(want)
        other = set(rows) - set(want)
        assert not other, f"{len(other)} samples are of another replica or split: {sorted(other)[:3]}"
        missing, again = len(set(want) - set(rows)), sum((Counter(rows) - Counter(want)).values())
        assert rows and missing <= slack[0] and again <= slack[1], f"{len(rows)} samples of {len(want)}: {missing} missing, {again} again, at most {slack} may be"

    def check_loss(self):
        assert self.first and "loss" in self.first, "nothing was trained"
        rows = self.truth.find(self.first["batch"])
        assert {s["split"] for s in rows} == {self.job["split"]}, "trained on another split"
        soft = np.stack([s["soft"] for s in rows])
        if "keras" in self.first:
            scores = self.first["scores"]
        else:
            import torch

            model = copy.deepcopy(self.first["model"])
            model.load_state_dict(self.first["weights"])
            model.train()
            with torch.no_grad():
                scores = model(torch.from_numpy(scale([s["pixels"] for s in rows], self.first["batch"])))
            scores = array(getattr(scores, "logits", scores))
        want, got = cross_entropy(scores, soft), self.first["loss"]
        assert abs(got - want) < 1e-5, f"the first loss is {got}, by hand it is {want}"

    def evaluated(self):
        """The images of the split for evaluation, as a tensor of Keras takes them."""
        return np.stack([s["pixels"] for s in self.truth.rows if s["split"] == self.job["eval"]]).astype(np.float32)

    def check_accuracy(self, space):
        rows = [s for s in self.truth.rows if s["split"] == self.job["eval"]]
        if self.metrics:
            scores, got = self.metrics
        else:
            import torch

            model = self.first["model"].eval()
            with torch.no_grad():
                scores = model(torch.from_numpy(scale([s["pixels"] for s in rows], self.first["batch"])))
            scores = array(getattr(scores, "logits", scores))
            got = space["right"] / len(rows) if "right" in space else next(a[0]["eval_accuracy"] for a in self.printed if isinstance(a[0], dict))
        right = scores.argmax(1) == [s["label"] for s in rows]
        # Batches of another size round otherwise, by at most 5e-7 of the range of the scores: where the first two are as near
        # as that, either may win.
        best = np.sort(scores, 1)
        unsure = best[:, -1] - best[:, -2] < 1e-5 * (best[:, -1] - best[:, 0])
        want, low, high = float(np.mean(right)), float(np.mean(right & ~unsure)), float(np.mean(right | unsure))
        assert low - 1e-6 < got < high + 1e-6, f"the accuracy is {got}, by hand it is {want}"

    def check_first(self, space):
        """Programs that look at one sample print it: the numbers of "first" one after another, in this order."""
        text = " ".join(str(v) for args in self.printed for v in args)
        row = self.truth.of(self.job["split"], self.truth.replicas(self.job["split"])[0])[0]
        numbers = [float(v) for v in text.translate(str.maketrans("[](),", "     ")).split() if number(v)]
        want = []
        for name in self.job["first"]:
            if name == "key":
                assert row["key"] in text, f"{row['key']} was not printed: {text}"
            elif name == "size":
                want += row["pixels"].shape[1::-1]
            else:
                want.append(row[name])
        runs = [numbers[i:i + len(want)] for i in range(len(numbers) - len(want) + 1)]
        assert any(np.abs(np.subtract(run, want)).max() < 1e-6 for run in runs), f"{self.job['first']}: {want} was not printed: {text}"


def number(text):
    try:
        float(text)
        return True
    except ValueError:
        return False


def child(job, truth, out):
    os.chdir(job["dir"])
    errors = []
    with open(out + ".log", "w") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
        run = None
        try:
            run = Run(job, truth)
            run.check(run.go())
        except AssertionError as e:
            errors.append(str(e) or traceback.format_exc())
        except BaseException:
            errors.append(traceback.format_exc())
        sys.stdout.flush()
        sys.stderr.flush()
    with open(out + ".log", errors="replace") as log:
        text = log.read()
    with open(out, "w") as f:
        json.dump({"name": job["name"], "errors": errors, "output": text[-4000:], "seconds": sum(os.times()[:4])}, f)


def family(jobs):
    """Imports what the jobs import, and runs each in a fork, half as many at a time as there are cores."""
    for line in sorted({ast.unparse(node) for job in jobs for code in job["blocks"] for node in ast.parse(code).body
                        if isinstance(node, (ast.Import, ast.ImportFrom))}):
        try:
            exec(line, {})
        except ImportError:
            traceback.print_exc()  # the job that wants it fails, and says why
    gc.freeze()  # or each fork copies the pages of all objects
    truths = {path: Truth(path) for path in {job["truth"] for job in jobs}}
    with tempfile.TemporaryDirectory() as tmp:
        running, waiting = {}, list(enumerate(jobs))
        while waiting or running:
            while waiting and len(running) < max(1, (os.cpu_count() or 1) // 2):
                i, job = waiting.pop(0)
                out = os.path.join(tmp, str(i))
                pid = os.fork()
                if pid == 0:
                    try:
                        child(job, truths[job["truth"]], out)
                    finally:
                        os._exit(0)
                running[pid] = (job, out)
            pid, status = os.wait()
            job, out = running.pop(pid)
            if os.path.exists(out):
                with open(out) as f:
                    line = f.read()
            else:
                line = json.dumps({"name": job["name"], "errors": [f"the process ended with status {status}"], "output": ""})
            os.write(1, (line + "\n").encode())


def main():
    with open(sys.argv[1]) as f:
        jobs = json.load(f)
    # TensorFlow and the package tfrecord define the same protocol buffers: one process cannot import both.
    tensorflow = [job for job in jobs if "tensorflow" in "".join(job["blocks"]) or "tfds/" in "".join(job["blocks"])]
    processes = []
    for jobs in (tensorflow, [job for job in jobs if job not in tensorflow]):
        pid = os.fork()
        if pid == 0:
            try:
                family(jobs)
                os._exit(0)
            except BaseException:
                traceback.print_exc()
            os._exit(1)
        processes.append(pid)
    sys.exit(max(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in processes))


if __name__ == "__main__":
    main()
