"""DenseNet: "Densely Connected Convolutional Networks".

https://arxiv.org/abs/1608.06993
"""

import sys
from collections.abc import Sequence
from typing import Any, Literal

import keras

from kerasapps.arguments import checked
from kerasapps.errors import InputError
from kerasapps.layers import BatchNormalization
from kerasapps.layers.annotations import ImageShape, Tensor
from kerasapps.layers.scaling import scale_depth, scale_input_shape, scale_width
from kerasapps.models.paper import Paper
from kerasapps.models.variant import variant
from kerasapps.weights.keras_applications import Weights, take_weights


def _norm_relu(name, number=""):
    return [
        BatchNormalization(momentum=0.9, epsilon=1.001e-5, name=f"{name}_bn{number}"),
        keras.layers.ReLU(name=f"{name}_relu{number}"),
    ]


def _convolution(filters, size, dropout_rate, name, number="", **kwargs):
    layers = [
        keras.layers.Conv2D(
            filters,
            size,
            padding="same",
            use_bias=False,
            kernel_initializer="he_normal",
            name=f"{name}_conv{number}",
        )
    ]
    if dropout_rate:
        layers.append(keras.layers.Dropout(dropout_rate, name=f"{name}_drop{number}"))
    return layers


def _stem(kind, channels):
    if kind == "cifar":
        return _convolution(channels, 3, 0, "stem")
    convolution = keras.layers.Conv2D(
        channels,
        7,
        strides=2,
        use_bias=False,
        kernel_initializer="he_normal",
        name="stem_conv",
    )
    # Torch pads both sides alike, where "same" would pad an even image on one.
    return [
        keras.layers.ZeroPadding2D(3, name="stem_conv_pad"),
        convolution,
        *_norm_relu("stem"),
        keras.layers.ZeroPadding2D(1, name="stem_pool_pad"),
        keras.layers.MaxPooling2D(3, 2, name="stem_pool"),
    ]


def _dense_layer(growth_rate, bottleneck, dropout_rate, name):
    """The composite function H of section 3, whose maps are joined to its input."""
    if not bottleneck:
        convolution = _convolution(growth_rate, 3, dropout_rate, name, 1)
        return _norm_relu(name, 1) + convolution
    return [
        *_norm_relu(name, 1),
        *_convolution(4 * growth_rate, 1, dropout_rate, name, 1),
        *_norm_relu(name, 2),
        *_convolution(growth_rate, 3, dropout_rate, name, 2),
    ]


def _transition(channels, dropout_rate, name):
    return [
        *_norm_relu(name),
        *_convolution(channels, 1, dropout_rate, name),
        keras.layers.AveragePooling2D(2, name=f"{name}_pool"),
    ]


def _recomputed(layers, maps, join):
    """Runs layers on joined maps, in training; the backward pass runs them again.

    What runs twice has to be a pure function: weights, moving averages and the seeds of
    dropout go in as values, and what becomes of averages and seeds is stored once.

    Args:
        layers: The layers, one after the other.
        maps: The tensors that are joined along their channels.
        join: Whether to go on with `maps` and the outputs, or with the outputs alone.

    Returns:
        The list of tensors to go on with.
    """
    weights = [w for layer in layers for w in layer.trainable_variables]
    state = [v for layer in layers for v in layer.non_trainable_variables]
    # Their values as of now: a variable by itself would be read again, later.
    before = [v.value * 1 for v in state]
    # A layer that is frozen keeps its averages; dropout has seeds, but no weights.
    moving = [
        v
        for layer in layers
        if layer.trainable or not layer.weights
        for v in layer.non_trainable_variables
    ]

    def run(*values):
        values, maps = values[: len(weights)], values[len(weights) :]
        mapping = [*zip(weights, values, strict=True), *zip(state, before, strict=True)]
        with keras.StatelessScope(mapping) as scope:
            x = keras.ops.concatenate(maps, axis=-1) if len(maps) > 1 else maps[0]
            for layer in layers:
                x = layer(x, training=True)
            after = [scope.get_current_value(v) for v in moving]
        # The maps go through it, so that the gradients of those who use them are summed
        # one by one. Else all would be kept until the last is there.
        return [x, *(maps if join else ()), *after]

    x, *rest = keras.remat(run)(*[w.value * 1 for w in weights], *maps)
    maps, after = rest[: len(rest) - len(moving)], rest[len(rest) - len(moving) :]
    for variable, value in zip(moving, after, strict=True):
        variable.assign(value)
    return [*maps, x]


