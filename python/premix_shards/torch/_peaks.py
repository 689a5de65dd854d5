"""A cache of crops and peaks, CACHE/FINGERPRINT (docs/formats.md), as mapped files. Needs NumPy and pyarrow.

Each replica becomes one table of 42 bytes an image, in the order of the input; all of them share a table of the images. The
files of the cache are read twice, a row group at a time."""
from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import warnings
from typing import Any, Dict, Iterable, Iterator, List, Optional, Sequence, Tuple

import numpy as np

from . import _files
from ._files import commit, one_at_a_time, temporary
from ._pixels import Cropper
from ._tables import IMAGE, PEAK, Names, Writer, bytes_of, check, checksum, concatenated, digests_of_hex, mapped, read_object, reading, release, repeated, said, save, sorted_hashes

_VERSION = 3  # of the mapped files
_REMEDY = "premix cache prune removes damaged files, and premix peaks makes their rows again"
_SETTINGS = "remove it, and premix peaks or mix, with the same settings and --cache, writes it again"
_CROP = ("crop_x", "crop_y", "crop_w", "crop_h")
_TAR = re.compile(r"(\.tar(\.\w+)?|\.tgz|\.zip)(?=/)")
_FILE = re.compile(r"([0-9a-f]{32}(?:-[0-9a-f]{32})?)(?:\.r(\d+)-(\d+))?\.parquet")


class _Chunk:
    """The images of one content of a chunk."""

    def __init__(self, files: List[str]) -> None:
        self.files = files
        self.container = ""
        self.names: Any = None  # a pyarrow array
        self.good = np.zeros(0, bool)
        self.ordinals = np.zeros(0, np.int64)  # of each name, if it is good
        self.table: Any = None


