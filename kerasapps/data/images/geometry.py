"""Boxes and masks that move as the pixels of their image do.

Each function takes an `Example` before the move and the image after it, and returns the
example with that image, its `objects` and its `mask` moved in the same way. An example
that has none of these only gets the new image.

Boxes are clipped to the image. An object with no area left in it is dropped, with all
that belongs to it. Masks are sampled at the nearest pixel and keep their dtype. Where a
picture's edges are continued beyond it, so are its mask's; a box encloses what was on
the picture itself.
"""

import math
from collections.abc import Callable, Sequence

import tensorflow as tf

from kerasapps.data.images.dataset import Example

# A side shorter than this share of the image's is left by rounding alone.
_ROUNDING = 1e-6


def resized(example: Example, image: tf.Tensor) -> Example:
    """Returns the example of which the whole image was resized to `image`.

    Args:
        example: The example before.
        image: `[height, width, channels]`.
    """
    size = _size(image)
    return _moved(
        example,
        image,
        None,
        lambda mask: _mask_window(mask, size, (0, 0), size, continued=True),
    )


def in_window(
    example: Example,
    image: tf.Tensor,
    scaled: Sequence[int] | tf.Tensor,
    corner: Sequence[int] | tf.Tensor,
    size: Sequence[int] | tf.Tensor,
    continued: bool = True,
) -> Example:
    """Returns the example of which the image was resized and a window cut out.

    Args:
        example: The example before.
        image: The window, `[height, width, channels]`.
        scaled: Height and width to which the whole image was resized.
        corner: Row and column of the resized image where the window begins; it may
            reach beyond the image.
        size: Height and width of the window.
        continued: Whether the mask's edges go on outside the image; else it is 0 there.
    """
    scale, offset = (
        tf.tile(tf.cast(x, tf.float32) / tf.cast(size, tf.float32), [2])
        for x in (scaled, corner)
    )
    return _moved(
        example,
        image,
        lambda boxes: boxes * scale - offset,
        lambda mask: _mask_window(mask, scaled, corner, size, continued),
    )


def mirrored(example: Example, image: tf.Tensor) -> Example:
    """Returns the example of which left and right were swapped.

    Args:
        example: The example before.
        image: `[height, width, channels]`.
    """

    def move_boxes(boxes):
        top, left, bottom, right = tf.unstack(boxes, axis=1)
        return tf.stack([top, 1 - right, bottom, 1 - left], axis=1)

    return _moved(example, image, move_boxes, lambda mask: tf.reverse(mask, [1]))


def turned(example: Example, image: tf.Tensor, angle: tf.Tensor) -> Example:
    """Returns the example of which the image was turned about its centre.

    A box becomes the one around its turned corners. The mask's edges are continued.

    Args:
        example: The example before.
        image: `[height, width, channels]`, as large as before.
        angle: Counterclockwise, in radians.
    """
    size = tf.cast(_size(image), tf.float32)
    cos, sin = tf.cos(angle), tf.sin(angle)

    def move_boxes(boxes):
        top, left, bottom, right = tf.unstack(boxes, axis=1)
        corners = tf.stack([[top, top, bottom, bottom], [left, right, left, right]])
        # From the centre in pixels, [y and x, corners, objects].
        y, x = tf.unstack((corners - 0.5) * size[:, tf.newaxis, tf.newaxis])
        moved = tf.stack([cos * y - sin * x, sin * y + cos * x])
        moved = moved / size[:, tf.newaxis, tf.newaxis] + 0.5
        ends = [tf.reduce_min(moved, axis=1), tf.reduce_max(moved, axis=1)]
        return tf.transpose(tf.concat(ends, axis=0))

    def move_mask(mask):
        centre = (size - 1) / 2
        y, x = tf.unstack(_grid(size) - centre, axis=-1)
        sources = tf.stack([cos * y + sin * x, cos * x - sin * y], axis=-1) + centre
        return _mask_sampled(mask, sources)

    return _moved(example, image, move_boxes, move_mask)


