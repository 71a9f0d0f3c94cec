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
import math
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from absl import flags

from apps.run import command
from apps.translator.keras_transformer import KerasTransformer
from kerasapps import memory
from kerasapps.evaluation import speed
from kerasapps.evaluation.translator.beam_search import beam_search
from kerasapps.evaluation.translator.uncached import Uncached
from kerasapps.models import RNNencdec, RNNsearch, Seq2SeqLSTM, Transformer
from kerasapps.tokens import BEGIN
from kerasapps.training.sequence_losses import SequenceCrossentropy

# Small enough for two cores.
_SIZES: dict[type, dict[str, Any]] = {
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
_MODELS = {constructor.__name__.lower(): constructor for constructor in _SIZES}

FLAGS = flags.FlagValues()
flags.DEFINE_multi_enum(
    "model",
    [*_MODELS],
    [*_MODELS],
    "Translator. Repeat the flag for more than one.",
    flag_values=FLAGS,
)
flags.DEFINE_integer(
    "length", 50, "Tokens of a source and a target.", lower_bound=2, flag_values=FLAGS
)
flags.DEFINE_integer(
    "batch_size", 16, "Sentences in a batch.", lower_bound=1, flag_values=FLAGS
)
flags.DEFINE_integer("beam_size", 4, "Of the search.", lower_bound=1, flag_values=FLAGS)
flags.DEFINE_integer(
    "vocabulary", 8000, "Tokens of a vocabulary.", lower_bound=8, flag_values=FLAGS
)
flags.DEFINE_integer("repeats", 5, "Turns.", lower_bound=1, flag_values=FLAGS)
flags.DEFINE_bool("json", False, "Print JSON instead of a table.", flag_values=FLAGS)

# What the JSON tells beside the rows.
_ABOUT = ("length", "batch_size", "beam_size")

# Training steps of a turn of decoding: they are short, and vary the more.
_STEPS = 5


def main() -> None:
    """Measures everything and prints it."""
    shape = (FLAGS.batch_size, FLAGS.length)
    logits = math.prod(shape) * FLAGS.vocabulary
    memory.check(4 * logits, f"the logits of {shape[0]:,} sentences")
    tokens = np.random.default_rng(0).integers(4, FLAGS.vocabulary, shape, np.int32)
    rows = []
    if not FLAGS.json:
        print(
            f"{'model':<12} {'what':<9} {'ratio':>6} {'quartiles':>13} {'s':>7} "
            f"{'twin':>7}"
        )
    models = [_MODELS[name] for name in FLAGS.model]
    sizes = FLAGS.vocabulary, FLAGS.beam_size, FLAGS.repeats
    for row in _rows(models, tokens, *sizes):
        rows.append(row)
        if not FLAGS.json:
            low, median, high = row["ratio"]
            print(
                f"{row['model']:<12} {row['what']:<9} {median:6.2f} "
                f"{low:6.2f}-{high:<6.2f} {row['seconds']:7.3f} "
                f"{row['twin_seconds']:7.3f}",
                flush=True,
            )
    if FLAGS.json:
        about = {name: FLAGS[name].value for name in _ABOUT}
        print(json.dumps({**about, "rows": rows}, indent=2))


def _rows(constructors, tokens, vocabulary, beam_size, repeats):
    """Yields each measure: model, what, ratio in quartiles and seconds of both."""
    for constructor in constructors:
        keras.utils.set_random_seed(0)
        model = constructor(vocabulary, vocabulary, **_SIZES[constructor])
        pair = [
            _search(translator, tokens, beam_size)
            for translator in (model, Uncached(model))
        ]
        seconds = speed.alternate(pair, repeats)
        yield _row(constructor.__name__.lower(), "decoding", seconds)
    if Transformer not in constructors:
        return
    keras.utils.set_random_seed(0)
    sizes = _SIZES[Transformer]
    models = [
        Transformer(vocabulary, vocabulary, **sizes),
        KerasTransformer(vocabulary, **sizes),
    ]
    pair = [_training_step(model, tokens) for model in models]
    yield _row("transformer", "training", speed.alternate(pair, _STEPS * repeats))


def _search(translator, tokens, beam_size):
    """Returns what searches for the translations of a batch."""
    search = tf.function(
        lambda source: (
            beam_search([translator], source, tokens.shape[1], beam_size).tokens
        ),
        # Of any size, as in the export.
        input_signature=[tf.TensorSpec([None, None], tf.int32)],
    )
    return lambda: search(tf.constant(tokens)).numpy()


def _training_step(model, tokens):
    """Returns what trains on a batch whose targets are its sources."""
    target_in = np.concatenate(
        [np.full_like(tokens[:, :1], BEGIN), tokens[:, :-1]], axis=1
    )
    # A step that makes variables would be traced twice.
    model((tokens, target_in))
    model.compile("adam", SequenceCrossentropy(0.1), jit_compile=False)
    model.optimizer.build(model.trainable_variables)
    return lambda: model.train_on_batch((tokens, target_in), tokens)


def _row(model, what, seconds):
    ratio = np.quantile(seconds[:, 1] / seconds[:, 0], [0.25, 0.5, 0.75])
    median, twin_median = np.median(seconds, axis=0)
    return {
        "model": model,
        "what": what,
        "ratio": ratio.tolist(),
        "seconds": float(median),
        "twin_seconds": float(twin_median),
    }


if __name__ == "__main__":
    command.run(main, FLAGS)
