"""The encoded bytes of images, by the names, offsets and lengths of a plan or a cache."""
from __future__ import annotations

import hashlib
import os
from typing import Any, BinaryIO, Dict, Iterable, List, Mapping, Sequence, Tuple, Union

import numpy as np
import xxhash

from ._files import commit, log, one_at_a_time, remove_parts, temporary
from ._tables import exists

Places = Union[str, "os.PathLike[str]", Sequence[Union[str, "os.PathLike[str]"]], Mapping[str, Union[str, "os.PathLike[str]"]]]

_MOST_OPEN = 64  # files that a process keeps open


class Images:
    """Reads images below the folders that were `--in`: files in class folders, members of tars that are not compressed, records
    of TFRecord files, and rows of Parquet files.

    places is a folder, several, or a dict {NAME: folder} where `--in NAME=URI` gave names; a container itself may be named
    instead of its folder. Of a zip archive or a compressed tar, a folder of its name is read to which it was unpacked. Parquet files cannot be read at random: their images are copied once to a file in the cache, as
    large as they are. Instances can be pickled and forked."""

    def __init__(self, places: Places, cache: str, unseekable: Iterable[str] = ()) -> None:
        if isinstance(places, Mapping):
            self._roots = [(name + "/", _absolute(root)) for name, root in places.items()]
        elif isinstance(places, (str, os.PathLike)):
            self._roots = [("", _absolute(places))]
        else:
            self._roots = [("", _absolute(root)) for root in places]
        for _, root in self._roots:
            if not os.path.exists(root):
                raise FileNotFoundError(f"{root} does not exist: images is the folder that was --in")
        self._copies: Dict[str, Tuple[str, str]] = {}
        for container in unseekable:
            path, inside = self._find(container)
            if not inside:
                continue  # it was unpacked
            with open(path, "rb") as f:
                magic = f.read(4)
            if magic != b"PAR1":
                raise _unread(path, magic)
            self._copies[container] = _copied(path, cache)
        self._reset()

    def _reset(self) -> None:
        self._folders: Dict[str, Tuple[str, bool]] = {}
        self._open: Dict[str, BinaryIO] = {}
        self._rows: Dict[str, Tuple[np.ndarray, np.ndarray]] = {}

    def __getstate__(self) -> Dict[str, Any]:
        return {"_roots": self._roots, "_copies": self._copies}

    def __setstate__(self, state: Dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._reset()

    def read(self, name: str, offset: int, length: int, digest: bytes) -> bytes:
        """The bytes of an entry. OSError if it is not there, ValueError unless they have this length and this XXH3-128, which
        plan and cache have of the image that premix read."""
        folder, _, base = name.rpartition("/")
        copied = folder in self._copies
        if copied:
            if folder not in self._rows:
                self._rows[folder] = _opened(*self._copies[folder])
            images, starts = self._rows[folder]
            row = int(base)
            if not 0 <= row < len(starts) - 1:
                raise ValueError(f"{name}: the Parquet file has {len(starts) - 1} rows")
            found = images[int(starts[row]):int(starts[row + 1])].tobytes()
        else:
            place = self._folders.get(folder)
            if place is None:
                place = self._folders[folder] = self._find(folder)
            path, inside = place
            if inside:
                if offset < 0:
                    raise _unread(path, b"")
                found = self._part(path, offset, length)
            else:
                with open(os.path.join(path, base), "rb") as f:
                    found = f.read()
        if len(found) != length or xxhash.xxh3_128_digest(found) != digest:
            what = "other bytes" if len(found) == length else f"{len(found)} bytes, not {length}"
            copy = f", or {self._copies[folder][0]} is damaged: remove it, and it is copied again" if copied else ""
            raise ValueError(f"{name}: {what}: not the image that the plan or cache was made for: restore it, or run premix again{copy}")
        return found

    def _part(self, path: str, offset: int, length: int) -> bytes:
        f = self._open.get(path)
        if f is None:
            if len(self._open) >= _MOST_OPEN:
                self._open.pop(next(iter(self._open))).close()
            f = self._open[path] = open(path, "rb", buffering=0)
        if hasattr(os, "pread"):  # without a position: a forked process shares that
            return os.pread(f.fileno(), length, offset)
        f.seek(offset)
        return f.read(length)

    def _find(self, folder: str) -> Tuple[str, bool]:
        """The folder on disk that a folder of names is, or the container that has it inside."""
        for prefix, root in self._roots:
            if not (folder + "/").startswith(prefix):
                continue
            below = folder[len(prefix):]
            path = os.path.join(root, below) if below else root
            if os.path.isdir(path):
                return path, False
        return self._container(folder), True

    def _container(self, folder: str) -> str:
        for prefix, root in self._roots:
            if not (folder + "/").startswith(prefix):
                continue
            if os.path.isfile(root):  # --in named the container itself
                if folder[len(prefix):].partition("/")[0] == os.path.basename(root):
                    return _seekable(root)
                continue
            below = folder[len(prefix):]
            while below:
                path = os.path.join(root, below)
                if os.path.isfile(path):
                    return _seekable(path)
                below = below.rpartition("/")[0]
        roots = ", ".join(root for _, root in self._roots)
        what = "".join(_foreign(root) for _, root in self._roots)
        raise FileNotFoundError(f"{folder} is neither a folder nor a container below {roots}{what}: images is the folder that was --in, or the folder of the split in it")


def _absolute(path: "str | os.PathLike[str]") -> str:
    return os.path.abspath(os.fspath(path))


def _seekable(path: str) -> str:
    with open(path, "rb") as f:
        magic = f.read(4)
    if magic[:2] == b"PK":
        raise _unread(path, magic)
    return path


def _unread(path: str, magic: bytes) -> ValueError:
    """Why a container is not read, and what to do. Of a folder in its place, the files are read."""
    name = os.path.basename(path)
    if "array_record" in name:
        return ValueError(f"{path} is ArrayRecord, which premix_shards.torch does not read: run premix on these images in folders, plain tars, TFRecord "
                          "or Parquet, or write mixed shards")
    if magic[:2] == b"PK" or any(end in name for end in (".tar", ".tgz", ".zip")):
        kind = "zip archive" if magic[:2] == b"PK" else "compressed tar"
        return ValueError(f"{path} is a {kind}, which premix_shards.torch does not read: unpack it to a folder of its name and in its place, {name}/, and "
                          f"name {os.path.dirname(path)}")
    return ValueError(f"{path} is compressed, so its images cannot be read at random: run premix on a plain one, or write mixed shards")


def _foreign(root: str) -> str:
    """What a folder has that may be taken for images by mistake: shards in it, or up to three folders deeper."""
    for folder, folders, files in os.walk(root):
        for name in sorted(files):
            for end, kind in ((".mds", "MDS"), (".mds.zstd", "MDS"), (".array_record", "ArrayRecord")):
                if name.endswith(end) or kind == "ArrayRecord" and end + "-" in name:
                    return f" ({os.path.join(folder, name)} is {kind}, which premix_shards.torch does not read)"
        if os.path.relpath(folder, root).count(os.sep) >= 2:
            folders.clear()
    return ""


def image_column(schema: Any) -> str:
    """The column of a Parquet file that holds images, as premix chooses it. schema is a pyarrow.Schema."""
    import pyarrow as pa

    def binary(t: Any) -> bool:
        return bool(pa.types.is_binary(t) or pa.types.is_large_binary(t))

    def fields(t: Any) -> List[str]:
        return [t.field(i).name for i in range(t.num_fields) if binary(t.field(i).type)] if pa.types.is_struct(t) else []

    for name in ("image", "img"):
        if name in schema.names:
            t = schema.field(name).type
            if binary(t) or "bytes" in fields(t):
                return str(name)
    found = [f.name for f in schema if "bytes" in fields(f.type) and f.type.get_field_index("path") >= 0]
    if len(found) == 1:
        return str(found[0])
    if not found and "content" in schema.names and binary(schema.field("content").type):
        return "content"
    raise ValueError("no column of images (image: struct<bytes, path>)")


def _opened(data: str, index: str) -> Tuple[np.ndarray, np.ndarray]:
    """The mapped files of _copied. ValueError, which names them and not the input, if they do not go together."""
    try:
        starts = np.load(index, mmap_mode="r")
        whole = starts.dtype == np.uint64 and starts.ndim == 1 and len(starts) > 0 and int(starts[-1]) == os.path.getsize(data)
    except (ValueError, EOFError):
        whole = False
    if not whole:
        raise ValueError(f"{data} or {index} is damaged: remove both, and the images are copied again")
    return np.memmap(data, np.uint8, "r") if starts[-1] else np.zeros(0, np.uint8), starts


def _copied(path: str, cache: str) -> Tuple[str, str]:
    """The images of a Parquet file, one after another in a file of the cache, and an index of where each begins: an array of
    rows + 1 uint64. Reads a row group at a time."""
    stat = os.stat(path)
    name = hashlib.sha256(f"{path}\0{stat.st_size}\0{stat.st_mtime_ns}".encode("utf-8", "surrogateescape")).hexdigest()[:16]
    data, index = os.path.join(cache, f"parquet-{name}.images"), os.path.join(cache, f"parquet-{name}.npy")
    if not exists(index, data):  # else there is no need to write, as for a lock: the folder may be read-only
        with one_at_a_time(index):
            if not exists(index, data):
                _copy(path, cache, name, data, index)
    _opened(data, index)
    return data, index


def _copy(path: str, cache: str, name: str, data: str, index: str) -> None:
    """Makes both files of _copied. The index comes last: where it is, the images are."""
    import pyarrow.parquet as pq

    remove_parts(cache, f"parquet-{name}.")
    log.info("copying the images of %s to %s", path, data)
    starts = [0]
    with pq.ParquetFile(path) as f:
        try:
            column = image_column(f.schema_arrow)
        except ValueError as e:
            raise ValueError(f"{path}: {e}") from None
        with temporary(data) as part, open(part, "wb") as out:
            for batch in f.iter_batches(batch_size=64, columns=[column]):
                values = batch.column(0)
                if values.type.num_fields:
                    values = values.field("bytes")
                for value in values:
                    image = value.as_py() or b""
                    out.write(image)
                    starts.append(starts[-1] + len(image))
            commit(out, data)
    with temporary(index) as part, open(part, "wb") as out:
        np.save(out, np.array(starts, np.uint64))
        commit(out, index)
