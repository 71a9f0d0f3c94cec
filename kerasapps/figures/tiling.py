"""Many images as one."""

import math
from collections.abc import Sequence

import numpy as np

from kerasapps.errors import InputError


def check_images(images: np.ndarray, *axes: str) -> None:
    """Raises an error unless an array holds images of 1 or 3 channels.

    Args:
        images: The array.
        *axes: Names of its axes before `height, width, channels`.

    Raises:
        InputError: If the number of axes, of channels or the dtype is another, or if
            there is no image.
    """
    if (
        images.ndim != len(axes) + 3
        or images.shape[-1] not in (1, 3)
        or images.dtype != np.uint8
        or not images.size
    ):
        names = ", ".join((*axes, "height, width, channels 1 or 3"))
        raise InputError(
            f"images must be uint8 [{names}], not {images.dtype} {[*images.shape]}"
        )


def starts(
    count: int, size: int, gap: int, wide_after: Sequence[int] = ()
) -> np.ndarray:
    """Returns where images in a row or a column begin, in pixels.

    Args:
        count: Number of images.
        size: Width or height of each.
        gap: Pixels between them, before the first and after the last.
        wide_after: Positions of images that three gaps follow instead of one.

    Returns:
        integer `[count + 1]`; the last is the length of the whole.
    """
    steps = np.full(count, size + gap)
    steps[list(wide_after)] += 2 * gap
    return gap + np.concatenate([[0], np.cumsum(steps)])


def tile(images: np.ndarray, columns: int) -> np.ndarray:
    """Makes one image of many, row by row on white, with a narrow gap between them.

    Args:
        images: uint8 `[images, height, width, channels]` with 1 or 3 channels.
        columns: Images in a row; the last row may have fewer.

    Returns:
        uint8 `[height, width, channels]`.

    Raises:
        InputError: If images have another shape or dtype, or columns isn't positive.
    """
    check_images(images, "images")
    if columns < 1:
        raise InputError(f"columns must be 1 or more, not {columns}")
    count, height, width, channels = images.shape
    gap = gap_of(height)
    tops = starts(math.ceil(count / columns), height, gap)
    lefts = starts(columns, width, gap)
    whole = np.full((tops[-1], lefts[-1], channels), 255, np.uint8)
    for index, image in enumerate(images):
        row, column = divmod(index, columns)
        whole[tops[row] :, lefts[column] :][:height, :width] = image
    return whole


def gap_of(height: int) -> int:
    """Returns the gap between images of a height, in pixels: about a fortieth."""
    return math.ceil(height / 40)
