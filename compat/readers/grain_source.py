"""Grain over as_data_source: shuffled, in batches, by two processes, each stopped in the middle and started again from its state.

The answer is of all batches together, so a sample that came twice, or not at all, shows.
"""
import json

import grain
import tensorflow_datasets as tfds

import common


def batches(data, process, stop):
    """Yields the batches of one of two processes. After `stop` of them the iterator is thrown away, and another goes on."""

    def iterator():
        part = grain.MapDataset.source(data).seed(5).shuffle()[process::2]
        return iter(part.batch(2, batch_fn=list).to_iter_dataset())

    it = iterator()
    for _ in range(stop):
        yield next(it)
    state = json.loads(json.dumps(it.get_state()))
    next(it, None)
    it = iterator()
    it.set_state(state)
    yield from it


if __name__ == "__main__":
    for job in common.jobs():
        builder = tfds.builder_from_directory(f"{job['dir']}/{job['name']}/1.0.0")
        data = builder.as_data_source(split=job["split"] + job["under"], decoders={"image": tfds.decode.SkipDecoding()})
        a = common.Answer(job)
        order = []
        for process in range(2):
            for batch in batches(data, process, 1):
                for r in batch:
                    order.append(r["key"])
                    a.add(r["label"], r["key"], r["label_a"], r["label_b"], r["lam"], r["source"], r["soft_label"] if job["dense"] else None, encoded=r["image"])
        assert order != sorted(order), "it is not shuffled"
        a.say()
