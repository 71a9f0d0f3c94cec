"""Scaled dot-product attention."""

from collections.abc import Callable

import keras

from kerasapps.layers.annotations import Tensor

# Added to what is masked: nothing is left of it in a softmax in float32, and a row that
# is masked altogether is still a number.
_MASKED = -1e9


def masked_softmax(scores: Tensor, mask: Tensor | None = None) -> Tensor:
    """Returns the softmax of scores over their last axis.

    Args:
        scores: Tensor of shape `[..., keys]`, of a floating-point dtype.
        mask: bool, broadcastable to the scores: False where nothing may be taken. In
            each row something must be left.

    Returns:
        float32 `[..., keys]`; each row sums to 1, and what is masked is 0.
    """
    scores = keras.ops.cast(scores, "float32")
    if mask is not None:
        scores += keras.ops.where(mask, 0.0, _MASKED)
    return keras.ops.softmax(scores)


def scaled_dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor | None = None,
    dropout: Callable[[Tensor], Tensor] | None = None,
) -> tuple[Tensor, Tensor]:
    """Computes `softmax(q k^T / sqrt(size)) v`, the softmax in float32.

    Vaswani et al., "Attention Is All You Need", 2017, equation 1.

    Args:
        query: Tensor of shape `[..., queries, size]`.
        key: Tensor of shape `[..., keys, size]`.
        value: Tensor of shape `[..., keys, channels]`.
        mask: bool, broadcastable to `[..., queries, keys]`: True where a query may take
            from a key. Each query must have some key.
        dropout: A function that the weights go through before the product with the
            values, if any.

    Returns:
        What the queries take, of shape `[..., queries, channels]` and the dtype of
        `value`, and the weights before dropout, float32 `[..., queries, keys]`; each
        row of them sums to 1.
    """
    scores = keras.ops.matmul(
        query * query.shape[-1] ** -0.5, keras.ops.swapaxes(key, -2, -1)
    )
    weights = masked_softmax(scores, mask)
    kept = weights if dropout is None else dropout(weights)
    return keras.ops.matmul(keras.ops.cast(kept, value.dtype), value), weights
