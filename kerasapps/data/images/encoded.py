"""Encoded images, decoded to the pixels that Pillow finds."""

import tensorflow as tf


def decode_png_or_jpeg(encoded: tf.Tensor, channels: int = 0) -> tf.Tensor:
    """Decodes a PNG or a JPEG in TensorFlow ops.

    Args:
        encoded: The image, a string.
        channels: 1, 3 or 4; 0 for those that it has.

    Returns:
        uint8 `[height, width, channels]`.

    Raises:
        tf.errors.InvalidArgumentError: When it runs, if the image can't be decoded.
    """
    return tf.cond(
        tf.strings.substr(encoded, 0, 3) == b"\xff\xd8\xff",
        # The default is a faster transform, by which pixels differ by up to 8.
        lambda: tf.io.decode_jpeg(encoded, channels, dct_method="INTEGER_ACCURATE"),
        lambda: tf.io.decode_image(encoded, channels, expand_animations=False),
    )
