"""Numbers in memory that workers share."""
from __future__ import annotations

import torch


class Shared:
    """Some integers, 0 at first, that the workers of a loader see when they change, those that live on (persistent_workers) as well."""

    def __init__(self, n: int = 1) -> None:
        self._values = torch.zeros(n, dtype=torch.int64).share_memory_()  # type: ignore[no-untyped-call]

    def __getitem__(self, i: int) -> int:
        return int(self._values[i].item())

    def __setitem__(self, i: int, value: int) -> None:
        self._values[i] = value
