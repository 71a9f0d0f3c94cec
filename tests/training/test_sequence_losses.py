"""Losses and metrics of sequences against direct formulas."""

import keras
import numpy as np
import pytest

from kerasapps.tokens import PADDING
from kerasapps.training.sequence_losses import (
    Perplexity,
    SequenceCrossentropy,
    TokenAccuracy,
)

RANDOM = np.random.default_rng(0)
LOGITS = RANDOM.normal(size=(2, 4, 5)).astype(np.float32)
TOKENS = np.array([[3, 4, 2, PADDING], [4, 2, PADDING, PADDING]], np.int32)
REAL = TOKENS != PADDING


def log_probabilities():
    exponents = np.exp(LOGITS.astype(np.float64))
    return np.log(exponents / exponents.sum(axis=-1, keepdims=True))


def cross_entropies(smoothing):
    """Of each token against the smoothed distribution, by its definition."""
    wanted = np.full((2, 4, 5), smoothing / 5)
    for place in np.ndindex(2, 4):
        wanted[place][TOKENS[place]] += 1 - smoothing
    return -(wanted * log_probabilities()).sum(axis=-1)


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.6])
def test_the_loss_is_the_sum_over_tokens_without_padding(smoothing):
    found = SequenceCrossentropy(smoothing).call(TOKENS, keras.ops.array(LOGITS))
    expected = (cross_entropies(smoothing) * REAL).sum(axis=-1)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_padding_has_no_gradient():
    import tensorflow as tf

    logits = tf.constant(LOGITS)
    with tf.GradientTape() as tape:
        tape.watch(logits)
        loss = SequenceCrossentropy(0.1)(TOKENS, logits)
    gradient = tape.gradient(loss, logits).numpy()
    assert (gradient[~REAL] == 0).all()
    assert (np.abs(gradient[REAL]).max(axis=-1) > 0).all()


def test_the_loss_is_made_again_from_its_config():
    loss = SequenceCrossentropy(0.3, name="smoothed")
    again = keras.losses.deserialize(keras.losses.serialize(loss))
    assert (again.label_smoothing, again.name) == (0.3, "smoothed")


def test_metrics_count_tokens_not_sequences():
    accuracy, perplexity = TokenAccuracy(), Perplexity()
    for row in range(2):
        # Weights of the sequences don't matter.
        rows = TOKENS[row : row + 1], LOGITS[row : row + 1]
        accuracy.update_state(*rows, sample_weight=np.array([0.1 + row]))
        perplexity.update_state(*rows, sample_weight=np.array([0.1 + row]))
    right = (LOGITS.argmax(axis=-1) == TOKENS)[REAL]
    assert float(accuracy.result()) == pytest.approx(right.mean())
    bits = cross_entropies(0)[REAL].mean() / np.log(2)
    assert float(perplexity.result()) == pytest.approx(2**bits, rel=1e-5)