class Peaks:
    """The peaks of a cache, one FINGERPRINT of it, which must hold one input alone.

    classes are the class names in the order of the labels; default, where the input states names: those of all images, the bad
    ones too, in bytewise order, as premix numbers class folders. Warns where premix may number them otherwise. ValueError where
    the cache holds two versions of an image, or not all replicas of all images."""

    def __init__(self, place: "str | os.PathLike[str]", cache: str, classes: Optional[Sequence[str]] = None) -> None:
        self._place = os.path.abspath(os.fspath(place))
        path = os.path.join(self._place, "fingerprint.json")
        try:
            self.settings: Dict[str, Any] = read_object(path, _SETTINGS, {"detector": str})
        except FileNotFoundError:
            raise FileNotFoundError(f"{self._place} has no fingerprint.json: name the folder CACHE/FINGERPRINT that premix mix or peaks wrote") from None
        try:
            self.cropper = Cropper(self.settings)
        except (KeyError, TypeError, ValueError) as e:
            raise ValueError(f"{path} is damaged, or of another version ({type(e).__name__}: {e}): {_SETTINGS}") from None
        files = sorted(f for f in os.listdir(self._place) if f.endswith(".parquet") and not f.startswith("."))
        if not files:
            raise FileNotFoundError(f"{self._place} holds no peaks")
        h = hashlib.sha256(str(_VERSION).encode())
        for name in files:
            stat = os.stat(os.path.join(self._place, name))
            h.update(f"{name}\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode())
        mine = "peaks-" + hashlib.sha256(self._place.encode("utf-8", "surrogateescape")).hexdigest()[:16]
        self._folder = os.path.join(cache, f"{mine}-{h.hexdigest()[:12]}")
        self._about = about = os.path.join(self._folder, "about.json")
        if not os.path.exists(about):
            with one_at_a_time(os.path.join(cache, mine)):
                if not os.path.exists(about):
                    _files.remove_unused(cache, mine + "-", os.path.basename(self._folder))
                    os.makedirs(self._folder, exist_ok=True)
                    self._convert(files, about)
                    release()
        stored = said(about, sums=dict, replicas=list, names=dict, folders=bool, unseekable=list)
        #: the numbers of the cached replicas, ascending; the names of the classes, or None; containers that cannot be read at random
        self.replicas: List[int] = stored["replicas"]
        self.classes, self._numbers = _numbered(stored["names"], classes, self._place)
        if classes is None:
            _warn(stored["names"], stored["folders"], self._place)
        self.unseekable: List[str] = stored["unseekable"]
        self._sums: Dict[str, int] = stored["sums"]
        for name in ("images.npy", "names.npy"):
            check(os.path.join(self._folder, name), self._sums)

    def prepare(self, replica: int) -> None:
        """Checks the table of a cached replica, and keeps the mapped files from being removed as unused."""
        _files.used(self._about)
        check(os.path.join(self._folder, f"r{replica:03d}.npy"), self._sums)

    def images(self) -> Names:
        """The table of images, in the order of the input: the good ones of all replicas."""
        return Names(os.path.join(self._folder, "images.npy"), os.path.join(self._folder, "names.npy"))

    def label(self, stored: int) -> int:
        """The class of an image, by the label of its row: a number of the input, or −1−n for the n-th name of about.json. So
        the tables do not depend on class_names."""
        return stored if stored >= 0 else self._numbers[-1 - stored]

    def crops(self, replica: int) -> np.ndarray:
        """The mapped table (_tables.PEAK) of a cached replica."""
        return mapped(os.path.join(self._folder, f"r{replica:03d}.npy"), PEAK)

    def _convert(self, files: List[str], about: str) -> None:
        _files.log.info("converting the peaks of %s to %s", self._place, self._folder)
        _files.remove_parts(self._folder)
        groups: Dict[str, List[str]] = {}
        for name in files:
            m = _FILE.fullmatch(name)
            if not m:
                raise ValueError(f"{os.path.join(self._place, name)} is not named as a file of a cache")
            groups.setdefault(m[1], []).append(os.path.join(self._place, name))
        chunks = [_Chunk(paths) for _, paths in sorted(groups.items())]
        images, heap, names, folders, unseekable = _list(chunks, self._place)
        with _files.no_room(self._folder), contextlib.ExitStack() as stack:
            replicas = self._fill(chunks, len(images), stack)
        save(os.path.join(self._folder, "names.npy"), heap)
        save(os.path.join(self._folder, "images.npy"), images)
        sums = {name: checksum(os.path.join(self._folder, name)) for name in sorted(os.listdir(self._folder)) if name.endswith(".npy")}
        with temporary(about) as part, open(part, "w", encoding="utf-8") as f:
            json.dump({"sums": sums, "replicas": replicas, "names": names, "folders": folders, "unseekable": unseekable}, f)
            commit(f, about)

    def _fill(self, chunks: List[_Chunk], n: int, stack: contextlib.ExitStack) -> List[int]:
        """Writes the tables of all replicas, which stack closes, and returns their numbers."""
        tables: Dict[int, Writer] = {}
        counts: Dict[int, int] = {}
        for chunk in chunks:
            seen: Dict[int, int] = {}  # images of a replica in this content
            for path in chunk.files:
                for t in _rows(path, ["name", "replica", "flip", "peak_row", "peak_col", "flat", *_CROP]):
                    replica = t["replica"].to_numpy()
                    for r in map(int, np.unique(replica)):
                        if r not in tables:
                            tables[r], counts[r] = stack.enter_context(contextlib.closing(Writer(os.path.join(self._folder, f"r{r:03d}.part"), PEAK, n))), 0
                        counts[r] += self._place_rows(tables[r], chunk, t, np.flatnonzero(replica == r), seen.get(r, 0), path)
                        seen[r] = seen.get(r, 0) + int((replica == r).sum())
        short = [r for r in sorted(counts) if counts[r] != n]
        if short:
            raise ValueError(f"{self._place} has replica {short[0]} of {counts[short[0]]} images of {n}: fill it with premix peaks --replicas")
        for r, table in tables.items():
            table.commit(os.path.join(self._folder, f"r{r:03d}.npy"))
        return sorted(tables)

    def _place_rows(self, table: Writer, chunk: _Chunk, t: Any, at: np.ndarray, first: int, path: str) -> int:
        """Writes the rows of one replica of one batch at the ordinals of their images; first is how many came before."""
        import pyarrow as pa
        import pyarrow.compute as pc

        images = np.arange(first, first + len(at))
        if len(images) and images[-1] >= len(chunk.good) or not pc.all(pc.equal(t["name"].take(pa.array(at)), chunk.names.take(pa.array(images)))).as_py():
            raise ValueError(f"{path} has other images than the files of the same content: {_REMEDY}")
        good = chunk.good[images]
        at, where = at[good], chunk.ordinals[images[good]]
        rows = np.empty(len(at), PEAK)
        rows["crop"] = np.stack([t[c].to_numpy()[at] for c in _CROP], 1)
        for ours, theirs in (("row", "peak_row"), ("col", "peak_col"), ("flip", "flip"), ("flat", "flat")):
            rows[ours] = t[theirs].to_numpy(zero_copy_only=False)[at]
        if len(rows):
            table.write(int(where[0]), rows)  # the good images of a chunk have ordinals without a gap
        return len(at)


def _rows(path: str, columns: List[str]) -> Iterator[Any]:
    """The rows of a file, by parts."""
    import pyarrow.parquet as pq

    with reading(path, _REMEDY), pq.ParquetFile(path) as f:
        for name in columns:
            f.schema_arrow.field(name)  # pyarrow leaves out what is not there
        yield from f.iter_batches(batch_size=65536, columns=columns)


def _container(path: str) -> str:
    """The container that a file's rows are of."""
    import pyarrow.parquet as pq

    with reading(path, _REMEDY):
        return str(json.loads((pq.read_metadata(path).metadata or {})[b"premix"])["container"])


def _list(chunks: List[_Chunk], place: str) -> Tuple[np.ndarray, np.ndarray, Dict[str, int], bool, List[str]]:
    """The table of the images that are good in every replica, their names, the names of the classes with how many good images
    each has, whether all of these are names of folders or tars, and containers that cannot be read at random; sets the images
    of each chunk."""
    import pyarrow as pa
    import pyarrow.compute as pc

    for chunk in chunks:
        chunk.container = _container(chunk.files[0])
        parts, bad = [], set()
        for path in chunk.files:
            first = None
            for t in _rows(path, ["name", "offset", "length", "label", "digest", "class", "replica", "failure_stage", "failure_kind"]):
                bad.update(t["name"].filter(pc.not_equal(t["failure_kind"], "")).to_pylist())
                if path == chunk.files[0]:
                    first = t["replica"][0].as_py() if first is None and t.num_rows else first
                    parts.append(pa.Table.from_batches([t.filter(pc.equal(t["replica"], first))]))
        chunk.table = pa.concat_tables(parts)
        chunk.names = chunk.table["name"].combine_chunks()
        chunk.good = ~pc.is_in(chunk.names, pa.array(sorted(bad), pa.string())).to_numpy(zero_copy_only=False)
    # Containers are read by name, as paths: "bull mastiff/" before "bull/". What they hold is in their own order, in a chunk too.
    chunks.sort(key=lambda c: ((c.container + "/").encode("utf-8"), c.table["offset"][0].as_py(), c.table["name"][0].as_py().encode("utf-8")) if len(c.names) else (b"", 0, b""))
    fields, heaps, lengths, texts, unseekable, ordinal = [], [], [], [], set(), 0
    there, folders = set(), True
    for chunk in chunks:
        for name, c in _classes(chunk.table):
            there.add(c)
            folders &= f"/{c}/" in "/" + _TAR.sub("", name)
        t, chunk.table = chunk.table.filter(pa.array(chunk.good)), None
        chunk.ordinals = ordinal + np.cumsum(chunk.good) - 1
        ordinal += t.num_rows
        heap, ends = bytes_of(t["name"])
        part = np.empty(t.num_rows, IMAGE)
        for field in ("offset", "length", "label"):
            part[field] = t[field].to_numpy()
        try:
            part["digest"] = digests_of_hex(t["digest"])
        except ValueError as e:
            raise ValueError(f"{chunk.files[0]}: {e}: {_REMEDY}") from None
        if (part["offset"] < 0).any():
            unseekable.add(chunk.container)
        fields.append(part)
        heaps.append(heap)
        lengths.append(np.diff(ends))
        texts.append(t["class"].combine_chunks())
    images, n, heap = concatenated(fields, IMAGE), concatenated(lengths, np.int64), concatenated(heaps, np.uint8)
    images["name_len"], images["name_at"] = n, np.cumsum(n) - n
    twice = repeated(heap, images, *sorted_hashes(heap, images))
    if twice is not None:
        raise ValueError(f"{place} has {twice} twice: it holds two versions of the input, or two inputs; fill a cache of its own with --cache")
    names = sorted(there, key=lambda c: c.encode("utf-8"))
    return images, heap, _name(images, pa.chunked_array(texts, pa.string()), names), folders, sorted(unseekable)


def _classes(t: Any) -> List[Tuple[str, str]]:
    """The classes with a name in a chunk, each with the name of one image. A failure has the class of its folder, and that counts
    as premix counts it; one of the stage label has none, or one that premix does not know."""
    import pyarrow.compute as pc

    known = pc.and_(pc.not_equal(t["class"], ""), pc.not_equal(t["failure_stage"], "label"))
    found = t.filter(pc.and_(pc.less(t["label"], 0), pc.or_(pc.equal(t["failure_kind"], ""), known))).group_by("class").aggregate([("name", "min")])
    return list(zip(found["name_min"].to_pylist(), found["class"].to_pylist()))


def _name(images: np.ndarray, texts: Any, names: List[str]) -> Dict[str, int]:
    """Labels images whose class has a name with −1−n for the n-th of names; returns how many each has."""
    import pyarrow as pa
    import pyarrow.compute as pc

    named = images["label"] < 0
    at = pc.index_in(texts.filter(pa.array(named)), pa.array(names, pa.string())).to_numpy()
    images["label"][named] = -1 - at
    return dict(zip(names, np.bincount(at, minlength=len(names)).tolist()))


def _numbered(names: Dict[str, int], classes: Optional[Sequence[str]], place: str) -> Tuple[Optional[List[str]], List[int]]:
    """The class names in the order of the labels, or None where the input states numbers, and the label of each of names."""
    if classes is None:
        return (list(names) or None), list(range(len(names)))
    number = {c: i for i, c in enumerate(classes)}
    missing = [c for c, n in names.items() if n and c not in number]
    if missing:
        raise ValueError(f"{place} has the class {missing[0]}, which is not in class_names")
    return list(classes), [number.get(c, -1) for c in names]


def _warn(names: Iterable[str], folders: bool, place: str) -> None:
    """Warns where the cache does not tell how premix numbers classes: it has neither lists of classes nor --class-order."""
    what = ""
    if not folders:
        what = "classes that are not named after folders, so a list may number them"
    elif all(c.isascii() and c.isdecimal() for c in names) and [int(c) for c in names] != list(range(len(list(names)))):
        what = "class folders that are numbers, and --class-order number takes them as labels"
    if what:
        warnings.warn(f"{place} has {what}; here they are sorted as text: give class_names= in premix's order, which is in "
                      "OUT/__premix__/SPLIT/classes.txt", UserWarning, stacklevel=4)
