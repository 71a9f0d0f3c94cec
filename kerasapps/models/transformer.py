"""The Transformer: "Attention Is All You Need".

https://arxiv.org/abs/1706.03762
"""

from collections.abc import Sequence
from typing import Any, Literal

import keras

from kerasapps.arguments import checked
from kerasapps.errors import InputError
from kerasapps.layers import MultiHeadAttention, sinusoidal_positions
from kerasapps.layers.annotations import Tensor
from kerasapps.models.paper import Paper
from kerasapps.models.variant import variant
from kerasapps.tokens import PADDING


class _Residual(keras.layers.Layer):
    """What is around each sublayer: dropout, addition and normalization.

    "post", as in the paper: `norm(x + sublayer(x))`. "pre": `x + sublayer(norm(x))`.
    """

    def __init__(self, norm, dropout, **kwargs):
        super().__init__(**kwargs)
        self.pre = norm == "pre"
        self.norm = _norm("norm")
        self.dropout = keras.layers.Dropout(dropout, name="dropout")

    def build(self, input_shape):
        self.norm.build(input_shape)

    def before(self, x):
        """Returns what the sublayer gets."""
        return self.norm(x) if self.pre else x

    def after(self, x, y, training):
        """Returns the sum of x and the sublayer's output y."""
        x = x + self.dropout(y, training=training)
        return x if self.pre else self.norm(x)


class _FeedForward(keras.layers.Layer):
    """Two dense layers, a rectifier between them; section 3.3."""

    def __init__(self, d_ff, **kwargs):
        super().__init__(**kwargs)
        self.d_ff = d_ff

    def build(self, input_shape):
        d_model = input_shape[-1]
        self.hidden = keras.layers.Dense(
            self.d_ff, "relu", dtype=self.dtype_policy, name="hidden"
        )
        self.hidden.build(input_shape)
        self.outputs = keras.layers.Dense(
            d_model, dtype=self.dtype_policy, name="outputs"
        )
        self.outputs.build((*input_shape[:-1], self.d_ff))

    def call(self, x):
        return self.outputs(self.hidden(x))


class _Encoder(keras.layers.Layer):
    """Self-attention and a feed-forward network; figure 1, left."""

    def __init__(self, d_ff, num_heads, dropout, norm, **kwargs):
        super().__init__(**kwargs)
        self.attention = MultiHeadAttention(num_heads, name="attention")
        self.attention_residual = _Residual(norm, dropout, name="attention_residual")
        self.feed_forward = _FeedForward(d_ff, name="feed_forward")
        self.feed_forward_residual = _Residual(
            norm, dropout, name="feed_forward_residual"
        )

    def build(self, input_shape):
        self.attention.build(input_shape)
        self.attention_residual.build(input_shape)
        self.feed_forward.build(input_shape)
        self.feed_forward_residual.build(input_shape)

    def call(self, x, source_mask, training=False):
        """Returns the tokens, and what each took from each."""
        residual = self.attention_residual
        y, weights = self.attention(residual.before(x), attention_mask=source_mask)
        x = residual.after(x, y, training)
        residual = self.feed_forward_residual
        y = self.feed_forward(residual.before(x))
        return residual.after(x, y, training), weights


