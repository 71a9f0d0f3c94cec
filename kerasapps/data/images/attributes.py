"""Attributes of images: numbers that a conditional network is told.

Gauthier, "Conditional generative adversarial nets for convolutional face generation",
2014, section 3: each image has a vector of attributes, continuous and of any number.
They come from a data set that has them, from a CSV file, or, for drawings, from the
pixels themselves.
"""

import csv
import math
import os
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from kerasapps.data.images.dataset import ImageDataset, Split
from kerasapps.errors import InputError

SHAPE_ATTRIBUTES: tuple[str, ...] = ("thickness", "slant", "width", "height")
"""Names of what `shape_attributes` returns."""


# So that differences of attributes stay within float32.
_MOST = 1e37


class Attributes(NamedTuple):
    """The attributes of a data set's training images.

    Attributes:
        names: Names of the attributes.
        mean: Mean of each over the training images, float32 `[attributes]`, in the
            attribute's own unit.
        deviation: Standard deviation of each over them; 1 where it never changes.
        train: Standardized vectors of the images in their order, float32
            `[images, attributes]`.
    """

    names: tuple[str, ...]
    mean: np.ndarray
    deviation: np.ndarray
    train: np.ndarray


def load(data: ImageDataset, source: str) -> Attributes:
    """Returns the attributes of the training images, with mean 0 and deviation 1.

    Args:
        data: The images.
        source: "shape", for `shape_attributes`; "dataset", for those that the examples
            have; or the path of a CSV file as `read` takes it, in which the paths are
            relative to its own folder.

    Raises:
        InputError: The data set has none, the file is missing, broken or lacks an
            image, or an image can't be decoded.
    """
    if source == "shape":
        names = SHAPE_ATTRIBUTES
        with data.naming_undecodable():
            vectors = _measured(data.train, data)
    elif source == "dataset":
        names = data.attribute_names
        if not names:
            raise InputError(
                f"{data.name} has no feature `attributes` of named numbers; write "
                "shape, or the path of a CSV file",
                argument="source",
            )
        vectors = _stacked(
            data.train.examples.map(lambda example: example["attributes"])
        )
    else:
        names, table = read(source)
        vectors = _looked_up(data.train, table, source)
    mean = vectors.mean(axis=0, dtype=np.float64).astype(np.float32)
    deviation = vectors.std(axis=0, dtype=np.float64).astype(np.float32)
    deviation[vectors.min(axis=0) == vectors.max(axis=0)] = 1
    return Attributes(names, mean, deviation, (vectors - mean) / deviation)


def attributed(split: Split, vectors: np.ndarray) -> tf.data.Dataset:
    """Returns the examples of a split in its order, with these `attributes`.

    Args:
        split: The images.
        vectors: float32 `[images, attributes]`, as in `Attributes`.
    """
    both = (split.examples, tf.data.Dataset.from_tensor_slices(vectors))
    return tf.data.Dataset.zip(both).map(
        lambda example, vector: example | {"attributes": vector}
    )


def shape_attributes(pixels: tf.Tensor) -> tf.Tensor:
    """Measures a bright drawing on a dark ground by the moments of its light.

    - `thickness`, in pixels: twice the area over the length of the outline, which for a
      long stroke is its breadth.
    - `slant`: how far the drawing leans to the right for each pixel that it goes up,
      the negative covariance of x and y over the variance of y; y goes down.
    - `width`, `height`: standard deviations of x and y, over the width and height of
      the image.

    Args:
        pixels: uint8 `[height, width, channels]`.

    Returns:
        float32 `[4]` in the order of `SHAPE_ATTRIBUTES`; zeros for a black image.
    """
    light = tf.reduce_mean(tf.cast(pixels, tf.float32), axis=-1) / 255
    height, width = tf.unstack(tf.cast(tf.shape(light), tf.float32))
    area = tf.reduce_sum(light)

    def mean(values):
        return tf.math.divide_no_nan(tf.reduce_sum(light * values), area)

    y, x = tf.range(height)[:, tf.newaxis], tf.range(width)[tf.newaxis]
    y, x = y - mean(y), x - mean(x)
    # The ground goes on beyond the edges.
    padded = tf.pad(light, [[1, 1], [1, 1]])
    down = padded[1:, :-1] - padded[:-1, :-1]
    right = padded[:-1, 1:] - padded[:-1, :-1]
    outline = tf.reduce_sum(tf.sqrt(down**2 + right**2))
    return tf.stack(
        [
            tf.math.divide_no_nan(2 * area, outline),
            -tf.math.divide_no_nan(mean(x * y), mean(y * y)),
            tf.sqrt(mean(x * x)) / width,
            tf.sqrt(mean(y * y)) / height,
        ]
    )


