"""Learned embeddings of the places in a sequence."""

import keras

from kerasapps.layers.annotations import Shape, Tensor


@keras.saving.register_keras_serializable("kerasapps")
class PositionEmbedding(keras.layers.Layer):
    """Adds to each token of a sequence a learned vector that belongs to its place.

    The vectors start normal with a standard deviation of 0.02.

    Dosovitskiy et al., "An Image is Worth 16x16 Words", 2021, equation 1; the
    deviation is that of the released code, after BERT.

    Input shape: `[batch, tokens, channels]`, the number of tokens fixed.

    Output shape: that of the input.
    """

    def build(self, input_shape: Shape) -> None:
        """Creates one vector for each place."""
        self.embedding = self.add_weight(
            name="embedding",
            shape=input_shape[1:],
            initializer=keras.initializers.RandomNormal(stddev=0.02),
        )

    def call(self, inputs: Tensor) -> Tensor:
        """Adds the vectors."""
        return inputs + self.embedding

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Returns the shape of the input."""
        return input_shape

    def multiply_adds(self, input_shape: Shape) -> int:
        """Returns 0: additions alone aren't counted."""
        return 0
