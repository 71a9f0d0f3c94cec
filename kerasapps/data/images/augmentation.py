"""Random changes to training images, as functions that compose.

Each function takes the settings and returns an `Augmentation`, a function from an
example and a seed to the changed example. Those that move pixels are in
`geometric_augmentation`; those here change values only, and leave `objects` and `mask`
alone.
"""

import inspect
import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from kerasapps.data.images import addons
from kerasapps.data.images.dataset import Example
from kerasapps.data.images.geometric_augmentation import (
    Augmentation,
    elastic_distortion,
    pad_and_crop,
    random_crop,
    random_resized_crop,
    reflection,
    rotation,
    translation,
)
from kerasapps.data.images.preprocessing import Preprocessing
from kerasapps.errors import InputError, unknown_name


def mean_subtraction(mean: float | Sequence[float] | np.ndarray) -> Augmentation:
    """Subtracts the mean of each channel; there is nothing random in it.

    For pipelines without `Preprocessing`, which does the same in evaluation and
    in the exported model too; it is therefore no choice of `parse`.

    Args:
        mean: Mean of each channel, or an image of means `[height, width,
            channels]` as in AlexNet.
    """
    return _on_image(lambda image, seed: image - tf.cast(mean, image.dtype))


def pca_colour_shift(std: float, *, covariance: np.ndarray) -> Augmentation:
    """Shifts all pixels along the principal components of the training colours.

    Krizhevsky et al. 2012 (AlexNet), section 4.1: to each pixel is added the sum
    of the eigenvectors of the channels' covariance, each times its eigenvalue and
    a normal number, drawn once for the image; `std` is 0.1 there. Eigenvalues are
    squares of pixel values, and the paper doesn't name their unit. They are taken
    from pixels in 0 to 1 here, which gives shifts of a few grey levels out of
    255; from pixels in 0 to 255 the shifts would exceed the range. The result
    isn't clipped.

    Args:
        std: Standard deviation of the normal numbers.
        covariance: Covariance of the channels, `[channels, channels]`, of pixels
            in 0 to 255.
    """
    if not 0 <= std < math.inf:
        raise ValueError("std can't be negative")
    eigenvalues, eigenvectors = np.linalg.eigh(np.asarray(covariance) / 255**2)
    components = tf.constant(255 * eigenvectors * eigenvalues, tf.float32)

    def shift(image, seed):
        factors = tf.random.stateless_normal(eigenvalues.shape, seed, stddev=std)
        return image + tf.linalg.matvec(components, factors)

    return _on_image(shift)


def cutout(
    size: int, *, fill: float | Sequence[float] | np.ndarray = 0.0
) -> Augmentation:
    """Blanks a square, of which a part may lie outside the image.

    DeVries and Taylor 2017, section 3.2: the centre is uniform over the image.
    Theirs blanks with zeros after normalisation: to follow it, `fill` is the mean.

    Args:
        size: Side of the square in pixels, an even number.
        fill: Value of the square, for each channel or for all.
    """
    if size <= 0 or size % 2:
        raise ValueError("size must be even and positive")
    tfa_image = addons.image("cutout")

    def blank(image, seed):
        size_of_image = tf.cast(tf.shape(image)[:2], tf.float32)
        centre = tf.random.stateless_uniform([1, 2], seed) * size_of_image
        centre = tf.cast(centre, tf.int32)
        return tfa_image.cutout(image[tf.newaxis], size, centre, fill)[0]

    return _on_image(blank)


def compose(functions: Sequence[Augmentation]) -> Augmentation:
    """Returns the function that applies all, one after the other.

    Each gets a seed of its own, split off from the seed that is given.

    Args:
        functions: In the order in which they are applied.
    """

    def apply(example, seed):
        if functions:
            seeds = tf.unstack(tf.random.split(seed, len(functions)))
            for function, own_seed in zip(functions, seeds, strict=True):
                example = function(example, own_seed)
        return example

    return apply


def _on_image(change: Callable[[tf.Tensor, tf.Tensor], tf.Tensor]) -> Augmentation:
    """Returns what changes the `image` of an example and leaves the rest as it is."""
    return lambda example, seed: example | {"image": change(example["image"], seed)}


_BY_NAME = {
    function.__name__: function
    for function in (
        random_crop,
        random_resized_crop,
        pad_and_crop,
        reflection,
        pca_colour_shift,
        rotation,
        translation,
        cutout,
        elastic_distortion,
    )
}

# Settings that are lengths on the image, in pixels.
_LENGTHS = ("padding", "pixels", "size", "sigma")


class Augmenting(NamedTuple):
    """What augmentations by name come to, in two steps.

    Attributes:
        prepare: From the decoded example, its image uint8 and of any size, to the one
            that the augmentation takes: the same in each epoch.
        augment: The random rest. `Preprocessing.normalize` comes after it.
    """

    prepare: Callable[[Example], Example]
    augment: Augmentation


def parse(
    augment: Sequence[str], *, preprocessing: Preprocessing, covariance: np.ndarray
) -> Augmenting:
    """Returns the augmentations of these names.

    The example is first resized by `preprocessing.resize_example`; where the first name
    is `random_crop` or `random_resized_crop`, that brings it to the network's size
    instead. What `pad_and_crop` and `cutout` fill in is the mean, which becomes zero at
    the network.

    Args:
        augment: Names of augmentations with their settings, for example
            `["pad_and_crop:4", "reflection", "elastic_distortion:34:4"]`, in the
            order in which they are applied.
        preprocessing: What the network's input is like.
        covariance: Covariance of the channels of the training images.

    Raises:
        InputError: An unknown name or settings that don't fit.
    """
    context = {
        "crop_size": preprocessing.image_shape[:2],
        "fill": preprocessing.fill,
        "covariance": covariance,
    }
    names = [item.partition(":")[0] for item in augment]
    crops = ("random_crop", "random_resized_crop")
    for name in names[1:]:
        if name in crops:
            raise InputError(
                f"augmentation {name!r} must be the first, and the only crop: "
                "it works on the image before it is resized",
                argument="augment",
            )

    def in_channels(example):
        return example | {"image": preprocessing.convert_channels(example["image"])}

    cropped = names and names[0] in crops
    return Augmenting(
        in_channels if cropped else preprocessing.resize_example,
        compose([_parse_item(item, context) for item in augment]),
    )


def _parse_item(item: str, context: dict) -> Augmentation:
    name, *texts = item.split(":")
    if name not in _BY_NAME:
        raise unknown_name("augmentation", name, _BY_NAME, argument="augment")
    function = _BY_NAME[name]
    parameters = inspect.signature(function).parameters.values()
    settings = [p for p in parameters if p.kind is not p.KEYWORD_ONLY]
    given = {p.name: context[p.name] for p in parameters if p.kind is p.KEYWORD_ONLY}
    longest = max(context["crop_size"])
    usage = ":".join([name, *(p.name.upper() for p in settings)])
    if len(texts) != len(settings):
        raise InputError(f"augmentation {item!r}: write {usage}", "augment")
    try:
        values = [p.annotation(text) for p, text in zip(settings, texts, strict=True)]
        for parameter, value in zip(settings, values, strict=True):
            if parameter.name in _LENGTHS and value > longest:
                raise ValueError(
                    f"{parameter.name} can be at most the {longest} pixels of the image"
                )
        return function(*values, **given)
    except InputError:
        raise
    except ValueError as error:
        raise InputError(
            f"augmentation {item!r}: {error}; write {usage}", "augment"
        ) from error
