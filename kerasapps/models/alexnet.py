"""AlexNet: "ImageNet Classification with Deep Convolutional Neural Networks".

https://doi.org/10.1145/3065386
"""

from collections.abc import Sequence
from typing import Any, Literal

import keras

from kerasapps.arguments import checked
from kerasapps.errors import InputError
from kerasapps.layers import LocalResponseNormalization
from kerasapps.layers.annotations import ImageShape, Tensor
from kerasapps.layers.fully_convolutional import fully_convolutional
from kerasapps.layers.initialization import initializer
from kerasapps.layers.scaling import scale_depth, scale_input_shape, scale_width
from kerasapps.models.paper import Paper


@keras.saving.register_keras_serializable("kerasapps")
class GroupedConv2D(keras.layers.Conv2D):
    """A `keras.layers.Conv2D` whose groups are convolutions of their own.

    The same weights and results; where TensorFlow computes grouped convolutions
    through XLA, as it does on the CPU, a training step is several times as fast.
    """

    def convolution_op(self, inputs: Tensor, kernel: Tensor) -> Tensor:
        """Convolves each group of maps with its own kernels, as on a GPU each."""
        groups = zip(
            keras.ops.split(inputs, self.groups, axis=-1),
            keras.ops.split(kernel, self.groups, axis=-1),
            strict=True,
        )
        towers = [super(GroupedConv2D, self).convolution_op(*each) for each in groups]
        return keras.ops.concatenate(towers, axis=-1)


