"""Losses that Keras lacks."""

import keras


@keras.saving.register_keras_serializable("kerasapps")
class SmoothedCrossentropy(keras.losses.Loss):
    """Cross-entropy of logits against class indices with label smoothing.

    Szegedy et al. 2015, "Rethinking the Inception Architecture", section 7.
    `keras.losses.SparseCategoricalCrossentropy` has no smoothing.

    `y_true`: class indices, of shape `[batch]` or `[batch, 1]`.

    `y_pred`: logits, of shape `[batch, num_classes]`.

    Args:
        label_smoothing: Share of the probability that goes to all classes alike.
        **kwargs: Arguments of `keras.losses.Loss`.
    """

    def __init__(self, label_smoothing: float, **kwargs):
        super().__init__(**kwargs)
        self.label_smoothing = label_smoothing

    def call(self, y_true, y_pred):
        """Returns the loss of each example, `[batch]`."""
        labels = keras.ops.reshape(y_true, (-1,))
        one_hot = keras.ops.one_hot(labels, y_pred.shape[-1], dtype=y_pred.dtype)
        return keras.losses.categorical_crossentropy(
            one_hot, y_pred, from_logits=True, label_smoothing=self.label_smoothing
        )

    def get_config(self):
        """Returns the constructor's arguments."""
        return super().get_config() | {"label_smoothing": self.label_smoothing}
