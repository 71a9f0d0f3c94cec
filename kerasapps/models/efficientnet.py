"""EfficientNet.

"EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks".

https://arxiv.org/abs/1905.11946
"""

from collections.abc import Sequence
from typing import Any

import keras

from kerasapps.arguments import checked
from kerasapps.errors import InputError
from kerasapps.layers import BatchNormalization, StochasticDepth
from kerasapps.layers.annotations import ImageShape
from kerasapps.layers.scaling import scale_depth, scale_input_shape, scale_width
from kerasapps.models.paper import Paper
from kerasapps.models.variant import variant
from kerasapps.weights.keras_applications import Weights, take_weights

# Table 1, stages 2 to 8: expansion, channels, blocks, strides of the first, kernel.
B0 = (
    (1, 16, 1, 1, 3),
    (6, 24, 2, 2, 3),
    (6, 40, 2, 2, 5),
    (6, 80, 3, 2, 3),
    (6, 112, 3, 1, 5),
    (6, 192, 4, 2, 5),
    (6, 320, 1, 1, 3),
)


def _initializer():
    """As in the released code: normal, of variance 2 / fan-out."""
    return keras.initializers.VarianceScaling(2, "fan_out", "untruncated_normal")


def _normalized(x, layer, name, swish=True):
    """A convolution without bias, batch normalization and, if `swish`, swish."""
    x = layer(x)
    x = BatchNormalization(momentum=0.99, epsilon=1e-3, name=f"{name}_bn")(x)
    return keras.layers.Activation("silu", name=f"{name}_swish")(x) if swish else x


def _convolution(x, filters, size, strides, name, swish=True):
    layer = keras.layers.Conv2D(
        filters,
        size,
        strides,
        padding="same",
        use_bias=False,
        kernel_initializer=_initializer(),
        name=name,
    )
    return _normalized(x, layer, name, swish)


def _squeeze_excitation(x, units, name):
    """Scales each channel by a gate that sees the means of all (Hu et al. 2018)."""
    gate = keras.layers.GlobalAveragePooling2D(keepdims=True, name=f"{name}_pool")(x)
    for filters, activation, part in (
        (units, "silu", "squeeze"),
        (x.shape[-1], "sigmoid", "excite"),
    ):
        gate = keras.layers.Conv2D(
            filters,
            1,
            activation=activation,
            kernel_initializer=_initializer(),
            name=f"{name}_{part}",
        )(gate)
    return keras.layers.Multiply(name=f"{name}_gate")([x, gate])


