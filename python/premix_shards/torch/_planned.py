"""PlannedDataset: the samples of a plan, mixed while training."""
from __future__ import annotations

import os
from collections import OrderedDict
from typing import Any, Callable, Dict, Optional

import numpy as np
import torch

from . import _files
from ._images import Images, Places
from ._pixels import CUTOUT, NONE, mixed, soft_label
from ._plan import Plan
from ._shared import Shared
from ._transforms import warn_of_crops

_KEPT = 2  # crops a worker keeps: the source of a sample is the target of the next one


class PlannedDataset(torch.utils.data.Dataset[Dict[str, Any]]):
    """The samples that `premix mix` planned, mixed when they are asked for: map-style.

    The pixels are those of the same output with `--encode png`, byte for byte, for every method. Index i is sample i of the
    epoch in the order of the shards, which is a drawn order already.

    An item is a dict:

    - ``image``: uint8 tensor of the shape (3, H, W), or what transform returns for it
    - ``label_a``, ``label_b``: classes of target and source, int, counted from 0
    - ``lam``: weight of label_a, float: the share of the target's pixels that stay
    - ``key``: the key of the sample in the output, str
    - ``soft``, with soft=True: float32 tensor of the shape (classes,) that sums to 1, with the smoothing of the recipe

    Args:
        out: an output of premix with a plan (every output has one; ``--plan-only`` writes nothing else), or its folder
            ``__premix__/SPLIT``.
        images: the folder that was ``--in``, several, or a dict {NAME: folder}: class folders, tars, TFRecord or Parquet. Local.
            A zip archive or a compressed tar must be unpacked, to a folder of its name and in its place.
        split: which split of the output.
        transform: called with the mixed image, a uint8 tensor. One that crops makes λ wrong, and is warned of.
        soft: whether items have dense labels.
        cache: folder of the mapped files, 66 bytes a sample of each replica that is used; default: ``premix/torch`` in the user's
            cache folder. On a cluster, choose a local disk or a shared folder.

    A replica is converted to a mapped file when it is first used; until then the main process reads its plan once. A worker
    keeps the tables mapped and two crops, whatever the number of samples. Two samples that follow one another share an image,
    so an order that keeps neighbours together (PlanOrderSampler) decodes each image once, a random order twice.

    Raises:
        FileNotFoundError: there is no such plan, or an image is not there.
        ValueError: the plan is not whole or contradicts itself, or an image is not the one that the plan was made for: of each that
            is read, length and XXH3-128 are compared. From set_epoch: the plan was written anew since the data set was made, and
            the replica was not used before; those that were stay as they are.
    """

    def __init__(self, out: "str | os.PathLike[str]", images: Places, split: str = "train", *,
                 transform: Optional[Callable[[torch.Tensor], Any]] = None, soft: bool = False, cache: Optional[str] = None) -> None:
        folder = _files.folder(cache)
        self._plan = Plan(out, split, folder)
        self._epoch = Shared()
        self._plan.prepare(self._plan.replicas[0])
        self._samples = self._plan.samples(self._plan.replicas[0])
        self._replica = self._plan.replicas[0]
        about = self._plan.about()
        self._images = Images(images, folder, about["unseekable"])
        self._cropper, self._smoothing = self._plan.cropper, self._plan.smoothing
        self._soft, self._transform = soft, transform
        if transform is not None:
            warn_of_crops(transform)
        self._open()

    def _open(self) -> None:
        self._table = self._plan.images()
        self._keys = self._plan.about()["keys"]
        self._crops: "OrderedDict[int, np.ndarray]" = OrderedDict()

    def __getstate__(self) -> Dict[str, Any]:
        return {k: v for k, v in self.__dict__.items() if k not in ("_samples", "_replica", "_table", "_keys", "_crops")}

    def __setstate__(self, state: Dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._replica = -1
        self._open()

    @property
    def replicas(self) -> int:
        """How many replicas the plan has: epoch e is replica e mod this number."""
        return len(self._plan.replicas)

    @property
    def classes(self) -> int:
        """How many classes there are."""
        return self._plan.classes

    def set_epoch(self, epoch: int) -> None:
        """Chooses the epoch: call it between two epochs, in each process that has a loader. Workers that live on see it, too.
        Epochs beyond the last replica begin again with the first. Converts the plan of the replica if it was not used before."""
        if epoch < 0:
            raise ValueError(f"epoch {epoch} is negative")
        self._plan.prepare(self._plan.replicas[epoch % self.replicas])
        self._epoch[0] = epoch

    def _current(self) -> np.ndarray:
        replica = self._plan.replicas[self._epoch[0] % self.replicas]
        if replica != self._replica:
            self._samples = self._plan.samples(replica)
            self._replica = replica
            self._crops.clear()
            if str(replica) not in self._keys:
                self._keys = self._plan.about()["keys"]
        return self._samples

    def __len__(self) -> int:
        return len(self._table)

    def _crop(self, samples: np.ndarray, i: int) -> np.ndarray:
        """The crop of the target of sample i. The last ones are kept: neighbours share an image."""
        crop = self._crops.get(i)
        if crop is None:
            s = samples[i]
            image = int(s["target"])
            entry, name = self._table.images[image], self._table[image]
            data = self._images.read(name, int(entry["offset"]), int(entry["length"]), entry["digest"].tobytes())
            try:
                crop = self._cropper(data, s["crop"].tolist(), bool(s["flip"]))
            except ValueError as e:
                raise ValueError(f"{name}: {e}") from e
            except (OSError, SyntaxError) as e:  # Pillow raises both
                raise ValueError(f"{name} cannot be decoded, and could when the plan was made: {e}") from e
            self._crops[i] = crop
            if len(self._crops) > _KEPT:
                self._crops.popitem(last=False)
        return crop

    def __getitem__(self, i: int) -> Dict[str, Any]:
        samples = self._current()
        if not 0 <= i < len(samples):
            raise IndexError(i)
        s = samples[i]
        method, source, lam = int(s["method"]), int(s["source"]), float(s["lam"])
        target = self._crop(samples, i)
        other = None if method in (NONE, CUTOUT) else self._crop(samples, source)
        image: Any = torch.from_numpy(mixed(method, target, other, lam, s["box"].tolist(), s["src_box"].tolist()))
        prefix, width = self._keys[str(self._replica)]
        labels = self._table.images["label"]
        a, b = int(labels[s["target"]]), int(labels[samples["target"][source]])
        item = {"image": image if self._transform is None else self._transform(image), "label_a": a, "label_b": b, "lam": lam,
                "key": f"{prefix}{i:0{width}d}"}
        if self._soft:
            item["soft"] = torch.from_numpy(soft_label(self._plan.classes, a, b, lam, self._smoothing))
        return item
