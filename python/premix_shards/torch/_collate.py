"""PeaksDataset and SaliencyMixCollate: SaliencyMix inside the batch, by peaks that were found before."""
from __future__ import annotations

import os
from typing import Any, Callable, Dict, List, Optional, Sequence

import numpy as np
import torch

from . import _draws, _files
from ._images import Images, Places
from ._peaks import Peaks
from ._pixels import saliency_box, soft_label
from ._shared import Shared
from ._transforms import warn_of_crops


class PeaksDataset(torch.utils.data.Dataset[Dict[str, Any]]):
    """The images of a peaks cache, cropped as they were when their peaks were found: map-style, one decode an item.

    Index i is image i in the order of the input, so a loader shuffles it as any data set. Epoch e has the crops and flips of
    the e-th cached replica; with as many replicas as epochs no crop comes twice. An item is a dict for SaliencyMixCollate:

    - ``image``: uint8 tensor of the shape (3, H, W)
    - ``label``: class, int, counted from 0
    - ``peak``: (row, column) of the saliency peak in the crop; the middle where the map is flat
    - ``ordinal``: i, and ``epoch``: what the draws of the collate depend on

    Args:
        cache: the folder CACHE/FINGERPRINT that `premix mix` or `premix peaks --cache CACHE` filled, from this input alone.
        images: the folder that was ``--in``, as for PlannedDataset.
        class_names: in the order of the labels; default: those of all images, the bad ones too, in bytewise order, as premix
            numbers class folders. The cache does not know class folders without images, nor ``--classes``, class lists and
            ``--class-order``: with these, give the lines of ``OUT/__premix__/SPLIT/classes.txt``. Names that are numbers in
            another order, or that are not those of folders, are warned of. Labels that are numbers already stay.
        maps: folder of the mapped files, 42 bytes an image of each replica; default as for PlannedDataset.

    Raises:
        FileNotFoundError: there is no such cache, or an image is not there.
        ValueError: the cache is not whole, has no peaks, or an image is not the one whose peaks it holds.
    """

    def __init__(self, cache: "str | os.PathLike[str]", images: Places, *, class_names: Optional[Sequence[str]] = None, maps: Optional[str] = None) -> None:
        folder = _files.folder(maps)
        self._peaks = Peaks(cache, folder, class_names)
        if self._peaks.settings["detector"] == "uniform":
            raise ValueError(f"{os.fspath(cache)} is of the detector uniform, which has no peaks: that is CutMix, torchvision has it")
        self._peaks.prepare(self._peaks.replicas[0])
        self._epoch = Shared()
        self._images = Images(images, folder, self._peaks.unseekable)
        self._cropper = self._peaks.cropper
        self._open()

    def _open(self) -> None:
        self._table = self._peaks.images()
        self._replica = -1
        self._crops = np.zeros(0)

    def __getstate__(self) -> Dict[str, Any]:
        return {k: v for k, v in self.__dict__.items() if k not in ("_table", "_crops")}

    def __setstate__(self, state: Dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._open()

    @property
    def replicas(self) -> int:
        """How many replicas have crops and peaks: epoch e is the e-th, modulo this number."""
        return len(self._peaks.replicas)

    @property
    def class_names(self) -> Optional[List[str]]:
        """The class names in the order of the labels, or None where the input states numbers."""
        return self._peaks.classes

    @property
    def classes(self) -> int:
        """How many classes there are; where the input states numbers, as far as the highest label of an image tells."""
        if self._peaks.classes is not None:
            return len(self._peaks.classes)
        return int(self._table.images["label"].max(initial=-1)) + 1

    def set_epoch(self, epoch: int) -> None:
        """Chooses the epoch: call it between two epochs, in each process that has a loader. Workers that live on see it, too."""
        if epoch < 0:
            raise ValueError(f"epoch {epoch} is negative")
        self._peaks.prepare(self._peaks.replicas[epoch % self.replicas])
        self._epoch[0] = epoch

    def __len__(self) -> int:
        return len(self._table)

    def name(self, i: int) -> str:
        """The name of image i: its path below the root of the input."""
        return self._table[i]

    def __getitem__(self, i: int) -> Dict[str, Any]:
        if not 0 <= i < len(self):
            raise IndexError(i)
        epoch = self._epoch[0]
        replica = self._peaks.replicas[epoch % self.replicas]
        if replica != self._replica:
            self._crops, self._replica = self._peaks.crops(replica), replica
        c, entry, name = self._crops[i], self._table.images[i], self._table[i]
        data = self._images.read(name, int(entry["offset"]), int(entry["length"]), entry["digest"].tobytes())
        try:
            pixels = self._cropper(data, c["crop"].tolist(), bool(c["flip"]))
        except ValueError as e:
            raise ValueError(f"{name}: {e}") from e
        except (OSError, SyntaxError) as e:  # Pillow raises both
            raise ValueError(f"{name} cannot be decoded, and could when its peak was found: {e}") from e
        peak = (self._cropper.h // 2, self._cropper.w // 2) if c["flat"] else (int(c["row"]), int(c["col"]))
        if peak[0] < 0:
            raise ValueError(f"{name} has no peak in the cache")
        return {"image": torch.from_numpy(np.array(pixels.transpose(2, 0, 1), order="C")), "label": self._peaks.label(int(entry["label"])), "peak": peak, "ordinal": i, "epoch": epoch}


class SaliencyMixCollate:
    """Collates items of PeaksDataset, and mixes each with the next one of the batch: collate_fn of a DataLoader.

    SaliencyMix of Uddin et al., ICLR 2021, in premix's form: λ is drawn for each sample, the box is the source's peak ±
    int(side·√(1−λ))//2, clipped at the border, and λ is computed again from the pixels that were pasted. The last sample of
    a batch takes the first as source, so every image is once target and once source; a batch of one is not mixed.

    The drawn λ is a function of (seed, epoch, ordinal) by the streams of docs/methods.md, so a batch of the same images in the
    same epoch is the same batch, whichever worker makes it; with alpha=1 it is the λ that `premix mix --seed` draws for that
    target in the replica of that number. The pairs are those of the batch, and so of the loader's order.

    A batch is a dict: ``image`` uint8 (B, 3, H, W), or what transform returns for each, stacked; ``label_a`` and ``label_b``
    int64 (B,); ``lam`` float64 (B,), the weight of label_a; ``box`` int64 (B, 4), [x0, y0, x1, y1], half-open; with classes,
    ``soft`` float32 (B, classes), smoothed by smoothing as timm does.

    Args:
        seed: of the draws.
        alpha: λ ~ Beta(alpha, alpha), 0.05 to 10,000; 1 is uniform, the paper's.
        prob: with which probability a sample is mixed.
        classes, smoothing: for dense labels; classes=0 makes none.
        transform: called with each mixed image, a uint8 tensor of the shape (3, H, W). One that crops is warned of.
    """

    def __init__(self, seed: int = 0, alpha: float = 1.0, prob: float = 1.0, *, classes: int = 0, smoothing: float = 0.0,
                 transform: Optional[Callable[[torch.Tensor], Any]] = None) -> None:
        if not 0 <= seed < 2**64:
            raise ValueError(f"seed {seed} is not below 2^64")
        if not 0.05 <= alpha <= 10000:
            raise ValueError(f"alpha {alpha} is not in 0.05 to 10,000")
        if not 0 <= prob <= 1:
            raise ValueError(f"prob {prob} is not in 0 to 1")
        if not 0 <= smoothing < 1 or classes < 0:
            raise ValueError(f"smoothing {smoothing} is not in 0 to 1, or classes {classes} is negative")
        self._seed, self._alpha, self._prob, self._classes, self._smoothing, self._transform = seed, alpha, prob, classes, smoothing, transform
        if transform is not None:
            warn_of_crops(transform)

    def __call__(self, items: Sequence[Dict[str, Any]]) -> Dict[str, Any]:
        n = len(items)
        ordinals = np.array([item["ordinal"] for item in items], np.uint64)
        epoch = items[0]["epoch"]
        drawn = _draws.lam(self._seed, epoch, ordinals, self._alpha)
        live = np.full(n, n > 1)
        if self._prob < 1:
            live &= _draws.uniform(self._seed, epoch, ordinals, _draws.MIX) < self._prob
        images: torch.Tensor = torch.utils.data.default_collate([item["image"] for item in items])
        h, w = images.shape[2:]
        labels = [item["label"] for item in items]
        lam, boxes, others = np.ones(n), np.zeros((n, 4), np.int64), list(labels)
        for i in np.flatnonzero(live).tolist():
            source = items[(i + 1) % n]
            x0, y0, x1, y1 = boxes[i] = saliency_box(h, w, source["peak"][0], source["peak"][1], float(drawn[i]))
            images[i, :, y0:y1, x0:x1] = source["image"][:, y0:y1, x0:x1]
            lam[i] = 1 - int(y1 - y0) * int(x1 - x0) / (h * w)
            others[i] = source["label"]
        batch: Dict[str, Any] = {
            "image": images if self._transform is None else torch.utils.data.default_collate([self._transform(image) for image in images]),
            "label_a": torch.tensor(labels), "label_b": torch.tensor(others), "lam": torch.from_numpy(lam), "box": torch.from_numpy(boxes)}
        if self._classes:
            if max(labels) >= self._classes:
                raise ValueError(f"label {max(labels)} is not below classes={self._classes}: give classes=data.classes of the PeaksDataset")
            soft = [soft_label(self._classes, a, b, v, self._smoothing) for a, b, v in zip(labels, others, lam.tolist())]
            batch["soft"] = torch.from_numpy(np.stack(soft))
        return batch
