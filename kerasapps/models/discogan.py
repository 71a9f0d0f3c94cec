"""DiscoGAN.

"Learning to Discover Cross-Domain Relations with Generative Adversarial Networks",
https://arxiv.org/abs/1703.05192
"""

import keras

from kerasapps.arguments import checked
from kerasapps.errors import InputError
from kerasapps.layers import BatchNormalization
from kerasapps.models.paper import Paper

_PAPER = Paper(
    title="Learning to Discover Cross-Domain Relations with Generative Adversarial "
    "Networks",
    authors="Kim, Cha, Kim, Lee, Kim",
    year=2017,
    url="https://arxiv.org/abs/1703.05192",
)

# Maps of the innermost layer, where there are five on each side.
_INNERMOST = 100


def _initializer():
    # Uniform in +-1 / sqrt(fan-in), where the authors' framework starts.
    return keras.initializers.VarianceScaling(1 / 3, "fan_in", "uniform")


def _normalized(x, name):
    # Momentum and epsilon are those of the authors' framework.
    return BatchNormalization(momentum=0.9, epsilon=1e-5, name=name)(x)


def _innermost_size(image_size):
    """Returns height and width of the maps after four halvings."""
    if image_size < 16 or image_size % 16:
        raise InputError(
            f"DiscoGAN has images of 16, 32, 48, 64 ... pixels, not {image_size}",
            argument="image_size",
        )
    return image_size // 16


def _encode(image, filters):
    """Halves height and width four times by 4x4 convolutions."""
    x = image
    for number in range(1, 5):
        x = keras.layers.Conv2D(
            filters * 2 ** (number - 1),
            4,
            2,
            "same",
            use_bias=False,
            kernel_initializer=_initializer(),
            name=f"conv{number}",
        )(x)
        if number > 1:
            x = _normalized(x, f"conv{number}_norm")
        x = keras.layers.LeakyReLU(0.2, name=f"conv{number}_relu")(x)
    return x


@keras.saving.register_keras_serializable("kerasapps")
class DiscoGAN(keras.Model):
    """A generator, from images of one domain to those of another; 5,513,856 parameters.

    Section 4.2: four or five 4x4 convolutions with leaky rectifiers, then as many
    transposed ones with rectifiers. What the paper leaves open is that of the authors'
    code: all but the fifth have stride 2; the fifth makes 100 maps of a single
    position; there are no biases, but batch normalization after all but the first and
    the last; the slope is 0.2 and the outputs are sigmoids.

    Args:
        image_size: Height and width of the images, a multiple of 16.
        channels: Channels of the images that go in.
        target_channels: Channels of those that come out.
        filters: Maps of the first layer and before the last.
        num_layers: Convolutions before, and transposed ones after, the innermost maps:
            4 or 5.
        name: Name of the model.

    Inputs: `image`, float32 of shape `[batch, height, width, channels]`, from 0 to 1.

    Outputs: Images, float32 of shape `[batch, height, width, target_channels]`, from 0
    to 1.

    Attributes:
        example_bounds: Bounds of the images.

    Raises:
        InputError: If there is no such size, or no such number of layers.
    """

    paper = _PAPER
    task = "gan"
    makes = "images"
    maps_domains = True
    is_conditional = False
    grows = False
    has_styles = False
    example_bounds = (0.0, 1.0)

    @checked
    def __init__(
        self,
        image_size: int = 64,
        channels: int = 3,
        target_channels: int = 3,
        filters: int = 64,
        num_layers: int = 4,
        name: str = "discogan",
    ):
        size = _innermost_size(image_size)
        if num_layers not in (4, 5):
            raise InputError(
                f"DiscoGAN has 4 or 5 layers, not {num_layers}", argument="num_layers"
            )
        image = keras.Input((image_size, image_size, channels), name="image")
        x = _encode(image, filters)
        if num_layers == 5:
            x = keras.layers.Conv2D(
                _INNERMOST,
                size,
                use_bias=False,
                kernel_initializer=_initializer(),
                name="conv5",
            )(x)
            x = _normalized(x, "conv5_norm")
            x = keras.layers.LeakyReLU(0.2, name="conv5_relu")(x)
            x = keras.layers.Conv2DTranspose(
                8 * filters,
                size,
                use_bias=False,
                kernel_initializer=_initializer(),
                name="deconv5",
            )(x)
            x = _normalized(x, "deconv5_norm")
            x = keras.layers.ReLU(name="deconv5_relu")(x)
        # Each undoes the convolution of its number.
        for number in (4, 3, 2):
            x = keras.layers.Conv2DTranspose(
                filters * 2 ** (number - 2),
                4,
                2,
                "same",
                use_bias=False,
                kernel_initializer=_initializer(),
                name=f"deconv{number}",
            )(x)
            x = _normalized(x, f"deconv{number}_norm")
            x = keras.layers.ReLU(name=f"deconv{number}_relu")(x)
        # The outputs stay float32 under mixed precision.
        converted = keras.layers.Conv2DTranspose(
            target_channels,
            4,
            2,
            "same",
            activation="sigmoid",
            use_bias=False,
            kernel_initializer=_initializer(),
            name="deconv1",
            dtype="float32",
        )(x)
        super().__init__(image, converted, name=name)
        self.image_size = image_size
        self.channels = channels
        self.target_channels = target_channels
        self.filters = filters
        self.num_layers = num_layers

    def discriminator(self, **options) -> keras.Model:
        """Returns the discriminator for the images that come out.

        Args:
            **options: Other arguments of `DiscoGANDiscriminator`.
        """
        return DiscoGANDiscriminator(self.image_size, self.target_channels, **options)

    def inverse(self, **options) -> keras.Model:
        """Returns a new generator in the other direction.

        Args:
            **options: Other arguments of `DiscoGAN`, as `name`.
        """
        config = self.get_config()
        config["channels"] = self.target_channels
        config["target_channels"] = self.channels
        return DiscoGAN(**(config | options))

    def get_config(self) -> dict:
        """Returns the arguments of the constructor."""
        return {
            "image_size": self.image_size,
            "channels": self.channels,
            "target_channels": self.target_channels,
            "filters": self.filters,
            "num_layers": self.num_layers,
            "name": self.name,
        }


