"""What layers of attention with several heads have in common."""

import keras

from kerasapps.errors import InputError
from kerasapps.layers.annotations import Tensor


def head_size(layer: keras.layers.Layer, channels: int, num_heads: int) -> int:
    """Returns the channels of each head.

    Args:
        layer: The layer whose heads they are, for the error.
        channels: The channels that the heads share out.
        num_heads: Number of heads.

    Raises:
        InputError: If the channels aren't a multiple of the heads.
    """
    if channels % num_heads:
        raise InputError(
            f"{layer.name} shares {channels} channels out among {num_heads} heads; it "
            "needs a multiple of the heads"
        )
    return channels // num_heads


def split_heads(x: Tensor, matrices: int, num_heads: int) -> list[Tensor]:
    """Takes apart what a dense layer of some matrices side by side returned.

    Args:
        x: Tensor of shape `[batch, tokens, matrices * num_heads * size]`.
        matrices: Number of matrices, as 3 for queries, keys and values.
        num_heads: Number of heads.

    Returns:
        So many tensors of shape `[batch, heads, tokens, size]`.
    """
    batch, tokens, channels = keras.ops.shape(x)
    size = channels // (matrices * num_heads)
    x = keras.ops.reshape(x, (batch, tokens, matrices, num_heads, size))
    return keras.ops.unstack(keras.ops.transpose(x, (2, 0, 3, 1, 4)))


def join_heads(x: Tensor) -> Tensor:
    """Puts what the heads return side by side.

    Args:
        x: Tensor of shape `[batch, heads, tokens, size]`.

    Returns:
        A tensor of shape `[batch, tokens, heads * size]`.
    """
    batch, heads, tokens, size = keras.ops.shape(x)
    x = keras.ops.transpose(x, (0, 2, 1, 3))
    return keras.ops.reshape(x, (batch, tokens, heads * size))