@keras.saving.register_keras_serializable("kerasapps")
class AlexNet(keras.Model):
    """AlexNet, section 3.5 and figure 2; 60,965,224 parameters, 62,378,344 ungrouped.

    Response normalization, over all maps of a layer, follows conv1 and conv2;
    overlapping pooling, 3x3 at stride 2, follows these and the last convolution. Half
    of the hidden fully connected units are dropped in training. With two groups, each
    half of the maps sees only the same half of the maps before it, as on the paper's
    two GPUs; conv3 and the fully connected layers see all.

    Images of 224x224 don't give the 55x55 positions that the paper's conv1 has. Its
    code lets the last kernels reach three pixels past the right and the lower edge,
    into zeros, which makes them 227x227; so does this network.

    Weights start normal with deviation 0.01; biases at one in conv2, conv4, conv5 and
    the hidden fully connected layers, elsewhere at zero (section 5). The ones are there
    to give rectifiers positive inputs; with tanh all biases start at zero. These
    numbers, and those of the normalization, are made for pixels from 0 to 255 less
    their mean.

    Args:
        num_classes: Number of classes.
        input_shape: Height and width, at least 64, and channels of the images.
        groups: 2, as the paper has it, or 1 for convolutions that all see all maps.
        activation: Activation of the hidden layers: "relu", or "tanh" to compare.
        initialization: How kernels start: "normal", as the paper has it; "he" (He et
            al. 2015) for pixels of deviation 1, smaller images or fewer kernels, with
            which 0.01 lets hardly anything pass; or "glorot" uniform.
        filters: Number of kernels of each convolution: conv1, conv2 and one or more 3x3
            convolutions.
        units: Units of the two hidden fully connected layers.
        name: Name of the model.

    Inputs: `image`, float32 of shape `[batch, height, width, channels]`.

    Outputs: Logits, float32 of shape `[batch, num_classes]`.

    Raises:
        InputError: If the images are too small, the kernels don't fall into groups, or
            an argument isn't one of its choices.
    """

    paper = Paper(
        title="ImageNet Classification with Deep Convolutional Neural Networks",
        authors="Krizhevsky, Sutskever, Hinton",
        year=2012,
        url="https://doi.org/10.1145/3065386",
    )
    task = "classifier"

    @checked
    def __init__(
        self,
        num_classes: int = 1000,
        input_shape: ImageShape = (224, 224, 3),
        groups: int = 2,
        activation: Literal["relu", "tanh"] = "relu",
        initialization: Literal["he", "glorot", "normal"] = "normal",
        filters: Sequence[int] = (96, 256, 384, 384, 256),
        units: int = 4096,
        name: str = "alexnet",
    ):
        if None in input_shape or min(input_shape[:2]) < 64:
            size = "x".join(map(str, input_shape[:2]))
            raise InputError(
                f"AlexNet needs images of a fixed size of at least 64x64, not {size}"
            )
        initial = initializer(initialization)
        if len(filters) < 3:
            raise InputError("AlexNet has at least three convolutions")
        if any(number % groups for number in filters):
            raise InputError(
                f"the kernels of AlexNet's convolutions, {list(filters)}, don't fall "
                f"into {groups} groups"
            )

        def weighted(layer, *args, ones, **kwargs):
            return layer(
                *args,
                kernel_initializer=initial(),
                bias_initializer="ones" if ones else "zeros",
                **kwargs,
            )

        def convolution(number, size, groups, ones):
            return weighted(
                GroupedConv2D if groups > 1 else keras.layers.Conv2D,
                filters[number - 1],
                size,
                strides=4 if number == 1 else 1,
                padding="valid" if number == 1 else "same",
                groups=groups,
                activation=activation,
                ones=ones,
                name=f"conv{number}",
            )

        rectified = activation == "relu"
        image = keras.Input(input_shape, name="image", dtype="float32")
        x = keras.layers.ZeroPadding2D(((0, 3), (0, 3)), name="conv1_pad")(image)
        x = convolution(1, 11, 1, ones=False)(x)
        x = LocalResponseNormalization(name="norm1")(x)
        x = keras.layers.MaxPooling2D(3, 2, name="pool1")(x)
        x = convolution(2, 5, groups, ones=rectified)(x)
        x = LocalResponseNormalization(name="norm2")(x)
        x = keras.layers.MaxPooling2D(3, 2, name="pool2")(x)
        x = convolution(3, 3, 1, ones=False)(x)
        for number in range(4, len(filters) + 1):
            x = convolution(number, 3, groups, ones=rectified)(x)
        x = keras.layers.MaxPooling2D(3, 2, name=f"pool{len(filters)}")(x)
        x = keras.layers.Flatten(name="flatten")(x)
        for number in (6, 7):
            x = weighted(
                keras.layers.Dense,
                units,
                activation=activation,
                ones=rectified,
                name=f"fc{number}",
            )(x)
            x = keras.layers.Dropout(0.5, name=f"dropout{number}")(x)
        # The outputs stay float32 under mixed precision.
        logits = weighted(
            keras.layers.Dense, num_classes, ones=False, name="fc8", dtype="float32"
        )(x)
        super().__init__(image, logits, name=name)
        self.num_classes = num_classes
        self.groups = groups
        self.activation = activation
        self.initialization = initialization
        self.filters = tuple(filters)
        self.units = units

    def fully_convolutional(self) -> keras.Model:
        """Returns the network for larger images, with a copy of the weights.

        See `kerasapps.layers.fully_convolutional`.
        """
        return fully_convolutional(self)

    def scaled(
        self, depth: float = 1.0, width: float = 1.0, resolution: float = 1.0
    ) -> "AlexNet":
        """Returns a fresh network of another size.

        Args:
            depth: Factor of the number of 3x3 convolutions; the first of them is
                repeated, or the first ones are left out.
            width: Factor of the numbers of kernels and hidden units.
            resolution: Factor of the height and width of the images.
        """
        filters, repeated = self.filters[:2], self.filters[2:]
        repeats = scale_depth(len(repeated), depth)
        filters += repeated[:1] * (repeats - len(repeated)) + repeated[-repeats:]
        return AlexNet(
            **self.get_config()
            | {
                "filters": [scale_width(number, width) for number in filters],
                "units": scale_width(self.units, width),
                "input_shape": scale_input_shape(self.input_shape[1:], resolution),
            }
        )

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments of the constructor."""
        return {
            "num_classes": self.num_classes,
            "input_shape": self.input_shape[1:],
            "groups": self.groups,
            "activation": self.activation,
            "initialization": self.initialization,
            "filters": self.filters,
            "units": self.units,
            "name": self.name,
        }


@keras.saving.register_keras_serializable("kerasapps")
class AlexNetCIFAR(keras.Model):
    """The small network of figure 1, rectifiers against tanh; 89,578 parameters.

    The paper says no more than "a four-layer convolutional neural network" trained on
    CIFAR-10 without regularization. Here that is three 5x5 convolutions, each followed
    by overlapping 3x3 pooling at stride 2, and a linear layer; weights start by Keras's
    default (Glorot), biases at zero, the same for both activations.

    Args:
        num_classes: Number of classes.
        input_shape: Height, width and channels of the images.
        activation: Activation of the hidden layers, "relu" or "tanh".
        filters: Number of kernels of each convolution.
        name: Name of the model.

    Inputs: `image`, float32 of shape `[batch, height, width, channels]`.

    Outputs: Logits, float32 of shape `[batch, num_classes]`.

    Raises:
        InputError: If the activation isn't one of the two, or the size is free.
    """

    paper = AlexNet.paper
    task = "classifier"

    @checked
    def __init__(
        self,
        num_classes: int = 10,
        input_shape: ImageShape = (32, 32, 3),
        activation: Literal["relu", "tanh"] = "relu",
        filters: Sequence[int] = (32, 32, 64),
        name: str = "alexnetcifar",
    ):
        if None in input_shape:
            raise InputError("AlexNetCIFAR needs images of a fixed size")
        image = keras.Input(input_shape, name="image", dtype="float32")
        x = image
        for number, kernels in enumerate(filters, start=1):
            x = keras.layers.Conv2D(
                kernels, 5, padding="same", activation=activation, name=f"conv{number}"
            )(x)
            x = keras.layers.MaxPooling2D(3, 2, "same", name=f"pool{number}")(x)
        x = keras.layers.Flatten(name="flatten")(x)
        # The outputs stay float32 under mixed precision.
        logits = keras.layers.Dense(num_classes, name="fc4", dtype="float32")(x)
        super().__init__(image, logits, name=name)
        self.num_classes = num_classes
        self.activation = activation
        self.filters = tuple(filters)

    def fully_convolutional(self) -> keras.Model:
        """Returns the network for larger images, with a copy of the weights.

        See `kerasapps.layers.fully_convolutional`.
        """
        return fully_convolutional(self)

    def scaled(
        self, depth: float = 1.0, width: float = 1.0, resolution: float = 1.0
    ) -> "AlexNetCIFAR":
        """Returns a fresh network of another size.

        Args:
            depth: Factor of the number of convolutions; the last is repeated, or the
                last ones are left out.
            width: Factor of the numbers of kernels.
            resolution: Factor of the height and width of the images.
        """
        repeats = scale_depth(len(self.filters), depth)
        filters = (*self.filters, *self.filters[-1:] * repeats)[:repeats]
        return AlexNetCIFAR(
            **self.get_config()
            | {
                "filters": [scale_width(number, width) for number in filters],
                "input_shape": scale_input_shape(self.input_shape[1:], resolution),
            }
        )

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments of the constructor."""
        return {
            "num_classes": self.num_classes,
            "input_shape": self.input_shape[1:],
            "activation": self.activation,
            "filters": self.filters,
            "name": self.name,
        }
