"""How the parts of a network are rounded when it is scaled.

Tan and Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks",
2019, section 3; the rounding is that of its released code. A factor of 1 changes
nothing.
"""

import math

from kerasapps.layers.annotations import ImageShape


def scale_depth(repeats: int, factor: float) -> int:
    """Returns how often a block is repeated after scaling, rounded up.

    Args:
        repeats: Number of blocks, an int.
        factor: Depth coefficient, positive.
    """
    # 10 * 1.1 is a bit more than 11 in floating point, and 11 it should be.
    return math.ceil(round(repeats * factor, 6))


def scale_width(channels: int, factor: float) -> int:
    """Returns the number of channels after scaling.

    It is the nearest multiple of 8, at least 8; where that is more than 10 % below the
    exact number, it is the next one.

    Args:
        channels: Number of channels, an int.
        factor: Width coefficient, positive.
    """
    if factor == 1:
        return channels
    exact = channels * factor
    nearest = max(8, int(exact + 4) // 8 * 8)
    return nearest if nearest >= 0.9 * exact else nearest + 8


def scale_input_shape(input_shape: ImageShape, factor: float) -> ImageShape:
    """Returns the shape of the images after scaling, rounded to whole pixels.

    Args:
        input_shape: Height, width and channels; a height or width of None is free and
            stays so.
        factor: Resolution coefficient, positive.
    """
    height, width, channels = input_shape
    height, width = (
        n if n is None else max(1, int(n * factor + 0.5)) for n in (height, width)
    )
    return height, width, channels
