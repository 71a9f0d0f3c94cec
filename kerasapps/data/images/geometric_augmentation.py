"""Random changes that move the pixels of training images.

Each function here takes the settings and returns an `Augmentation`. It moves `objects`
and `mask` with the image as `geometry` says. An example without them gets the same
image as one with them.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

from kerasapps.data.images import addons, geometry
from kerasapps.data.images.dataset import MAX_PIXELS, Example

Augmentation = Callable[[Example, tf.Tensor], Example]
"""From an example and a seed, int32 or int64 `[2]`, to the changed example.

The `image` is float32 `[height, width, channels]` in 0 to 255. Nothing else is random:
the same seed gives the same example, so that a training that goes on after an
interruption sees what it would have seen. All run inside a `tf.data` pipeline.
"""


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
    if largest**2 > MAX_PIXELS:
        raise ValueError(f"largest can be at most {math.isqrt(MAX_PIXELS)}")

    def apply(example, seed):
        image = example["image"]
        scale_seed, crop_seed = tf.unstack(tf.random.split(seed, 2))
        shorter = tf.random.stateless_uniform(
            [], scale_seed, smallest, largest + 1, tf.int32
        )
        size = tf.shape(image)[:2]
        # In whole numbers, rounded up: float would now and then lose a pixel.
        scaled = -(-size * shorter // tf.reduce_min(size))
        image = tf.image.resize(image, scaled, antialias=True)
        image, corner = _random_window(image, crop_size, crop_seed)
        return geometry.in_window(example, image, scaled, corner, crop_size)

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

    def apply(example, seed):
        image = example["image"]
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
        corner, window = (tf.cast(x, tf.int32) for x in (place, window))
        (top, left), (height, width) = tf.unstack(corner), tf.unstack(window)
        cut = geometry.in_window(
            example,
            image[top : top + height, left : left + width],
            tf.shape(image)[:2],
            corner,
            window,
        )
        return geometry.resized(
            cut, tf.image.resize(cut["image"], crop_size, antialias=True)
        )

    return apply


def pad_and_crop(
    padding: int, *, fill: float | Sequence[float] | np.ndarray = 0.0
) -> Augmentation:
    """Pads all four sides, then cuts a random window of the old size out.

    As ResNet does on CIFAR-10 with 4 pixels (He et al. 2016, section 4.2). There
    the zeros are padded after the mean has been subtracted: to follow it, `fill`
    is the mean. A mask is padded with 0.

    Args:
        padding: Pixels on each side.
        fill: Value of the padding, for each channel or for all.
    """
    if padding < 0:
        raise ValueError("padding can't be negative")

    def apply(example, seed):
        image = example["image"]
        sides = [[padding, padding], [padding, padding], [0, 0]]
        padded = tf.pad(image - fill, sides) + fill
        size = tf.shape(image)[:2]
        cropped, corner = _random_window(padded, size, seed)
        return geometry.in_window(
            example,
            tf.ensure_shape(cropped, image.shape),
            size,
            corner - padding,
            size,
            continued=False,
        )

    return apply


def reflection() -> Augmentation:
    """Swaps left and right in half of the images."""

    def apply(example, seed):
        image = example["image"]
        swapped = tf.random.stateless_uniform([], seed) < 0.5
        return tf.cond(
            swapped,
            lambda: geometry.mirrored(example, tf.reverse(image, [1])),
            lambda: dict(example),
        )

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

    def apply(example, seed):
        angle = tf.random.stateless_uniform([], seed, -radians, radians)
        image = tfa_image.rotate(
            example["image"], angle, "bilinear", fill_mode="nearest"
        )
        return geometry.turned(example, image, angle)

    return apply


def translation(pixels: int) -> Augmentation:
    """Moves the image by whole pixels in x and y; the edges are continued.

    Args:
        pixels: Largest shift; each is uniform from minus to plus that.
    """
    if pixels < 0:
        raise ValueError("pixels can't be negative")
    tfa_image = addons.image("translation")

    def apply(example, seed):
        shift = tf.random.stateless_uniform([2], seed, -pixels, pixels + 1, tf.int32)
        image = tfa_image.translate(
            example["image"], tf.cast(shift, tf.float32), fill_mode="nearest"
        )
        size = tf.shape(image)[:2]
        # The shift is along x and y, a corner is at a row and a column.
        return geometry.in_window(example, image, size, -shift[::-1], size)

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
    if not 0 <= alpha <= 1e6 or not 0 < sigma < math.inf:
        raise ValueError("alpha must be 0 to a million, and sigma positive")
    tfa_image = addons.image("elastic_distortion")
    # Beyond three standard deviations a Gaussian has 0.3 % of its weight.
    filter_size = 2 * math.ceil(3 * sigma) + 1

    def apply(example, seed):
        image = example["image"]
        size = tf.shape(image)[:2]
        noise = tf.random.stateless_uniform([*tf.unstack(size), 2], seed, -1.0, 1.0)
        smooth = tfa_image.gaussian_filter2d(
            noise, filter_size, sigma, padding="CONSTANT"
        )
        displacement = alpha * smooth
        bent = tfa_image.dense_image_warp(image[tf.newaxis], displacement[tf.newaxis])
        return geometry.displaced(
            example, tf.ensure_shape(bent[0], image.shape), displacement
        )

    return apply


def _random_window(image, size, seed):
    """Returns what `tf.image.stateless_random_crop` does, and where it begins."""
    image_size = tf.shape(image)
    # As it draws them: one for the channels too, of which nothing is cut.
    drawn = tf.random.stateless_uniform([3], seed, maxval=tf.int32.max, dtype=tf.int32)
    corner = drawn[:2] % (image_size[:2] - size + 1)
    window = tf.slice(
        image, [corner[0], corner[1], 0], [size[0], size[1], image.shape[-1]]
    )
    return window, corner
