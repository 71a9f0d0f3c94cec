"""Learned embeddings of the places on a grid."""

import keras

from kerasapps.layers.annotations import Shape, Tensor


@keras.saving.register_keras_serializable("kerasapps")
class PositionEmbedding2D(keras.layers.Layer):
    """Adds to each cell of a grid a learned vector of its column and one of its row.

    The first half of the channels gets the vector of the column, x, the second half
    that of the row, y. The vectors start normal with a standard deviation of 0.02.

    Dosovitskiy et al., "An Image is Worth 16x16 Words", 2021, appendix D.4.

    Input shape: `[batch, rows, columns, channels]`, all but the batch fixed.

    Output shape: that of the input.

    Raises:
        ValueError: On building, if the number of channels is odd.
    """

    def build(self, input_shape: Shape) -> None:
        """Creates one vector for each column and one for each row."""
        _, rows, columns, channels = input_shape
        if channels % 2:
            raise ValueError(
                f"{self.name} halves the channels, which must be even, not {channels}."
            )
        self.x_embedding, self.y_embedding = (
            self.add_weight(
                name=f"{axis}_embedding",
                shape=(size, channels // 2),
                initializer=keras.initializers.RandomNormal(stddev=0.02),
            )
            for axis, size in (("x", columns), ("y", rows))
        )

    def call(self, inputs: Tensor) -> Tensor:
        """Adds the vectors."""
        _, rows, columns, channels = inputs.shape
        shape = (rows, columns, channels // 2)
        x = keras.ops.broadcast_to(self.x_embedding, shape)
        y = keras.ops.broadcast_to(self.y_embedding[:, None], shape)
        return inputs + keras.ops.concatenate([x, y], axis=-1)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Returns the shape of the input."""
        return input_shape

    def multiply_adds(self, input_shape: Shape) -> int:
        """Returns 0: additions alone aren't counted."""
        return 0