class _Decoder(keras.layers.Layer):
    """Self-attention, attention to the source and a feed-forward network; right."""

    def __init__(self, d_ff, num_heads, dropout, norm, **kwargs):
        super().__init__(**kwargs)
        self.attention = MultiHeadAttention(num_heads, name="attention")
        self.attention_residual = _Residual(norm, dropout, name="attention_residual")
        self.cross_attention = MultiHeadAttention(num_heads, name="cross_attention")
        self.cross_residual = _Residual(norm, dropout, name="cross_residual")
        self.feed_forward = _FeedForward(d_ff, name="feed_forward")
        self.feed_forward_residual = _Residual(
            norm, dropout, name="feed_forward_residual"
        )

    def build(self, input_shape):
        self.attention.build(input_shape)
        self.attention_residual.build(input_shape)
        self.cross_attention.build(input_shape, input_shape)
        self.cross_residual.build(input_shape)
        self.feed_forward.build(input_shape)
        self.feed_forward_residual.build(input_shape)

    def call(self, x, memory, causal, source_mask, training=False):
        """Returns the tokens, what each took from each, and what from the source."""
        residual = self.attention_residual
        y, weights = self.attention(residual.before(x), attention_mask=causal)
        x = residual.after(x, y, training)
        x, source_weights = self._from_source(x, memory, source_mask, training)
        return x, weights, source_weights

    def step(self, x, position, memory, cache, source_mask):
        """Returns the next token alone, the cache, and what it took from the source."""
        residual = self.attention_residual
        y, keys, values = self.attention.step(
            residual.before(x), position, cache["keys"], cache["values"]
        )
        x = residual.after(x, y, False)
        x, source_weights = self._from_source(x, memory, source_mask, False)
        return x, {"keys": keys, "values": values}, source_weights

    def _from_source(self, x, memory, source_mask, training):
        residual = self.cross_residual
        y, weights = self.cross_attention.attend(
            residual.before(x), memory["keys"], memory["values"], source_mask
        )
        x = residual.after(x, y, training)
        residual = self.feed_forward_residual
        y = self.feed_forward(residual.before(x))
        return residual.after(x, y, training), weights


def _norm(name):
    return keras.layers.LayerNormalization(epsilon=1e-6, name=name)


