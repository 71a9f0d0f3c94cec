"""Images as they come to a SavedModel."""

from collections.abc import Callable, Sequence

import tensorflow as tf


def preprocess(
    pixels: tf.Tensor, preprocessing: Callable[[tf.Tensor], tf.Tensor]
) -> tf.Tensor:
    """Returns what a network takes, of images whose channels only a request tells.

    Args:
        pixels: uint8 `[batch, height, width, channels]` with 1, 3 or 4 channels (grey,
            RGB, RGBA); alpha is dropped.
        preprocessing: The network's.
    """
    return tf.cond(
        tf.shape(pixels)[-1] < 3,
        lambda: preprocessing(_first_channels(pixels, 1)),
        lambda: preprocessing(_first_channels(pixels, 3)),
    )


def decode_and_preprocess(
    image_bytes: tf.Tensor,
    preprocessing: Callable[[tf.Tensor], tf.Tensor],
    shape: Sequence[int],
) -> tf.Tensor:
    """The same of encoded images, each of its own size.

    Args:
        image_bytes: string `[batch]`: encoded PNG, JPEG, GIF (its first frame) or BMP.
        preprocessing: The network's.
        shape: `(height, width, channels)` that the network takes.
    """

    def one(encoded):
        pixels = tf.io.decode_image(encoded, expand_animations=False)
        return preprocess(pixels[tf.newaxis], preprocessing)[0]

    # One by one: their sizes differ until they are preprocessed.
    return tf.map_fn(
        one, image_bytes, fn_output_signature=tf.TensorSpec(shape, tf.float32)
    )


def _first_channels(pixels, channels):
    """Returns the first channels, their number known when the graph is built."""
    return tf.ensure_shape(pixels[..., :channels], [None, None, None, channels])
