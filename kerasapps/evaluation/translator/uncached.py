"""Decoding without states: all of the target anew in each step."""

import keras
import tensorflow as tf

from kerasapps.tokens import PADDING


class Uncached:
    """A translator whose every step computes all steps before it again.

    It gives what the translator gives, and shows what its cached states save. What is
    made of the source is kept; a step decodes all tokens so far as training does, which
    makes the logits of all of them, and takes the last.

    Args:
        translator: A model of `kerasapps.models` that translates.
    """

    aligns = False

    def __init__(self, translator: keras.Model):
        self._translator = translator

    def encode(self, source: tf.Tensor) -> dict:
        """Returns what the translator makes of the source, and the source itself."""
        return {"memory": self._translator.encode(source), "source": source}

    def initial_states(self, memory: dict, max_length: int | tf.Tensor) -> tf.Tensor:
        """Returns no tokens yet, int32 `[batch, max_length]`."""
        return tf.fill([tf.shape(memory["source"])[0], max_length], PADDING)

    def step(
        self, token: tf.Tensor, position: tf.Tensor, memory: dict, states: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, None]:
        """Returns the logits, the tokens so far, and no alignment."""
        here = tf.range(tf.shape(states)[1]) == position
        states = tf.where(here, token[:, None], states)
        target = states[:, : position + 1]
        logits = self._translator.decode(target, memory["memory"])
        return logits[:, -1], states, None
