"""From the pixels of any image to the numbers that a network takes."""

import math
from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple, NotRequired, TypedDict

import numpy as np
import tensorflow as tf

from kerasapps.data.images import geometry
from kerasapps.data.images.dataset import MAX_PIXELS, Example, Split
from kerasapps.errors import InputError


class PreprocessingConfig(TypedDict):
    """What `Preprocessing.to_config` returns."""

    image_shape: list[int]
    mean: list[float]
    std: list[float]
    shorter_side: NotRequired[int | None]
    channel_order: NotRequired[Literal["rgb", "bgr"]]


class Preprocessing:
    """Channels, size and scale of images as a network takes them.

    The same object serves training, evaluation and the exported model: it holds
    constants only and uses TensorFlow's own ops. Calling it does all three steps:
    the channels become the network's, the image is resized (bilinear,
    antialiased), and from each channel its mean is subtracted before it is divided
    by its standard deviation. Training augments between `resize_example` and
    `normalize`, where images are grey or RGB whatever the network's order.

    Args:
        image_shape: `(height, width, channels)` of the network's input, with 1
            or 3 channels.
        mean: Mean of each channel, or of all, in units of 0 to 255, in the order of
            `channel_order`.
        std: Standard deviation of each channel, or of all, in the same units and
            order.
        shorter_side: Pixels to which the shorter side is resized before the centre
            is cut out; the aspect ratio is kept. As ImageNet's networks are
            evaluated, with 256 for 224x224. None: the whole image is squeezed to
            the network's size.
        channel_order: "rgb", or "bgr" for weights that were trained in Caffe.

    Raises:
        InputError: If `shorter_side` is less than what is cut out, or makes images of
            more than `MAX_PIXELS`.
        ValueError: If `image_shape` has no pixels or other channels, if `mean` and
            `std` don't fit to it or aren't finite, if a `std` isn't above 0, or if
            there is no such `channel_order`.
    """

    def __init__(
        self,
        image_shape: Sequence[int],
        mean: float | Sequence[float] = 0.0,
        std: float | Sequence[float] = 1.0,
        shorter_side: int | None = None,
        channel_order: str = "rgb",
    ):
        height, width, channels = (int(size) for size in image_shape)
        if channels not in (1, 3):
            raise ValueError(f"image_shape needs 1 or 3 channels, got {channels}")
        if min(height, width) < 1:
            raise ValueError(f"image_shape needs pixels, got {height}x{width}")
        if shorter_side is not None and shorter_side < max(height, width):
            raise InputError(
                f"shorter_side={shorter_side} is too small to cut out "
                f"{height}x{width} pixels; give {max(height, width)} or more"
            )
        if channel_order not in ("rgb", "bgr"):
            raise ValueError(f'channel_order is "rgb" or "bgr", got {channel_order!r}')
        if shorter_side is not None and shorter_side**2 > MAX_PIXELS:
            raise InputError(
                f"shorter_side={shorter_side} makes images of more than {MAX_PIXELS} "
                f"pixels; choose at most {math.isqrt(MAX_PIXELS)}",
                argument="shorter_side",
            )
        self.image_shape = (height, width, channels)
        self.shorter_side = shorter_side
        self.channel_order = channel_order
        with np.errstate(over="ignore"):  # What is then infinite is refused below.
            self.mean = np.broadcast_to(np.asarray(mean, np.float32), [channels])
            self.std = np.broadcast_to(np.asarray(std, np.float32), [channels])
        if not np.isfinite(self.mean).all():
            raise ValueError(f"mean needs finite numbers, got {mean}")
        if not ((self.std > 0.0) & (self.std < np.inf)).all():
            raise ValueError(f"std needs finite numbers above 0, got {std}")

    def __call__(self, image: tf.Tensor) -> tf.Tensor:
        """Returns the network's input for image(s) of any size.

        Args:
            image: uint8 or float `[height, width, channels]` or
                `[batch, height, width, channels]` in 0 to 255, with 1 (grey),
                3 (RGB) or 4 (RGBA) channels, known when the graph is built.

        Returns:
            float32 of the same rank with the height, width and channels of
            `image_shape`.
        """
        return self.normalize(self.resize(image))

    def convert_channels(self, image: tf.Tensor) -> tf.Tensor:
        """Returns float32 image(s) with the network's channels.

        Grey becomes RGB by repetition, RGB becomes grey by its luma (ITU-R
        BT.601), and alpha is dropped.
        """
        image = tf.cast(image, tf.float32)
        if image.shape[-1] == 4:
            image = image[..., :3]
        given, wanted = image.shape[-1], self.image_shape[-1]
        if given not in (1, 3):
            raise ValueError(f"images need 1, 3 or 4 channels, got {given}")
        if given < wanted:
            return tf.image.grayscale_to_rgb(image)
        if given > wanted:
            # The weights of `tf.image.rgb_to_grayscale` don't sum to 1: by them, a grey
            # image stored as RGB would be another one.
            return tf.reduce_sum(image * [0.299, 0.587, 0.114], axis=-1, keepdims=True)
        return image

    def resize(self, image: tf.Tensor) -> tf.Tensor:
        """Returns float32 image(s) of the network's shape, still in 0 to 255."""
        image = self.convert_channels(image)
        if self.shorter_side is None:
            return tf.image.resize(image, self.image_shape[:2], antialias=True)
        if image.shape.rank == 3:
            return self._centre(image[tf.newaxis])[0]
        return self._centre(image)

    def resize_example(self, example: Example) -> Example:
        """Returns the example with its image resized, boxes and mask moved with it.

        Args:
            example: Decoded.
        """
        image = self.resize(example["image"])
        if self.shorter_side is None:
            return geometry.resized(example, image)
        scaled, margin = self._window(tf.shape(example["image"])[:2])
        return geometry.in_window(example, image, scaled, margin, self.image_shape[:2])

    def _window(self, size):
        """Returns the size to resize to, and how much of it is above and left."""
        # In whole numbers, rounded up: float would now and then lose a pixel.
        scaled = -(-size * self.shorter_side // tf.reduce_min(size))
        return scaled, (scaled - self.image_shape[:2]) // 2

    def _centre(self, images):
        """Returns the centre of the resized images, without making the rest.

        The rest of a very long or very high image might not fit into memory.
        """
        size = tf.shape(images)[1:3]
        scaled, margin = self._window(size)
        return tf.raw_ops.ScaleAndTranslate(
            images=images,
            size=self.image_shape[:2],
            scale=tf.cast(scaled / size, tf.float32),
            translation=-tf.cast(margin, tf.float32),
            kernel_type="triangle",
            antialias=True,
        )

    @property
    def fill(self) -> np.ndarray:
        """The colour, grey or RGB, that the network sees as zero."""
        return self.mean[::-1] if self.channel_order == "bgr" else self.mean

    def normalize(self, image: tf.Tensor) -> tf.Tensor:
        """Returns `(image - mean) / std`, with the channels in the network's order."""
        image = tf.cast(image, tf.float32)
        if self.channel_order == "bgr":
            image = image[..., ::-1]
        return (image - self.mean) / self.std

    def restore(self, image: tf.Tensor) -> tf.Tensor:
        """Returns the pixels, uint8, of what `normalize` has made of them.

        Args:
            image: float `[..., channels]`, as of a network that generates images.
        """
        pixels = tf.cast(image, tf.float32) * self.std + self.mean
        if self.channel_order == "bgr":
            pixels = pixels[..., ::-1]
        return tf.cast(tf.clip_by_value(tf.round(pixels), 0, 255), tf.uint8)

    def to_config(self) -> dict[str, Any]:
        """Returns the arguments as plain lists, fit for JSON."""
        return {
            "image_shape": list(self.image_shape),
            "mean": self.mean.tolist(),
            "std": self.std.tolist(),
            "shorter_side": self.shorter_side,
            "channel_order": self.channel_order,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Preprocessing":
        """Returns the object whose `to_config` this is."""
        return cls(**config)


class ImageStatistics(NamedTuple):
    """Statistics of the pixels of many images, in units of 0 to 255.

    Attributes:
        mean: Mean of each channel, `[channels]`.
        std: Standard deviation of each channel, `[channels]`; at least 1, so
            that a channel that never changes can be divided by it.
        covariance: Covariance of the channels, `[channels, channels]`.
    """

    mean: np.ndarray
    std: np.ndarray
    covariance: np.ndarray


def image_statistics(
    split: Split,
    decode: Callable[[Example], Example],
    image_shape: Sequence[int],
    limit: int = 10_000,
) -> ImageStatistics:
    """Returns the statistics of the images of a split, at the network's size.

    Args:
        split: The examples.
        decode: From an example to the same with its pixels, as in `ImageDataset`.
        image_shape: `(height, width, channels)` of the network's input.
        limit: Number of images at most. Of more, a fixed random part is taken:
            data sets are stored class by class or, as MNIST, in a pattern.

    Raises:
        tf.errors.InvalidArgumentError: If an image can't be decoded.
    """
    resize = Preprocessing(image_shape).resize
    chosen = tf.constant(np.random.default_rng(0).permutation(split.size) < limit)
    images = (
        split.examples.enumerate()
        .filter(lambda index, example: chosen[index])
        .map(
            lambda index, example: resize(decode(example)["image"]),
            num_parallel_calls=tf.data.AUTOTUNE,
        )
        .batch(64)
    )
    channels = image_shape[-1]
    count, total, products = 0, np.zeros(channels), np.zeros([channels, channels])
    for batch in images.as_numpy_iterator():
        pixels = batch.reshape(-1, channels).astype(np.float64)
        count += len(pixels)
        total += pixels.sum(axis=0)
        products += pixels.T @ pixels
    mean = total / count
    covariance = products / count - np.outer(mean, mean)
    std = np.sqrt(np.maximum(np.diag(covariance), 1.0))
    return ImageStatistics(mean, std, covariance)
