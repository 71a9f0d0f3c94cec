"""Measures how fast translators decode and train, against twins.

    python -m apps.benchmark_translator

Decoding: the beam search with cached states against the same search without, which
keeps what was read of the source and computes all earlier tokens again in each step.
Training: a step of the Transformer against one of the same network made of
`keras.layers.MultiHeadAttention`. The two take turns; a ratio of 2 says that the first
is twice as fast. It is the median over the turns, with the quartiles.
"""

# isort: off
import apps.run.quiet_tensorflow  # noqa: F401
# isort: on

import json

import keras
import numpy as np
import tensorflow as tf
from absl import flags

from apps.run import command
from kerasapps.evaluation import speed
from kerasapps.evaluation.translator.beam_search import beam_search
from kerasapps.evaluation.translator.uncached import Uncached
from kerasapps.layers import sinusoidal_positions
from kerasapps.models import RNNencdec, RNNsearch, Seq2SeqLSTM, Transformer
from kerasapps.tokens import BEGIN, PADDING
from kerasapps.training.sequence_losses import SequenceCrossentropy

LENGTH = flags.DEFINE_integer("length", 50, "Tokens of a source and a target.", 2)
BATCH_SIZE = flags.DEFINE_integer("batch_size", 16, "Sentences in a batch.", 1)
BEAM_SIZE = flags.DEFINE_integer("beam_size", 4, "Of the search.", 1)
VOCABULARY = flags.DEFINE_integer("vocabulary", 8000, "Tokens of a vocabulary.", 8)
REPEATS = flags.DEFINE_integer("repeats", 5, "Turns.", lower_bound=1)
JSON = flags.DEFINE_bool("json", False, "Print JSON instead of a table.")

# Training steps of a turn of decoding: they are short, and vary the more.
_STEPS = 5

# Small enough for two cores.
_SIZES = {
    Seq2SeqLSTM: {"embedding_size": 256, "units": 256, "num_layers": 2},
    RNNencdec: {"embedding_size": 256, "units": 256, "maxout_units": 128},
    RNNsearch: {
        "embedding_size": 256,
        "units": 256,
        "maxout_units": 128,
        "alignment_units": 256,
    },
    Transformer: {"num_layers": 4, "d_model": 256, "d_ff": 1024},
}


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

    def __init__(self, vocabulary, num_layers, d_model, d_ff, num_heads=8, dropout=0.1):
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


def decoding(constructor, sizes: dict, repeats: int) -> dict:
    """Measures a model's search with and without cached states.

    Args:
        constructor: The model's.
        sizes: Its sizes.
        repeats: Number of turns.

    Returns:
        A dictionary with the keys `model`, `what`, `ratio` (lower quartile, median and
        upper quartile), `seconds` and `twin_seconds`.
    """
    keras.utils.set_random_seed(0)
    model = constructor(VOCABULARY.value, VOCABULARY.value, **sizes)
    source = tf.constant(_tokens(), tf.int32)

    def search(translator):
        run = tf.function(
            lambda source: (
                beam_search([translator], source, LENGTH.value, BEAM_SIZE.value).tokens
            ),
            # Of any size, as in the export.
            input_signature=[tf.TensorSpec([None, None], tf.int32)],
        )
        return lambda: run(source).numpy()

    seconds = speed.alternate([search(model), search(Uncached(model))], repeats)
    return _row(constructor.__name__.lower(), "decoding", seconds)


def training(repeats: int) -> dict:
    """Measures the Transformer's training step against that of `KerasTransformer`.

    Args:
        repeats: Number of turns.

    Returns:
        As `decoding`.
    """
    keras.utils.set_random_seed(0)
    sizes = _SIZES[Transformer]
    pair = (
        Transformer(VOCABULARY.value, VOCABULARY.value, **sizes),
        KerasTransformer(VOCABULARY.value, **sizes),
    )
    source, target = _tokens(), _tokens()
    target_in = np.concatenate([np.full_like(target[:, :1], BEGIN), target[:, :-1]], 1)

    def step(model):
        model.compile("adam", SequenceCrossentropy(0.1), jit_compile=False)
        return lambda: model.train_on_batch((source, target_in), target)

    seconds = speed.alternate([step(model) for model in pair], repeats)
    return _row("transformer", "training", seconds)


def _tokens():
    shape = (BATCH_SIZE.value, LENGTH.value)
    return np.random.default_rng(0).integers(4, VOCABULARY.value, shape, np.int32)


def _row(model, what, seconds):
    ratio = np.quantile(seconds[:, 1] / seconds[:, 0], [0.25, 0.5, 0.75])
    mine, twin = np.median(seconds, axis=0)
    return {
        "model": model,
        "what": what,
        "ratio": ratio.tolist(),
        "seconds": float(mine),
        "twin_seconds": float(twin),
    }


def main():
    """Measures everything and prints it."""
    rows = []
    if not JSON.value:
        print(
            f"{'model':<12} {'what':<9} {'ratio':>6} {'quartiles':>13} {'s':>7} "
            f"{'twin':>7}"
        )
    measured = [
        lambda c=c, s=s: decoding(c, s, REPEATS.value) for c, s in _SIZES.items()
    ]
    for run in [*measured, lambda: training(_STEPS * REPEATS.value)]:
        row = run()
        rows.append(row)
        if not JSON.value:
            low, median, high = row["ratio"]
            print(
                f"{row['model']:<12} {row['what']:<9} {median:6.2f} "
                f"{low:6.2f}-{high:<6.2f} {row['seconds']:7.3f} "
                f"{row['twin_seconds']:7.3f}",
                flush=True,
            )
    if JSON.value:
        about = {flag.name: flag.value for flag in (LENGTH, BATCH_SIZE, BEAM_SIZE)}
        print(json.dumps({**about, "rows": rows}, indent=2))


if __name__ == "__main__":
    command.run(main)
