"""Writes an ImageFolder, in its order, with the readers' own libraries: webdataset's ShardWriter, tf.io.TFRecordWriter with
TF-slim's keys, a TFDS builder, and datasets' Parquet.

    convert.py IMAGEFOLDER OUT
"""
import os
import pathlib
import sys

root, out = (pathlib.Path(a) for a in sys.argv[1:3])
classes = sorted((d.name for d in root.iterdir() if d.is_dir()), key=os.fsencode)
# The order of premix: by the path, bytewise, a folder with its slash.
files = sorted((f for f in root.rglob("*") if f.is_file() and not f.name.startswith(".")), key=lambda f: os.fsencode(str(f.relative_to(root))))
files = [f for f in files if f.suffix.lower() in (".jpg", ".jpeg", ".png")]
samples = [(f, f.read_bytes(), classes.index(f.relative_to(root).parts[0])) for f in files]
half = len(samples) // 2
assert half > 0, files


def kind(data):
    return "png" if data[:4] == b"\x89PNG" else "jpg"


def webdataset():
    import webdataset as wds

    (out / "webdataset").mkdir()
    with wds.ShardWriter(str(out / "webdataset/set-train-%06d.tar"), maxcount=half, verbose=0) as w:
        for i, (_, data, label) in enumerate(samples):
            w.write({"__key__": f"sample{i:05d}", kind(data): data, "cls": label})


def tfrecord():
    import tensorflow as tf

    (out / "tfrecord").mkdir()
    number = lambda v: tf.train.Feature(int64_list=tf.train.Int64List(value=[v]))
    text = lambda v: tf.train.Feature(bytes_list=tf.train.BytesList(value=[v]))
    for shard, part in enumerate([samples[:half], samples[half:]]):
        with tf.io.TFRecordWriter(str(out / f"tfrecord/train-{shard:05d}-of-00002")) as w:
            for f, data, label in part:
                w.write(tf.train.Example(features=tf.train.Features(feature={
                    "image/encoded": text(data), "image/format": text(b"JPEG"), "image/filename": text(f.name.encode()),
                    "image/class/label": number(label + 1), "image/class/synset": text(classes[label].encode()),
                })).SerializeToString())


def tfds():
    import tensorflow_datasets as tfds

    class Set(tfds.core.GeneratorBasedBuilder):
        VERSION = tfds.core.Version("1.0.0")
        pkg_dir_path = out  # where TFDS looks for a description

        def _info(self):
            features = tfds.features.FeaturesDict({"image": tfds.features.Image(), "label": tfds.features.ClassLabel(names=classes), "file_name": tfds.features.Text()})
            return self.dataset_info_from_configs(features=features, supervised_keys=("image", "label"), disable_shuffling=True)

        def _split_generators(self, dl_manager):
            return {"train": self._generate_examples()}

        def _generate_examples(self):
            import io

            for i, (f, data, label) in enumerate(samples):
                yield i, {"image": io.BytesIO(data), "label": label, "file_name": f.name}

    Set(data_dir=str(out / "tfds")).download_and_prepare()


def parquet():
    import datasets

    (out / "parquet/data").mkdir(parents=True)
    features = datasets.Features({"image": datasets.Image(), "label": datasets.ClassLabel(names=classes)})
    for shard, part in enumerate([samples[:half], samples[half:]]):
        rows = {"image": [{"bytes": data, "path": f.name} for f, data, _ in part], "label": [label for _, _, label in part]}
        datasets.Dataset.from_dict(rows, features=features).to_parquet(str(out / f"parquet/data/train-{shard:05d}-of-00002.parquet"), batch_size=7)


if __name__ == "__main__":
    for write in (webdataset, tfrecord, tfds, parquet):
        write()