@keras.saving.register_keras_serializable("kerasapps")
class DiscoGANDiscriminator(keras.Model):
    """A discriminator of one domain, section 4.2; 2,765,568 parameters.

    The generator's first four convolutions, and one more that makes the logit.

    Args:
        image_size: Height and width of the images, a multiple of 16.
        channels: Channels of the images.
        filters: Maps of the first layer.
        name: Name of the model.

    Inputs: `image`, float32 of shape `[batch, height, width, channels]`, from 0 to 1.

    Outputs: The logit that it is real, float32 of shape `[batch, 1]`.

    Raises:
        InputError: If there is no such size.
    """

    @checked
    def __init__(
        self,
        image_size: int = 64,
        channels: int = 3,
        filters: int = 64,
        name: str = "discogan_discriminator",
    ):
        size = _innermost_size(image_size)
        image = keras.Input((image_size, image_size, channels), name="image")
        x = _encode(image, filters)
        # The outputs stay float32 under mixed precision.
        x = keras.layers.Conv2D(
            1,
            size,
            use_bias=False,
            kernel_initializer=_initializer(),
            name="conv5",
            dtype="float32",
        )(x)
        logit = keras.layers.Flatten(name="logit", dtype="float32")(x)
        super().__init__(image, logit, name=name)
        self.image_size = image_size
        self.channels = channels
        self.filters = filters

    def get_config(self) -> dict:
        """Returns the arguments of the constructor."""
        return {
            "image_size": self.image_size,
            "channels": self.channels,
            "filters": self.filters,
            "name": self.name,
        }


def _linear(x, units, num_layers, outputs, name):
    """Applies linear layers, rectifiers after all but the last."""
    for number in range(1, num_layers):
        x = keras.layers.Dense(
            units,
            activation="relu",
            kernel_initializer=_initializer(),
            name=f"fc{number}",
        )(x)
    # The outputs stay float32 under mixed precision.
    return keras.layers.Dense(
        outputs, kernel_initializer=_initializer(), name=name, dtype="float32"
    )(x)


@keras.saving.register_keras_serializable("kerasapps")
class ToyDiscoGAN(keras.Model):
    """A generator between domains of points, section 4.1; 17,154 parameters.

    Three linear layers with rectifiers between them. The paper doesn't give their
    width.

    Args:
        dimensions: Numbers of a point.
        units: Units of each hidden layer.
        name: Name of the model.

    Inputs: `point`, float32 of shape `[batch, dimensions]`.

    Outputs: Points of the other domain, float32 of shape `[batch, dimensions]`.

    Attributes:
        example_bounds: None, as points have no bounds.
    """

    paper = _PAPER
    task = "gan"
    makes = "points"
    maps_domains = True
    is_conditional = False
    grows = False
    has_styles = False
    example_bounds = None

    @checked
    def __init__(
        self, dimensions: int = 2, units: int = 128, name: str = "toy_discogan"
    ):
        point = keras.Input((dimensions,), name="point", dtype="float32")
        converted = _linear(point, units, 3, dimensions, "converted")
        super().__init__(point, converted, name=name)
        self.dimensions = dimensions
        self.units = units

    def discriminator(self, **options) -> keras.Model:
        """Returns the discriminator for these points.

        Args:
            **options: Other arguments of `ToyDiscoGANDiscriminator`.
        """
        return ToyDiscoGANDiscriminator(self.dimensions, **options)

    def inverse(self, **options) -> keras.Model:
        """Returns a new generator in the other direction.

        Args:
            **options: Other arguments of `ToyDiscoGAN`, as `name`.
        """
        return ToyDiscoGAN(**(self.get_config() | options))

    def get_config(self) -> dict:
        """Returns the arguments of the constructor."""
        return {"dimensions": self.dimensions, "units": self.units, "name": self.name}


@keras.saving.register_keras_serializable("kerasapps")
class ToyDiscoGANDiscriminator(keras.Model):
    """A discriminator of points, section 4.1; 50,049 parameters.

    Five linear layers with rectifiers between them.

    Args:
        dimensions: Numbers of a point.
        units: Units of each hidden layer.
        name: Name of the model.

    Inputs: `point`, float32 of shape `[batch, dimensions]`.

    Outputs: The logit that it is real, float32 of shape `[batch, 1]`.
    """

    @checked
    def __init__(
        self,
        dimensions: int = 2,
        units: int = 128,
        name: str = "toy_discogan_discriminator",
    ):
        point = keras.Input((dimensions,), name="point", dtype="float32")
        logit = _linear(point, units, 5, 1, "logit")
        super().__init__(point, logit, name=name)
        self.dimensions = dimensions
        self.units = units

    def get_config(self) -> dict:
        """Returns the arguments of the constructor."""
        return {"dimensions": self.dimensions, "units": self.units, "name": self.name}
