"""Layers with an equalized learning rate.

Karras, Aila, Laine and Lehtinen, "Progressive Growing of GANs for Improved Quality,
Stability, and Variation", 2018, section 4.1: weights start from N(0, 1), and each time
they are used they are multiplied by He's constant, gain / sqrt(inputs of a unit). An
optimizer that normalizes its steps, as Adam, then moves all of them at the same speed.
"""

import math
from typing import Any

import keras

from kerasapps.layers.annotations import Tensor

# Of He's constant, before rectifiers.
_RECTIFIED = math.sqrt(2)


def _constant(gain, inputs):
    """Returns the constant of a layer whose units have so many inputs."""
    return gain / math.sqrt(inputs)


@keras.saving.register_keras_serializable("kerasapps")
class EqualizedDense(keras.layers.Dense):
    """A fully connected layer with an equalized learning rate.

    Args:
        units: Number of units.
        gain: Gain of He's constant: sqrt(2) before rectifiers, 1 before nothing.
        rate: Factor of the learning rate of weights and biases; StyleGAN's mapping
            network has 0.01 (Karras, Laine and Aila 2019, appendix C).
        **kwargs: Arguments of `keras.layers.Layer`.

    Inputs: `[batch, ..., features]`.

    Outputs: `[batch, ..., units]`.
    """

    def __init__(
        self, units: int, gain: float = _RECTIFIED, rate: float = 1.0, **kwargs: Any
    ):
        super().__init__(
            units,
            kernel_initializer=keras.initializers.RandomNormal(stddev=1 / rate),
            **kwargs,
        )
        self.gain = gain
        self.rate = rate

    def call(self, inputs: Tensor) -> Tensor:
        """Returns the sums."""
        kernel = self.kernel * (_constant(self.gain, self.kernel.shape[0]) * self.rate)
        return keras.ops.matmul(inputs, kernel) + self.bias * self.rate

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments of the constructor."""
        return {
            **keras.layers.Layer.get_config(self),
            "units": self.units,
            "gain": self.gain,
            "rate": self.rate,
        }


@keras.saving.register_keras_serializable("kerasapps")
class EqualizedConv2D(keras.layers.Conv2D):
    """A convolution at stride 1 that keeps the size, with an equalized learning rate.

    Args:
        filters: Number of kernels.
        kernel_size: Their height and width.
        gain: Gain of He's constant: sqrt(2) before rectifiers, 1 before nothing.
        use_bias: Whether there are biases, which start at zero.
        **kwargs: Arguments of `keras.layers.Layer`.

    Inputs: `[batch, height, width, channels]`.

    Outputs: `[batch, height, width, filters]`.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int | tuple[int, int],
        gain: float = _RECTIFIED,
        use_bias: bool = True,
        **kwargs: Any,
    ):
        super().__init__(
            filters,
            kernel_size,
            padding="same",
            use_bias=use_bias,
            kernel_initializer=keras.initializers.RandomNormal(stddev=1.0),
            **kwargs,
        )
        self.gain = gain

    def convolution_op(self, inputs: Tensor, kernel: Tensor) -> Tensor:
        """Convolves with the kernels times the constant."""
        inputs_of_a_unit = math.prod(kernel.shape[:-1])
        return super().convolution_op(
            inputs, kernel * _constant(self.gain, inputs_of_a_unit)
        )

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments of the constructor."""
        return {
            **keras.layers.Layer.get_config(self),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "gain": self.gain,
            "use_bias": self.use_bias,
        }
