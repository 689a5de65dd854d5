"""The plan of an output, OUT/__premix__/SPLIT/plan/*.parquet (docs/formats.md), as mapped files. Needs NumPy and pyarrow.

A replica becomes one table of 66 bytes a sample, and all of them share a table of the images. A replica is converted when it
is first asked for, shard by shard, so memory does not grow with the number of replicas. The folder of the tables is named after
the fingerprint of the plan, so that a plan that is written anew has another one."""
from __future__ import annotations

import contextlib
import hashlib
import json
import operator
import os
import re
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Deque, Dict, Iterator, List, Tuple

import numpy as np

from . import _files
from ._files import commit, one_at_a_time, temporary
from ._pixels import METHODS, Cropper
from ._shared import Shared
from ._tables import (IMAGE, SAMPLE, Names, Writer, bytes_of, check, checksum, concatenated, digests_of, exists, hashes, mapped, read_object, reading, release, repeated, said,
                      save, sorted_hashes)

_VERSION = 2  # of the mapped files
_REMEDY = "the plan is damaged, or of another version; premix verify tells which"
_CONFIG = "the same premix mix again writes it anew"
_THREADS = 2  # that read plan files; the rest of a conversion is of one thread, and takes longer
_MOST_SIDE = 65535  # boxes have 16 bits
_CROP = ("crop_x", "crop_y", "crop_w", "crop_h")
_COLUMNS = ["key", "replica", "shard", "index", "method", "lam", "box", "src_box"] + [
    f"{which}_{field}" for which in ("target", "source") for field in ("name", "offset", "length", "label", "digest", "flip") + _CROP]