@keras.saving.register_keras_serializable("kerasapps")
class DenseNet(keras.Model):
    """A densely connected network.

    Each layer of a dense block takes the maps of all layers before it, joined, and adds
    `growth_rate` maps of its own. Between the blocks, transitions reduce the number of
    maps and halve their size. Convolutions follow batch normalization and ReLU, and
    start as He et al. 2015 have it.

    The paper's text has no ReLU in a transition; its released code has, and so have we.

    Args:
        blocks: Number of layers of each dense block.
        growth_rate: Maps that each layer adds, the paper's k.
        stem_channels: Channels of the first convolution.
        bottleneck: Whether a 1x1 convolution to `4 * growth_rate` channels comes before
            each 3x3 convolution (DenseNet-B).
        compression: Part of the maps that a transition keeps, the paper's theta, in
            (0, 1]; below 1 it is DenseNet-C.
        stem: "imagenet", a 7x7 convolution and pooling, each halving the size, or
            "cifar", a 3x3 convolution.
        num_classes: Number of classes.
        input_shape: Height, width and channels of the images; height and width may be
            None.
        dropout_rate: Dropout after each convolution but the first. The paper has 0.2
            where it trains without data augmentation (section 4.2).
        recompute: Whether training keeps only the maps that each layer adds, and the
            backward pass computes all between them again: Pleiss et al.,
            "Memory-Efficient Implementation of DenseNets", 2017. Memory then grows
            linearly with the depth of a block, not quadratically. The network and what
            it learns are the same.
        name: Name of the model.

    Inputs: `image`, float32 of shape `[batch, height, width, channels]`.

    Outputs: Logits, float32 of shape `[batch, num_classes]`.

    Raises:
        InputError: If the images are too small, or `stem` or `compression` isn't one
            of those above.
    """

    paper = Paper(
        title="Densely Connected Convolutional Networks",
        authors="Huang, Liu, van der Maaten, Weinberger",
        year=2016,
        url="https://arxiv.org/abs/1608.06993",
    )
    task = "classifier"

    @checked
    def __init__(
        self,
        blocks: Sequence[int] = (6, 12, 24, 16),
        growth_rate: int = 32,
        stem_channels: int = 64,
        bottleneck: bool = True,
        compression: float = 0.5,
        stem: Literal["imagenet", "cifar"] = "imagenet",
        num_classes: int = 1000,
        input_shape: ImageShape = (224, 224, 3),
        dropout_rate: float = 0.0,
        recompute: bool = False,
        name: str = "densenet",
    ):
        if not 0 < compression <= 1:
            raise InputError(
                f"compression is above 0 and at most 1, not {compression:g}"
            )
        # One pixel is to be left after the last transition.
        least = 2 ** (len(blocks) - 1)
        least = 4 * least - 3 if stem == "imagenet" else least
        if any(size is not None and size < least for size in input_shape[:2]):
            raise InputError(
                f"this DenseNet needs images of at least {least}x{least}, not "
                + "x".join(map(str, input_shape[:2]))
            )

        # Chains of layers, each with whether its outputs are joined to its inputs.
        chains = [(_stem(stem, stem_channels), False)]
        channels = stem_channels
        for block, repeats in enumerate(blocks, 1):
            for i in range(1, repeats + 1):
                where = f"dense_block{block}_{i}"
                chain = _dense_layer(growth_rate, bottleneck, dropout_rate, where)
                chains.append((chain, True))
            channels += repeats * growth_rate
            if block < len(blocks):
                channels = int(channels * compression)
                chain = _transition(channels, dropout_rate, f"transition{block}")
                chains.append((chain, False))
        pool = keras.layers.GlobalAveragePooling2D(name="final_pool")
        chains.append(([*_norm_relu("final"), pool], False))

        image = x = keras.Input(input_shape, name="image", dtype="float32")
        for chain, join in chains:
            y = x
            for layer in chain:
                y = layer(y)
            where = chain[0].name.removesuffix("_bn1")
            x = keras.layers.Concatenate(name=f"{where}_concat")([x, y]) if join else y
        # The outputs stay float32 under mixed precision.
        logits = keras.layers.Dense(num_classes, name="classifier", dtype="float32")(x)
        # Keras walks a graph recursively.
        depth = 20 * sum(blocks) + 1000
        sys.setrecursionlimit(max(sys.getrecursionlimit(), depth))
        super().__init__(image, logits, name=name)
        self.blocks = tuple(blocks)
        self.growth_rate = growth_rate
        self.stem_channels = stem_channels
        self.bottleneck = bottleneck
        self.compression = compression
        self.stem = stem
        self.num_classes = num_classes
        self.dropout_rate = dropout_rate
        self.recompute = recompute
        # By name, for the layers are saved as those of the graph, not once more.
        self._chains = [
            ([layer.name for layer in chain], join) for chain, join in chains
        ]

    def call(
        self, inputs: Tensor, training: bool | None = None, mask: Any = None
    ) -> Tensor:
        """Runs the network; in training with `recompute`, chain by chain."""
        if not (training and self.recompute):
            return super().call(inputs, training=training, mask=mask)
        layers = {layer.name: layer for layer in self.layers}
        maps = [keras.ops.convert_to_tensor(inputs, self.input.dtype)]
        for names, join in self._chains:
            maps = _recomputed([layers[name] for name in names], maps, join)
        return layers["classifier"](maps[0])

    def scaled(
        self, depth: float = 1.0, width: float = 1.0, resolution: float = 1.0
    ) -> "DenseNet":
        """Returns a fresh network, scaled as EfficientNet scales networks.

        Args:
            depth: Factor of the layers of each dense block.
            width: Factor of the growth rate and the channels of the stem.
            resolution: Factor of the images' height and width.
        """
        return DenseNet(
            **self.get_config()
            | {
                "blocks": [scale_depth(n, depth) for n in self.blocks],
                "growth_rate": scale_width(self.growth_rate, width),
                "stem_channels": scale_width(self.stem_channels, width),
                "input_shape": scale_input_shape(self.input_shape[1:], resolution),
            }
        )

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments of the constructor."""
        return {
            "blocks": self.blocks,
            "growth_rate": self.growth_rate,
            "stem_channels": self.stem_channels,
            "bottleneck": self.bottleneck,
            "compression": self.compression,
            "stem": self.stem,
            "num_classes": self.num_classes,
            "input_shape": self.input_shape[1:],
            "dropout_rate": self.dropout_rate,
            "recompute": self.recompute,
            "name": self.name,
        }


def _imagenet(
    blocks: tuple[int, ...],
    num_classes: int = 1000,
    input_shape: ImageShape = (224, 224, 3),
    dropout_rate: float = 0.0,
    recompute: bool = False,
    name: str = "densenet",
) -> DenseNet:
    """{name}, table 1, k = 32; {parameters:,} parameters.

    The arguments are those of `DenseNet`.
    """
    options = (num_classes, input_shape, dropout_rate, recompute, name)
    return DenseNet(blocks, 32, 64, True, 0.5, "imagenet", *options)


def _with_twin(
    size: tuple[tuple[int, ...], str],
    num_classes: int = 1000,
    input_shape: ImageShape = (224, 224, 3),
    dropout_rate: float = 0.0,
    recompute: bool = False,
    weights: Weights = None,
    name: str = "densenet",
) -> DenseNet:
    """{name}, table 1, k = 32; {parameters:,} parameters.

    `weights`: those of `keras.applications.{size[1]}`, see `take_weights`. The other
    arguments are those of `DenseNet`.
    """
    blocks, twin = size
    options = (num_classes, input_shape, dropout_rate, recompute, name)
    return take_weights(_imagenet(blocks, *options), weights, twin)


def _cifar(
    size: tuple[int, int],
    num_classes: int = 10,
    input_shape: ImageShape = (32, 32, 3),
    dropout_rate: float = 0.0,
    recompute: bool = False,
    name: str = "densenet",
) -> DenseNet:
    """DenseNet, L = {size[0]}, k = {size[1]}, table 2; {parameters:,} parameters.

    For CIFAR. The arguments are those of `DenseNet`.
    """
    depth, growth_rate = size
    # All but the first convolution, two transitions and the linear layer.
    blocks = ((depth - 4) // 3,) * 3
    options = (num_classes, input_shape, dropout_rate, recompute, name)
    return DenseNet(blocks, growth_rate, 16, False, 1.0, "cifar", *options)


def _cifar_bc(
    size: tuple[int, int],
    num_classes: int = 10,
    input_shape: ImageShape = (32, 32, 3),
    dropout_rate: float = 0.0,
    recompute: bool = False,
    name: str = "densenet",
) -> DenseNet:
    """DenseNet-BC, L = {size[0]}, k = {size[1]}, table 2; {parameters:,} parameters.

    For CIFAR. The arguments are those of `DenseNet`.
    """
    depth, growth_rate = size
    blocks = ((depth - 4) // 6,) * 3
    options = (num_classes, input_shape, dropout_rate, recompute, name)
    return DenseNet(blocks, growth_rate, 2 * growth_rate, True, 0.5, "cifar", *options)


# Table 1: layers of each dense block.
_121 = ((6, 12, 24, 16), "DenseNet121")
_169 = ((6, 12, 32, 32), "DenseNet169")
_201 = ((6, 12, 48, 32), "DenseNet201")

DenseNet121 = variant(_with_twin, "DenseNet121", 7_978_856, _121)
DenseNet169 = variant(_with_twin, "DenseNet169", 14_149_480, _169)
DenseNet201 = variant(_with_twin, "DenseNet201", 20_013_928, _201)
DenseNet264 = variant(_imagenet, "DenseNet264", 33_337_704, (6, 12, 64, 48))

# Table 2: depth L and growth rate k.
DenseNet40K12 = variant(_cifar, "DenseNet40K12", 1_019_722, (40, 12))
DenseNet100K12 = variant(_cifar, "DenseNet100K12", 6_979_642, (100, 12))
DenseNet100K24 = variant(_cifar, "DenseNet100K24", 27_249_082, (100, 24))
DenseNetBC100K12 = variant(_cifar_bc, "DenseNetBC100K12", 769_162, (100, 12))
DenseNetBC250K24 = variant(_cifar_bc, "DenseNetBC250K24", 15_324_406, (250, 24))
DenseNetBC190K40 = variant(_cifar_bc, "DenseNetBC190K40", 25_624_430, (190, 40))
