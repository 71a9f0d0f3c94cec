"""Attention with several heads, to other tokens or the same."""

from typing import Any

import keras

from kerasapps.layers.annotations import Shape, Tensor
from kerasapps.layers.attention_heads import head_size, join_heads, split_heads
from kerasapps.layers.scaled_dot_product_attention import scaled_dot_product_attention


@keras.saving.register_keras_serializable("kerasapps")
class MultiHeadAttention(keras.layers.Layer):
    """Each token of a query takes from all tokens of a memory, by several heads.

    Vaswani et al., "Attention Is All You Need", 2017, section 3.2.2:
    `concat(head_1, ..., head_h) W^O` with
    `head_i = attention(q W_i^Q, m W_i^K, m W_i^V)`; there are no biases. The heads
    share the query's channels out. Without a memory it is self-attention, and one
    product computes queries, keys and values of all heads; with one, the first is a
    product of its own. Each matrix starts as Glorot and Bengio have it.

    To decode one token after the other, keys and values of a memory are computed once,
    by `project`, and then used by `attend`; those of the tokens so far are kept in a
    cache by `step`.

    Input shape: `[batch, queries, channels]`; for the memory
    `[batch, keys, memory_channels]`.

    Output shape: `[batch, queries, channels]`, and, for what each query took from each
    key, float32 `[batch, heads, queries, keys]`; each row of these sums to 1.

    Args:
        num_heads: Number of heads.
        dropout: Dropout rate of the weights.
        **kwargs: Arguments of `keras.layers.Layer`.

    Raises:
        InputError: On building, if the channels aren't a multiple of the heads.
    """

    def __init__(self, num_heads: int, dropout: float = 0.0, **kwargs: Any):
        super().__init__(**kwargs)
        self.num_heads = num_heads
        self.dropout = dropout

    def build(self, query_shape: Shape, memory_shape: Shape | None = None) -> None:
        """Creates the dense layers; without a shape of a memory, for self-attention."""
        self.size = head_size(self, query_shape[-1], self.num_heads)
        if memory_shape is None:
            self.qkv = self._dense(query_shape, 3, "qkv")
        else:
            self.query = self._dense(query_shape, 1, "query")
            self.key_value = self._dense(memory_shape, 2, "key_value")
        self.output_projection = self._dense(query_shape, 1, "output")
        self.weights_dropout = keras.layers.Dropout(
            self.dropout, dtype="float32", name="dropout"
        )

    def _dense(self, input_shape, matrices, name):
        """Returns a layer of some matrices side by side."""
        channels = self.num_heads * self.size
        limit = (6 / (input_shape[-1] + channels)) ** 0.5
        layer = keras.layers.Dense(
            matrices * channels,
            use_bias=False,
            kernel_initializer=keras.initializers.RandomUniform(-limit, limit),
            dtype=self.dtype_policy,
            name=name,
        )
        layer.build(input_shape)
        return layer

    def call(
        self,
        query: Tensor,
        memory: Tensor | None = None,
        attention_mask: Tensor | None = None,
        training: bool = False,
    ) -> tuple[Tensor, Tensor]:
        """Mixes the tokens.

        Args:
            query: As above.
            memory: As above; None for self-attention.
            attention_mask: bool, broadcastable to `[batch, heads, queries, keys]`: True
                where a query may take from a key. Each query must have some key.
            training: Whether there is dropout.
        """
        if memory is None:
            query, keys, values = split_heads(self.qkv(query), 3, self.num_heads)
            return self._mix(query, keys, values, attention_mask, training)
        return self.attend(query, *self.project(memory), attention_mask, training)

    def project(self, memory: Tensor) -> tuple[Tensor, Tensor]:
        """Returns keys and values of a memory.

        Args:
            memory: Tensor of shape `[batch, keys, memory_channels]`.

        Returns:
            Two tensors of shape `[batch, heads, keys, size]`.
        """
        keys, values = split_heads(self.key_value(memory), 2, self.num_heads)
        return keys, values

    def attend(
        self,
        query: Tensor,
        keys: Tensor,
        values: Tensor,
        attention_mask: Tensor | None = None,
        training: bool = False,
    ) -> tuple[Tensor, Tensor]:
        """Does what the layer does with a memory whose keys and values are there.

        Args:
            query: Tensor of shape `[batch, queries, channels]`.
            keys: Keys of the memory, from `project`.
            values: Values of the memory, from `project`.
            attention_mask: As that of the layer.
            training: Whether there is dropout.

        Returns:
            What the layer returns.
        """
        (query,) = split_heads(self.query(query), 1, self.num_heads)
        return self._mix(query, keys, values, attention_mask, training)

    def step(
        self, token: Tensor, position: Tensor, keys: Tensor, values: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Does what causal self-attention does, for the next token alone.

        Args:
            token: Tensor of shape `[batch, 1, channels]`.
            position: int32 scalar, the number of tokens before.
            keys: Keys of the tokens before, of shape `[batch, heads, length, size]`;
                from `position` on, they may be anything.
            values: Likewise their values.

        Returns:
            The token, `[batch, 1, channels]`, and the keys and values with its own.
        """
        query, key, value = split_heads(self.qkv(token), 3, self.num_heads)
        places = keras.ops.arange(keras.ops.shape(keys)[2])
        # Not keras.ops.slice_update, which makes an op of XLA's that other runtimes
        # of SavedModels don't have.
        here = (places == position)[:, None]
        keys = keras.ops.where(here, key, keys)
        values = keras.ops.where(here, value, values)
        outputs, _ = self._mix(query, keys, values, places <= position, False)
        return outputs, keys, values

    def _mix(self, query, keys, values, mask, training):
        outputs, weights = scaled_dot_product_attention(
            *(query, keys, values, mask),
            lambda weights: self.weights_dropout(weights, training=training),
        )
        return self.output_projection(join_heads(outputs)), weights

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments of the constructor."""
        return {
            **super().get_config(),
            "num_heads": self.num_heads,
            "dropout": self.dropout,
        }
