"""Files of the cache: each appears whole or not at all, and is made by one process at a time."""
from __future__ import annotations

import contextlib
import errno
import logging
import os
import shutil
import sys
import time
from typing import IO, Any, Iterator, Optional

try:
    import fcntl
except ImportError:  # Windows: two processes may then make the same file, and the last rename wins
    fcntl = None  # type: ignore[assignment]

_FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EFBIG)
_UNUSED = 30 * 24 * 3600  # seconds after which mapped files of what has changed since are removed

log = logging.getLogger("premix_shards.torch")


def folder(given: Optional[str]) -> str:
    """The folder of mapped files: the given one, or torch/ in premix's folder of the user's cache."""
    if given is None:
        if sys.platform == "win32":
            base = os.environ.get("LOCALAPPDATA") or os.path.expanduser("~")
        elif sys.platform == "darwin":
            base = os.path.expanduser("~/Library/Caches")
        else:
            base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
        given = os.path.join(base, "premix", "torch")
    given = os.path.abspath(given)
    os.makedirs(given, exist_ok=True)
    return given


@contextlib.contextmanager
def one_at_a_time(path: str) -> Iterator[None]:
    """A lock of the file system, on a file next to the one that is made. It ends with its process."""
    if fcntl is None:
        yield
        return
    with open(path + ".lock", "a") as f:
        fcntl.flock(f, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def temporary(path: str) -> Iterator[str]:
    """The name of a temporary next to a file. It is removed unless commit has renamed it."""
    part = f"{path}.{os.getpid()}.tmp"
    try:
        with no_room(part):
            yield part
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.remove(part)


@contextlib.contextmanager
def no_room(path: str) -> Iterator[None]:
    """Names the path in the OSError of a disk or quota that is full. A write has no name of its own."""
    try:
        yield
    except OSError as e:
        if e.errno in _FULL and e.filename is None:
            raise OSError(e.errno, f"{os.strerror(e.errno or 0)}: free some space there, or choose another folder with cache= or maps=", path) from e
        raise


def commit(f: "IO[Any]", path: str) -> None:
    """Gives a temporary that was written its name, once its bytes are on disk."""
    f.flush()
    os.fsync(f.fileno())
    name = f.name
    f.close()
    os.replace(name, path)


def used(path: str) -> None:
    """Notes that a mapped file is in use, so that remove_unused keeps it for 30 days."""
    with contextlib.suppress(OSError):  # a folder that is shared read-only
        os.utime(path)


def remove_unused(folder: str, prefix: str, keep: str) -> None:
    """Removes what no training of the last 30 days has used: the files and the folders, whose about.json tells, that begin with
    prefix, but not keep. What was used since may be in use."""
    for old in os.listdir(folder):
        path = os.path.join(folder, old)
        if not old.startswith(prefix) or old == keep or old.endswith(".lock"):
            continue
        with contextlib.suppress(OSError):  # another process was faster; Windows: it is mapped
            at = os.path.join(path, "about.json")
            if time.time() - os.stat(at if os.path.exists(at) else path).st_mtime > _UNUSED:
                shutil.rmtree(path) if os.path.isdir(path) else os.remove(path)


def remove_parts(folder: str, prefix: str = "") -> None:
    """Removes what killed processes left of files that they wrote, whose names begin with prefix. The caller has their lock."""
    for left in os.listdir(folder):
        if left.startswith(prefix) and left.endswith((".part", ".tmp")):
            with contextlib.suppress(OSError):  # Windows has no lock, and removes no file that is open
                os.remove(os.path.join(folder, left))
