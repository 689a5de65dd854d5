"""Crops and mixes, to the byte as premix makes them: docs/methods.md. Needs NumPy and Pillow."""
from __future__ import annotations

import io
import math
from typing import Any, Mapping, Sequence, Tuple

import numpy as np
from PIL import Image, ImageOps

METHODS = ("none", "saliencymix", "cutmix", "mixup", "cutout", "resizemix")
NONE, SALIENCYMIX, CUTMIX, MIXUP, CUTOUT, RESIZEMIX = range(6)
MEAN = (124, 116, 104)  # what cutout paints: ImageNet's mean
_FILTERS = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC, "lanczos": Image.Resampling.LANCZOS}


def rgb(data: bytes, exif: str = "ignore") -> Image.Image:
    """The image of encoded bytes in RGB: alpha is laid on white, of 16 bits the upper 8 are taken."""
    im: Image.Image = Image.open(io.BytesIO(data))
    if exif == "apply":
        im = ImageOps.exif_transpose(im)
    if im.mode == "RGB" and "transparency" not in im.info:
        im.load()
        return im
    if im.mode.startswith("I"):
        gray = (np.asarray(im).astype(np.uint32) >> 8).astype(np.uint8)
        return Image.fromarray(gray).convert("RGB")
    if im.mode in ("RGBA", "LA", "PA") or "transparency" in im.info:
        p = np.asarray(im.convert("RGBA")).astype(np.uint32)
        a = p[..., 3:]
        return Image.fromarray(((p[..., :3] * a + 255 * (255 - a) + 127) // 255).astype(np.uint8))
    return im.convert("RGB")


def ended(data: bytes) -> bytes:
    """The bytes of a JPEG that ends early, ended by an EOI marker, so that Pillow decodes what is there. A segment that is cut short
    between two scans is left out, as premix does.

    Pillow's LOAD_TRUNCATED_IMAGES is not used: it is a switch of the whole process, and shows black for such a segment."""
    at, end = 2, len(data)
    while 0 <= at < end - 1:
        marker = data[at + 1]
        if data[at] != 0xFF or marker in (0x00, 0xFF, 0x01) or 0xD0 <= marker <= 0xD7:  # coded data, or bytes between segments
            at = data.find(b"\xff", at + 1)
        elif marker == 0xD9:
            break
        elif at + 4 > end or at + 2 + int.from_bytes(data[at + 2:at + 4], "big") > end:
            end = at
        else:
            at += 2 + max(2, int.from_bytes(data[at + 2:at + 4], "big"))
    return data[:end] + b"\xff\xd9"


class Cropper:
    """Makes the crops of a recipe, or of the settings of a peaks cache (fingerprint.json): both have the same names."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        height, _, width = str(options["size"]).partition("x")
        self.h, self.w = int(height), int(width or height)
        self._resize = options["resize"]  # the shorter side before a crop, or none
        self._mode, *rest = str(options["geometry"]).split(":")
        self._padding, self._edge = int(rest[0]) if rest else 0, "reflect" if rest[1:] else "constant"
        self._filter = _FILTERS[options["interpolation"]]
        self._exif = options["exif"]
        self._accept = options["truncated"] == "accept"
        if self._mode not in ("rrc", "squash", "center", "pad"):
            raise ValueError(f"geometry {options['geometry']} is not one that this version of premix_shards knows: install a newer one")

    def __call__(self, data: bytes, rect: Sequence[float], flip: bool) -> np.ndarray:
        """The crop of an encoded image: uint8, shape (h, w, 3). rect is (x, y, width, height) in pixels of the original. ValueError
        where it is not inside the image."""
        try:
            im = rgb(data, self._exif)
        except (OSError, SyntaxError):
            if not self._accept or data[:2] != b"\xff\xd8":
                raise
            im = rgb(ended(data), self._exif)
        if self._mode == "rrc":  # pixels outside the rectangle take no part
            x, y, w, h = map(int, rect)
            if not (0 <= x < x + w <= im.width and 0 <= y < y + h <= im.height):
                raise ValueError(f"the crop ({x}, {y}) + {w}x{h} is not inside {im.width}x{im.height} pixels: not the image that it was planned for")
            pixels = np.asarray(im.crop((x, y, x + w, y + h)).resize((self.w, self.h), self._filter))
        elif self._mode == "squash":
            pixels = np.asarray(im.resize((self.w, self.h), self._filter))
        else:
            width, height = im.size
            r = min(width, height) if self._resize == "none" else int(self._resize)
            w, h = (r, int(r * height / width)) if width <= height else (int(r * width / height), r)
            x, y = round(rect[0] * w / width), round(rect[1] * h / height)
            n = self._padding
            pixels = np.asarray(im.resize((w, h), self._filter))
            if n:
                pixels = np.pad(pixels, ((n, n), (n, n), (0, 0)), self._edge)  # type: ignore[call-overload]
            if not (0 <= y + n <= pixels.shape[0] - self.h and 0 <= x + n <= pixels.shape[1] - self.w):
                raise ValueError(f"the crop at ({x}, {y}) is not inside {w}x{h} pixels: not the image that it was planned for")
            pixels = pixels[y + n:y + n + self.h, x + n:x + n + self.w]
        return pixels[:, ::-1] if flip else pixels


def mixed(method: int, target: np.ndarray, source: "np.ndarray | None", lam: float, box: Sequence[int], src_box: Sequence[int]) -> np.ndarray:
    """The mix of two crops: uint8, shape (3, h, w), new memory. Crops have the shape (h, w, 3); boxes are [x0, y0, x1, y1],
    half-open; source may be None where the method has none (none, cutout)."""
    out = np.array(target.transpose(2, 0, 1), order="C")
    if method >= len(METHODS):
        raise ValueError(f"method {method} is unknown")
    x0, y0, x1, y1 = box
    if method == CUTOUT:
        out[:, y0:y1, x0:x1] = np.array(MEAN, np.uint8)[:, None, None]
    elif source is None:
        pass
    elif method in (SALIENCYMIX, CUTMIX):
        u0, v0, u1, v1 = src_box
        out[:, y0:y1, x0:x1] = source[v0:v1, u0:u1].transpose(2, 0, 1)
    elif method == RESIZEMIX:
        small = Image.fromarray(np.ascontiguousarray(source)).resize((x1 - x0, y1 - y0), Image.Resampling.BILINEAR)
        out[:, y0:y1, x0:x1] = np.asarray(small).transpose(2, 0, 1)
    elif method == MIXUP:  # the products of all bytes in tables: the same float64 arithmetic, with fewer multiplications
        a, b = lam * np.arange(256.0), (1 - lam) * np.arange(256.0)
        out[...] = np.rint(a[out] + b[source.transpose(2, 0, 1)])
    return out


def saliency_box(h: int, w: int, row: int, col: int, lam: float) -> Tuple[int, int, int, int]:
    """The box of SaliencyMix about a pixel, [x0, y0, x1, y1], half-open: Uddin et al., ICLR 2021, `cut = int(side·√(1−λ))`, the
    pixel ± cut//2, clipped at the border."""
    half_h, half_w = int(h * math.sqrt(1 - lam)) // 2, int(w * math.sqrt(1 - lam)) // 2
    return max(col - half_w, 0), max(row - half_h, 0), min(col + half_w, w), min(row + half_h, h)


def soft_label(classes: int, a: int, b: int, lam: float, smoothing: float) -> np.ndarray:
    """The dense label of a sample: float32, shape (classes,), as `--label-form dense` has it. Smoothing is timm's."""
    off = smoothing / classes
    on = 1 - smoothing + off
    out = np.full(classes, off, np.float32)
    if a == b:
        out[a] = on
    elif smoothing == 0:
        out[a] = lam
        out[b] = np.float32(1) - np.float32(lam)
    else:
        out[a] = lam * on + (1 - lam) * off
        out[b] = lam * off + (1 - lam) * on
    return out
