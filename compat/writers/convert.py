"""Writes ImageFolders, in their order, with the readers' own libraries: webdataset's ShardWriter, tf.io.TFRecordWriter with
TF-slim's keys, a TFDS builder with TFRecord and with ArrayRecord, datasets' Parquet, and Python's tarfile in the layout of ILSVRC2012.

    convert.py IMAGEFOLDER OUT [IMAGEFOLDER OUT …]
"""
import io
import os
import pathlib
import sys
import tarfile


class Folder:
    def __init__(self, root, out):
        self.out = pathlib.Path(out)
        root = pathlib.Path(root)
        self.classes = sorted((d.name for d in root.iterdir() if d.is_dir()), key=os.fsencode)
        # The order of premix: by the path, bytewise, a folder with its slash.
        files = sorted((f for f in root.rglob("*") if f.is_file() and not f.name.startswith(".")), key=lambda f: os.fsencode(str(f.relative_to(root))))
        files = [f for f in files if f.suffix.lower() in (".jpg", ".jpeg", ".png")]
        self.samples = [(f, f.read_bytes(), self.classes.index(f.relative_to(root).parts[0])) for f in files]
        self.half = len(self.samples) // 2
        assert self.half > 0, files

    def halves(self):
        return enumerate([self.samples[:self.half], self.samples[self.half:]])


def kind(data):
    return "png" if data[:4] == b"\x89PNG" else "jpg"


def webdataset(f):
    import webdataset as wds

    for ext in "tar", "tar.gz":
        (f.out / f"webdataset-{ext}").mkdir()
        with wds.ShardWriter(str(f.out / f"webdataset-{ext}/set-train-%06d.{ext}"), maxcount=f.half, verbose=0) as w:
            for i, (_, data, label) in enumerate(f.samples):
                w.write({"__key__": f"sample{i:05d}", kind(data): data, "cls": label})


def tfrecord(f):
    import tensorflow as tf

    number = lambda v: tf.train.Feature(int64_list=tf.train.Int64List(value=[v]))
    text = lambda v: tf.train.Feature(bytes_list=tf.train.BytesList(value=[v]))
    for compression in "", "GZIP", "ZLIB":
        folder = f.out / f"tfrecord{compression}"
        folder.mkdir()
        for shard, part in f.halves():
            with tf.io.TFRecordWriter(str(folder / f"train-{shard:05d}-of-00002"), compression) as w:
                for path, data, label in part:
                    w.write(tf.train.Example(features=tf.train.Features(feature={
                        "image/encoded": text(data), "image/format": text(b"JPEG"), "image/filename": text(path.name.encode()),
                        "image/class/label": number(label + 1), "image/class/synset": text(f.classes[label].encode()),
                    })).SerializeToString())


def tfds(f):
    import tensorflow_datasets as tfds

    with tfds.core.registered.skip_registration():

        class Set(tfds.core.GeneratorBasedBuilder):
            VERSION = tfds.core.Version("1.0.0")
            pkg_dir_path = f.out  # where TFDS looks for a description

            def _info(self):
                features = tfds.features.FeaturesDict({"image": tfds.features.Image(), "label": tfds.features.ClassLabel(names=f.classes), "file_name": tfds.features.Text()})
                return self.dataset_info_from_configs(features=features, supervised_keys=("image", "label"), disable_shuffling=True)

            def _split_generators(self, dl_manager):
                return {"train": self._generate_examples()}

            def _generate_examples(self):
                for i, (path, data, label) in enumerate(f.samples):
                    yield i, {"image": io.BytesIO(data), "label": label, "file_name": path.name}

    Set(data_dir=str(f.out / "tfds")).download_and_prepare()
    Set(data_dir=str(f.out / "tfds-array"), file_format="array_record").download_and_prepare()


def parquet(f):
    import datasets

    (f.out / "parquet/data").mkdir(parents=True)
    features = datasets.Features({"image": datasets.Image(), "label": datasets.ClassLabel(names=f.classes)})
    for shard, part in f.halves():
        rows = {"image": [{"bytes": data, "path": path.name} for path, data, _ in part], "label": [label for _, _, label in part]}
        datasets.Dataset.from_dict(rows, features=features).to_parquet(str(f.out / f"parquet/data/train-{shard:05d}-of-00002.parquet"), batch_size=7)


def ilsvrc(f):
    def add(tar, name, data):
        info = tarfile.TarInfo(name)
        info.size = len(data)
        tar.addfile(info, io.BytesIO(data))

    (f.out / "ilsvrc").mkdir()
    with tarfile.open(f.out / "ilsvrc/ILSVRC2012_img_train.tar", "w") as outer:
        for label, name in enumerate(f.classes):
            buffer = io.BytesIO()
            with tarfile.open(fileobj=buffer, mode="w") as inner:
                for path, data, of in f.samples:
                    if of == label:
                        add(inner, path.name, data)
            add(outer, name + ".tar", buffer.getvalue())


if __name__ == "__main__":
    for root, out in zip(sys.argv[1::2], sys.argv[2::2], strict=True):
        for write in (webdataset, tfrecord, tfds, parquet, ilsvrc):
            write(Folder(root, out))
