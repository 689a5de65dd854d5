"""The Python package tfrecord, which needs no TensorFlow."""
import glob

from tfrecord.reader import tfrecord_loader

import common

if __name__ == "__main__":
    for job in common.jobs():
        shards = sorted(glob.glob(f"{job['dir']}/{job['split']}{job['dash']}-*"))
        a = common.Answer(job)
        for shard in shards:
            index = shard.replace(job["dir"], job["dir"] + "/__index__") + ".idx"
            halves = [f for i in range(2) for f in tfrecord_loader(shard, index, None, (i, 2))]  # two workers share the file by its index
            for f in halves:
                key = common.text(f["image/filename"]).rsplit(".", 1)[0]
                soft = f["image/class/soft_label"] if job["dense"] else None
                a.add(f["image/class/label"][0] - 1, key, f["image/mix/label_a"][0], f["image/mix/label_b"][0], f["image/mix/lam"][0],
                      f["image/mix/source"], soft, encoded=f["image/encoded"])
        a.say()
