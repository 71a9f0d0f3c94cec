"""The papers' figures of how a network translates."""

from collections.abc import Iterator, Mapping, Sequence

import keras
import numpy as np
import tensorflow as tf
from matplotlib.figure import Figure

from kerasapps.evaluation.translator.translator import Translator
from kerasapps.figures.alignment import alignment
from kerasapps.figures.attention_heads import attention_heads
from kerasapps.figures.learning_curves import learning_curves
from kerasapps.figures.learning_rate import learning_rate
from kerasapps.figures.positional_encodings import positional_encodings
from kerasapps.layers import sinusoidal_positions
from kerasapps.tokens import BEGIN, PADDING

# Positions in the figure of the encodings.
_POSITIONS = 60
# Sentences whose alignment is drawn, and how long these may be in words.
_SENTENCES, _SHORTEST, _LONGEST = 4, 6, 20
# Tokens at most, on either side, of a sentence whose alignment is drawn, and of that
# whose heads are.
_ALIGNED, _TOKENS = 100, 40


def draw_training(
    history: Mapping[str, Sequence[float]],
    schedule: str,
    rate: float | keras.optimizers.schedules.LearningRateSchedule,
    steps_per_epoch: int,
) -> Iterator[tuple[str, Figure]]:
    """Yields figures of a training by their names.

    Args:
        history: For each metric its values after each epoch.
        schedule: The name of the learning rate's schedule.
        rate: The learning rate, where it doesn't depend on the history.
        steps_per_epoch: Steps in an epoch.
    """
    yield "learning_curves", learning_curves(history)
    if schedule == "plateau":
        rates = np.repeat(history["learning_rate"], steps_per_epoch)
    elif schedule != "constant":
        steps = tf.range(len(history["learning_rate"]) * steps_per_epoch)
        each = tf.function(rate)
        rates = np.asarray(tf.map_fn(each, steps, fn_output_signature=tf.float32))
    else:
        return
    yield "learning_rate", learning_rate({schedule: rates})


def to_align(sentences: Sequence[str]) -> list[str]:
    """Returns the sentences to draw alignments of: those of a fair length first.

    Args:
        sentences: All sentences.
    """
    fair = [_SHORTEST <= len(s.split()) <= _LONGEST for s in sentences]
    rows = sorted(range(len(sentences)), key=lambda row: not fair[row])
    return [sentences[row] for row in rows[:_SENTENCES]]


def draw(
    translator: Translator, sentences: Sequence[str]
) -> Iterator[tuple[str, Figure]]:
    """Yields figures of the translations of a few sentences, by their names.

    Args:
        translator: What translates.
        sentences: The sentences.
    """
    network = translator.networks[0]
    draws_heads = hasattr(network, "attention")
    for number, sentence in enumerate(sentences):
        found = translator(tf.constant([sentence]))
        source = _words(found.source_tokens[0])
        target = _words(found.target_tokens[0, 0])
        longest = max(len(source), len(target))
        if translator.aligns and longest <= _ALIGNED:
            weights = found.alignments[0, 0, : len(target), : len(source)].numpy()
            yield f"alignment_{number}", alignment(weights, source, target)
        if draws_heads and longest <= _TOKENS:
            yield from _heads(translator, sentence, source, target)
            # Those of one sentence are enough.
            draws_heads = False
    if hasattr(network, "d_model"):
        encodings = sinusoidal_positions(np.arange(_POSITIONS), network.d_model)
        yield "positional_encodings", positional_encodings(np.asarray(encodings))


def _heads(translator, sentence, source, target):
    network, vocabulary = translator.networks[0], translator.target_vocabulary
    ids = translator.source_vocabulary.encode(tf.constant([sentence])).to_tensor()
    translations = translator(tf.constant([sentence])).translations
    written = vocabulary.encode(translations[:, 0]).to_tensor(PADDING)
    target_in = tf.concat([[[BEGIN]], written[:, :-1]], axis=1)
    after = _words(vocabulary.tokens(target_in)[0])
    attention = network.attention(ids, target_in)
    for part, rows, columns in (
        ("encoder", source, source),
        ("decoder", after, after),
        ("cross", _words(vocabulary.tokens(written)[0]), source),
    ):
        layers = np.asarray(attention[part])[0]
        for layer, weights in enumerate(layers, start=1):
            name = f"attention_{part}_{layer}"
            yield name, attention_heads(weights, rows, columns)


def _words(tokens):
    return [token.decode() for token in tokens.numpy() if token]
