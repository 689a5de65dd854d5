"""timm: create_dataset("wds/…") finds the shards through _info.json, and gives image and target only. The target is the
integer of cls, or with target_key what stands in the json member."""
import numpy as np
from timm.data import create_dataset

import common

if __name__ == "__main__":
    for job in common.jobs():
        where = dict(root=job["dir"], split=job["split"] + job["under"], is_training=False, batch_size=1)
        data = create_dataset("wds/" + job["name"], **where)
        mixed = create_dataset("wds/" + job["name"], target_key="mix", **where)
        a = common.Answer(job)
        for (image, target), (_, mix) in zip(data, mixed, strict=True):
            label_a, label_b, lam = mix
            assert target == (label_a if lam >= 0.5 else label_b), (target, mix)
            a.add(target, lam=lam, pixels=np.asarray(image.convert("RGB")))
        assert len(data) == a.n, (len(data), a.n)
        a.keys = [name.rsplit(".", 1)[0] for name in data.filenames(basename=True)]
        a.say()
