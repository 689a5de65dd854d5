"""array_record: the files themselves, at any place, and in batches. The examples are parsed by TFDS's features.

Python's reader says nothing of the writer's options where it finds the group size that it wants: a warning is an error here.
"""
import glob
import logging

import tensorflow_datasets as tfds
from array_record.python import array_record_module
from array_record.python.array_record_data_source import ArrayRecordDataSource

import common


class Refuse(logging.Handler):
    def emit(self, record):
        raise AssertionError(record.getMessage())


if __name__ == "__main__":
    logging.getLogger().addHandler(Refuse(logging.WARNING))
    try:
        from absl import logging as absl

        absl.get_absl_logger().addHandler(Refuse(logging.WARNING))
    except ImportError:
        pass
    for job in common.jobs():
        root = f"{job['dir']}/{job['name']}/1.0.0"
        files = sorted(glob.glob(f"{root}/{job['name']}-{job['split']}{job['under']}.array_record-*"))
        features = tfds.builder_from_directory(root).info.features
        with ArrayRecordDataSource(files) as source:
            n = len(source)
            assert n == job["samples"], n
            alone = [source[i] for i in reversed(range(n))][::-1]
            assert alone == list(source.__getitems__(list(range(n))))
        a = common.Answer(job)
        for data in alone:
            r = features.deserialize_example_np(data, decoders={"image": tfds.decode.SkipDecoding()})
            a.add(r["label"], r["key"], r["label_a"], r["label_b"], r["lam"], r["source"], r.get("soft_label"), encoded=r["image"])
        a.say()
        for file in files:  # the C++ reader, front to back
            reader = array_record_module.ArrayRecordReader(file)
            assert reader.ok() and "group_size:1," in reader.writer_options_string(), reader.writer_options_string()
            assert [reader.read() for _ in range(reader.num_records())] == alone[:reader.num_records()]
            alone = alone[reader.num_records():]
            reader.close()
