"""Derives the recipes of a small made-up data set again, from the documentation alone.

    python3 rederive.py > recipes.tsv

Plain Python, whose float arithmetic is IEEE double without fused operations. The data set: N
images in S shards, image g of class g % 10 (g % 3 in the variants named "classes"), flat if
g % 11 == 0, peak and trough drawn from the stream (99, 0, g, crop). The test in golden_test.go
makes the same and compares every field.
"""

import math

N, S, H, W, SEED, REPLICA = 23, 3, 96, 128, 12345678901234567890, 2
MASK = (1 << 64) - 1
PERMUTATION, MIX, METHOD, LAMBDA, CENTRE, CORNER, CROP = 1, 2, 3, 4, 5, 6, 7


def philox(c, k):
    for _ in range(10):
        p, q = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [q >> 32 ^ c[1] ^ k[0], q & 0xFFFFFFFF, p >> 32 ^ c[3] ^ k[1], p & 0xFFFFFFFF]
        k = [(k[0] + 0x9E3779B9) & 0xFFFFFFFF, (k[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return c


def stream(seed, replica, ordinal, purpose):
    for block in range(1 << 24):
        w = philox(
            [ordinal & 0xFFFFFFFF, ordinal >> 32, replica, purpose << 24 | block],
            [seed & 0xFFFFFFFF, seed >> 32],
        )
        yield w[0] | w[1] << 32
        yield w[2] | w[3] << 32


def uniform(s):
    return (next(s) >> 11) * 2.0**-53


def below(s, n):
    while True:
        v = next(s) * n
        if v & MASK >= (1 << 64) % n:
            return v >> 64


def finalise(z):
    z = ((z ^ z >> 30) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ z >> 27) * 0x94D049BB133111EB) & MASK
    return z ^ z >> 31


def permutation(n):
    """Position of each ordinal."""
    s = stream(SEED, REPLICA, 0, PERMUTATION)
    keys = [next(s) for _ in range(8)]
    odd = next(s) & 1
    half = 1
    while 4**half < n:
        half += 1
    mask = (1 << half) - 1
    out = []
    for x in range(n):
        while True:
            left, right = x >> half, x & mask
            for k in keys:
                left, right = right, left ^ finalise(right + k & MASK) & mask
            x = left << half | right
            if x < n:
                break
        out.append(x ^ odd if x < 2 else x)
    return out


def horner(x, *coefficients):
    total = coefficients[0]
    for c in coefficients[1:]:
        total = total * x + c
    return total


LN2HI, LN2LO = 6.93147180369123816490e-01, 1.90821492927058770002e-10


def log(x):
    m, k = math.frexp(x)
    m, k = m * 2, k - 1
    if m > math.sqrt(2):
        m, k = m / 2, k + 1
    f = m - 1
    s = f / (2 + f)
    z = s * s
    r = z * horner(
        z, 1.479819860511658591e-01, 1.531383769920937332e-01, 1.818357216161805012e-01, 2.222219843214978396e-01,
        2.857142874366239149e-01, 3.999999999940941908e-01, 6.666666666666735130e-01,
    )
    h = 0.5 * f * f
    return k * LN2HI - ((h - (s * (h + r) + k * LN2LO)) - f)


def exp(x):
    if x < -700:
        return 0.0
    k = round(x / math.log(2))
    hi, lo = x - k * LN2HI, k * LN2LO
    r = hi - lo
    t = r * r
    c = r - t * horner(
        t, 4.13813679705723846039e-08, -1.65339022054652515390e-06, 6.61375632143793436117e-05,
        -2.77777777770155933842e-03, 1.66666666666666019037e-01,
    )
    return math.ldexp(1 - ((lo - r * c / (2 - c)) - hi), k)


def positive(s):
    while True:
        if v := uniform(s):
            return v


def beta(s, a):
    if a == 1:
        return uniform(s)
    if a < 1:
        while True:
            x, y = log(positive(s)) / a, log(positive(s)) / a
            big = max(x, y)
            total = exp(x - big) + exp(y - big)
            if big + log(total) <= 0:
                return exp(x - big) / total
    root = math.sqrt(a)
    while True:
        u1, u2 = positive(s), positive(s)
        v = log(u1 / (1 - u1)) / root
        w = a * exp(v)
        z = u1 * u1 * u2
        r = (a + root) * v - 1.3862943611198906
        if a + r - w + 2.6094379124341003 >= 5 * z:
            return w / (a + w)
        t = log(z)
        if a + r - w >= t or r + 2 * a * log(2 * a / (a + w)) >= t:
            return w / (a + w)


def draw_lambda(s, law, alpha):
    if "value" in law:
        return law["value"]
    lo, hi = law.get("min", 0.0), law.get("max", 1.0)
    v = beta(s, alpha)
    while law.get("redraw") and not lo <= v <= hi:
        v = beta(s, alpha)
    return min(max(v, lo), hi)


def image(g, classes):
    s = stream(99, 0, g, CROP)
    peak = below(s, W), below(s, H)
    trough = below(s, W), below(s, H)
    return {"g": g, "label": g % classes, "flat": g % 11 == 0, "peak": peak, "trough": trough}


def interval(c, h, side, border):
    if border == "shift":
        lo = min(max(c - h, 0), side - 2 * h)
        return lo, lo + 2 * h
    return max(c - h, 0), min(c + h, side)


def cut_box(p, lam, border):
    x = interval(p[0], int(W * math.sqrt(1 - lam)) // 2, W, border)
    y = interval(p[1], int(H * math.sqrt(1 - lam)) // 2, H, border)
    return x[0], y[0], x[1], y[1]


def random_box(p, lam):
    r = 0.5 * math.sqrt(1.0 - lam)
    w, h = int(r * W), int(r * H)
    return max(p[0] - w, 0), max(p[1] - h, 0), min(p[0] + w, W), min(p[1] + h, H)


def share(b):
    return 1 - (b[2] - b[0]) * (b[3] - b[1]) / (H * W)


SPOTS = {
    "sal2corr": ("peak", "same"), "sal2sal": ("peak", "peak"), "sal2nonsal": ("peak", "trough"),
    "nonsal2sal": ("trough", "peak"), "nonsal2nonsal": ("trough", "trough"), "sal2rand": ("peak", "corner"),
}


def pixel(g, purpose, w=W, h=H):
    s = stream(SEED, REPLICA, g, purpose)
    return below(s, w), below(s, h)


def saliencymix(v, target, source, lam):
    scheme, border = v.get("scheme", "sal2corr"), v.get("border", "clip")
    into, onto = SPOTS[scheme]

    def spot(kind, im):
        if v.get("detector") == "uniform":
            return pixel(target["g"], CENTRE), False
        if im["flat"]:
            return (W // 2, H // 2), True
        return im[kind], False

    a, flat = spot(into, source)
    peak = (-1, -1) if flat else a
    src = cut_box(a, lam, border)
    if onto == "same":
        dst = src
    elif onto == "corner":
        c = pixel(target["g"], CORNER)
        w, h = src[2] - src[0], src[3] - src[1]
        x = c[0] if W - c[0] >= w else c[0] - (w - (W - c[0]))
        y = c[1] if H - c[1] >= h else c[1] - (h - (H - c[1]))
        dst = x, y, x + w, y + h
    else:
        b, flat_target = spot(onto, target)
        flat = flat or flat_target
        dst = cut_box(b, lam, border)
        if border == "clip":
            left, up = min(a[0] - src[0], b[0] - dst[0]), min(a[1] - src[1], b[1] - dst[1])
            right, down = min(src[2] - a[0], dst[2] - b[0]), min(src[3] - a[1], dst[3] - b[1])
            src = a[0] - left, a[1] - up, a[0] + right, a[1] + down
            dst = b[0] - left, b[1] - up, b[0] + right, b[1] + down
    return dst, src, share(dst), peak, flat


def possible(left, first, last):
    """Whether images of the classes left fit between last and first, no neighbours alike."""
    if not left:
        return first != last
    return any(c != last and possible(left[:i] + left[i + 1 :], first, c) for i, c in enumerate(left) if c not in left[:i])


def different(images):
    order, left = images[:1], images[1:]
    while left:
        for i, im in enumerate(left):
            rest = left[:i] + left[i + 1 :]
            if im["label"] != order[-1]["label"] and possible([r["label"] for r in rest], order[0]["label"], im["label"]):
                break
        else:
            raise ValueError("a class has too many images")
        order, left = order + [im], rest
    return order


def recipe(v, target, source):
    g = target["g"]
    none = ("none", 1.0, 1.0, (0,) * 4, (0,) * 4, (-1, -1), False, target, target)
    if uniform(stream(SEED, REPLICA, g, MIX)) >= v.get("prob", 1.0):
        return none
    u, total, chosen = uniform(stream(SEED, REPLICA, g, METHOD)), 0.0, None
    for m in v.get("methods", [("saliencymix", 1.0, None)]):
        total += m[1]
        if u < total:
            chosen = m
            break
    if chosen is None or chosen[0] == "none":
        return none
    name, _, alpha = chosen
    lam = draw_lambda(stream(SEED, REPLICA, g, LAMBDA), v.get("law", {}), alpha or v.get("law", {}).get("alpha", 1.0))
    if name == "saliencymix":
        box, src, final, peak, flat = saliencymix(v, target, source, lam)
        return name, lam, final, box, src, peak, flat, target, source
    if name == "cutmix":
        c = pixel(g, CENTRE)
        box = random_box(c, lam)
        return name, lam, share(box), box, box, c, False, target, source
    if name == "mixup":
        return name, lam, lam, (0,) * 4, (0,) * 4, (-1, -1), False, target, source
    if name == "cutout":
        c = pixel(g, CENTRE)
        return name, lam, 1.0, random_box(c, lam), (0,) * 4, c, False, target, target
    if name == "resizemix":
        tau = 0.1 + (0.8 - 0.1) * (1 - lam)
        w, h = max(int(tau * W), 1), max(int(tau * H), 1)
        x, y = pixel(g, CORNER, W - w + 1, H - h + 1)
        box = x, y, x + w, y + h
        return name, lam, share(box), box, (0, 0, W, H), (-1, -1), False, target, source
    raise ValueError(name)


def only(name, alpha=None):
    return {"methods": [(name, 1.0, alpha)]}


VARIANTS = {"default": {}, "uniform": {"detector": "uniform"}, "uniform anywhere": {"detector": "uniform", "scheme": "sal2rand"}}
for m in "cutmix", "mixup", "cutout", "resizemix", "none":
    VARIANTS[m] = only(m)
for scheme in SPOTS:
    for border in "clip", "shift":
        VARIANTS[f"{scheme} {border}"] = {"scheme": scheme, "border": border}
VARIANTS["alpha 0.3"] = {"law": {"alpha": 0.3}}
VARIANTS["alpha 2.5"] = {"law": {"alpha": 2.5}}
VARIANTS["clamp"] = {"law": {"min": 0.3, "max": 0.6}}
VARIANTS["redraw"] = {"law": {"min": 0.3, "max": 0.6, "redraw": True, "alpha": 0.7}}
VARIANTS["fixed"] = {"law": {"value": 0.7}}
VARIANTS["several"] = {"methods": [("cutmix", 0.4, 0.2), ("mixup", 0.3, 4.0), ("none", 0.1, None)], "prob": 0.9}
VARIANTS["classes"] = {"classes": 3, "different": True}


def main():
    at = permutation(N)
    for name, v in VARIANTS.items():
        images = [image(g, v.get("classes", 10)) for g in sorted(range(N), key=lambda g: at[g])]
        for shard in range(S):
            lo, hi = -(-shard * N // S), -(-(shard + 1) * N // S)
            rows = images[lo:hi]
            if v.get("different"):
                rows = different(rows)
            for i, target in enumerate(rows):
                method, drawn, lam, box, src, peak, flat, a, b = recipe(v, target, rows[(i + 1) % len(rows)])
                label = a["label"] if lam >= 0.5 else b["label"]
                print(
                    name, f"r{REPLICA:03d}-{lo + i:09d}", shard, i, method, repr(drawn), repr(lam), *box, *src, *peak,
                    int(flat), label, a["label"], b["label"], a["g"], b["g"], sep="\t",
                )


main()
