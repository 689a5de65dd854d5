"""Says which files patterns match in folders, by the readers that take them: JSON on stdin, {folder: [pattern]}, and on
stdout, {folder: {pattern: {reader: [file]}}}."""
import glob, json, os, sys

import braceexpand, fsspec
import tensorflow as tf

fs = fsspec.filesystem("file")


def below(folder, files):
    return sorted(os.path.relpath(f, folder) for f in files)


def matches(folder, pattern):
    if "{" in pattern:  # webdataset opens each of the names
        return {"webdataset": below(folder, [p for p in braceexpand.braceexpand(os.path.join(folder, pattern)) if os.path.exists(p)])}
    at = os.path.join(folder, pattern)
    return {
        "glob": below(folder, glob.glob(at)), "fsspec": below(folder, fs.glob(at)), "tensorflow": below(folder, tf.io.gfile.glob(at)),
    }


print(json.dumps({folder: {p: matches(folder, p) for p in patterns} for folder, patterns in json.load(sys.stdin).items()}))
