"""Images and what is known of them, whatever they come from, in one form."""

import contextlib
import dataclasses
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from kerasapps.data import addressing
from kerasapps.errors import InputError

MAX_PIXELS: int = 2**26
"""Height times width of an encoded image at most: 64 million pixels.

A few bytes can hold billions of pixels. An image of this size takes 200 MB decoded.
"""

Example = dict[str, Any]
"""An image and what is known of it, by the names of TensorFlow Datasets.

A data set has those of these keys that it has data for:

- `image`: as it is stored, encoded bytes, a path or pixels; decoded, uint8 `[height,
  width, channels]`; later on float32 in 0 to 255.
- `label`: the image's class, int64 scalar.
- `attributes`: numbers that describe the image, float32 `[attributes]`.
- `objects`: what is on the image, a dict of tensors with the objects' axis first. Its
  `bbox` has the boxes, float32 `[objects, 4]`: ymin, xmin, ymax and xmax as shares of
  the image's height and width; its `label` has the classes, int64 `[objects]`.
- `mask`: the class of each pixel, an integer `[height, width, 1]`, as high and wide as
  the image.
"""


@dataclasses.dataclass(frozen=True)
class Split:
    """The examples of one split, in one fixed order.

    Attributes:
        examples: Each an `Example`, neither decoded nor shuffled.
        size: Number of examples.
        paths: The image files in the order of `examples`, where there are such.
    """

    examples: tf.data.Dataset
    size: int
    paths: tuple[str, ...] | None = None

    def select(self, positions: Sequence[int]) -> tf.data.Dataset:
        """Returns the examples at `positions`, in the order of the split."""
        return addressing.select(self.examples, np.unique(positions))


@dataclasses.dataclass(frozen=True)
class ImageDataset:
    """A data set of images.

    Attributes:
        name: Short name that can be a file's name, for example "cifar10".
        class_names: Names of the classes; a label is a position among them. Empty
            where there are no labels, or where these are plain integers.
        channels: Channels of the decoded images: 1 (grey), 3 (RGB) or 4 (RGBA).
        train: The examples to learn from.
        validation: The examples held out.
        decode: From an example of a split to the same with what is stored decoded, its
            `image` uint8 `[height, width, channels]`, in TensorFlow ops.
        attribute_names: Names of the examples' `attributes`; empty without these.
        held_out: Where the examples held out are files that were parted from those to
            learn from, their paths in the data set, sorted. Else None.
    """

    name: str
    class_names: tuple[str, ...]
    channels: int
    train: Split
    validation: Split
    decode: Callable[[Example], Example]
    attribute_names: tuple[str, ...] = ()
    held_out: tuple[str, ...] | None = None

    @contextlib.contextmanager
    def naming_undecodable(self) -> Iterator[None]:
        """Within it, a failure of `decode` becomes an error that names the image.

        Raises:
            InputError: If examples can't be decoded.
        """
        try:
            yield
        except (tf.errors.InvalidArgumentError, tf.errors.NotFoundError) as error:
            broken = self.undecodable()
            if not broken:
                raise
            others = f" and {len(broken) - 1} more" if len(broken) > 1 else ""
            raise InputError(
                f"cannot decode {broken[0]}{others}; mend or remove it"
            ) from error

    def undecodable(self) -> list[str]:
        """Returns the names of all examples that `decode` fails on.

        An error from inside a `tf.data` pipeline doesn't say which example
        caused it: after one, this decodes each by itself.

        Returns:
            For each broken image its path, or "train example 12 of mnist",
            counted from 0, where the images are no files.
        """

        def pixels_of(index, example):
            decoded = self.decode(example)
            # Depends on the pixels, or else the decoding would be optimised away.
            return index, [
                tf.reduce_max(decoded[key])
                for key in ("image", "mask")
                if key in decoded
            ]

        broken = []
        for split_name, split in [
            ("train", self.train),
            ("validation", self.validation),
        ]:
            decoded = (
                split.examples.enumerate()
                .map(pixels_of, num_parallel_calls=tf.data.AUTOTUNE)
                .ignore_errors()
                .batch(1024)
            )
            missing = set(range(split.size))
            for indices, _ in decoded.as_numpy_iterator():
                missing.difference_update(indices)
            for index in sorted(missing):
                if split.paths is None:
                    broken.append(f"{split_name} example {index} of {self.name}")
                else:
                    broken.append(split.paths[index])
        return broken
