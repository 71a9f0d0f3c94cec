"""Self-attention with several heads."""

from typing import Any

import keras

from kerasapps.layers.annotations import Shape, Tensor
from kerasapps.layers.attention_heads import head_size, join_heads, split_heads
from kerasapps.layers.scaled_dot_product_attention import scaled_dot_product_attention


@keras.saving.register_keras_serializable("kerasapps")
class MultiHeadSelfAttention(keras.layers.Layer):
    """Each token takes from all tokens, by several heads side by side.

    `softmax(q k^T / sqrt(head_size)) v` for each head; the heads' results side by side
    go through a last dense layer. One product computes queries, keys and values of all
    heads. The softmax is computed in float32 under mixed precision, too.

    Dosovitskiy et al., "An Image is Worth 16x16 Words", 2021, appendix A, after
    Vaswani et al., "Attention Is All You Need", 2017. The kernels start as Glorot and
    Bengio have it, those of queries, keys and values each as a matrix of its own.

    Input shape: `[batch, tokens, channels]`.

    Output shape: that of the input.

    Args:
        num_heads: Number of heads; the channels are shared out among them.
        **kwargs: Arguments of `keras.layers.Layer`.

    Raises:
        InputError: On building, if the channels aren't a multiple of the heads.
    """

    def __init__(self, num_heads: int, **kwargs: Any):
        super().__init__(**kwargs)
        self.num_heads = num_heads

    def build(self, input_shape: Shape) -> None:
        """Creates the two dense layers."""
        channels = input_shape[-1]
        head_size(self, channels, self.num_heads)
        # Glorot's limits of a square matrix: the fan-in of all three is the channels.
        self.qkv = keras.layers.Dense(
            3 * channels,
            kernel_initializer="lecun_uniform",
            dtype=self.dtype_policy,
            name="qkv",
        )
        self.output_projection = keras.layers.Dense(
            channels, dtype=self.dtype_policy, name="output"
        )
        self.qkv.build(input_shape)
        self.output_projection.build(input_shape)

    def call(self, inputs: Tensor) -> Tensor:
        """Mixes the tokens."""
        outputs, _ = scaled_dot_product_attention(*self._heads(inputs))
        return self.output_projection(join_heads(outputs))

    def attention(self, inputs: Tensor) -> Tensor:
        """Returns what each token takes from each.

        Args:
            inputs: As those of the layer.

        Returns:
            float32 `[batch, heads, tokens, tokens]`; each row sums to 1.
        """
        _, weights = scaled_dot_product_attention(*self._heads(inputs))
        return weights

    def _heads(self, inputs):
        """Returns queries, keys and values, `[batch, heads, tokens, size]`."""
        return split_heads(self.qkv(inputs), 3, self.num_heads)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Returns the shape of the input."""
        return input_shape

    def multiply_adds(self, input_shape: Shape) -> int:
        """Returns those of the four projections and of both products of each head."""
        _, tokens, channels = input_shape
        if tokens is None:
            raise ValueError(
                f"The number of tokens of {self.name} isn't fixed; build the model for "
                "inputs of a fixed size."
            )
        return 4 * tokens * channels**2 + 2 * tokens**2 * channels

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments of the constructor."""
        return {**super().get_config(), "num_heads": self.num_heads}
