"""Two domains of examples that don't come in pairs."""

import dataclasses
import re
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from kerasapps.data.images import loading
from kerasapps.data.images.dataset import Example, ImageDataset, Split
from kerasapps.data.images.preprocessing import Preprocessing
from kerasapps.data.pipeline import TrainingData
from kerasapps.errors import InputError, unknown_name

# An edge is where the gradient is so many times its root mean square.
_EDGE = 1.5

# Epochs of the second domain are counted from here. So the two are shuffled each for
# itself, though their seed be the same.
_SECOND = 2**32


class Domains(NamedTuple):
    """Images of two domains, between which a network learns to map.

    Attributes:
        a: The images of domain A, some to train on, some held out.
        b: The same of domain B.
    """

    a: ImageDataset
    b: ImageDataset


def load(
    dataset: str,
    target: str,
    data_dir: str | None = None,
    train_split: str | None = None,
) -> Domains:
    """Loads two domains, as Kim et al. 2017 (DiscoGAN) map between them.

    Args:
        dataset: A data set as in `loading.load`; labels aren't needed.
        target: What the domains are.

            - "edges": A is the first half of the training images, B the `edges` of the
              others. Held out are the same images in both: example i of B is the edges
              of example i of A, so that mappings can be measured.
            - "halves": the two halves of the images.
            - "classes:3:5": the images of these two classes, by name or number.
            - another data set: A is all of the first, B all of the second.
        data_dir: Where TensorFlow Datasets keeps its data.
        train_split: Split of `dataset` to train on, if it is of TensorFlow Datasets.

    Raises:
        InputError: If a data set can't be had, a class is unknown or has no image, or
            there are too few images.
    """
    kind, *classes = target.split(":")
    data = loading.load(dataset, data_dir, train_split, labelled=kind == "classes")
    if target == "edges":

        def decode(example: Example) -> Example:
            return example | {"image": edges(data.decode(example)["image"])}

        a, b = _halves(data)
        return Domains(
            dataclasses.replace(a, validation=data.validation),
            dataclasses.replace(
                b,
                name=f"{data.name}_edges",
                channels=1,
                validation=data.validation,
                decode=decode,
            ),
        )
    if target == "halves":
        return _halves(data)
    if kind == "classes":
        return _two_classes(data, classes)
    try:
        other = loading.load(target, data_dir, labelled=False)
    except InputError as error:
        raise InputError(
            f"target {target!r}: {error}; besides data sets there are edges, halves "
            "and classes:A:B",
            argument="target",
        ) from error
    return Domains(data, other)


class UnpairedData:
    """Training data of two domains, in pairs that are others in each epoch.

    It is `TrainingData` itself: a step sees what depends on the seed, the epoch and the
    step alone. An epoch is as long as that of the smaller domain; the larger one goes
    on where it stopped, until all of it was seen.

    Args:
        a: Training data of one domain.
        b: The same of the other, with the same batch size.

    Attributes:
        steps_per_epoch: Batches of an epoch.
    """

    def __init__(self, a: TrainingData, b: TrainingData):
        self.steps_per_epoch = min(a.steps_per_epoch, b.steps_per_epoch)
        self._a = a
        self._b = b

    def batches(
        self,
        epoch: int = 0,
        step: int = 0,
        context: tf.distribute.InputContext | None = None,
    ) -> tf.data.Dataset:
        """Returns pairs of a replica's batches, `(a, b)`, from a step of an epoch on.

        Args:
            epoch: Epoch to begin with, from 0.
            step: Steps of that epoch to leave out.
            context: This worker's place among all; None for one with one replica.

        Raises:
            InputError: If a batch doesn't divide by the number of replicas.
        """
        done = epoch * self.steps_per_epoch + step
        a_epoch, a_step = divmod(done, self._a.steps_per_epoch)
        b_epoch, b_step = divmod(done, self._b.steps_per_epoch)
        return tf.data.Dataset.zip(
            self._a.batches(a_epoch, a_step, context),
            self._b.batches(_SECOND + b_epoch, b_step, context),
        )


def edges(pixels: tf.Tensor) -> tf.Tensor:
    """Returns the edges of an image, white on black.

    They are where the gradient of the luma, by the operator of Sobel, exceeds one and a
    half times its root mean square over the image: so faint images have edges too.

    Args:
        pixels: uint8 `[height, width, channels]`, two or more pixels high and wide.

    Returns:
        uint8 `[height, width, 1]`, 0 or 255.
    """
    luma = Preprocessing((1, 1, 1)).convert_channels(pixels)
    gradients = tf.image.sobel_edges(luma[tf.newaxis])[0]
    squared = tf.reduce_sum(tf.square(gradients), axis=-1)
    return 255 * tf.cast(squared > _EDGE**2 * tf.reduce_mean(squared), tf.uint8)


def _halves(data: ImageDataset) -> Domains:
    def half(name, which):
        def part(split):
            positions = np.array_split(np.arange(split.size), 2)[which]
            return _part(split, positions, name)

        return dataclasses.replace(
            data, name=name, train=part(data.train), validation=part(data.validation)
        )

    return Domains(half(f"{data.name}_first", 0), half(f"{data.name}_second", 1))


def _two_classes(data: ImageDataset, classes: list[str]) -> Domains:
    if len(set(classes)) != 2 or len(classes) != 2:
        raise InputError(
            f"target {':'.join(['classes', *classes])!r}: write two different classes, "
            "as in classes:3:5",
            argument="target",
        )
    labels = [_label(data, name) for name in classes]
    if labels[0] == labels[1]:
        raise InputError(
            f"target {':'.join(['classes', *classes])!r}: both are class "
            f"{data.class_names[labels[0]]!r}; write two different classes",
            argument="target",
        )
    train, validation = _labels(data.train), _labels(data.validation)

    def domain(label):
        name = re.sub(r"[^\w.-]+", "_", f"{data.name}_{data.class_names[label]}")
        return dataclasses.replace(
            data,
            name=name,
            train=_part(data.train, np.flatnonzero(train == label), name),
            validation=_part(
                data.validation, np.flatnonzero(validation == label), name
            ),
        )

    return Domains(*map(domain, labels))


def _labels(split: Split) -> np.ndarray:
    labels = split.examples.map(lambda example: example["label"]).batch(1024)
    return np.concatenate(list(labels.as_numpy_iterator()))


def _label(data: ImageDataset, name: str) -> int:
    if name in data.class_names:
        return data.class_names.index(name)
    if name.isdecimal() and int(name) < len(data.class_names):
        return int(name)
    raise unknown_name("class", name, data.class_names, argument="target")


def _part(split: Split, positions: np.ndarray, name: str) -> Split:
    """Returns the examples at `positions` as a split of the domain `name`."""
    if not len(positions):
        raise InputError(f"there are too few images for domain {name!r}; add some")
    return Split(
        examples=split.select(positions),
        size=len(positions),
        paths=split.paths and tuple(split.paths[i] for i in positions),
    )
