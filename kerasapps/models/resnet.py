"""ResNet: "Deep Residual Learning for Image Recognition".

https://arxiv.org/abs/1512.03385
"""

import sys

import keras

from kerasapps.errors import InputError
from kerasapps.layers import BatchNormalization
from kerasapps.layers.scaling import scale_depth, scale_input_shape, scale_width
from kerasapps.models.paper import Paper
from kerasapps.weights.keras_applications import take_weights

PAPER = Paper(
    title="Deep Residual Learning for Image Recognition",
    authors="He, Zhang, Ren, Sun",
    year=2015,
    url="https://arxiv.org/abs/1512.03385",
    task="classifier",
)


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

    def __init__(
        self,
        blocks=(3, 4, 6, 3),
        widths=(64, 128, 256, 512),
        bottleneck=True,
        shortcut="B",
        stem="imagenet",
        num_classes=1000,
        input_shape=(224, 224, 3),
        name="resnet",
    ):
        if shortcut not in ("A", "B", "C", None):
            raise InputError(
                f"ResNet has the shortcuts A, B, C, None; not {shortcut!r}"
            )
        if stem not in ("imagenet", "cifar"):
            raise InputError(f"ResNet has the stems imagenet and cifar, not {stem!r}")
        if len(blocks) != len(widths) or not blocks or min(*blocks, *widths) < 1:
            raise InputError(
                "ResNet needs stages of at least one block, and a width for each stage"
            )
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

    def scaled(self, depth=1.0, width=1.0, resolution=1.0):
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

    def get_config(self):
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


def ResNet18(
    num_classes=1000, input_shape=(224, 224, 3), shortcut="B", name="resnet18"
):
    """ResNet-18, table 1; 11,689,512 parameters, 11,515,688 with shortcuts A."""
    return _basic((2, 2, 2, 2), shortcut, num_classes, input_shape, name)


def ResNet34(
    num_classes=1000, input_shape=(224, 224, 3), shortcut="B", name="resnet34"
):
    """ResNet-34, table 1; 21,797,672 parameters, 21,623,848 with shortcuts A."""
    return _basic((3, 4, 6, 3), shortcut, num_classes, input_shape, name)


def PlainNet18(num_classes=1000, input_shape=(224, 224, 3), name="plainnet18"):
    """ResNet-18 without its shortcuts, table 2; 11,515,688 parameters."""
    return _basic((2, 2, 2, 2), None, num_classes, input_shape, name)


def PlainNet34(num_classes=1000, input_shape=(224, 224, 3), name="plainnet34"):
    """ResNet-34 without its shortcuts, table 2; 21,623,848 parameters."""
    return _basic((3, 4, 6, 3), None, num_classes, input_shape, name)


def _basic(blocks, shortcut, num_classes, input_shape, name):
    widths = (64, 128, 256, 512)
    return ResNet(
        blocks, widths, False, shortcut, "imagenet", num_classes, input_shape, name
    )


def ResNet50(
    num_classes=1000,
    input_shape=(224, 224, 3),
    shortcut="B",
    weights=None,
    name="resnet50",
):
    """ResNet-50, table 1; 25,557,032 parameters.

    `weights`: those of `keras.applications.ResNet50`, see `take_weights`.
    """
    model = _bottleneck((3, 4, 6, 3), shortcut, num_classes, input_shape, name)
    return take_weights(model, weights, "ResNet50")


def ResNet101(
    num_classes=1000,
    input_shape=(224, 224, 3),
    shortcut="B",
    weights=None,
    name="resnet101",
):
    """ResNet-101, table 1; 44,549,160 parameters.

    `weights`: those of `keras.applications.ResNet101`, see `take_weights`.
    """
    model = _bottleneck((3, 4, 23, 3), shortcut, num_classes, input_shape, name)
    return take_weights(model, weights, "ResNet101")


def ResNet152(
    num_classes=1000,
    input_shape=(224, 224, 3),
    shortcut="B",
    weights=None,
    name="resnet152",
):
    """ResNet-152, table 1; 60,192,808 parameters.

    `weights`: those of `keras.applications.ResNet152`, see `take_weights`.
    """
    model = _bottleneck((3, 8, 36, 3), shortcut, num_classes, input_shape, name)
    return take_weights(model, weights, "ResNet152")


def _bottleneck(blocks, shortcut, num_classes, input_shape, name):
    widths = (64, 128, 256, 512)
    return ResNet(
        blocks, widths, True, shortcut, "imagenet", num_classes, input_shape, name
    )


def ResNet20(num_classes=10, input_shape=(32, 32, 3), shortcut="A", name="resnet20"):
    """ResNet-20 for CIFAR-10, table 6; 269,722 parameters."""
    return _cifar(20, shortcut, num_classes, input_shape, name)


def ResNet32(num_classes=10, input_shape=(32, 32, 3), shortcut="A", name="resnet32"):
    """ResNet-32 for CIFAR-10, table 6; 464,154 parameters."""
    return _cifar(32, shortcut, num_classes, input_shape, name)


def ResNet44(num_classes=10, input_shape=(32, 32, 3), shortcut="A", name="resnet44"):
    """ResNet-44 for CIFAR-10, table 6; 658,586 parameters."""
    return _cifar(44, shortcut, num_classes, input_shape, name)


def ResNet56(num_classes=10, input_shape=(32, 32, 3), shortcut="A", name="resnet56"):
    """ResNet-56 for CIFAR-10, table 6; 853,018 parameters."""
    return _cifar(56, shortcut, num_classes, input_shape, name)


def ResNet110(num_classes=10, input_shape=(32, 32, 3), shortcut="A", name="resnet110"):
    """ResNet-110 for CIFAR-10, table 6; 1,727,962 parameters."""
    return _cifar(110, shortcut, num_classes, input_shape, name)


def ResNet1202(
    num_classes=10, input_shape=(32, 32, 3), shortcut="A", name="resnet1202"
):
    """ResNet-1202 for CIFAR-10, table 6; 19,421,274 parameters."""
    return _cifar(1202, shortcut, num_classes, input_shape, name)


def PlainNet20(num_classes=10, input_shape=(32, 32, 3), name="plainnet20"):
    """ResNet-20 without its shortcuts, section 4.2; 269,722 parameters."""
    return _cifar(20, None, num_classes, input_shape, name)


def PlainNet32(num_classes=10, input_shape=(32, 32, 3), name="plainnet32"):
    """ResNet-32 without its shortcuts, section 4.2; 464,154 parameters."""
    return _cifar(32, None, num_classes, input_shape, name)


def PlainNet44(num_classes=10, input_shape=(32, 32, 3), name="plainnet44"):
    """ResNet-44 without its shortcuts, section 4.2; 658,586 parameters."""
    return _cifar(44, None, num_classes, input_shape, name)


def PlainNet56(num_classes=10, input_shape=(32, 32, 3), name="plainnet56"):
    """ResNet-56 without its shortcuts, section 4.2; 853,018 parameters."""
    return _cifar(56, None, num_classes, input_shape, name)


def _cifar(layers, shortcut, num_classes, input_shape, name):
    blocks = ((layers - 2) // 6,) * 3
    widths = (16, 32, 64)
    return ResNet(
        blocks, widths, False, shortcut, "cifar", num_classes, input_shape, name
    )
