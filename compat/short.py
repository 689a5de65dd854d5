"""Makes two class folders of JPEGs that end early: baseline, progressive and with restart intervals, cut at every 40th byte.

usage: short.py DIR
"""
import io
import os
import sys

import numpy as np
from PIL import Image

rng = np.random.default_rng(5)
folders = [os.path.join(sys.argv[1], name) for name in "ab"]
for folder in folders:
    os.makedirs(folder)
for n, how in enumerate(({}, {"progressive": True}, {"restart_marker_blocks": 2})):
    picture = Image.fromarray(np.kron(rng.integers(0, 256, (9, 9, 3), np.uint8), np.ones((8, 8, 1), np.uint8)))
    data = io.BytesIO()
    picture.save(data, "JPEG", quality=80, **how)
    for at in range(400, len(data.getvalue()), 40):
        with open(os.path.join(folders[at // 40 % 2], f"{n}-{at}.jpg"), "wb") as f:
            f.write(data.getvalue()[:at])