def displaced(example: Example, image: tf.Tensor, displacement: tf.Tensor) -> Example:
    """Returns the example of which each pixel was taken from elsewhere.

    A box becomes the one around all places to which its pixels went. The mask's edges
    are continued.

    Args:
        example: The example before.
        image: `[height, width, channels]`, as large as before.
        displacement: How many rows and columns each pixel now lies below and to the
            right of where it was taken from, float32 `[height, width, 2]`.
    """
    size = tf.cast(_size(image), tf.float32)
    places = _grid(size)
    sources = places - displacement

    def move_box(box):
        start, end = box[:2] * size, box[2:] * size
        # Boxes are measured between the pixels' edges, these are the pixels' centres.
        after_start, before_end = sources + 0.5 - start, end - (sources + 0.5)
        # Of a box smaller than a pixel that pixel, or else it is lost between pixels.
        beside = -tf.maximum(1 - (end - start), 0.0) / 2
        within = (after_start >= beside) & (before_end >= beside)
        within = tf.reduce_all(within, axis=-1, keepdims=True)
        # The box's ends are as far from the pixels nearest to them as they were.
        starts = places + 0.5 - tf.minimum(after_start, 1.0)
        ends = places + 0.5 + tf.minimum(before_end, 1.0)
        start = tf.reduce_min(tf.where(within, starts, math.inf), axis=[0, 1])
        end = tf.reduce_max(tf.where(within, ends, -math.inf), axis=[0, 1])
        return tf.concat([start, end], axis=0) / tf.tile(size, [2])

    return _moved(
        example,
        image,
        lambda boxes: tf.map_fn(
            move_box, boxes, fn_output_signature=tf.TensorSpec([4], tf.float32)
        ),
        lambda mask: _mask_sampled(mask, sources),
    )


def _moved(
    example: Example,
    image: tf.Tensor,
    move_boxes: Callable[[tf.Tensor], tf.Tensor] | None,
    move_mask: Callable[[tf.Tensor], tf.Tensor],
) -> Example:
    """Returns the example with `image`, its objects and its mask moved."""
    moved = example | {"image": image}
    if "objects" in example and move_boxes:
        objects = example["objects"]
        boxes = tf.clip_by_value(move_boxes(objects["bbox"]), 0.0, 1.0)
        left = tf.reduce_all(boxes[:, 2:] - boxes[:, :2] > _ROUNDING, axis=1)
        moved["objects"] = tf.nest.map_structure(
            lambda entry: tf.boolean_mask(entry, left), objects | {"bbox": boxes}
        )
    if "mask" in example:
        mask = example["mask"]
        moved["mask"] = tf.ensure_shape(
            move_mask(mask), [*image.shape[:2], *mask.shape[2:]]
        )
    return moved


def _mask_window(mask, scaled, corner, size, continued):
    """Resizes a mask and cuts a window out, without making the rest."""
    for axis in (0, 1):
        given = tf.shape(mask, tf.int64)[axis]
        place = tf.cast(tf.range(size[axis]) + corner[axis], tf.int64)
        source = (2 * place + 1) * given // (2 * tf.cast(scaled[axis], tf.int64))
        mask = tf.gather(mask, tf.clip_by_value(source, 0, given - 1), axis=axis)
        if not continued:
            outside = (source < 0) | (source >= given)
            outside = tf.reshape(outside, [-1, 1, 1] if axis == 0 else [1, -1, 1])
            mask = tf.where(outside, tf.zeros([], mask.dtype), mask)
    return mask


def _mask_sampled(mask, sources):
    """Returns the mask's values nearest to these rows and columns.

    Args:
        mask: `[height, width, channels]`.
        sources: float32 `[height, width, 2]`; beyond the mask its edges go on.
    """
    nearest = tf.cast(tf.floor(sources + 0.5), tf.int32)
    return tf.gather_nd(mask, tf.clip_by_value(nearest, 0, _size(mask) - 1))


def _grid(size):
    """Returns row and column of each pixel, float32 `[height, width, 2]`."""
    rows, columns = (tf.range(side) for side in tf.unstack(size))
    return tf.stack(tf.meshgrid(rows, columns, indexing="ij"), axis=-1)


def _size(image):
    return tf.shape(image)[:2]
