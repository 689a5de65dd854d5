"""Tables in mapped files: .npy files of structured arrays, which NumPy maps and other programs can read."""
from __future__ import annotations

import contextlib
import ctypes
import json
import os
import zlib
from typing import Any, Dict, Iterable, Iterator, List

import numpy as np

from ._files import commit, temporary

# An image: its name in the heap of names, its class, its encoded bytes in their file, and the XXH3-128 of these, big endian.
IMAGE = np.dtype([("name_at", "<u8"), ("offset", "<i8"), ("length", "<i8"), ("name_len", "<u4"), ("label", "<i4"), ("digest", "V16")])

# A sample of a plan. target is the number of an image; source the place in the same epoch of the sample whose target is the
# source, its own where there is none: so a crop is stored once.
SAMPLE = np.dtype([("crop", "<f8", (4,)), ("lam", "<f8"), ("target", "<u4"), ("source", "<u4"), ("box", "<u2", (4,)),
                   ("src_box", "<u2", (4,)), ("method", "u1"), ("flip", "u1")])

# A crop of an image and its peak; row and col are -1 where there is none.
PEAK = np.dtype([("crop", "<f8", (4,)), ("row", "<i4"), ("col", "<i4"), ("flip", "u1"), ("flat", "u1")])


def mapped(path: str, dtype: np.dtype) -> np.ndarray:
    """A table, mapped and read-only. ValueError if the file is not one of these."""
    try:
        table = np.load(path, mmap_mode="r")
    except (ValueError, EOFError) as e:
        raise ValueError(f"{path} is damaged ({e}): remove {os.path.dirname(path)}, and it is built again") from None
    if table.dtype != dtype:
        raise ValueError(f"{path} is damaged or of another version: remove {os.path.dirname(path)}, and it is built again")
    return np.asarray(table)  # still mapped; single rows are read faster than of a memmap


def checksum(path: str) -> int:
    """The CRC-32 of a file, read and not mapped: 0.1 s for a replica of ImageNet."""
    crc = 0
    with open(path, "rb") as f:
        while True:
            part = f.read(1 << 20)
            if not part:
                return crc
            crc = zlib.crc32(part, crc)


def check(path: str, sums: "dict[str, int]") -> None:
    """ValueError unless a file has the checksum that sums has for its name."""
    if checksum(path) != sums.get(os.path.basename(path)):
        raise ValueError(f"{path} is damaged: remove {os.path.dirname(path)}, and it is built again")


def said(path: str, **kinds: type) -> Dict[str, Any]:
    """The object in an about.json, which has these fields of these kinds. ValueError if the file is damaged."""
    return read_object(path, f"remove {os.path.dirname(path)}, and it is built again", kinds)


def read_object(path: str, remedy: str, kinds: Dict[str, type]) -> Dict[str, Any]:
    """The object in a JSON file, which has these fields of these kinds. ValueError, with what to do, if the file is damaged."""
    try:
        with open(path, encoding="utf-8") as f:
            about: Dict[str, Any] = json.load(f)
        wrong = [name for name, kind in kinds.items() if not isinstance(about[name], kind)]
    except (ValueError, KeyError, TypeError, RecursionError) as e:
        raise ValueError(f"{path} is damaged ({type(e).__name__}: {e}): {remedy}") from None
    if wrong:
        raise ValueError(f"{path} is damaged ({wrong[0]}): {remedy}")
    return about


def save(path: str, table: np.ndarray) -> None:
    """Writes a table whole or not at all."""
    with temporary(path) as part, open(part, "wb") as f:
        np.save(f, table)
        commit(f, path)


@contextlib.contextmanager
def reading(path: str, remedy: str) -> Iterator[None]:
    """Makes ValueErrors, which name the file and what to do, of what pyarrow raises for a Parquet file that is damaged or lacks
    columns."""
    import pyarrow as pa

    try:
        yield
    except FileNotFoundError:
        raise
    except (pa.ArrowException, OSError, KeyError) as e:
        raise ValueError(f"{path} cannot be read ({str(e).splitlines()[0]}): {remedy}") from e


