"""Mixing in PyTorch's loader, by the plan of an output or by cached peaks: no mixed shards are needed.

- PlannedDataset: the samples of a plan, with the pixels of `--encode png`, a replica an epoch.
- PeaksDataset, SaliencyMixCollate: SaliencyMix inside the batch, by the peaks of a cache; other pairs in each epoch.
- PlanOrderSampler, SkipBatches: orders that decode each image once, and that go on in the middle of an epoch.

Needs torch, NumPy, Pillow, pyarrow and xxhash, which the wheel does not install: `pip install premix-shards[torch]` does.
docs/loader.md says when to mix here, and when to write shards.
"""
try:
    import numpy  # noqa: F401
    import PIL  # noqa: F401
    import pyarrow  # noqa: F401
    import torch  # noqa: F401
    import xxhash  # noqa: F401
except ImportError as e:
    raise ImportError(f"premix_shards.torch needs torch, numpy, pillow, pyarrow and xxhash ({e}): pip install premix-shards[torch]", name=e.name) from e

from ._collate import PeaksDataset, SaliencyMixCollate
from ._planned import PlannedDataset
from ._samplers import PlanOrderSampler, SkipBatches

__all__ = ["PeaksDataset", "PlanOrderSampler", "PlannedDataset", "SaliencyMixCollate", "SkipBatches"]
