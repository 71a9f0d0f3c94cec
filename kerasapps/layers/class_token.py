"""A token that gathers what a sequence says."""

import keras

from kerasapps.layers.annotations import Shape, Tensor


@keras.saving.register_keras_serializable("kerasapps")
class ClassToken(keras.layers.Layer):
    """Puts one learned token, the same for all examples, before a sequence.

    It starts at zero.

    Dosovitskiy et al., "An Image is Worth 16x16 Words", 2021, section 3.1 and
    equation 1, after the [class] token of BERT.

    Input shape: `[batch, tokens, channels]`.

    Output shape: `[batch, 1 + tokens, channels]`.
    """

    def build(self, input_shape: Shape) -> None:
        """Creates the token."""
        self.token = self.add_weight(
            name="token", shape=(input_shape[-1],), initializer="zeros"
        )

    def call(self, inputs: Tensor) -> Tensor:
        """Prepends the token."""
        batch, _, channels = keras.ops.shape(inputs)
        token = keras.ops.broadcast_to(self.token, (batch, 1, channels))
        return keras.ops.concatenate([token, inputs], axis=1)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Returns the input's shape with one more token."""
        batch, tokens, channels = input_shape
        return batch, None if tokens is None else tokens + 1, channels