class Writer:
    """A table of n rows that is written in parts, in any order: by writes, since pages of a mapping would count as memory."""

    def __init__(self, path: str, dtype: np.dtype, n: int) -> None:
        self._file = open(path, "w+b")
        np.lib.format.write_array_header_1_0(self._file, {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": (n,)})
        self._start, self._size = self._file.tell(), dtype.itemsize
        self._file.truncate(self._start + n * self._size)

    def write(self, row: int, rows: np.ndarray) -> None:
        self._file.seek(self._start + row * self._size)
        self._file.write(rows.tobytes())

    def checksum(self) -> int:
        """The checksum of what was written."""
        self._file.flush()
        return checksum(self._file.name)

    def commit(self, path: str) -> None:
        """Gives the file its name, once it is on disk."""
        commit(self._file, path)

    def close(self) -> None:
        self._file.close()


def release() -> None:
    """Gives back what pyarrow and the C library keep of memory that was freed: forked workers would have it, too."""
    import pyarrow as pa

    pa.default_memory_pool().release_unused()
    with contextlib.suppress(AttributeError, OSError, TypeError):  # where it is not glibc
        ctypes.CDLL(None).malloc_trim(0)


class Names:
    """The names of images, one after another in a mapped file."""

    def __init__(self, images: str, names: str) -> None:
        self.images, self.heap = mapped(images, IMAGE), mapped(names, np.dtype("u1"))

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, i: int) -> str:
        at, n = int(self.images["name_at"][i]), int(self.images["name_len"][i])
        return self.heap[at:at + n].tobytes().decode("utf-8")


def bytes_of(column: Any) -> "tuple[np.ndarray, np.ndarray]":
    """The heap (uint8) and the offsets (int64, n + 1) of a column of strings without nulls: a pyarrow ChunkedArray or Array."""
    import pyarrow as pa

    array = column.cast(pa.large_string())
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
        if isinstance(array, pa.ChunkedArray):  # pyarrow: of no chunks
            array = array.chunk(0) if array.num_chunks else pa.array([], pa.large_string())
    if array.null_count:
        raise ValueError("a name is missing")
    _, offsets, heap = array.buffers()
    ends = np.frombuffer(offsets, np.int64, len(array) + 1, array.offset * 8) if offsets else np.zeros(1, np.int64)
    data = np.frombuffer(heap, np.uint8) if heap else np.zeros(0, np.uint8)
    return data[ends[0]:ends[-1]], ends - ends[0]


def digests_of(column: Any) -> np.ndarray:
    """The digests of a column of the type binary(16) without nulls, a pyarrow ChunkedArray: V16."""
    array = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
    return np.frombuffer(array.buffers()[1], "V16", len(array), array.offset * 16)


def digests_of_hex(column: Any) -> np.ndarray:
    """The digests of a column of 32 hex digits each, V16. ValueError where one is not."""
    heap, ends = bytes_of(column)
    digits = np.full(256, 255, np.uint8)
    digits[np.frombuffer(b"0123456789abcdef", np.uint8)] = np.arange(16)
    found = digits[heap]
    if (np.diff(ends) != 32).any() or (found == 255).any():
        raise ValueError("a digest is not 32 hex digits")
    return (found[::2] << 4 | found[1::2]).view("V16")


def hashes(heap: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """A 64-bit hash of each string, uint64: word by word, as FNV-1a mixes bytes, with the length first."""
    n = np.diff(ends)
    h = n.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) ^ np.uint64(0xCBF29CE484222325)
    padded = np.append(heap, np.zeros(8, np.uint8))
    word_at = np.ndarray(len(heap) + 1, "<u8", padded, strides=(1,))  # the eight bytes from each place on
    masks = np.append(np.uint64(1) << np.arange(0, 64, 8, dtype=np.uint64), np.uint64(0)) - np.uint64(1)
    for w in range(0, int(n.max(initial=0)), 8):
        left = n - w
        word = word_at[np.minimum(ends[:-1] + w, len(heap))] & masks[np.clip(left, 0, 8)]
        mixed = (h ^ word) * np.uint64(0xBF58476D1CE4E5B9)
        h = np.where(left > 0, mixed ^ mixed >> np.uint64(29), h)
    return h


def sorted_hashes(heap: np.ndarray, images: np.ndarray) -> "tuple[np.ndarray, np.ndarray]":
    """The hashes of the names of a table of images, ascending, and which image each is of (uint32)."""
    parts = []
    for at in range(0, len(images), 65536):  # by parts, which stay in the processor's cache
        some = images[at:at + 65536]
        first = int(some["name_at"][0])
        ends = np.append(some["name_at"], some["name_at"][-1] + some["name_len"][-1]).astype(np.int64) - first
        parts.append(hashes(heap[first:first + int(ends[-1])], ends))
    h = concatenated(parts, np.uint64)
    order = np.argsort(h, kind="stable")
    return h[order], order.astype(np.uint32)


def repeated(heap: np.ndarray, images: np.ndarray, h: np.ndarray, order: np.ndarray) -> "str | None":
    """A name that a table of images has twice, or None; h and order are its sorted_hashes. Two names with one hash, for a million
    names one time in 10^7, count as equal."""
    same = np.flatnonzero(h[1:] == h[:-1])
    if not len(same):
        return None
    image = images[order[same[0]]]
    return heap[int(image["name_at"]):int(image["name_at"]) + int(image["name_len"])].tobytes().decode("utf-8")


def concatenated(parts: Iterable[np.ndarray], dtype: Any) -> np.ndarray:
    found: List[np.ndarray] = list(parts)
    return np.concatenate(found) if found else np.zeros(0, dtype)


def exists(*paths: str) -> bool:
    return all(os.path.exists(p) for p in paths)
