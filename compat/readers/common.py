"""What all readers here share: the job that the Go test describes, and the answer that it expects.

A program is called with the path of a JSON file: a list of jobs. It prints one line of JSON for each, in order:

    samples  number of samples
    keys     SHA-256 over the sorted keys
    rows     SHA-256 over the sorted lines "key label label_a label_b pixels-of-the-target source"
    labels   how often each label occurs
    lam      sum of lambda
    soft     sums of the dense labels by class, or null
    encoded  SHA-256 over the sorted SHA-256 of the encoded images
    pixels   SHA-256 over the sorted SHA-256 of the decoded RGB pixels

A field that a reader does not give is null. All of them are independent of order.
"""
import hashlib
import io
import json
import sys
from collections import Counter

import numpy as np


def jobs():
    with open(sys.argv[1]) as f:
        return json.load(f)


def text(v):
    """Text out of what a reader makes of it: str, bytes, or an array of uint8."""
    if isinstance(v, str):
        return v
    return bytes(v).decode()


class Answer:
    def __init__(self, job):
        self.job, self.n, self.lam = job, 0, None
        self.labels, self.keys, self.rows, self.encoded, self.pixels = Counter(), [], [], [], []
        self.soft = None

    def add(self, label, key=None, label_a=None, label_b=None, lam=None, source=None, soft=None, encoded=None, pixels=None):
        self.n += 1
        self.labels[int(label)] += 1
        if key is not None:
            self.keys.append(text(key))
        if lam is not None:
            self.lam = float(lam) + (self.lam or 0.0)
        if source is not None:
            line = [text(key), int(label), int(label_a), int(label_b), round(float(lam) * self.job["area"]), text(source)]
            self.rows.append(" ".join(map(str, line)))
        if soft is not None:
            v = np.asarray(soft, "float64")
            assert v.shape == (self.job["classes"],), v.shape
            self.soft = v if self.soft is None else self.soft + v
        if encoded is not None:
            encoded = bytes(encoded)
            self.encoded.append(hashlib.sha256(encoded).hexdigest())
            if pixels is None:
                pixels = decode(encoded)
        if pixels is not None:
            self.pixels.append(hashlib.sha256(np.ascontiguousarray(pixels, "uint8").tobytes()).hexdigest())

    def say(self):
        def digest(lines):
            assert len(lines) in (0, self.n), (len(lines), self.n)
            return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest() if lines else None

        print(json.dumps({
            "samples": self.n, "keys": digest(self.keys), "rows": digest(self.rows),
            "labels": {str(k): v for k, v in sorted(self.labels.items())}, "lam": self.lam,
            "soft": None if self.soft is None else self.soft.tolist(),
            "encoded": digest(self.encoded), "pixels": digest(self.pixels),
        }), flush=True)


def decode(encoded):
    from PIL import Image

    return np.asarray(Image.open(io.BytesIO(encoded)).convert("RGB"))