def shape_attributes_of(images: np.ndarray) -> np.ndarray:
    """Returns the `shape_attributes` of many images, float32 `[images, 4]`.

    Args:
        images: uint8 `[images, height, width, channels]`.
    """
    return _shape_attributes_of(tf.constant(images)).numpy()


# A graph, as an op after the other takes ten times as long.
@tf.function(reduce_retracing=True)
def _shape_attributes_of(images):
    return tf.map_fn(shape_attributes, images, fn_output_signature=tf.float32)


def read(path: str) -> tuple[tuple[str, ...], dict[str, np.ndarray]]:
    """Reads attributes from a CSV file.

    Its first line has the names of the columns. The first column is the path of an
    image, relative to the folder of the file; the others are numbers.

    Args:
        path: The file, in UTF-8.

    Returns:
        The names of the attributes, and of each path its vector, float32
        `[attributes]`.

    Raises:
        InputError: The file can't be read, or a line isn't as it should be.
    """
    try:
        # As spreadsheets write it, with a mark at the beginning.
        with open(path, encoding="utf-8-sig", newline="") as file:
            lines = csv.reader(file)
            rows = [(lines.line_num, row) for row in lines if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no CSV file"
        raise InputError(
            f"can't read attributes from {path!r}: {reason}; give a CSV file in UTF-8"
        ) from error
    if len(rows) < 2:
        raise InputError(
            f"{path} has no attributes; it needs a line of names and one for each image"
        )
    names = tuple(name.strip() for name in rows[0][1][1:])
    if not all(names) or not names or len(set(names)) < len(names):
        raise InputError(
            f"{path}, line {rows[0][0]}: after the column of the paths, each needs a "
            "name of its own"
        )
    table = {}
    for number, (image, *cells) in rows[1:]:
        image = os.path.normpath(image)
        if image in table:
            raise InputError(f"{path}, line {number}: {image} is there twice")
        if len(cells) != len(names):
            raise InputError(
                f"{path}, line {number}: {len(cells)} numbers for {len(names)} names"
            )
        table[image] = np.array([_number(cell, path, number) for cell in cells], "f4")
    return names, table


def _number(cell, path, line):
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InputError(f"{path}, line {line}: {cell!r} isn't a number")
    if abs(value) > _MOST:
        raise InputError(
            f"{path}, line {line}: {cell!r} is beyond {_MOST:g}; choose another unit"
        )
    return value


def _looked_up(split, table, path):
    if split.paths is None:
        raise InputError(
            f"attributes from {path} need a data set folder:PATH: they go by the paths "
            "of the images",
            argument="source",
        )
    # Without links, as the two may have come to the same folder by different ways.
    folder = os.path.dirname(os.path.realpath(path))
    images = [os.path.relpath(os.path.realpath(p), folder) for p in split.paths]
    missing = [image for image in images if image not in table]
    if missing:
        raise InputError(
            f"{path} has no line for {missing[0]}"
            + (f" and {len(missing) - 1} more images" if missing[1:] else "")
            + "; it needs one for each image"
        )
    return np.stack([table[image] for image in images])


def _measured(split, data):
    return _stacked(
        split.examples.map(
            lambda example: shape_attributes(data.decode(example)["image"]),
            num_parallel_calls=tf.data.AUTOTUNE,
        )
    )


def _stacked(vectors):
    return np.concatenate(list(vectors.batch(1024).as_numpy_iterator()))
