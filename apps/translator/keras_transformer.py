"""The Transformer made of Keras's own layers, to compare with."""

import keras

from kerasapps.layers import sinusoidal_positions
from kerasapps.tokens import PADDING


class KerasTransformer(keras.Model):
    """The Transformer made of Keras's own layers, post-norm, with shared embeddings.

    Args:
        vocabulary: Number of tokens.
        num_layers: Layers of the encoder, and of the decoder.
        d_model: Channels of a token.
        d_ff: Hidden units of the feed-forward networks.
        num_heads: Number of heads.
        dropout: Dropout rate.
    """

    def __init__(
        self,
        vocabulary: int,
        num_layers: int,
        d_model: int,
        d_ff: int,
        num_heads: int = 8,
        dropout: float = 0.1,
    ):
        super().__init__()
        self.d_model = d_model
        self.embedding = keras.layers.ReversibleEmbedding(vocabulary, d_model)

        def residual():
            return keras.layers.LayerNormalization(epsilon=1e-6)

        def attention():
            return keras.layers.MultiHeadAttention(
                num_heads, d_model // num_heads, use_bias=False
            )

        def feed_forward():
            dense = keras.layers.Dense
            return keras.Sequential([dense(d_ff, "relu"), dense(d_model)])

        self.encoder = [
            (attention(), residual(), feed_forward(), residual())
            for _ in range(num_layers)
        ]
        self.decoder = [
            (
                attention(),
                residual(),
                attention(),
                residual(),
                feed_forward(),
                residual(),
            )
            for _ in range(num_layers)
        ]
        self.dropout = keras.layers.Dropout(dropout)

    def call(self, inputs, training=False):
        """Returns the logits of the target's next tokens."""
        source, target = inputs
        mask = (source != PADDING)[:, None]

        def embed(tokens):
            positions = keras.ops.arange(keras.ops.shape(tokens)[1])
            x = self.embedding(tokens) * self.d_model**0.5
            x = x + sinusoidal_positions(positions, self.d_model)
            return self.dropout(x, training=training)

        def add(x, y, norm):
            return norm(x + self.dropout(y, training=training))

        x = embed(source)
        for attention, norm, feed_forward, last_norm in self.encoder:
            x = add(x, attention(x, x, attention_mask=mask), norm)
            x = add(x, feed_forward(x), last_norm)
        memory, x = x, embed(target)
        for attention, norm, cross, cross_norm, feed_forward, last in self.decoder:
            x = add(x, attention(x, x, use_causal_mask=True), norm)
            x = add(x, cross(x, memory, attention_mask=mask), cross_norm)
            x = add(x, feed_forward(x), last)
        return self.embedding(x, reverse=True)
