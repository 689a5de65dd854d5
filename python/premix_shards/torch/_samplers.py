"""Orders in which to read an epoch."""
from __future__ import annotations

from typing import Any, Iterator, List, Optional, Sized

import torch
import torch.distributed as dist


class PlanOrderSampler(torch.utils.data.Sampler[int]):
    """Each rank reads one part of the epoch, in the order of the plan.

    The order of a plan is drawn, so it need not be shuffled once more; and the source of a sample is the target of the next
    one, so that PlannedDataset decodes each image once, where a random order decodes it twice.

    Args:
        data: the data set.
        num_replicas, rank: how many ranks there are, and which this is; default: those of torch.distributed, or one.
        pad: give all ranks the same number of samples, as DistributedSampler does: the parts overlap by fewer than num_replicas
            samples. Without it each sample is read once, and some ranks have one sample more.
        block: 0, or how many neighbours stay together while the blocks of a rank are shuffled anew in each epoch: for
            trainings that read the same replica several times.
        seed: of that order, a function of (seed, epoch, rank).
    """

    def __init__(self, data: Sized, num_replicas: Optional[int] = None, rank: Optional[int] = None, *, pad: bool = True, block: int = 0, seed: int = 0) -> None:
        there = dist.is_available() and dist.is_initialized()
        self._ranks = num_replicas if num_replicas is not None else dist.get_world_size() if there else 1
        self._rank = rank if rank is not None else dist.get_rank() if there else 0
        if not 0 <= self._rank < self._ranks:
            raise ValueError(f"rank {self._rank} of {self._ranks}")
        self._data, self._pad, self._block, self._seed, self._epoch = data, pad, block, seed, 0

    def set_epoch(self, epoch: int) -> None:
        """Chooses the order of blocks; without block it changes nothing. The data set has a set_epoch of its own."""
        self._epoch = epoch

    def _part(self) -> range:
        n = len(self._data)
        first, end = n * self._rank // self._ranks, n * (self._rank + 1) // self._ranks
        if self._pad:
            end = first + -(-n // self._ranks)
        return range(first, end)

    def __len__(self) -> int:
        return len(self._part())

    def __iter__(self) -> Iterator[int]:
        n, part = len(self._data), self._part()
        if not self._block:
            return (i % n for i in part)
        g = torch.Generator()
        g.manual_seed((self._seed * 1_000_003 + self._epoch) * 1_000_003 + self._rank)
        blocks = [part[at:at + self._block] for at in range(0, len(part), self._block)]
        return (i % n for b in torch.randperm(len(blocks), generator=g).tolist() for i in blocks[b])


class SkipBatches(torch.utils.data.Sampler[List[int]]):
    """A batch sampler without its first batches, once: a training that was killed after `skip` batches of an epoch goes on with
    the next one. Later epochs are whole. Nothing is decoded for what is left out.

    The sampler below must give the same order again: give it the epoch that was interrupted (set_epoch), as the data set."""

    def __init__(self, batches: Any, skip: int) -> None:
        if skip < 0:
            raise ValueError(f"{skip} batches to skip")
        self._batches, self._skip = batches, skip

    def __len__(self) -> int:
        return max(len(self._batches) - self._skip, 0)

    def __iter__(self) -> Iterator[List[int]]:
        skip, self._skip = self._skip, 0
        for i, batch in enumerate(self._batches):
            if i >= skip:
                yield batch
