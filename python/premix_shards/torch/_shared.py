"""Numbers in memory that workers share."""
from __future__ import annotations

import torch


class Epoch:
    """A number that the workers of a loader see when it changes, those that live on (persistent_workers) as well."""

    def __init__(self) -> None:
        self._value = torch.zeros(1, dtype=torch.int64).share_memory_()  # type: ignore[no-untyped-call]

    def get(self) -> int:
        return int(self._value.item())

    def set(self, epoch: int) -> None:
        self._value.fill_(epoch)


class Stamps:
    """Numbers of 48 bits, 0 at first, one for each replica of a plan, that workers see likewise."""

    def __init__(self, n: int) -> None:
        self._values = torch.zeros(n, dtype=torch.int64).share_memory_()  # type: ignore[no-untyped-call]

    def __getitem__(self, i: int) -> int:
        return int(self._values[i].item())

    def __setitem__(self, i: int, stamp: int) -> None:
        self._values[i] = stamp
