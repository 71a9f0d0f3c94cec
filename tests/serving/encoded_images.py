"""Encoded images of every kind, for tests of what decodes them."""

import io
import struct

import numpy as np
from PIL import Image

_RANDOM = np.random.default_rng(0)
_COLOURS = Image.fromarray(_RANDOM.integers(0, 256, [7, 5, 3], np.uint8))
_PALETTE = _RANDOM.integers(0, 256, 1024, np.uint8).tobytes()
_MASKS = struct.pack("<III", 0xFF0000, 0xFF00, 0xFF)


def encode(image: Image.Image, kind: str, **options) -> bytes:
    """Returns an image as Pillow writes it."""
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def bmp(bits, data, palette=b"", compression=0, header=40, height=4, colours=0):
    """Returns a BMP of four columns; `palette` may be the masks of the colours."""
    start = 14 + header + len(palette)
    begin = struct.pack("<2sIHHI", b"BM", start + len(data), 0, 0, start)
    sizes = (header, 4, height, 1, bits)
    if header == 12:
        return begin + struct.pack("<IHHHH", *sizes) + palette + data
    rest = (compression, len(data), 0, 0, colours, 0)
    return begin + struct.pack("<IiiHHIIiiII", *sizes, *rest) + palette + data


def _noise(count):
    return _RANDOM.integers(0, 256, count, np.uint8).tobytes()


def _gif(screen):
    """Returns a GIF of 5x7 pixels on a screen of another size."""
    content = bytearray(encode(_COLOURS.convert("P"), "GIF"))
    content[6:10] = struct.pack("<HH", *screen)
    return bytes(content)


_turned = _COLOURS.rotate(180)
_JPEGS = {
    f"jpeg {mode} {quality}": encode(
        _COLOURS.resize([40, 32], Image.Resampling.BICUBIC).convert(mode),
        "JPEG",
        quality=quality,
    )
    for mode in ("L", "RGB", "CMYK")
    for quality in (75, 95)
}
RIGHT = {
    **_JPEGS,
    **{f"png {m}": encode(_COLOURS.convert(m), "PNG") for m in ("1", "L", "LA", "P")},
    **{
        f"png {mode}": encode(_COLOURS.convert(mode), "PNG") for mode in ("RGB", "RGBA")
    },
    "png P transparent": encode(_COLOURS.convert("P"), "PNG", transparency=3),
    "gif": encode(_COLOURS.convert("P"), "GIF"),
    "gif transparent": encode(_COLOURS.convert("P"), "GIF", transparency=2),
    "gif animated": encode(
        _COLOURS, "GIF", save_all=True, append_images=[_turned] * 3, comment=b"x" * 600
    ),
    "gif interlaced": encode(_COLOURS.resize([40, 50]), "GIF", interlace=1),
    **{
        f"bmp {m}": encode(_COLOURS.convert(m), "BMP")
        for m in ("L", "P", "RGB", "RGBA")
    },
    "bmp top down": bmp(8, bytes(range(16)), _PALETTE, height=-4),
    "bmp 10 colours": bmp(8, bytes([*range(8)] * 2), _PALETTE[:40], colours=10),
    "bmp with masks": bmp(32, _noise(64), _MASKS, compression=3),
}
"""Of each its content. Pillow and the suite find the same pixels in them."""

REFUSED = {
    "bmp 1": (encode(_COLOURS.convert("1"), "BMP"), "it has 1 and compression 0"),
    "bmp 4": (bmp(4, _noise(16), _PALETTE[:64]), "it has 4 and"),
    "bmp 16": (bmp(16, _noise(32)), "it has 16 and"),
    "bmp run lengths": (bmp(8, _noise(32), _PALETTE, 1), "it has 8 and compression 1"),
    "bmp other masks": (bmp(32, _noise(64), _MASKS[::-1], 3), "it has 32 and"),
    "bmp of OS/2": (bmp(24, _noise(48), header=12), "a BMP needs"),
    "bmp too few colours": (
        bmp(8, bytes(range(16)), _PALETTE[:40], colours=10),
        "colours beyond its palette",
    ),
    "gif within a larger picture": (_gif([9, 11]), "is another size"),
    "gif beyond a smaller picture": (_gif([1, 1]), "is another size"),
    "gif cut off": (encode(_COLOURS, "GIF")[:-20], "cut off in its first frame"),
    "empty": (b"", "none of PNG, JPEG, GIF and BMP"),
    "text": (b"<!doctype html>", "none of PNG, JPEG, GIF and BMP"),
}
"""Of each its content, and what the error says."""

_SIDE = 20_000
HUGE = {
    "png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", _SIDE, _SIDE),
    "jpeg": _JPEGS["jpeg L 75"].replace(
        struct.pack(">HH", 32, 40), struct.pack(">HH", _SIDE, _SIDE)
    ),
    "bmp": bmp(24, b"").replace(
        struct.pack("<ii", 4, 4), struct.pack("<ii", _SIDE, -_SIDE)
    ),
    "gif": _gif([_SIDE, _SIDE]).replace(
        struct.pack("<HHHH", 0, 0, 5, 7), struct.pack("<HHHH", 0, 0, _SIDE, _SIDE)
    ),
}
"""Images of 20,000x20,000 pixels, as their headers say; there is less in them."""
