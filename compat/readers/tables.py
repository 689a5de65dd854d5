"""Polars, DuckDB and Lance on Parquet: the programs of docs/readers.md, in the folder of an output.

What a program calls `data` must have all samples, `by_label` must be what they say, and `image` and `soft` those of the first.
"""
import contextlib
import io
import os
import re

import numpy as np

import common

NAMES = ("Polars", "DuckDB", "Lance")
ROWS = {"Polars": lambda data: data.collect().to_dicts(), "DuckDB": lambda data: data.to_arrow_table().to_pylist(), "Lance": lambda data: data.to_table().to_pylist()}


def programs():
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../docs/readers.md")) as f:
        found = dict(re.findall(r"^## (.*?)\n.*?^```python\n(.*?)^```$", f.read(), re.M | re.S))
    assert sorted(found) == sorted(NAMES), found.keys()
    return found


def replaced(code, old, new):
    assert old in code, f"{old} is not in the program"
    return code.replace(old, new)


def read(name, code, job):
    """Runs a program on the split or replica of the job."""
    code = replaced(code, "data/train-*", f"data/{job['split']}{job['under']}-*")
    if name == "Lance":
        code = replaced(code, "../train.lance", f"{job['tmp']}/train.lance")
    assert "soft_label" in code
    if not job["dense"]:
        code = "".join(line for line in code.splitlines(True) if "soft_label" not in line)
    space = {}
    os.chdir(job["dir"])
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(code, name, "exec"), space)
    rows = ROWS[name](space["data"])
    assert printed.getvalue(), "nothing is printed"
    for label, images, lam in space["by_label"]:
        mine = [r["lam"] for r in rows if r["label"] == label]
        assert len(mine) == images and abs(np.mean(mine) - lam) < 1e-9, (label, images, lam)
    assert sorted(row[0] for row in space["by_label"]) == sorted({r["label"] for r in rows})
    first = min(rows, key=lambda r: r["key"])
    assert space["image"].size == (job["width"], job["height"])
    assert (np.asarray(space["image"].convert("RGB")) == common.decode(first["image"]["bytes"])).all()
    a = common.Answer(job)
    if job["dense"]:
        assert space["soft"].dtype == np.float32 and space["soft"].tolist() == first["soft_label"]
    for r in rows:
        assert r["image"]["path"] == r["key"] + "." + job["image"] and len(r["box"]) == 4 and len(r["peak"]) == 2
        a.add(r["label"], r["key"], r["label_a"], r["label_b"], r["lam"], r["source"], r.get("soft_label"), encoded=r["image"]["bytes"])
    return a


if __name__ == "__main__":
    for job in common.jobs():
        for name, code in programs().items():
            read(name, code, job).say()
