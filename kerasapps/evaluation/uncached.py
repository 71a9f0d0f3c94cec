"""Decoding without states: all of the sequence anew in each step."""

import keras
import tensorflow as tf

from kerasapps.tokens import PADDING


class Uncached:
    """A translator whose every step computes all steps before it again.

    It gives what the translator gives, and shows what its cached states save. A step
    calls the model as training does: it reads the source anew, too, and makes the
    logits of all tokens so far, of which the last are taken.

    Args:
        translator: A model of `kerasapps.models` that translates.
    """

    aligns = False

    def __init__(self, translator: keras.Model):
        self._translator = translator

    def encode(self, source):
        """Returns the source, int32 `[batch, source]`."""
        return source

    def initial_states(self, memory, max_length):
        """Returns no tokens yet, int32 `[batch, max_length]`."""
        return tf.fill([tf.shape(memory)[0], max_length], PADDING)

    def step(self, token, position, memory, states):
        """Returns the logits, the tokens so far, and no alignment."""
        here = tf.range(tf.shape(states)[1]) == position
        states = tf.where(here, token[:, None], states)
        target = states[:, : position + 1]
        return self._translator([memory, target])[:, -1], states, None
