"""Bombs that are PNM."""

SIDE = 11585


def pnm_short():
    return b"P6 65535 65535 255\n" + bytes(100)


def pnm_bits():
    return b"P4 %d %d\n" % (SIDE, SIDE) + bytes((SIDE + 7) // 8 * SIDE)


def pnm_space():
    return b"P1 11000 11000\n" + b" " * 121_000_000


def pnm_comments():
    return b"P2 5000 5000 255\n" + b"#\n" * 60_000_000


def pnm_numbers():
    return b"P2 8000 8000 65535\n" + b"7 " * 64_000_000


def pnm_long_header():
    return b"P5 #" + b"x" * 120_000_000 + b"\n3 3 255\n123456789"


def pnm_large_number():
    return b"P5 4294967297 4294967297 255\n" + bytes(100)
