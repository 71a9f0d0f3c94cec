"""The papers' figures of how a network translates."""

import numpy as np
import tensorflow as tf

from kerasapps.figures.alignment import alignment
from kerasapps.figures.attention_heads import attention_heads
from kerasapps.figures.positional_encodings import positional_encodings
from kerasapps.layers import sinusoidal_positions
from kerasapps.tokens import BEGIN, PADDING

# Positions in the figure of the encodings.
_POSITIONS = 60
# Sentences whose alignment is drawn, and how long these may be in words.
SENTENCES, _SHORTEST, _LONGEST = 4, 6, 20
# Tokens at most, on either side, of a sentence whose alignment is drawn, and of that
# whose heads are.
_ALIGNED, _TOKENS = 100, 40


def chosen(sentences) -> list[int]:
    """Returns the sentences to draw alignments of: those of a fair length first."""
    fair = [_SHORTEST <= len(s.split()) <= _LONGEST for s in sentences]
    return sorted(range(len(sentences)), key=lambda row: not fair[row])[:SENTENCES]


def draw(translator, sentences):
    """Yields figures of the translations of a few sentences, by their names.

    Args:
        translator: The `kerasapps.evaluation.translator.translator.Translator`.
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
    written = vocabulary.encode(translator(tf.constant([sentence])).translations[:, 0])
    written = written.to_tensor(PADDING)
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
