"""The samples of an output as premix's own reader gives them, for snippets.py."""
import base64
import io
import json

import numpy as np

MEAN, STD = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])  # timm's


class Truth:
    def __init__(self, path):
        from PIL import Image

        with open(path) as f:
            self.sets = json.load(f)  # of each split and replica, in the order of the shards
        self.rows, pixels = [], []
        for group in self.sets:
            for i, s in enumerate(group["samples"]):
                image = np.asarray(Image.open(io.BytesIO(base64.b64decode(s.pop("image")))).convert("RGB"))
                s.update(split=group["split"], replica=group["replica"], number=i, pixels=image, soft=np.array(s["soft"]))
                self.rows.append(s)
                pixels.append(image.astype(np.float32).ravel())
        self.pixels = np.stack(pixels)
        self.squares = np.square(self.pixels).sum(1)

    def of(self, split, replica):
        return [s for s in self.rows if (s["split"], s["replica"]) == (split, replica)]

    def replicas(self, split):
        return [g["replica"] for g in self.sets if g["split"] == split]

    def find(self, images):
        """The samples that have these pixels, as bytes, floats or normalized floats, in either order of the axes."""
        batch = np.stack([array(x) for x in images])
        if batch.ndim == 4 and batch.shape[1] == 3:
            batch = batch.transpose(0, 2, 3, 1)
        if batch.dtype != np.uint8:
            if batch.min() < 0:
                batch = batch * STD + MEAN
            if batch.max() <= 1.01:
                batch = batch * 255
        batch, found = batch.astype(np.float32).reshape(len(batch), -1), []
        for x, order in zip(batch, np.argsort(self.squares - 2 * batch @ self.pixels.T)):  # the nearest two by squares
            far, other = (float(np.abs(self.pixels[i] - x).mean()) for i in order[:2])
            if far > 1.5 or other - far < 1.5:  # TFDS decodes JPEG by another cosine transform
                raise AssertionError(f"an image is {far:.2f} levels from the nearest of the output, {other:.2f} from the next")
            found.append(self.rows[order[0]])
        return found


def array(x):
    if hasattr(x, "detach"):
        x = x.detach().cpu()
    return np.asarray(x)


def scale(pixels, like):
    """Pixels of the truth as the program feeds them to its model."""
    x = np.stack(pixels).astype(np.float64)
    like = array(like)
    if like.dtype == np.uint8 or like.max() > 3:
        return x.astype(np.float32)
    x = x / 255
    if like.min() < 0:
        x = (x - MEAN) / STD
    return x.transpose(0, 3, 1, 2).astype(np.float32)


def cross_entropy(scores, soft):
    """By hand: the mean of -sum(y log softmax(scores))."""
    z = scores.astype(np.float64)
    z = z - z.max(1, keepdims=True)
    return float(-(soft * (z - np.log(np.exp(z).sum(1, keepdims=True)))).sum(1).mean())
