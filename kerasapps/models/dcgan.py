"""DCGAN.

"Unsupervised Representation Learning with Deep Convolutional Generative Adversarial
Networks", https://arxiv.org/abs/1511.06434
"""

import keras

from kerasapps.arguments import checked
from kerasapps.errors import InputError
from kerasapps.layers import BatchNormalization
from kerasapps.models.paper import Paper

# Height and width of the smallest maps, and how often they are doubled.
_SIZES = {28: (7, 2), 32: (4, 3), 64: (4, 4)}


def initializer() -> keras.initializers.Initializer:
    """Returns what weights start from: normal, of deviation 0.02 (section 4)."""
    return keras.initializers.RandomNormal(stddev=0.02)


def _normalized(x, name):
    # Momentum and epsilon are those of the authors' code.
    return BatchNormalization(momentum=0.9, epsilon=1e-5, name=name)(x)


def _size(image_size):
    if image_size not in _SIZES:
        raise InputError(
            f"DCGAN has images of 28, 32 and 64 pixels, not {image_size}",
            argument="image_size",
        )
    return _SIZES[image_size]


def generator_layers(
    z: keras.KerasTensor, image_size: int, channels: int, filters: int
) -> keras.KerasTensor:
    """Returns the images that the generator's layers make.

    Args:
        z: A Keras tensor, float32 of shape `[batch, latent_size]`.
        image_size: Height and width of the images.
        channels: Channels of the images.
        filters: Maps before the last layer.

    Returns:
        A Keras tensor, float32 of shape `[batch, height, width, channels]`.

    Raises:
        InputError: If there is no such size.
    """
    size, doublings = _size(image_size)
    x = keras.layers.Reshape((1, 1, z.shape[-1]), name="position")(z)
    maps = [filters * 2**power for power in reversed(range(doublings))]
    x = keras.layers.Conv2DTranspose(
        maps[0],
        size,
        use_bias=False,
        kernel_initializer=initializer(),
        name="project",
    )(x)
    x = _normalized(x, "project_norm")
    x = keras.layers.ReLU(name="project_relu")(x)
    for number, width in enumerate(maps[1:], start=1):
        x = keras.layers.Conv2DTranspose(
            width,
            5,
            2,
            "same",
            use_bias=False,
            kernel_initializer=initializer(),
            name=f"conv{number}",
        )(x)
        x = _normalized(x, f"conv{number}_norm")
        x = keras.layers.ReLU(name=f"conv{number}_relu")(x)
    # The outputs stay float32 under mixed precision.
    return keras.layers.Conv2DTranspose(
        channels,
        5,
        2,
        "same",
        activation="tanh",
        kernel_initializer=initializer(),
        name=f"conv{doublings}",
        dtype="float32",
    )(x)


def discriminator_layers(image: keras.KerasTensor, filters: int) -> keras.KerasTensor:
    """Returns the discriminator's logit.

    Args:
        image: A Keras tensor, float32 of shape `[batch, height, width, channels]`.
        filters: Maps of the first layer.

    Returns:
        A Keras tensor, float32 of shape `[batch, 1]`.

    Raises:
        InputError: If there is no such size.
    """
    _, halvings = _size(image.shape[1])
    x = image
    for number in range(1, halvings + 1):
        x = keras.layers.Conv2D(
            filters * 2 ** (number - 1),
            5,
            2,
            "same",
            use_bias=number == 1,
            kernel_initializer=initializer(),
            name=f"conv{number}",
        )(x)
        if number > 1:
            x = _normalized(x, f"conv{number}_norm")
        x = keras.layers.LeakyReLU(0.2, name=f"conv{number}_relu")(x)
    x = keras.layers.Flatten(name="flatten")(x)
    # The outputs stay float32 under mixed precision.
    return keras.layers.Dense(
        1, kernel_initializer=initializer(), name="logit", dtype="float32"
    )(x)


@keras.saving.register_keras_serializable("kerasapps")
class DCGAN(keras.Model):
    """The generator, section 3 and figure 1; 18,855,043 parameters.

    Fractionally strided 5x5 convolutions, each of which doubles height and width and
    halves the number of maps; batch normalization and rectifiers after all but the
    last, which ends in tanh. The first layer, a matrix product whose result is shaped
    to maps, is written as such a convolution of a single position. Weights start
    normal with deviation 0.02 (section 4).

    Args:
        image_size: Height and width of the images: 64, as in the paper, 32 or 28.
        channels: Channels of the images.
        latent_size: Numbers in z.
        filters: Maps before the last layer.
        name: Name of the model.

    Inputs: `z`, float32 of shape `[batch, latent_size]`, uniform from -1 to 1.

    Outputs: Images, float32 of shape `[batch, height, width, channels]`, from -1 to 1.

    Attributes:
        latent_bounds: Bounds of each number in z.
        example_bounds: Bounds of the images.

    Raises:
        InputError: If the size isn't one of these.
    """

    paper = Paper(
        title="Unsupervised Representation Learning with Deep Convolutional Generative "
        "Adversarial Networks",
        authors="Radford, Metz, Chintala",
        year=2015,
        url="https://arxiv.org/abs/1511.06434",
    )
    task = "gan"
    makes = "images"
    maps_domains = False
    is_conditional = False
    grows = False
    has_styles = False
    latent_bounds = (-1.0, 1.0)
    example_bounds = (-1.0, 1.0)

    @checked
    def __init__(
        self,
        image_size: int = 64,
        channels: int = 3,
        latent_size: int = 100,
        filters: int = 128,
        name: str = "dcgan",
    ):
        z = keras.Input((latent_size,), name="z", dtype="float32")
        image = generator_layers(z, image_size, channels, filters)
        super().__init__(z, image, name=name)
        self.image_size = image_size
        self.channels = channels
        self.latent_size = latent_size
        self.filters = filters

    def discriminator(self, **options) -> keras.Model:
        """Returns the discriminator for these images.

        Args:
            **options: Other arguments of `DCGANDiscriminator`.
        """
        return DCGANDiscriminator(self.image_size, self.channels, **options)

    def get_config(self) -> dict:
        """Returns the arguments of the constructor."""
        return {
            "image_size": self.image_size,
            "channels": self.channels,
            "latent_size": self.latent_size,
            "filters": self.filters,
            "name": self.name,
        }


@keras.saving.register_keras_serializable("kerasapps")
class DCGANDiscriminator(keras.Model):
    """The discriminator, section 3; 4,315,649 parameters.

    5x5 convolutions at stride 2, each with twice the maps of the one before; leaky
    rectifiers of slope 0.2, and before them batch normalization in all but the first;
    the last maps go into one output.

    Args:
        image_size: Height and width of the images: 64, 32 or 28.
        channels: Channels of the images.
        filters: Maps of the first layer.
        name: Name of the model.

    Inputs: `image`, float32 of shape `[batch, height, width, channels]`, -1 to 1.

    Outputs: The logit that it is real, float32 of shape `[batch, 1]`.

    Raises:
        InputError: If the size isn't one of these.
    """

    @checked
    def __init__(
        self,
        image_size: int = 64,
        channels: int = 3,
        filters: int = 64,
        name: str = "dcgan_discriminator",
    ):
        image = keras.Input((image_size, image_size, channels), name="image")
        logit = discriminator_layers(image, filters)
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
