"""A convolution whose output maps each see only some of the input maps."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

from kerasapps.layers.annotations import Shape, Tensor


@keras.saving.register_keras_serializable("kerasapps")
class SparselyConnectedConv2D(keras.layers.Layer):
    """2D convolution with a connection table between input and output maps.

    Only the connections that exist are weights. They are laid out as a dense kernel,
    with zeros elsewhere, whenever the layer is called.

    LeCun, Bottou, Bengio and Haffner, "Gradient-Based Learning Applied to Document
    Recognition", 1998, section II.B, layer C3 and table I.

    Input shape: `[batch, height, width, channels]`.

    Output shape: `[batch, new_height, new_width, maps]`, as of a `keras.layers.Conv2D`
    with padding "valid".

    Args:
        connection_table: For each output map, the indices of the input maps it sees.
        kernel_size: Height and width of the kernels.
        strides: Strides along height and width.
        activation: Activation function; none by default.
        use_bias: Whether each output map has a bias.
        kernel_initializer: Initializer of the kernels. It is given the shape
            `[kernel_height, kernel_width, inputs, maps]` with the inputs that a map
            sees, so that the fan-in is the true one.
        **kwargs: Arguments of `keras.layers.Layer`.

    Raises:
        ValueError: On building, if the table names an input map that there isn't.
    """

    def __init__(
        self,
        connection_table: Sequence[Sequence[int]],
        kernel_size: int | tuple[int, int],
        strides: int = 1,
        activation: str | Callable | None = None,
        use_bias: bool = True,
        kernel_initializer: str | keras.initializers.Initializer = "glorot_uniform",
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.connection_table = tuple(tuple(row) for row in connection_table)
        self.kernel_size = kernel_size
        self.strides = strides
        self.activation = keras.activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer = keras.initializers.get(kernel_initializer)

    def build(self, input_shape: Shape) -> None:
        """Creates the existing kernels, in the order of the table."""
        channels, maps = input_shape[-1], len(self.connection_table)
        connections = sum(map(len, self.connection_table))
        # Where in the kernel each connection is; the absent ones are one past its end.
        self._positions = np.full((channels, maps), connections, "int32")
        position = 0
        for output, inputs in enumerate(self.connection_table):
            if not set(inputs) <= set(range(channels)):
                raise ValueError(
                    f"Output map {output} of {self.name} is connected to the maps "
                    f"{inputs}, but there are only the input maps 0 to {channels - 1}."
                )
            self._positions[list(inputs), output] = position + np.arange(len(inputs))
            position += len(inputs)
        height, width = np.broadcast_to(self.kernel_size, 2).tolist()
        self.kernel = self.add_weight(
            name="kernel",
            shape=(height, width, connections),
            initializer=self._initial_kernel,
        )
        if self.use_bias:
            self.bias = self.add_weight(name="bias", shape=(maps,), initializer="zeros")

    def _initial_kernel(self, shape, dtype):
        # One draw for each fan-in: a seeded initializer repeats itself when it is
        # called again, and would make the maps equal.
        fan_ins = [len(inputs) for inputs in self.connection_table]
        draws = {
            n: self.kernel_initializer((*shape[:2], n, len(fan_ins)), dtype)
            for n in set(fan_ins)
        }
        return keras.ops.concatenate(
            [draws[n][..., output] for output, n in enumerate(fan_ins)], axis=-1
        )

    def call(self, inputs: Tensor) -> Tensor:
        """Convolves the maps."""
        padded = keras.ops.pad(self.kernel, ((0, 0), (0, 0), (0, 1)))
        outputs = keras.ops.conv(
            inputs,
            keras.ops.take(padded, self._positions, axis=-1),
            strides=self.strides,
            padding="valid",
            data_format="channels_last",
        )
        if self.use_bias:
            outputs = outputs + self.bias
        return self.activation(outputs)

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments of the constructor."""
        return {
            **super().get_config(),
            "connection_table": self.connection_table,
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "activation": keras.activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
        }
