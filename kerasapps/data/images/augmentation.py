"""Random changes to training images, as functions that compose.

Each function here takes the settings and returns an `Augmentation`: a function
from an image, float32 `[height, width, channels]` in 0 to 255, and a seed,
int32 `[2]`, to the changed image. Nothing else is random: the same seed gives the
same image, so that a training that goes on after an interruption sees what it
would have seen. All run inside a `tf.data` pipeline.
"""

import inspect
import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from kerasapps.data.images import addons
from kerasapps.data.images.preprocessing import Preprocessing
from kerasapps.errors import InputError, unknown_name

Augmentation = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]


def random_crop(
    smallest: int, largest: int, *, crop_size: tuple[int, int]
) -> Augmentation:
    """Scale jitter: resizes to a random size, then cuts a random window out.

    The shorter side is resized to a whole number of pixels drawn uniformly from
    `smallest` to `largest`, the aspect ratio is kept. With 256 and 512 this is VGG's
    crop (Simonyan and Zisserman 2015, section 3.1), with 256 and 480 ResNet's (He et
    al. 2016, section 3.4). With both 256 it is AlexNet's (Krizhevsky et al. 2012,
    section 4.1), but for the ends of the longer side, which AlexNet cuts off first.

    Args:
        smallest: Smallest length of the shorter side, in pixels.
        largest: Largest length of the shorter side, in pixels.
        crop_size: `(height, width)` of the window.
    """
    if not max(crop_size) <= smallest <= largest:
        raise ValueError(
            f"needs {max(crop_size)} <= smallest <= largest "
            f"to cut out {crop_size[0]}x{crop_size[1]} pixels"
        )

    def apply(image, seed):
        scale_seed, crop_seed = tf.unstack(tf.random.split(seed, 2))
        shorter = tf.random.stateless_uniform(
            [], scale_seed, smallest, largest + 1, tf.int32
        )
        size = tf.shape(image)[:2]
        # In whole numbers, rounded up: float would now and then lose a pixel.
        resized = -(-size * shorter // tf.reduce_min(size))
        image = tf.image.resize(image, resized, antialias=True)
        return tf.image.stateless_random_crop(
            image, [*crop_size, image.shape[-1]], crop_seed
        )

    return apply


def random_resized_crop(
    smallest_area: float, largest_area: float, *, crop_size: tuple[int, int]
) -> Augmentation:
    """Cuts a random window out and resizes it, whatever its shape.

    GoogLeNet's crop (Szegedy et al. 2015, section 6), with 0.08 and 1: the window's
    area is uniform between two shares of the image's, its aspect ratio is between 3/4
    and 4/3 (as likely wide as high), its place is uniform. A window that doesn't fit
    into the image is drawn anew, up to ten times; then it is cut off.

    Args:
        smallest_area: Smallest area of the window as a share of the image's.
        largest_area: Largest area of the window as a share of the image's.
        crop_size: `(height, width)` to which the window is resized.
    """
    if not 0 < smallest_area <= largest_area <= 1:
        raise ValueError("needs 0 < smallest area <= largest area <= 1")

    def apply(image, seed):
        area_seed, ratio_seed, place_seed = tf.unstack(tf.random.split(seed, 3))
        size = tf.cast(tf.shape(image)[:2], tf.float32)
        area = tf.random.stateless_uniform(
            [10], area_seed, smallest_area, largest_area
        ) * tf.reduce_prod(size)
        ratio = tf.exp(
            tf.random.stateless_uniform([10], ratio_seed, *np.log([3 / 4, 4 / 3]))
        )
        windows = tf.sqrt(tf.stack([area / ratio, area * ratio], axis=1))
        fits = tf.reduce_all(windows <= size, axis=1)
        first = tf.argmax(tf.where(fits, tf.range(10, 0, -1), 0))
        window = tf.minimum(windows[first], size)
        window = tf.maximum(tf.round(window), 1)
        free = size - window + 1
        place = tf.floor(tf.random.stateless_uniform([2], place_seed) * free)
        (top, left), (height, width) = (
            tf.unstack(tf.cast(x, tf.int32)) for x in (place, window)
        )
        return tf.image.resize(
            image[top : top + height, left : left + width], crop_size, antialias=True
        )

    return apply


def pad_and_crop(
    padding: int, *, fill: float | Sequence[float] | np.ndarray = 0.0
) -> Augmentation:
    """Pads all four sides, then cuts a random window of the old size out.

    As ResNet does on CIFAR-10 with 4 pixels (He et al. 2016, section 4.2). There
    the zeros are padded after the mean has been subtracted: to follow it, `fill`
    is the mean.

    Args:
        padding: Pixels on each side.
        fill: Value of the padding, for each channel or for all.
    """
    if padding < 0:
        raise ValueError("padding can't be negative")

    def apply(image, seed):
        sides = [[padding, padding], [padding, padding], [0, 0]]
        padded = tf.pad(image - fill, sides) + fill
        cropped = tf.image.stateless_random_crop(padded, tf.shape(image), seed)
        return tf.ensure_shape(cropped, image.shape)

    return apply


def reflection() -> Augmentation:
    """Swaps left and right in half of the images."""
    return tf.image.stateless_random_flip_left_right


def mean_subtraction(mean: float | Sequence[float] | np.ndarray) -> Augmentation:
    """Subtracts the mean of each channel; there is nothing random in it.

    For pipelines without `Preprocessing`, which does the same in evaluation and
    in the exported model too; it is therefore no choice of `parse`.

    Args:
        mean: Mean of each channel, or an image of means `[height, width,
            channels]` as in AlexNet.
    """
    return lambda image, seed: image - tf.cast(mean, image.dtype)


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

    def apply(image, seed):
        factors = tf.random.stateless_normal(eigenvalues.shape, seed, stddev=std)
        return image + tf.linalg.matvec(components, factors)

    return apply


def rotation(degrees: float) -> Augmentation:
    """Turns the image about its centre, to either side; the edges are continued.

    Args:
        degrees: Largest angle; the angle is uniform from minus to plus that.
    """
    if not 0 <= degrees <= 180:
        raise ValueError("degrees must be in 0 to 180")
    tfa_image = addons.image("rotation")
    radians = math.radians(degrees)

    def apply(image, seed):
        angle = tf.random.stateless_uniform([], seed, -radians, radians)
        return tfa_image.rotate(image, angle, "bilinear", fill_mode="nearest")

    return apply


def translation(pixels: int) -> Augmentation:
    """Moves the image by whole pixels in x and y; the edges are continued.

    Args:
        pixels: Largest shift; each is uniform from minus to plus that.
    """
    if pixels < 0:
        raise ValueError("pixels can't be negative")
    tfa_image = addons.image("translation")

    def apply(image, seed):
        shift = tf.random.stateless_uniform([2], seed, -pixels, pixels + 1, tf.int32)
        return tfa_image.translate(
            image, tf.cast(shift, tf.float32), fill_mode="nearest"
        )

    return apply


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

    def apply(image, seed):
        size_of_image = tf.cast(tf.shape(image)[:2], tf.float32)
        centre = tf.random.stateless_uniform([1, 2], seed) * size_of_image
        centre = tf.cast(centre, tf.int32)
        return tfa_image.cutout(image[tf.newaxis], size, centre, fill)[0]

    return apply


def elastic_distortion(alpha: float, sigma: float) -> Augmentation:
    """Bends the image as if drawn on rubber; the edges are continued.

    Simard, Steinkraus and Platt 2003, section 2: each pixel gets a displacement
    uniform in -1 to 1 along x and y; both fields are smoothed by a Gaussian and
    multiplied by `alpha`; the image is sampled there bilinearly. Theirs for MNIST
    are 34 and 4.

    Args:
        alpha: Strength of the displacement, in pixels before smoothing.
        sigma: Standard deviation of the Gaussian, in pixels.
    """
    if not 0 <= alpha < math.inf or not 0 < sigma < math.inf:
        raise ValueError("alpha can't be negative, and sigma must be positive")
    tfa_image = addons.image("elastic_distortion")
    # Beyond three standard deviations a Gaussian has 0.3 % of its weight.
    filter_size = 2 * math.ceil(3 * sigma) + 1

    def apply(image, seed):
        size = tf.shape(image)[:2]
        noise = tf.random.stateless_uniform([*tf.unstack(size), 2], seed, -1.0, 1.0)
        smooth = tfa_image.gaussian_filter2d(
            noise, filter_size, sigma, padding="CONSTANT"
        )
        warped = tfa_image.dense_image_warp(
            image[tf.newaxis], alpha * smooth[tf.newaxis]
        )
        return tf.ensure_shape(warped[0], image.shape)

    return apply


def compose(functions: Sequence[Augmentation]) -> Augmentation:
    """Returns the function that applies all, one after the other.

    Each gets a seed of its own, split off from the seed that is given.
    """

    def apply(image, seed):
        if functions:
            seeds = tf.unstack(tf.random.split(seed, len(functions)))
            for function, own_seed in zip(functions, seeds, strict=True):
                image = function(image, own_seed)
        return image

    return apply


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


class Augmenting(NamedTuple):
    """What the flag `--augment` asks for, in two steps.

    Attributes:
        prepare: From the decoded image, uint8 and of any size, to the image that the
            augmentation takes: the same in each epoch.
        augment: The random rest. `Preprocessing.normalize` comes after it.
    """

    prepare: Callable[[tf.Tensor], tf.Tensor]
    augment: Augmentation


def parse(
    items: Sequence[str], *, preprocessing: Preprocessing, covariance: np.ndarray
) -> Augmenting:
    """Returns what the flag `--augment` asks for.

    The image is first resized by `preprocessing.resize`; where the first item is
    `random_crop` or `random_resized_crop`, that brings it to the network's size
    instead. What `pad_and_crop` and `cutout` fill in is the mean, which becomes zero at
    the network.

    Args:
        items: Names of functions of this module with their settings, for example
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
    names = [item.partition(":")[0] for item in items]
    crops = ("random_crop", "random_resized_crop")
    for name in names[1:]:
        if name in crops:
            raise InputError(
                f"--augment: {name} must be the first, and the only crop: "
                "it works on the image before it is resized"
            )
    return Augmenting(
        (
            preprocessing.convert_channels
            if names and names[0] in crops
            else preprocessing.resize
        ),
        compose([_parse_item(item, context) for item in items]),
    )


def _parse_item(item: str, context: dict) -> Augmentation:
    name, *texts = item.split(":")
    if name not in _BY_NAME:
        raise unknown_name("augmentation", name, _BY_NAME)
    function = _BY_NAME[name]
    parameters = inspect.signature(function).parameters.values()
    settings = [p for p in parameters if p.kind is not p.KEYWORD_ONLY]
    given = {p.name: context[p.name] for p in parameters if p.kind is p.KEYWORD_ONLY}
    usage = ":".join([name, *(p.name.upper() for p in settings)])
    if len(texts) != len(settings):
        raise InputError(f"--augment={item}: write {usage}")
    try:
        values = [p.annotation(text) for p, text in zip(settings, texts, strict=True)]
        return function(*values, **given)
    except InputError:
        raise
    except ValueError as error:
        raise InputError(f"--augment={item}: {error}; write {usage}") from error
