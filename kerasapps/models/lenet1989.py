"""LeNet of 1989: "Backpropagation Applied to Handwritten Zip Code Recognition".

https://doi.org/10.1162/neco.1989.1.4.541
"""

from typing import Any

import keras

from kerasapps.arguments import checked
from kerasapps.errors import InputError
from kerasapps.layers import (
    FanInUniform,
    SparselyConnectedConv2D,
    UntiedBias,
    scaled_tanh,
)
from kerasapps.layers.annotations import ImageShape, Tensor
from kerasapps.models.paper import Paper

# Map i of H2 sees the maps i to i + 7 of H1, modulo 12.
H2_CONNECTIONS = tuple(tuple((i + k) % 12 for k in range(8)) for i in range(12))


@keras.saving.register_keras_serializable("kerasapps")
class LeNet1989(keras.Model):
    """The zip-code network, section 3.3 and figure 3; 9,760 trainable parameters.

    H1 and H2 are convolutions of 5x5 with a stride of 2 and a bias of its own for every
    unit; what lies beyond the border of their input is a plane of the state -1. Each
    map of H2 sees 8 of the 12 maps of H1. The paper doesn't print which; here they are
    8 neighbours on a ring, so that each map of H1 feeds 8 of H2. Weights start uniform
    in +-2.4 / fan-in (section 4), biases at zero.

    The logits are the weighted sums of the output units. The paper squashes these with
    the scaled tanh, too, which leaves their order as it is; `paper_loss()` does so.

    Args:
        num_classes: Number of classes.
        input_shape: Height, width and channels of the images. The paper's are 16x16,
            with grey levels from -1 to 1.
        name: Name of the model.

    Inputs: `image`, float32 of shape `[batch, height, width, channels]`.

    Outputs: Logits, float32 of shape `[batch, num_classes]`.

    Raises:
        InputError: If the size of the images isn't fixed.
    """

    paper = Paper(
        title="Backpropagation Applied to Handwritten Zip Code Recognition",
        authors="LeCun, Boser, Denker, Henderson, Howard, Hubbard, Jackel",
        year=1989,
        url="https://doi.org/10.1162/neco.1989.1.4.541",
    )
    task = "classifier"

    @checked
    def __init__(
        self,
        num_classes: int = 10,
        input_shape: ImageShape = (16, 16, 1),
        name: str = "lenet1989",
    ):
        if None in input_shape:
            size = "x".join(map(str, input_shape[:2]))
            raise InputError(f"LeNet1989 needs images of a fixed size, not {size}")

        def convolved(x, name, layer, maps):
            border = ((0, 0), (2, 2), (2, 2), (0, 0))
            x = keras.ops.pad(x, border, constant_values=-1)
            x = layer(
                maps,
                5,
                strides=2,
                use_bias=False,
                kernel_initializer=FanInUniform(),
                name=name,
            )(x)
            x = UntiedBias(name=f"{name}_bias")(x)
            return keras.layers.Activation(scaled_tanh, name=f"{name}_activation")(x)

        image = keras.Input(input_shape, name="image", dtype="float32")
        x = convolved(image, "H1", keras.layers.Conv2D, 12)
        x = convolved(x, "H2", SparselyConnectedConv2D, H2_CONNECTIONS)
        x = keras.layers.Flatten(name="flatten")(x)
        x = keras.layers.Dense(
            30, activation=scaled_tanh, kernel_initializer=FanInUniform(), name="H3"
        )(x)
        # The outputs stay float32 under mixed precision.
        logits = keras.layers.Dense(
            num_classes,
            kernel_initializer=FanInUniform(),
            name="output",
            dtype="float32",
        )(x)
        super().__init__(image, logits, name=name)
        self.num_classes = num_classes

    def paper_loss(self) -> "PlaceCodeMeanSquaredError":
        """Returns the paper's loss."""
        return PlaceCodeMeanSquaredError()

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments of the constructor."""
        return {
            "num_classes": self.num_classes,
            "input_shape": self.input_shape[1:],
            "name": self.name,
        }


@keras.saving.register_keras_serializable("kerasapps")
class PlaceCodeMeanSquaredError(keras.losses.Loss):
    """Mean squared error of the squashed outputs against a place code (section 4).

    The target is +1 for the unit of the right class and -1 for all others; the output
    of a unit is the scaled tanh of its logit.

    `y_true`: class indices, of shape `[batch]` or `[batch, 1]`.

    `y_pred`: logits, of shape `[batch, num_classes]`.
    """

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """Returns the loss of each example, `[batch]`."""
        label = keras.ops.reshape(keras.ops.cast(y_true, "int32"), (-1,))
        codes = 2 * keras.ops.eye(y_pred.shape[-1], dtype=y_pred.dtype) - 1
        error = scaled_tanh(y_pred) - keras.ops.take(codes, label, axis=0)
        return keras.ops.mean(keras.ops.square(error), axis=-1)
