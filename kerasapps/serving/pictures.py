"""Images as they leave a SavedModel."""

import tensorflow as tf

from kerasapps.data.images.preprocessing import Preprocessing


def pictures(images: tf.Tensor, preprocessing: Preprocessing) -> dict[str, tf.Tensor]:
    """Returns generated images as pixels and as files.

    Args:
        images: What a network makes, float `[batch, height, width, channels]`.
        preprocessing: What its training images went through.

    Returns:
        `pixels`, uint8 `[batch, height, width, channels]`, and `png_bytes`, string
        `[batch]`: encoded PNG.
    """
    pixels = preprocessing.restore(images)
    encoded = tf.map_fn(tf.io.encode_png, pixels, fn_output_signature=tf.string)
    return {"pixels": pixels, "png_bytes": encoded}
