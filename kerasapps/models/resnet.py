"""ResNet: "Deep Residual Learning for Image Recognition".

https://arxiv.org/abs/1512.03385
"""

import sys
from collections.abc import Sequence
from typing import Any, Literal

import keras

from kerasapps.arguments import checked
from kerasapps.errors import InputError
from kerasapps.layers import BatchNormalization
from kerasapps.layers.annotations import ImageShape
from kerasapps.layers.scaling import scale_depth, scale_input_shape, scale_width
from kerasapps.models.paper import Paper
from kerasapps.models.variant import variant
from kerasapps.weights.keras_applications import Weights, take_weights


def _convolution(x, filters, size, strides, name, relu=True):
    """Convolution, batch normalization and, if `relu`, rectification."""
    padding = "same"
    if strides > 1 and size > 1:
        # Caffe pads both sides alike, where "same" would pad an even image on one.
        x = keras.layers.ZeroPadding2D(size // 2, name=f"{name}_pad")(x)
        padding = "valid"
    x = keras.layers.Conv2D(
        filters,
        size,
        strides,
        padding,
        use_bias=False,
        kernel_initializer="he_normal",
        name=name,
    )(x)
    x = BatchNormalization(momentum=0.9, epsilon=1e-5, name=f"{name}_bn")(x)
    return keras.layers.ReLU(name=f"{name}_relu")(x) if relu else x


def _shortcut(x, filters, strides, option, name):
    """What is added to the residual: the input, brought to the residual's shape."""
    changes = strides > 1 or x.shape[-1] != filters
    if option == "C" or (option == "B" and changes):
        return _convolution(x, filters, 1, strides, name, relu=False)
    if strides > 1:
        x = keras.layers.MaxPooling2D(1, strides, name=f"{name}_subsample")(x)
    if x.shape[-1] != filters:
        zeros = filters - x.shape[-1]
        x = keras.ops.pad(x, ((0, 0), (0, 0), (0, 0), (0, zeros)))
    return x


def _block(x, width, strides, bottleneck, option, name):
    """A building block: figure 5, left, or with `bottleneck` right; section 4.1."""
    if bottleneck:
        filters = 4 * width
        # The paper's own networks have the stride in the first 1x1 convolution.
        y = _convolution(x, width, 1, strides, f"{name}_1")
        y = _convolution(y, width, 3, 1, f"{name}_2")
    else:
        filters = width
        y = _convolution(x, width, 3, strides, f"{name}_1")
    last = f"{name}_3" if bottleneck else f"{name}_2"
    y = _convolution(y, filters, 1 if bottleneck else 3, 1, last, relu=False)
    if option is not None:
        x = _shortcut(x, filters, strides, option, f"{name}_shortcut")
        y = keras.layers.Add(name=f"{name}_add")([x, y])
    return keras.layers.ReLU(name=f"{name}_relu")(y)


@keras.saving.register_keras_serializable("kerasapps")
class ResNet(keras.Model):
    """A residual network, or the plain network beside it.

    Stages of building blocks, each but the first of which halves the size of the maps.
    Each convolution is followed by batch normalization (section 3.4) and starts as He
    et al. 2015 have it; the network ends in global average pooling and a linear layer.
    Each side of an image is padded alike, as in the paper's Caffe networks.

    Args:
        blocks: Number of building blocks of each stage.
        widths: Channels of the 3x3 convolutions of each stage.
        bottleneck: Whether a block is 1x1, 3x3, 1x1 with four times the channels
            coming out (figure 5), or twice 3x3.
        shortcut: How a shortcut whose shape changes is made (section 4.1): "A" by
            subsampling and zeros in the new channels, without parameters; "B" by a 1x1
            convolution; with "C" all shortcuts are 1x1 convolutions. None for the plain
            network, which has no shortcuts.
        stem: "imagenet", a 7x7 convolution and pooling, each halving the size, or
            "cifar", a 3x3 convolution (section 4.2).
        num_classes: Number of classes.
        input_shape: Height, width and channels of the images; height and width may be
            None.
        name: Name of the model.

    Inputs: `image`, float32 of shape `[batch, height, width, channels]`.

    Outputs: Logits, float32 of shape `[batch, num_classes]`.

    Raises:
        InputError: If an argument isn't one of its choices, or the images are too
            small.
    """

    paper = Paper(
        title="Deep Residual Learning for Image Recognition",
        authors="He, Zhang, Ren, Sun",
        year=2015,
        url="https://arxiv.org/abs/1512.03385",
    )
    task = "classifier"

    @checked
    def __init__(
        self,
        blocks: Sequence[int] = (3, 4, 6, 3),
        widths: Sequence[int] = (64, 128, 256, 512),
        bottleneck: bool = True,
        shortcut: Literal["A", "B", "C"] | None = "B",
        stem: Literal["imagenet", "cifar"] = "imagenet",
        num_classes: int = 1000,
        input_shape: ImageShape = (224, 224, 3),
        name: str = "resnet",
    ):
        if len(blocks) != len(widths):
            raise InputError("ResNet needs a width for each stage of blocks")
        least = 1 if stem == "cifar" else 8
        if any(size is not None and size < least for size in input_shape[:2]):
            size = "x".join(map(str, input_shape[:2]))
            raise InputError(
                f"ResNet needs images of at least {least}x{least}, not {size}"
            )
        image = keras.Input(input_shape, name="image", dtype="float32")
        if stem == "imagenet":
            x = _convolution(image, widths[0], 7, 2, "conv1")
            x = keras.layers.ZeroPadding2D(1, name="pool1_pad")(x)
            x = keras.layers.MaxPooling2D(3, 2, name="pool1")(x)
        else:
            x = _convolution(image, widths[0], 3, 1, "conv1")
        for stage, (repeats, width) in enumerate(zip(blocks, widths, strict=True)):
            for block in range(repeats):
                strides = 2 if stage and not block else 1
                where = f"conv{stage + 2}_{block + 1}"
                x = _block(x, width, strides, bottleneck, shortcut, where)
        x = keras.layers.GlobalAveragePooling2D(name="pool")(x)
        # The outputs stay float32 under mixed precision.
        logits = keras.layers.Dense(
            num_classes, kernel_initializer="he_normal", name="fc", dtype="float32"
        )(x)
        # Keras walks a graph recursively, and that of ResNet-1202 is deeper than Python
        # allows by itself; so is whatever is cloned from it later.
        depth = 10 * sum(blocks) + 1000
        sys.setrecursionlimit(max(sys.getrecursionlimit(), depth))
        super().__init__(image, logits, name=name)
        self.blocks = tuple(blocks)
        self.widths = tuple(widths)
        self.bottleneck = bottleneck
        self.shortcut = shortcut
        self.stem = stem
        self.num_classes = num_classes

    def scaled(
        self, depth: float = 1.0, width: float = 1.0, resolution: float = 1.0
    ) -> "ResNet":
        """Returns a fresh network, scaled as EfficientNet scales networks.

        Args:
            depth: Factor of the blocks of each stage.
            width: Factor of the channels.
            resolution: Factor of the images' height and width.
        """
        return ResNet(
            **self.get_config()
            | {
                "blocks": [scale_depth(n, depth) for n in self.blocks],
                "widths": [scale_width(n, width) for n in self.widths],
                "input_shape": scale_input_shape(self.input_shape[1:], resolution),
            }
        )

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments of the constructor."""
        return {
            "blocks": self.blocks,
            "widths": self.widths,
            "bottleneck": self.bottleneck,
            "shortcut": self.shortcut,
            "stem": self.stem,
            "num_classes": self.num_classes,
            "input_shape": self.input_shape[1:],
            "name": self.name,
        }


def _basic(
    blocks: tuple[int, ...],
    num_classes: int = 1000,
    input_shape: ImageShape = (224, 224, 3),
    shortcut: Literal["A", "B", "C"] = "B",
    name: str = "resnet",
) -> ResNet:
    """{name}, table 1; {parameters:,} parameters, 173,824 fewer with shortcuts A.

    The arguments are those of `ResNet`.
    """
    widths, options = (64, 128, 256, 512), (num_classes, input_shape, name)
    return ResNet(blocks, widths, False, shortcut, "imagenet", *options)


def _plain(
    blocks: tuple[int, ...],
    num_classes: int = 1000,
    input_shape: ImageShape = (224, 224, 3),
    name: str = "plainnet",
) -> ResNet:
    """{name}, a ResNet without its shortcuts, table 2; {parameters:,} parameters.

    The arguments are those of `ResNet`.
    """
    widths, options = (64, 128, 256, 512), (num_classes, input_shape, name)
    return ResNet(blocks, widths, False, None, "imagenet", *options)


def _bottleneck(
    size: tuple[tuple[int, ...], str],
    num_classes: int = 1000,
    input_shape: ImageShape = (224, 224, 3),
    shortcut: Literal["A", "B", "C"] = "B",
    weights: Weights = None,
    name: str = "resnet",
) -> ResNet:
    """{name}, table 1; {parameters:,} parameters.

    `weights`: those of `keras.applications.{size[1]}`, see `take_weights`. The other
    arguments are those of `ResNet`.
    """
    blocks, twin = size
    widths, options = (64, 128, 256, 512), (num_classes, input_shape, name)
    model = ResNet(blocks, widths, True, shortcut, "imagenet", *options)
    return take_weights(model, weights, twin)


def _cifar(
    layers: int,
    num_classes: int = 10,
    input_shape: ImageShape = (32, 32, 3),
    shortcut: Literal["A", "B", "C"] = "A",
    name: str = "resnet",
) -> ResNet:
    """{name} for CIFAR-10, table 6; {parameters:,} parameters.

    The arguments are those of `ResNet`.
    """
    blocks, widths = ((layers - 2) // 6,) * 3, (16, 32, 64)
    options = (num_classes, input_shape, name)
    return ResNet(blocks, widths, False, shortcut, "cifar", *options)


def _plain_cifar(
    layers: int,
    num_classes: int = 10,
    input_shape: ImageShape = (32, 32, 3),
    name: str = "plainnet",
) -> ResNet:
    """{name}, a ResNet without its shortcuts, section 4.2; {parameters:,} parameters.

    The arguments are those of `ResNet`.
    """
    blocks, widths = ((layers - 2) // 6,) * 3, (16, 32, 64)
    options = (num_classes, input_shape, name)
    return ResNet(blocks, widths, False, None, "cifar", *options)


# Parameters, and the building blocks of each stage; for CIFAR the number of layers.
ResNet18 = variant(_basic, "ResNet18", 11_689_512, (2, 2, 2, 2))
ResNet34 = variant(_basic, "ResNet34", 21_797_672, (3, 4, 6, 3))
ResNet50 = variant(_bottleneck, "ResNet50", 25_557_032, ((3, 4, 6, 3), "ResNet50"))
ResNet101 = variant(_bottleneck, "ResNet101", 44_549_160, ((3, 4, 23, 3), "ResNet101"))
ResNet152 = variant(_bottleneck, "ResNet152", 60_192_808, ((3, 8, 36, 3), "ResNet152"))
PlainNet18 = variant(_plain, "PlainNet18", 11_515_688, (2, 2, 2, 2))
PlainNet34 = variant(_plain, "PlainNet34", 21_623_848, (3, 4, 6, 3))
ResNet20 = variant(_cifar, "ResNet20", 269_722, 20)
ResNet32 = variant(_cifar, "ResNet32", 464_154, 32)
ResNet44 = variant(_cifar, "ResNet44", 658_586, 44)
ResNet56 = variant(_cifar, "ResNet56", 853_018, 56)
ResNet110 = variant(_cifar, "ResNet110", 1_727_962, 110)
ResNet1202 = variant(_cifar, "ResNet1202", 19_421_274, 1202)
PlainNet20 = variant(_plain_cifar, "PlainNet20", 269_722, 20)
PlainNet32 = variant(_plain_cifar, "PlainNet32", 464_154, 32)
PlainNet44 = variant(_plain_cifar, "PlainNet44", 658_586, 44)
PlainNet56 = variant(_plain_cifar, "PlainNet56", 853_018, 56)