class Plan:
    """The plan of a split.

    out is an output, or its folder __premix__/SPLIT. cache is where mapped files go. ValueError where the plan is not whole or
    contradicts itself, FileNotFoundError where there is none."""

    def __init__(self, out: "str | os.PathLike[str]", split: str, cache: str) -> None:
        out = os.path.abspath(os.fspath(out))
        self.meta = os.path.join(out, "__premix__", split)
        if not os.path.isdir(self.meta) and os.path.isfile(os.path.join(out, "config.json")):
            self.meta = out
        path = os.path.join(self.meta, "config.json")
        try:
            config = read_object(path, _CONFIG, {"fingerprint": str, "recipe": dict, "output": dict})
        except FileNotFoundError:
            raise FileNotFoundError(f"{out} is not an output with a split {split}: {self.meta} has no config.json") from None
        self.recipe, shape = config["recipe"], config["output"]
        try:
            self.classes, self._shards = operator.index(shape["classes"]["count"]), operator.index(shape["shards"])
            self.size: Tuple[int, int] = (operator.index(shape["size"][0]), operator.index(shape["size"][1]))
            self.smoothing, self.cropper = float(self.recipe["smoothing"]), Cropper(self.recipe)
            forms = re.escape(shape["name"]), re.escape(shape["split"])
        except (KeyError, IndexError, TypeError, ValueError) as e:
            raise ValueError(f"{path} is damaged, or of another version ({type(e).__name__}: {e}): {_CONFIG}") from None
        if max(self.size) > _MOST_SIDE:
            raise ValueError(f"{out} has pictures of {self.size[0]}x{self.size[1]}: at most {_MOST_SIDE} pixels a side")
        self._files = self._list(*forms)
        #: the numbers of the replicas that the plan has, ascending
        self.replicas: List[int] = sorted(self._files)
        self._fingerprint = config["fingerprint"]
        self._stamps = Shared(len(self.replicas))  # 48 bits of the files that a replica was converted from; 0: not prepared yet
        mine = "plan-" + hashlib.sha256(self.meta.encode("utf-8", "surrogateescape")).hexdigest()[:16]
        self.folder = os.path.join(cache, f"{mine}-{hashlib.sha256(f'{self._fingerprint} {_VERSION}'.encode()).hexdigest()[:12]}")
        if not os.path.isdir(self.folder):
            _files.remove_unused(cache, mine + "-", os.path.basename(self.folder))
            os.makedirs(self.folder, exist_ok=True)
        self._images, self._names = os.path.join(self.folder, "images.npy"), os.path.join(self.folder, "names.npy")
        self._about = os.path.join(self.folder, "about.json")

    def _list(self, name: str, split: str) -> Dict[int, List[str]]:
        """The plan files of each replica, in the order of the shards. name and split are patterns."""
        folder = os.path.join(self.meta, "plan")
        form = re.compile(rf"(?:{name}-)?{split}(?:[-_]r(\d{{3,}}))?(?:\.tfrecord|\.array_record)?-(\d{{5,6}})(?:-of-\d+)?(?:\.mds)?\.parquet")
        found: Dict[int, Dict[int, str]] = {}
        try:
            entries = os.listdir(folder)
        except FileNotFoundError:
            raise FileNotFoundError(f"{folder} does not exist: mix with --plan-only, or without, writes it") from None
        for entry in entries:
            if entry.startswith(".") or not entry.endswith(".parquet"):
                continue
            m = form.fullmatch(entry)
            if not m:
                raise ValueError(f"{os.path.join(folder, entry)} is not named as a plan of this split")
            found.setdefault(int(m[1] or 0), {})[int(m[2])] = os.path.join(folder, entry)
        if not found:
            raise FileNotFoundError(f"{folder} has no plan: mix with --plan-only, or without, writes it")
        for replica, shards in found.items():
            missing = [s for s in range(self._shards) if s not in shards]
            if missing or len(shards) != self._shards:
                raise ValueError(f"the plan of replica {replica} in {folder} has {len(shards)} shards of {self._shards}: run the mix again to finish it")
        return {r: [shards[s] for s in range(self._shards)] for r, shards in found.items()}

    def prepare(self, replica: int) -> None:
        """Converts the plan of a replica if that was not done, and checks the mapped files. What was prepared once stays as it is,
        also when the plan is written anew; ValueError for the other replicas then."""
        k = self.replicas.index(replica)
        if not self._stamps[k] or not self._done(self._path(replica)):
            stamp = self._unchanged(replica, self._stamps[k])
            path = self._path(replica, stamp)
            if not self._done(path):
                with one_at_a_time(self._about):
                    if not self._done(path):
                        try:
                            self._convert(replica, path, stamp)
                        except (FileNotFoundError, ValueError):
                            self._unchanged(replica, stamp)  # that explains it
                            raise
                        release()
            self._stamps[k] = stamp
        path = self._path(replica)
        for p in (path, self._about):
            _files.used(p)
        sums = self.about()["sums"]
        for p in (path, self._images, self._names):
            check(p, sums)

    def _path(self, replica: int, stamp: int = 0) -> str:
        """The table of a replica, by the stamp of its files; default: the one that was prepared, also by another process."""
        return os.path.join(self.folder, f"r{replica:03d}-{stamp or self._stamps[self.replicas.index(replica)]:012x}.npy")

    def samples(self, replica: int) -> np.ndarray:
        """The mapped table of a replica (_tables.SAMPLE) that was prepared, in the order of the shards; not checked."""
        return mapped(self._path(replica), SAMPLE)

    def _done(self, path: str) -> bool:
        """Whether a table is there and about.json has its checksum: it gets its name last. Where about.json is gone, all is
        converted again."""
        return exists(path, self._images, self._names, self._about) and os.path.basename(path) in self.about()["sums"]

    def images(self) -> Names:
        """The table of images; there is one once a replica was converted."""
        return Names(self._images, self._names)

    def about(self) -> Dict[str, Any]:
        """keys (their prefix and width) by replica, checksums of the mapped files by name, and the containers that cannot be read at random."""
        return said(self._about, keys=dict, sums=dict, unseekable=list)

    def _stamp(self, replica: int) -> int:
        """Of names, sizes and times of a replica's files: 48 bits, not 0."""
        h = hashlib.sha256()
        for path in self._files[replica]:
            stat = os.stat(path)
            h.update(f"{os.path.basename(path)}\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode())
        return int(h.hexdigest()[:12], 16) or 1

    def _unchanged(self, replica: int, stamp: int) -> int:
        """The stamp of a replica's files. ValueError if it is another one than the given, unless that is 0, or if the output has
        another recipe or input than when this plan was opened: premix writes config.json before the first file of a plan."""
        try:
            now = self._stamp(replica)
            with open(os.path.join(self.meta, "config.json"), encoding="utf-8") as f:
                same = json.load(f)["fingerprint"] == self._fingerprint
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            now, same = 0, False
        if not same or stamp and now != stamp:
            raise ValueError(f"the plan in {self.meta} was written anew while it was in use, so replica {replica} of the old one is gone: "
                             "make the data set again, for the new plan, or give each run an output of its own")
        return now

    def _convert(self, replica: int, path: str, stamp: int) -> None:
        _files.log.info("converting the plan of replica %d to %s", replica, path)
        _files.remove_parts(self.folder)
        files = self._files[replica]
        if not exists(self._images, self._names, self._about):
            self._list_images(self.replicas[0])  # not this one: tables that are in use have the numbers of that order
        names = self.images()
        by_hash, ordinals = sorted_hashes(names.heap, names.images)
        twice = repeated(names.heap, names.images, by_hash, ordinals)
        if twice is not None:
            raise ValueError(f"the plan of {self.meta} has {twice} twice as target in one replica: {_REMEDY}")
        about, start = self.about(), 0
        with temporary(path) as part:
            key, seen = None, np.zeros(len(names), bool)
            with contextlib.closing(Writer(part, SAMPLE, len(names))) as table:
                for shard, (file, t) in enumerate(_each(files, _COLUMNS)):
                    if start + t.num_rows > len(names):
                        break
                    rows, key = _convert_shard(t, file, replica, shard, start, names.images, by_hash, ordinals, key)
                    seen[rows["target"]] = True
                    table.write(start, rows)
                    start += t.num_rows
                if not seen.all():  # or an image is twice in it
                    raise ValueError(f"replica {replica} of {self.meta} has {sum(map(_count, files))} samples and not each of the {len(names)} images once: {_REMEDY}")
                self._unchanged(replica, stamp)  # else the rows may be of two plans
                about["keys"][str(replica)] = key
                about["sums"][os.path.basename(path)] = table.checksum()
                self._say(about)  # before the table has its name: no process finds it without its checksum
                table.commit(path)
        _files.remove_unused(self.folder, f"r{replica:03d}-", os.path.basename(path))

    def _say(self, about: Dict[str, Any]) -> None:
        with temporary(self._about) as part, open(part, "w", encoding="utf-8") as f:
            json.dump(about, f)
            commit(f, self._about)

    def _list_images(self, replica: int) -> None:
        """Writes the table of images from the targets of one replica: each image is a target once."""
        heaps, lengths, fields, unseekable = [], [], [], set()
        stamp = self._unchanged(replica, 0)
        for file, t in _each(self._files[replica], ["target_name", "target_offset", "target_length", "target_label", "target_digest"]):
            heap, ends = bytes_of(t["target_name"])
            heaps.append(heap)
            lengths.append(np.diff(ends))
            part = np.empty(t.num_rows, IMAGE)
            for field in ("offset", "length", "label"):
                part[field] = t["target_" + field].to_numpy()
            part["digest"] = digests_of(t["target_digest"])
            fields.append(part)
            for i in np.flatnonzero(part["offset"] < 0):
                unseekable.add(heap[ends[i]:ends[i + 1]].tobytes().decode("utf-8").rpartition("/")[0])
        images = concatenated(fields, IMAGE)
        n = concatenated(lengths, np.int64)
        images["name_len"], images["name_at"] = n, np.cumsum(n) - n
        self._unchanged(replica, stamp)
        save(self._names, concatenated(heaps, np.uint8))
        save(self._images, images)
        sums = {os.path.basename(p): checksum(p) for p in (self._names, self._images)}
        self._say({"keys": {}, "sums": sums, "unseekable": sorted(unseekable)})


def _count(file: str) -> int:
    import pyarrow.parquet as pq

    with reading(file, _REMEDY):
        return int(pq.read_metadata(file).num_rows)


def _read(file: str, columns: List[str]) -> Any:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with reading(file, _REMEDY), pq.ParquetFile(file) as f:
        t = f.read(columns=columns, use_threads=False)
        t.select(columns)  # pyarrow leaves out what is not there
        for name in columns:
            if t[name].null_count or name.endswith("_digest") and t[name].type != pa.binary(16):
                raise ValueError(f"{file}: {name} is missing or of another kind: {_REMEDY}")
        return t


def _each(files: List[str], columns: List[str]) -> Iterator[Tuple[str, Any]]:
    """The files and their columns, in order; threads read a few files ahead."""
    with ThreadPoolExecutor(_THREADS) as pool:
        ahead: "Deque[Tuple[str, Future[Any]]]" = deque()
        try:
            for file in files:
                ahead.append((file, pool.submit(_read, file, columns)))
                if len(ahead) > 2 * _THREADS:
                    name, t = ahead.popleft()
                    yield name, t.result()
            while ahead:
                name, t = ahead.popleft()
                yield name, t.result()
        finally:
            for _, t in ahead:
                t.cancel()


def _convert_shard(t: Any, file: str, replica: int, shard: int, start: int, images: np.ndarray, by_hash: np.ndarray,
                   ordinals: np.ndarray, key: "List[Any] | None") -> Tuple[np.ndarray, List[Any]]:
    """The rows of one shard and [prefix, width] of its keys, which must be key unless that is None. ValueError where it is not as a
    plan is."""
    import pyarrow as pa
    import pyarrow.compute as pc

    def wrong(what: str) -> ValueError:
        return ValueError(f"{file}: {what}: {_REMEDY}")

    n = t.num_rows
    column = {name: t[name].to_numpy() for name in t.column_names if not name.endswith(("_name", "_digest")) and name not in ("box", "src_box", "key", "method")}
    if (column["replica"] != replica).any() or (column["shard"] != shard).any() or (column["index"] != np.arange(n)).any():
        raise wrong(f"its rows are not those of shard {shard} of replica {replica}")
    if key is None and n:
        prefix, _, digits = t["key"][0].as_py().rpartition("-")
        key = [prefix + "-" if prefix else "", len(digits)]
    if not _are_keys(t["key"], key or ["", 0], start):
        raise wrong("a key is not the position of its sample")
    part = {}
    for which in ("target", "source"):
        part[which] = np.empty(n, IMAGE)
        for field in ("offset", "length", "label"):
            part[which][field] = column[f"{which}_{field}"]
        part[which]["digest"] = digests_of(t[which + "_digest"])

    def same(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        found: np.ndarray = a["digest"] == b["digest"]
        for field in ("offset", "length", "label"):
            found &= a[field] == b[field]
        return found

    of_target, of_source = (hashes(*bytes_of(t[which + "_name"])) for which in ("target", "source"))
    order = np.argsort(of_target, kind="stable")
    ascending = of_target[order]
    at = np.empty(n, np.int64)
    at[order] = np.minimum(np.searchsorted(by_hash, ascending), len(by_hash) - 1)  # ascending: neighbours are near in the table, too
    target = ordinals[at]
    good = (by_hash[at] == of_target) & same(part["target"], images[target])
    if not good.all():
        raise wrong(f"{t['target_name'][int(np.flatnonzero(~good)[0])].as_py()} is in no other replica, or is another image there")
    source = order[np.minimum(np.searchsorted(ascending, of_source), n - 1)]
    good = (of_target[source] == of_source) & same(part["source"], part["target"][source])
    if not good.all():
        raise wrong(f"{t['source_name'][int(np.flatnonzero(~good)[0])].as_py()} is a source and no target of the same shard, or is another image there")
    out = np.zeros(n, SAMPLE)
    for i, c in enumerate(_CROP):
        out["crop"][:, i] = column["target_" + c]
    out["flip"], out["lam"], out["target"], out["source"] = column["target_flip"], column["lam"], target, start + source
    if any((column["target_" + c][source] != column["source_" + c]).any() for c in (*_CROP, "flip")):
        raise wrong("an image has one crop as target and another as source")
    for field in ("box", "src_box"):
        values = t[field].combine_chunks().flatten().to_numpy()
        if len(values) != 4 * n or len(values) and (values.min() < 0 or values.max() > _MOST_SIDE):
            raise wrong("a box is not four numbers of pixels")
        out[field] = values.reshape(n, 4)
    method = pc.index_in(t["method"], pa.array(METHODS, t["method"].type))
    if method.null_count:
        raise wrong("a method is not one that this version of premix_shards knows")
    out["method"] = method.to_numpy()
    return out, key or ["", 0]


def _are_keys(column: Any, key: List[Any], start: int) -> bool:
    """Whether a column holds the keys of the positions from start on: a prefix, and the position in at least so many digits."""
    heap, ends = bytes_of(column)
    prefix, width, n = np.frombuffer(key[0].encode("utf-8"), np.uint8), key[1], len(column)
    if not 0 < width < 19 or start + n > 10 ** width:  # rare: positions of different length
        return bool(column.to_pylist() == [f"{key[0]}{p:0{width}d}" for p in range(start, start + n)])
    if (np.diff(ends) != len(prefix) + width).any():
        return False
    rows = heap.reshape(n, len(prefix) + width)
    at = rows[:, len(prefix):] - np.uint8(ord("0"))
    positions = at.astype(np.int64) @ (10 ** np.arange(width - 1, -1, -1))
    return bool((rows[:, :len(prefix)] == prefix).all() and (at < 10).all() and (positions == np.arange(start, start + n)).all())
