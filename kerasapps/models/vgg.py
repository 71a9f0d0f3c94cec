"""VGG: "Very Deep Convolutional Networks for Large-Scale Image Recognition".

https://arxiv.org/abs/1409.1556
"""

from collections.abc import Sequence
from typing import Any, Literal

import keras

from kerasapps.arguments import checked
from kerasapps.errors import InputError
from kerasapps.layers import LocalResponseNormalization
from kerasapps.layers.annotations import ImageShape
from kerasapps.layers.fully_convolutional import fully_convolutional
from kerasapps.layers.initialization import initializer
from kerasapps.layers.scaling import scale_depth, scale_input_shape, scale_width
from kerasapps.models.paper import Paper
from kerasapps.models.variant import variant
from kerasapps.weights.keras_applications import Weights, take_weights


@keras.saving.register_keras_serializable("kerasapps")
class VGG(keras.Model):
    """A VGG network, section 2 and table 1.

    Stages of 3x3 convolutions at stride 1 that keep the size, each stage followed by
    2x2 pooling at stride 2; then three fully connected layers, half of the units of the
    first two dropped in training. All hidden layers have rectifiers; biases start at
    zero.

    Args:
        convolutions: Number of convolutions of each stage.
        widths: Channels of each stage.
        pointwise: Whether the third and later convolutions of a stage are 1x1, as in
            configuration C.
        normalized: Whether local response normalization follows the first convolution,
            as in configuration A-LRN, with AlexNet's numbers.
        units: Units of the two hidden fully connected layers.
        num_classes: Number of classes.
        input_shape: Height, width and channels of the images, at least 32x32 for five
            stages.
        initialization: How weights start. "he": He et al. 2015, the default, which
            keeps the variance through rectifiers, for pixels of deviation 1. "glorot":
            uniform, which the authors found to work too late to use it (section 3.1);
            it halves the variance at each layer, so it needs pixels as theirs, 0 to 255
            less the mean. "normal": deviation 0.01, as the paper has it, by itself for
            configuration A only; deeper networks then start from A (`start_from`).
        name: Name of the model.

    Inputs: `image`, float32 of shape `[batch, height, width, channels]`.

    Outputs: Logits, float32 of shape `[batch, num_classes]`.

    Raises:
        InputError: If the images are too small, or an argument isn't one of its
            choices.
    """

    paper = Paper(
        title="Very Deep Convolutional Networks for Large-Scale Image Recognition",
        authors="Simonyan, Zisserman",
        year=2014,
        url="https://arxiv.org/abs/1409.1556",
    )
    task = "classifier"

    @checked
    def __init__(
        self,
        convolutions: Sequence[int] = (2, 2, 3, 3, 3),
        widths: Sequence[int] = (64, 128, 256, 512, 512),
        pointwise: bool = False,
        normalized: bool = False,
        units: int = 4096,
        num_classes: int = 1000,
        input_shape: ImageShape = (224, 224, 3),
        initialization: Literal["he", "glorot", "normal"] = "he",
        name: str = "vgg",
    ):
        initial = initializer(initialization)
        if len(convolutions) != len(widths) or not convolutions:
            raise InputError("VGG needs a width for each stage of convolutions")
        least = 2 ** len(widths)
        if None in input_shape or min(input_shape[:2]) < least:
            size = "x".join(map(str, input_shape[:2]))
            raise InputError(
                f"a VGG of {len(widths)} stages needs images of a fixed size of at "
                f"least {least}x{least}, not {size}"
            )

        image = keras.Input(input_shape, name="image", dtype="float32")
        x = image
        for stage, (repeats, width) in enumerate(
            zip(convolutions, widths, strict=True), start=1
        ):
            for number in range(1, repeats + 1):
                x = keras.layers.Conv2D(
                    width,
                    1 if pointwise and number > 2 else 3,
                    padding="same",
                    activation="relu",
                    kernel_initializer=initial(),
                    name=f"conv{stage}_{number}",
                )(x)
                if normalized and stage == number == 1:
                    x = LocalResponseNormalization(name="norm1_1")(x)
            x = keras.layers.MaxPooling2D(2, name=f"pool{stage}")(x)
        x = keras.layers.Flatten(name="flatten")(x)
        for number in (6, 7):
            x = keras.layers.Dense(
                units,
                activation="relu",
                kernel_initializer=initial(),
                name=f"fc{number}",
            )(x)
            x = keras.layers.Dropout(0.5, name=f"dropout{number}")(x)
        # The outputs stay float32 under mixed precision.
        logits = keras.layers.Dense(
            num_classes, kernel_initializer=initial(), name="fc8", dtype="float32"
        )(x)
        super().__init__(image, logits, name=name)
        self.convolutions = tuple(convolutions)
        self.widths = tuple(widths)
        self.pointwise = pointwise
        self.normalized = normalized
        self.units = units
        self.num_classes = num_classes
        self.initialization = initialization

    def start_from(self, source: keras.Model) -> None:
        """Takes the weights of another VGG to start with.

        Of a shallower one, as configuration A is to the others in section 3.1, these
        are the first four convolutions, conv1_1, conv2_1, conv3_1 and conv3_2, and the
        three fully connected layers; they go into the layers of the same name, and the
        others are left as they are. Of one with the same convolutions all layers are
        taken. For another number of classes, fc8 is left as it is.

        Args:
            source: A built VGG.

        Raises:
            InputError: If `source` isn't a VGG, or a layer is missing or of another
                shape in one of the two; this network is then as it was.
        """
        if not isinstance(source, VGG):
            raise InputError(f"a VGG starts from another VGG, not from {source.name}")
        ours, theirs = (
            {layer.name: layer.weights for layer in model.layers if layer.weights}
            for model in (self, source)
        )
        names = {"conv1_1", "conv2_1", "conv3_1", "conv3_2", "fc6", "fc7", "fc8"}
        if self.convolutions == source.convolutions:
            names = set(ours)
        if self.num_classes != source.num_classes:
            names.remove("fc8")
        pairs = []
        for name in sorted(names):
            shapes = [[w.shape for w in each.get(name, [])] for each in (ours, theirs)]
            if not shapes[0] or shapes[0] != shapes[1]:
                raise InputError(
                    f"{self.name} can't start from {source.name}: the weights of their "
                    f"layers {name} have the shapes {shapes[0]} and {shapes[1]}"
                )
            pairs += zip(ours[name], theirs[name], strict=True)
        for weight, value in pairs:
            weight.assign(value)

    def fully_convolutional(self) -> keras.Model:
        """Returns the network for larger images, with a copy of the weights.

        See `kerasapps.layers.fully_convolutional`.
        """
        return fully_convolutional(self)

    def scaled(
        self, depth: float = 1.0, width: float = 1.0, resolution: float = 1.0
    ) -> "VGG":
        """Returns a fresh network of another size.

        Args:
            depth: Factor of the number of convolutions of each stage.
            width: Factor of the numbers of channels and hidden units.
            resolution: Factor of the height and width of the images.
        """
        return VGG(
            **self.get_config()
            | {
                "convolutions": [scale_depth(n, depth) for n in self.convolutions],
                "widths": [scale_width(n, width) for n in self.widths],
                "units": scale_width(self.units, width),
                "input_shape": scale_input_shape(self.input_shape[1:], resolution),
            }
        )

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments of the constructor."""
        return {
            "convolutions": self.convolutions,
            "widths": self.widths,
            "pointwise": self.pointwise,
            "normalized": self.normalized,
            "units": self.units,
            "num_classes": self.num_classes,
            "input_shape": self.input_shape[1:],
            "initialization": self.initialization,
            "name": self.name,
        }


def _configuration(
    size: tuple[str, tuple[int, ...], dict[str, Any]],
    num_classes: int = 1000,
    input_shape: ImageShape = (224, 224, 3),
    initialization: Literal["he", "glorot", "normal"] = "he",
    name: str = "vgg",
) -> VGG:
    """Configuration {size[0]}, table 1; {parameters:,} parameters.

    The arguments are those of `VGG`.
    """
    _, convolutions, options = size
    return VGG(
        convolutions,
        num_classes=num_classes,
        input_shape=input_shape,
        initialization=initialization,
        name=name,
        **options,
    )


def _with_twin(
    size: tuple[str, tuple[int, ...], str],
    num_classes: int = 1000,
    input_shape: ImageShape = (224, 224, 3),
    initialization: Literal["he", "glorot", "normal"] = "he",
    weights: Weights = None,
    name: str = "vgg",
) -> VGG:
    """Configuration {size[0]}, table 1; {parameters:,} parameters.

    `weights`: those of `keras.applications.{size[2]}`, see `take_weights`. The other
    arguments are those of `VGG`.
    """
    letter, convolutions, twin = size
    options = (num_classes, input_shape, initialization, name)
    model = _configuration((letter, convolutions, {}), *options)
    return take_weights(model, weights, twin)


# Table 1: the convolutions of each stage, and what is special.
_A = ("A, 11 layers", (1, 1, 2, 2, 2), {})
_ALRN = ("A-LRN, 11 layers", (1, 1, 2, 2, 2), {"normalized": True})
_B = ("B, 13 layers", (2, 2, 2, 2, 2), {})
_C = ("C, 16 layers, three 1x1", (2, 2, 3, 3, 3), {"pointwise": True})
_D = ("D, 16 layers", (2, 2, 3, 3, 3), "VGG16")
_E = ("E, 19 layers", (2, 2, 4, 4, 4), "VGG19")

VGGA = variant(_configuration, "VGGA", 132_863_336, _A)
VGGALRN = variant(_configuration, "VGGALRN", 132_863_336, _ALRN)
VGGB = variant(_configuration, "VGGB", 133_047_848, _B)
VGGC = variant(_configuration, "VGGC", 133_638_952, _C)
VGGD = variant(_with_twin, "VGGD", 138_357_544, _D)
VGGE = variant(_with_twin, "VGGE", 143_667_240, _E)