@keras.saving.register_keras_serializable("kerasapps")
class Transformer(keras.Model):
    """Attention alone reads the source and writes the target; section 3 and figure 1.

    With its defaults it is the paper's base model, of 63,045,632 parameters.

    As in the paper there is dropout on each sublayer's output and on the sums of
    embeddings and positions (section 5.4), not on what attention takes. As in the
    released code, kernels start as Glorot and Bengio have it and embeddings normal with
    a deviation of 1 / sqrt(d_model); the epsilon of the normalization is 1e-6; with
    `norm="pre"` the outputs of encoder and decoder are normalized, too; and the logits
    have no biases.

    Args:
        source_vocabulary: Number of tokens of the source language.
        target_vocabulary: Number of tokens of the target language.
        num_layers: Layers of the encoder, and of the decoder.
        d_model: Channels of a token, even.
        d_ff: Hidden units of the feed-forward networks.
        num_heads: Number of heads; they share the channels out.
        dropout: Dropout rate.
        shared_embeddings: Whether source, target and logits share one matrix (section
            3.4), which needs one vocabulary for both languages.
        norm: "post": each sublayer's sum is normalized, as in the paper. "pre": each
            sublayer's input is.
        name: Name of the model.

    Inputs: A pair: `source`, int32 `[batch, source]`, that ends with END, and `target`,
    int32 `[batch, target]`, that begins with BEGIN; both padded at the end.

    Outputs: Logits of the target's next tokens, float32
    `[batch, target, target_vocabulary]`.

    Raises:
        InputError: If vocabularies that share embeddings differ, channels and heads
            don't fit, or an argument isn't one of its choices.

    Attributes:
        aligns: Whether `step` tells what it took from the source.
    """

    paper = Paper(
        title="Attention Is All You Need",
        authors="Vaswani, Shazeer, Parmar, Uszkoreit, Jones, Gomez, Kaiser, Polosukhin",
        year=2017,
        url="https://arxiv.org/abs/1706.03762",
    )
    task = "translator"

    aligns = True

    @checked
    def __init__(
        self,
        source_vocabulary: int = 37_000,
        target_vocabulary: int = 37_000,
        num_layers: int = 6,
        d_model: int = 512,
        d_ff: int = 2048,
        num_heads: int = 8,
        dropout: float = 0.1,
        shared_embeddings: bool = True,
        norm: Literal["post", "pre"] = "post",
        name: str = "transformer",
    ):
        super().__init__(name=name)
        if d_model % 2 or d_model % num_heads:
            raise InputError(
                f"Transformer needs an even d_model that is a multiple of its "
                f"{num_heads} heads, not {d_model}"
            )
        if shared_embeddings and source_vocabulary != target_vocabulary:
            raise InputError(
                "shared embeddings need one vocabulary for both languages, not "
                f"{source_vocabulary} and {target_vocabulary} tokens"
            )
        self.source_vocabulary = source_vocabulary
        self.target_vocabulary = target_vocabulary
        self.num_layers = num_layers
        self.d_model = d_model
        self.d_ff = d_ff
        self.num_heads = num_heads
        self.dropout_rate = dropout
        self.shared_embeddings = shared_embeddings
        self.norm = norm

        def embedding(vocabulary, name, tie_weights):
            # The logits stay float32 under mixed precision.
            layer = keras.layers.ReversibleEmbedding(
                vocabulary,
                d_model,
                tie_weights,
                keras.initializers.RandomNormal(stddev=d_model**-0.5),
                dtype="float32",
                name=name,
            )
            layer.build()
            return layer

        def stack(layer, name):
            layers = []
            for number in range(1, num_layers + 1):
                layers.append(
                    layer(d_ff, num_heads, dropout, norm, name=f"{name}{number}")
                )
                layers[-1].build((None, None, d_model))
            return layers

        if shared_embeddings:
            self.target_embedding = embedding(target_vocabulary, "embedding", True)
            self.source_embedding = self.target_embedding
        else:
            self.source_embedding = embedding(
                source_vocabulary, "source_embedding", True
            )
            self.target_embedding = embedding(
                target_vocabulary, "target_embedding", False
            )
        self.dropout = keras.layers.Dropout(dropout, name="dropout")
        self.encoder = stack(_Encoder, "encoder")
        self.decoder = stack(_Decoder, "decoder")
        if norm == "pre":
            self.encoder_norm = _norm("encoder_norm")
            self.decoder_norm = _norm("decoder_norm")
            for layer in (self.encoder_norm, self.decoder_norm):
                layer.build((None, None, d_model))
        self.built = True

    def call(self, inputs: Sequence[Tensor], training: bool = False) -> Tensor:
        """Returns the logits of the target's next tokens."""
        source, target = inputs
        return self.decode(target, self.encode(source, training), training)

    def decode(
        self, target: Tensor, memory: dict[str, Any], training: bool = False
    ) -> Tensor:
        """Returns the logits of the target's next tokens, as the model does.

        Args:
            target: int32 `[batch, target]`, from BEGIN on.
            memory: What `encode` returned of the sources.
            training: Whether there is dropout.
        """
        x, _, _ = self._decode(target, memory, training)
        return self._logits(x)

    def attention(self, source: Tensor, target: Tensor) -> dict[str, Tensor]:
        """Returns what each token takes from each in all layers and heads.

        Args:
            source: int32 `[batch, source]`.
            target: int32 `[batch, target]`, from BEGIN on.

        Returns:
            A dictionary of float32 tensors: `encoder`, `[batch, layers, heads, source,
            source]`, `decoder`, `[batch, layers, heads, target, target]`, and `cross`,
            `[batch, layers, heads, target, source]`, what the target takes from the
            source. The last axis sums to 1.
        """
        memory, encoder = self._encode(source, training=False)
        _, decoder, cross = self._decode(target, memory, training=False)
        layers = {"encoder": encoder, "decoder": decoder, "cross": cross}
        return {name: keras.ops.stack(x, axis=1) for name, x in layers.items()}

    def encode(self, source: Tensor, training: bool = False) -> dict[str, Any]:
        """Reads sources.

        Args:
            source: int32 `[batch, source]`.
            training: Whether there is dropout.

        Returns:
            A dictionary of `mask`, bool `[batch, source]`, False for padding; and for
            each layer of the decoder, by its name, a dictionary of `keys` and `values`,
            `[batch, heads, source, size]`, with which it attends to the source.
        """
        memory, _ = self._encode(source, training)
        return memory

    def initial_states(
        self, memory: dict[str, Any], max_length: int | None
    ) -> dict[str, Any]:
        """Returns the states before the first step, as `step` returns them.

        Args:
            memory: What `encode` returned.
            max_length: The largest number of steps.
        """
        batch = keras.ops.shape(memory["mask"])[0]
        size = self.d_model // self.num_heads
        empty = keras.ops.zeros(
            (batch, self.num_heads, max_length, size), self.compute_dtype
        )
        return {layer.name: {"keys": empty, "values": empty} for layer in self.decoder}

    def step(
        self,
        token: Tensor,
        position: Tensor,
        memory: dict[str, Any],
        states: dict[str, Any],
    ) -> tuple[Tensor, dict[str, Any], Tensor | None]:
        """Writes one token more.

        Args:
            token: int32 `[batch]`, the token before it.
            position: int32 scalar, the number of steps before.
            memory: What `encode` returned.
            states: The states before the step.

        Returns:
            The logits, float32 `[batch, target_vocabulary]`; the states after the step:
            for each layer, by its name, a dictionary of `keys` and `values`, `[batch,
            heads, max_length, size]`, of the tokens so far; and the alignment, float32
            `[batch, source]`: what the last layer takes from the source, on average
            over its heads. It sums to 1; padding has 0.
        """
        mask = memory["mask"][:, None, None]
        x = self._embed(self.target_embedding, token[:, None], position, False)
        after = {}
        for layer in self.decoder:
            x, after[layer.name], weights = layer.step(
                x, position, memory[layer.name], states[layer.name], mask
            )
        alignment = keras.ops.mean(weights, axis=1)[:, 0]
        return self._logits(x)[:, 0], after, alignment

    def _embed(self, embedding, tokens, positions, training):
        """Returns the sums of scaled embeddings and positions; sections 3.4 and 3.5."""
        x = embedding(tokens) * self.d_model**0.5
        x = x + sinusoidal_positions(positions, self.d_model)
        return self.dropout(keras.ops.cast(x, self.compute_dtype), training=training)

    def _encode(self, source, training):
        """Returns the memory and the attention of each layer."""
        mask = source != PADDING
        positions = keras.ops.arange(keras.ops.shape(source)[1])
        x = self._embed(self.source_embedding, source, positions, training)
        attention = []
        for layer in self.encoder:
            x, weights = layer(x, mask[:, None, None], training=training)
            attention.append(weights)
        if self.norm == "pre":
            x = self.encoder_norm(x)
        memory = {"mask": mask}
        for layer in self.decoder:
            keys, values = layer.cross_attention.project(x)
            memory[layer.name] = {"keys": keys, "values": values}
        return memory, attention

    def _decode(self, target, memory, training):
        """Returns the tokens, and of each layer both kinds of attention."""
        positions = keras.ops.arange(keras.ops.shape(target)[1])
        # Padding comes last, so no token that counts can see it.
        causal = positions[:, None] >= positions
        mask = memory["mask"][:, None, None]
        x = self._embed(self.target_embedding, target, positions, training)
        attention, cross = [], []
        for layer in self.decoder:
            x, weights, source_weights = layer(
                x, memory[layer.name], causal, mask, training=training
            )
            attention.append(weights)
            cross.append(source_weights)
        return x, attention, cross

    def _logits(self, x):
        if self.norm == "pre":
            x = self.decoder_norm(x)
        return self.target_embedding(x, reverse=True)

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments of the constructor."""
        return {
            "source_vocabulary": self.source_vocabulary,
            "target_vocabulary": self.target_vocabulary,
            "num_layers": self.num_layers,
            "d_model": self.d_model,
            "d_ff": self.d_ff,
            "num_heads": self.num_heads,
            "dropout": self.dropout_rate,
            "shared_embeddings": self.shared_embeddings,
            "norm": self.norm,
            "name": self.name,
        }


def _sized(
    size: tuple[int, int, int, int],
    source_vocabulary: int = 37_000,
    target_vocabulary: int = 37_000,
    dropout: float = 0.1,
    shared_embeddings: bool = True,
    norm: Literal["post", "pre"] = "post",
    name: str = "transformer",
) -> Transformer:
    """{name}, table 3; {parameters:,} parameters with a vocabulary of 37,000.

    The paper says 65 million of the base model and 213 million of the big one. The
    dropout rate is the one for English to German; for English to French the big model's
    is 0.1 (section 6.1). The arguments are those of `Transformer`.
    """
    vocabularies = (source_vocabulary, target_vocabulary)
    return Transformer(*vocabularies, *size, dropout, shared_embeddings, norm, name)


# Parameters, layers, d_model, d_ff and heads.
TransformerBase = variant(_sized, "TransformerBase", 63_045_632, (6, 512, 2048, 8))
TransformerBig = variant(
    _sized, "TransformerBig", 214_171_648, (6, 1024, 4096, 16), dropout=0.3
)