def _mbconv(x, expansion, filters, strides, size, drop_rate, name):
    """A mobile inverted bottleneck, MBConv, with squeeze-and-excitation."""
    shortcut, filters_in = x, x.shape[-1]
    if expansion != 1:
        x = _convolution(x, expansion * filters_in, 1, 1, f"{name}_expand")
    depthwise = keras.layers.DepthwiseConv2D(
        size,
        strides,
        padding="same",
        use_bias=False,
        depthwise_initializer=_initializer(),
        name=f"{name}_depthwise",
    )
    x = _normalized(x, depthwise, f"{name}_depthwise")
    # A quarter of the channels before the expansion.
    x = _squeeze_excitation(x, max(1, filters_in // 4), f"{name}_se")
    x = _convolution(x, filters, 1, 1, f"{name}_project", swish=False)
    if strides == 1 and filters == filters_in:
        if drop_rate:
            x = StochasticDepth(drop_rate, name=f"{name}_drop")(x)
        x = keras.layers.Add(name=f"{name}_add")([x, shortcut])
    return x


@keras.saving.register_keras_serializable("kerasapps")
class EfficientNet(keras.Model):
    """EfficientNet: a baseline, table 1, and what compound scaling makes of it.

    A 3x3 convolution, seven stages of MBConv blocks, a 1x1 convolution, global average
    pooling and a linear layer. All that the paper leaves open is as in its released
    code: rounding, initial weights, batch normalization with momentum 0.99 and
    epsilon 1e-3, "same" padding, which with stride 2 pads an even size below and to
    the right only, and a drop-connect rate that rises linearly from 0 at the first
    block. With the coefficients and resolutions of that code, the multiply-adds of B1
    are 2 % below table 2, those of B7, B5 and B4 2, 4 and 5 % above; the others are the
    table's.

    Images come in normalised; the network has no layers for that, unlike its twins of
    `keras.applications`.

    Args:
        width: Width coefficient, of all channels.
        depth: Depth coefficient, of the blocks of each stage.
        dropout_rate: Rate of the dropout before the linear layer.
        drop_connect_rate: Rate at which the last block's branch would be dropped for
            an example in training, were there one more.
        stages: The stages of the baseline, each with expansion, channels, number of
            blocks, strides of the first block, and kernel size.
        num_classes: Number of classes.
        input_shape: Height, width and channels of the images; height and width may be
            None.
        name: Name of the model.

    Inputs: `image`, float32 of shape `[batch, height, width, channels]`.

    Outputs: Logits, float32 of shape `[batch, num_classes]`.

    Raises:
        InputError: If a coefficient isn't positive, or the images are too small.
    """

    paper = Paper(
        title="EfficientNet: Rethinking Model Scaling for Convolutional Neural "
        "Networks",
        authors="Tan, Le",
        year=2019,
        url="https://arxiv.org/abs/1905.11946",
    )
    task = "classifier"

    @checked
    def __init__(
        self,
        width: float = 1.0,
        depth: float = 1.0,
        dropout_rate: float = 0.2,
        drop_connect_rate: float = 0.2,
        stages: Sequence[tuple[int, int, int, int, int]] = B0,
        num_classes: int = 1000,
        input_shape: ImageShape = (224, 224, 3),
        name: str = "efficientnet",
    ):
        if not (width > 0 and depth > 0):
            raise InputError(
                "EfficientNet needs coefficients of width and depth above 0, not "
                f"{width} and {depth}"
            )
        if any(size is not None and size < 8 for size in input_shape[:2]):
            size = "x".join(map(str, input_shape[:2]))
            raise InputError(f"EfficientNet needs images of at least 8x8, not {size}")
        blocks = []
        for number, stage in enumerate(stages):
            expansion, channels, repeats, strides, kernel = stage
            filters = scale_width(channels, width)
            for block in range(scale_depth(repeats, depth)):
                block_strides = 1 if block else strides
                where = f"block{number + 2}_{block + 1}"
                blocks.append((expansion, filters, block_strides, kernel, where))
        image = keras.Input(input_shape, name="image", dtype="float32")
        x = _convolution(image, scale_width(32, width), 3, 2, "stem")
        for number, (expansion, filters, strides, kernel, where) in enumerate(blocks):
            drop_rate = drop_connect_rate * number / len(blocks)
            x = _mbconv(x, expansion, filters, strides, kernel, drop_rate, where)
        x = _convolution(x, scale_width(1280, width), 1, 1, "head")
        x = keras.layers.GlobalAveragePooling2D(name="pool")(x)
        x = keras.layers.Dropout(dropout_rate, name="dropout")(x)
        # The outputs stay float32 under mixed precision.
        logits = keras.layers.Dense(
            num_classes,
            kernel_initializer=keras.initializers.VarianceScaling(
                1 / 3, "fan_out", "uniform"
            ),
            name="fc",
            dtype="float32",
        )(x)
        super().__init__(image, logits, name=name)
        self.width = width
        self.depth = depth
        self.dropout_rate = dropout_rate
        self.drop_connect_rate = drop_connect_rate
        self.stages = tuple(map(tuple, stages))
        self.num_classes = num_classes

    def scaled(
        self, depth: float = 1.0, width: float = 1.0, resolution: float = 1.0
    ) -> "EfficientNet":
        """Returns a fresh network, scaled as section 3 scales networks.

        Args:
            depth: Factor of the depth coefficient.
            width: Factor of the width coefficient.
            resolution: Factor of the images' height and width.
        """
        return EfficientNet(
            **self.get_config()
            | {
                "width": self.width * width,
                "depth": self.depth * depth,
                "input_shape": scale_input_shape(self.input_shape[1:], resolution),
            }
        )

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments of the constructor."""
        return {
            "width": self.width,
            "depth": self.depth,
            "dropout_rate": self.dropout_rate,
            "drop_connect_rate": self.drop_connect_rate,
            "stages": self.stages,
            "num_classes": self.num_classes,
            "input_shape": self.input_shape[1:],
            "name": self.name,
        }


def _scaled(
    size: tuple[float, float, str],
    num_classes: int = 1000,
    input_shape: ImageShape = (224, 224, 3),
    dropout_rate: float = 0.2,
    drop_connect_rate: float = 0.2,
    weights: Weights = None,
    name: str = "efficientnet",
) -> EfficientNet:
    """{name}, table 2; {parameters:,} parameters.

    `weights`: those of `keras.applications.{size[2]}`, see `take_weights`. The other
    arguments are those of `EfficientNet`.
    """
    width, depth, twin = size
    model = EfficientNet(
        width,
        depth,
        dropout_rate,
        drop_connect_rate,
        num_classes=num_classes,
        input_shape=input_shape,
        name=name,
    )
    return take_weights(model, weights, twin)


def _variant(name, parameters, width, depth, resolution, dropout_rate):
    return variant(
        _scaled,
        name,
        parameters,
        (width, depth, name),
        input_shape=(resolution, resolution, 3),
        dropout_rate=dropout_rate,
    )


# Parameters, coefficients of width and depth, resolution and dropout rate.
EfficientNetB0 = _variant("EfficientNetB0", 5_288_548, 1.0, 1.0, 224, 0.2)
EfficientNetB1 = _variant("EfficientNetB1", 7_794_184, 1.0, 1.1, 240, 0.2)
EfficientNetB2 = _variant("EfficientNetB2", 9_109_994, 1.1, 1.2, 260, 0.3)
EfficientNetB3 = _variant("EfficientNetB3", 12_233_232, 1.2, 1.4, 300, 0.3)
EfficientNetB4 = _variant("EfficientNetB4", 19_341_616, 1.4, 1.8, 380, 0.4)
EfficientNetB5 = _variant("EfficientNetB5", 30_389_784, 1.6, 2.2, 456, 0.4)
EfficientNetB6 = _variant("EfficientNetB6", 43_040_704, 1.8, 2.6, 528, 0.5)
EfficientNetB7 = _variant("EfficientNetB7", 66_347_960, 2.0, 3.1, 600, 0.5)
