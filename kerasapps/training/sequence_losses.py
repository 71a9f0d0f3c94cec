"""The loss and the metrics of sequences of tokens, in which padding doesn't count."""

import keras

from kerasapps.tokens import PADDING


@keras.saving.register_keras_serializable("kerasapps")
class SequenceCrossentropy(keras.losses.Loss):
    """Cross-entropy of each sequence: the sum over its tokens, padding left out.

    With label smoothing as in Vaswani et al., "Attention Is All You Need", 2017,
    section 5.4, after Szegedy et al. 2015, section 7: of the probability that share
    goes to all tokens of the vocabulary alike.

    With the sample weights of `kerasapps.data.text.pairs.SentencePairs` the mean
    over the sequences is the mean over the tokens.

    `y_true`: tokens, int32 `[batch, tokens]`.

    `y_pred`: logits, float32 `[batch, tokens, vocabulary]`.

    Args:
        label_smoothing: The share, from 0 to below 1.
        **kwargs: Arguments of `keras.losses.Loss`.
    """

    def __init__(self, label_smoothing: float = 0.0, **kwargs):
        super().__init__(**kwargs)
        self.label_smoothing = label_smoothing

    def call(self, y_true, y_pred):
        """Returns the loss of each sequence, `[batch]`."""
        each = keras.ops.sparse_categorical_crossentropy(
            y_true, y_pred, from_logits=True
        )
        if self.label_smoothing:
            # What the mean over all tokens of -log p has more than that of the label.
            chosen = keras.ops.take_along_axis(y_pred, y_true[..., None], axis=-1)
            more = chosen[..., 0] - keras.ops.mean(y_pred, axis=-1)
            each += self.label_smoothing * more
        counts = keras.ops.cast(y_true != PADDING, each.dtype)
        return keras.ops.sum(each * counts, axis=-1)

    def get_config(self):
        """Returns the constructor's arguments."""
        return super().get_config() | {"label_smoothing": self.label_smoothing}


@keras.saving.register_keras_serializable("kerasapps")
class TokenAccuracy(keras.metrics.Mean):
    """The share of tokens that got the largest logit, padding left out."""

    def __init__(self, name: str = "accuracy", **kwargs):
        super().__init__(name=name, **kwargs)

    def update_state(
        self,
        y_true: keras.KerasTensor,
        y_pred: keras.KerasTensor,
        sample_weight: keras.KerasTensor | None = None,
    ):
        """Counts tokens, int32 `[batch, tokens]`, against their logits."""
        right = keras.ops.cast(keras.ops.argmax(y_pred, axis=-1), "int32") == y_true
        super().update_state(right, y_true != PADDING)


@keras.saving.register_keras_serializable("kerasapps")
class Perplexity(keras.metrics.Mean):
    """2 to the mean cross-entropy of a token in bits, padding left out."""

    def __init__(self, name: str = "perplexity", **kwargs):
        super().__init__(name=name, **kwargs)

    def update_state(
        self,
        y_true: keras.KerasTensor,
        y_pred: keras.KerasTensor,
        sample_weight: keras.KerasTensor | None = None,
    ):
        """Adds tokens, int32 `[batch, tokens]`, and their logits."""
        each = keras.ops.sparse_categorical_crossentropy(
            y_true, y_pred, from_logits=True
        )
        super().update_state(each, y_true != PADDING)

    def result(self):
        """Returns the perplexity so far."""
        return keras.ops.exp(super().result())
