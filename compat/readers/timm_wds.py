"""timm: create_dataset("wds/…") finds the shards through _info.json, and gives image and target only."""
import numpy as np
from timm.data import create_dataset

import common

if __name__ == "__main__":
    for job in common.jobs():
        data = create_dataset("wds/" + job["name"], root=job["dir"], split=job["split"] + job["under"], is_training=False, batch_size=1)
        a = common.Answer(job)
        for image, target in data:
            a.add(target, pixels=np.asarray(image.convert("RGB")))
        assert len(data) == a.n, (len(data), a.n)
        a.keys = [name.rsplit(".", 1)[0] for name in data.filenames(basename=True)]
        a.say()
