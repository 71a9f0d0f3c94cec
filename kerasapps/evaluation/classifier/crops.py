"""The crops of an image that the papers classify, all of one size."""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

# Where crops lie: shares of the free room above them and to their left.
CENTER = ((0.5, 0.5),)
# AlexNet, section 4.1: the four corner patches and the central one; its images are
# squares (`central_square`).
CORNERS_AND_CENTER = ((0, 0), (0, 1), (1, 0), (1, 1), (0.5, 0.5))
# VGG, section 3.2: a regular grid of 5x5.
_QUARTERS = (0, 0.25, 0.5, 0.75, 1)
GRID = tuple((y, x) for y in _QUARTERS for x in _QUARTERS)


def resize_shorter_side(image: tf.Tensor, length: int) -> tf.Tensor:
    """Returns the image with its shorter side `length` pixels long.

    Bilinear and antialiased; the aspect ratio is kept, to whole pixels.

    Args:
        image: `[height, width, channels]` of any size and number type.
        length: Pixels.

    Returns:
        float32 `[height, width, channels]`. Where the graph knows the image's size, it
        knows this one.
    """
    if image.shape[:2].is_fully_defined():
        sides = np.array(image.shape[:2])
        shorter = sides.min()
    else:
        sides = tf.shape(image)[:2]
        shorter = tf.reduce_min(sides)
    # In whole numbers and rounded up, as in `Preprocessing`.
    resized = -(-sides * length // shorter)
    return tf.image.resize(image, resized, antialias=True)


def central_square(image: tf.Tensor) -> tf.Tensor:
    """Returns the largest square in the middle of the image.

    AlexNet, section 2: of an image whose shorter side is 256 pixels long, the central
    patch of 256x256.

    Args:
        image: `[height, width, channels]` of any size.

    Returns:
        `[side, side, channels]`.
    """
    (square,) = _squares(image, CENTER)
    return square


def crops_at(
    image: tf.Tensor, size: Sequence[int], places: Sequence[tuple[float, float]]
) -> tf.Tensor:
    """Returns the crops of `size` at `places`.

    Args:
        image: `[height, width, channels]`, at least of `size`.
        size: Height and width of the crops.
        places: For each crop the share of the room that is left above it, and to its
            left, from 0 to 1. Rounded down to whole pixels.

    Returns:
        `[places, *size, channels]`.
    """
    corners = _corners(tf.shape(image)[:2] - size, places)
    crops = [image[top : top + size[0], left : left + size[1]] for top, left in corners]
    return tf.ensure_shape(tf.stack(crops), [len(places), *size, image.shape[-1]])


def with_mirrored(crops: tf.Tensor) -> tf.Tensor:
    """Returns the crops, and after them the mirror image of each.

    Args:
        crops: `[crops, height, width, channels]`.

    Returns:
        `[2 * crops, height, width, channels]`.
    """
    return tf.concat([crops, tf.reverse(crops, [2])], axis=0)


def googlenet_crops(image: tf.Tensor, size: Sequence[int]) -> tf.Tensor:
    """Returns the 36 crops of one scale of GoogLeNet, section 7.

    Of the left, central and right square of the image (of a tall one, the upper,
    central and lower square) the four corners, the centre and the square itself,
    resized to `size`; and the mirror image of each.

    Args:
        image: `[height, width, channels]`, its shorter side resized to the scale.
        size: Height and width of the crops, neither larger than the shorter side.

    Returns:
        float32 `[36, *size, channels]`; square by square, then mirrored in that order.
    """
    crops = []
    for square in _squares(image, [(0, 0), (0.5, 0.5), (1, 1)]):
        crops += [
            crops_at(square, size, CORNERS_AND_CENTER),
            tf.image.resize(square, size, antialias=True)[tf.newaxis],
        ]
    return with_mirrored(tf.concat(crops, axis=0))


def _squares(image, places):
    """Returns the largest squares at `places`, a list of `[side, side, channels]`."""
    side = tf.reduce_min(tf.shape(image)[:2])
    corners = _corners(tf.shape(image)[:2] - side, places)
    return [image[top : top + side, left : left + side] for top, left in corners]


def _corners(room, places):
    """Returns the upper left corners, pairs of scalars, at these shares of the room."""
    corners = tf.constant(places, tf.float32) * tf.cast(room, tf.float32)
    return [tf.unstack(corner) for corner in tf.unstack(tf.cast(corners, tf.int32))]
