"""Which transforms make λ wrong."""
from __future__ import annotations

import warnings
from typing import Any, Iterator, Set

# Classes of torchvision, timm, kornia and albumentations that move parts of a picture out of it, paint over parts, or mix again.
_CROPS = ("Crop", "Affine", "Rotat", "Perspective", "Elastic", "Erasing", "ZoomOut", "ScaleJitter", "AutoAugment", "RandAugment", "TrivialAugment",
          "AugMix", "CutMix", "MixUp", "Cutout", "CoarseDropout", "GridDropout", "ShiftScale", "ThinPlate", "Translate", "Shear", "Mosaic")


def _parts(transform: Any, seen: Set[int]) -> Iterator[Any]:
    if id(transform) in seen:
        return
    seen.add(id(transform))
    yield transform
    inner = getattr(transform, "transforms", None)
    if not isinstance(inner, (list, tuple)):
        children = getattr(transform, "children", None)
        inner = list(children()) if callable(children) and hasattr(transform, "named_modules") else []
    for part in list(inner) + [getattr(transform, "transform", None), getattr(transform, "func", None)]:
        if callable(part):
            yield from _parts(part, seen)


def warn_of_crops(transform: Any) -> None:
    """Warns of a transform after the mix, or a part of one (Compose, Sequential, RandomApply), whose class is known to crop.

    λ is the share of the target's pixels: what cuts, moves or paints over parts of the mixed picture makes it wrong. It goes by
    the names of classes, so it does not see what a function of your own does."""
    found = sorted({type(p).__name__ for p in _parts(transform, set()) if any(c.lower() in type(p).__name__.lower() for c in _CROPS)})
    if found:
        warnings.warn(f"{', '.join(found)} after the mix makes λ wrong, since parts of the picture leave it or are painted over: "
                      "premix has cropped already; keep to flips, colours and normalization", UserWarning, stacklevel=3)
