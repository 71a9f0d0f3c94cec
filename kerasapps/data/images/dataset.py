"""Labelled images, whatever they come from, in one form."""

import contextlib
import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

from kerasapps.errors import InputError


@dataclasses.dataclass(frozen=True)
class Split:
    """The examples of one split, in one fixed order.

    Attributes:
        examples: `(raw, label)` pairs, neither decoded nor shuffled. What `raw`
            is, depends on the data set: encoded bytes, a path, or pixels. `label`
            is an int64 scalar.
        size: Number of examples.
        paths: The image files in the order of `examples`, where there are such.
        attributes: Attributes of the images in the order of `examples`, each
            float32 `[attributes]`, where the data set has them.
    """

    examples: tf.data.Dataset
    size: int
    paths: tuple[str, ...] | None = None
    attributes: tf.data.Dataset | None = None

    def select(self, positions: Sequence[int]) -> tf.data.Dataset:
        """Returns the examples at `positions`, in the order of the split."""
        wanted = np.zeros(self.size, bool)
        wanted[positions] = True
        wanted = tf.constant(wanted)
        chosen = self.examples.enumerate().filter(lambda index, _: wanted[index])
        return chosen.map(lambda _, example: example)


@dataclasses.dataclass(frozen=True)
class ImageClassification:
    """A data set of images, each of one class.

    Attributes:
        name: Short name that can be a file's name, for example "cifar10".
        class_names: Names of the classes; the label is the position.
        channels: Channels of the decoded images: 1 (grey), 3 (RGB) or 4 (RGBA).
        train: The examples to learn from.
        validation: The examples held out.
        decode: From one `raw` of the examples to uint8 pixels
            `[height, width, channels]`, in TensorFlow ops.
        attribute_names: Names of the attributes that the splits have.
    """

    name: str
    class_names: tuple[str, ...]
    channels: int
    train: Split
    validation: Split
    decode: Callable[[tf.Tensor], tf.Tensor]
    attribute_names: tuple[str, ...] = ()

    @contextlib.contextmanager
    def naming_undecodable(self):
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
            # Depends on the pixels, or else the decoding would be optimised away.
            return index, tf.reduce_max(self.decode(example[0]))

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


def load(
    dataset: str,
    data_dir: str | None = None,
    train_split: str | None = None,
    validation_split: str | None = None,
    num_classes: int | None = None,
    labelled: bool = True,
) -> ImageClassification:
    """Loads a data set of labelled images, or of images alone.

    Args:
        dataset: "digits", scikit-learn's handwritten digits; "folder:PATH", the
            user's own `PATH/<split>/<class>/*.png`; or a name of TensorFlow
            Datasets, with config and version if need be.
        data_dir: Where TensorFlow Datasets keeps its data; None for its default,
            which the environment variable TFDS_DATA_DIR sets.
        train_split: Split of TensorFlow Datasets to train on, for example
            "train[:90%]"; None for what is usual.
        validation_split: The same for validation.
        num_classes: Number of classes if it is not the data set's own. It may be
            larger, for a network with spare outputs: the classes without a name
            are then named by their number.
        labelled: Whether it takes two or more classes. If not, images without
            labels and folders without class folders will do as well: all of these
            images have the label 0.

    Raises:
        InputError: Unknown data set, missing or broken data, a split that
            doesn't exist or is empty, or labels beyond `num_classes`.
    """
    # Each import is made where it is needed: a folder of images needs neither
    # scikit-learn nor TensorFlow Datasets, which take seconds to import.
    kind, _, path = dataset.partition(":")
    if (kind == "folder" or dataset == "digits") and (train_split or validation_split):
        raise InputError(
            f"--train_split and --validation_split are for TensorFlow Datasets; "
            f"dataset {dataset!r} has its own splits"
        )
    if kind == "folder":
        from kerasapps.data.images import folder as image_folder

        data = image_folder.load(path, labelled)
    elif dataset == "digits":
        from kerasapps.data.images import digits

        data = digits.load()
    else:
        from kerasapps.data.images import tfds as tfds_images

        data = tfds_images.load(
            dataset, data_dir, train_split, validation_split, labelled
        )
    data = _with_num_classes(data, num_classes)
    if labelled and len(data.class_names) < 2:
        raise InputError(f"{data.name} has one class; classification needs two or more")
    return data


def _with_num_classes(
    data: ImageClassification, num_classes: int | None
) -> ImageClassification:
    """Returns `data` with a name for each of `num_classes` classes."""
    if num_classes is None:
        if not data.class_names:
            raise InputError(
                f"the labels of {data.name} are plain integers; give --num_classes"
            )
        return data
    if num_classes < len(data.class_names):
        raise InputError(
            f"--num_classes={num_classes} is too small for {data.name}: "
            f"it has {len(data.class_names)} classes; give that many or more"
        )
    if not data.class_names:
        _check_labels(data, num_classes)
    unnamed = range(len(data.class_names), num_classes)
    return dataclasses.replace(
        data, class_names=(*data.class_names, *(str(label) for label in unnamed))
    )


def _check_labels(data: ImageClassification, num_classes: int) -> None:
    """Raises InputError if a label isn't in `range(num_classes)`."""
    for split_name, split in [("train", data.train), ("validation", data.validation)]:
        labels = split.examples.map(lambda raw, label: label)
        for index, label in enumerate(labels.as_numpy_iterator()):
            if not 0 <= label < num_classes:
                raise InputError(
                    f"{split_name} example {index} of {data.name} has label {label}; "
                    f"with --num_classes={num_classes} labels are 0 to "
                    f"{num_classes - 1}"
                )
