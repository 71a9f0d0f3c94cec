"""Conditional GAN: "Conditional Generative Adversarial Nets".

https://arxiv.org/abs/1411.1784
"""

import keras

from kerasapps.arguments import checked
from kerasapps.layers import InputDropout, Maxout
from kerasapps.models.dcgan import discriminator_layers, generator_layers
from kerasapps.models.gan import uniform
from kerasapps.models.paper import Paper

_PAPER = Paper(
    title="Conditional Generative Adversarial Nets",
    authors="Mirza, Osindero",
    year=2014,
    url="https://arxiv.org/abs/1411.1784",
)


@keras.saving.register_keras_serializable("kerasapps")
class ConditionalGAN(keras.Model):
    """The generator for MNIST, section 4.1; 2,413,984 parameters.

    z and the condition go to hidden layers of their own, which are joined by a second
    one; all are rectifiers, and the outputs are sigmoids. Half of the hidden units are
    dropped: the paper applies dropout of 0.5 "to both the generator and discriminator"
    without saying where, and whether when it samples, too. Here it does: as noise
    beside z, of which it makes more than of z itself. Without it all images of a class
    look alike. What is dropped follows from numbers at the end of z. Weights start as
    those of `GAN`, of which the paper repeats the training.

    Args:
        image_size: Height and width of the images.
        channels: Channels of the images.
        latent_size: Numbers in z that the first layer sees.
        condition_size: Numbers in the condition; for digits it is one-hot.
        latent_units: Hidden units that see z.
        condition_units: Hidden units that see the condition.
        units: Units of the joint layer.
        dropout: Share of the hidden units that are dropped, each where its number in
            z is below this; with 0 z has no such numbers.
        name: Name of the model.

    Inputs: A list: `z`, float32 of shape `[batch, latent_size + latent_units +
    condition_units + units]`, uniform from 0 to 1; and `condition`, float32 of shape
    `[batch, condition_size]`.

    Outputs: Images, float32 of shape `[batch, height, width, channels]`, from 0 to 1.

    Attributes:
        latent_bounds: Bounds of each number in z.
        example_bounds: Bounds of the images.
    """

    paper = _PAPER
    task = "gan"
    makes = "images"
    maps_domains = False
    is_conditional = True
    grows = False
    has_styles = False
    latent_bounds = (0.0, 1.0)
    example_bounds = (0.0, 1.0)

    @checked
    def __init__(
        self,
        image_size: int = 28,
        channels: int = 1,
        latent_size: int = 100,
        condition_size: int = 10,
        latent_units: int = 200,
        condition_units: int = 1000,
        units: int = 1200,
        dropout: float = 0.5,
        name: str = "conditional_gan",
    ):
        def dense(x, units, name):
            return keras.layers.Dense(
                units, activation="relu", kernel_initializer=uniform(0.05), name=name
            )(x)

        joined = latent_units + condition_units
        dropped = joined + units if dropout else 0
        z = keras.Input((latent_size + dropped,), name="z", dtype="float32")
        condition = keras.Input((condition_size,), name="condition", dtype="float32")
        seen, *noise = [z]
        if dropout:
            seen, *noise = keras.ops.split(z, [latent_size, latent_size + joined], 1)
        x = keras.layers.Concatenate(name="join")(
            [
                dense(seen, latent_units, "latent"),
                dense(condition, condition_units, "conditional"),
            ]
        )
        if dropout:
            x = InputDropout(dropout, name="join_dropout")([x, noise[0]])
        x = dense(x, units, "joint")
        if dropout:
            x = InputDropout(dropout, name="joint_dropout")([x, noise[1]])
        # The outputs stay float32 under mixed precision.
        x = keras.layers.Dense(
            image_size * image_size * channels,
            activation="sigmoid",
            kernel_initializer=uniform(0.05),
            name="pixels",
            dtype="float32",
        )(x)
        shape = (image_size, image_size, channels)
        image = keras.layers.Reshape(shape, name="image", dtype="float32")(x)
        super().__init__([z, condition], image, name=name)
        self.image_size = image_size
        self.channels = channels
        self.latent_size = latent_size
        self.condition_size = condition_size
        self.latent_units = latent_units
        self.condition_units = condition_units
        self.units = units
        self.dropout = dropout

    def discriminator(self, **options) -> keras.Model:
        """Returns the discriminator for these images and conditions.

        Args:
            **options: Other arguments of `ConditionalGANDiscriminator`.
        """
        return ConditionalGANDiscriminator(
            self.image_size, self.channels, self.condition_size, **options
        )

    def get_config(self) -> dict:
        """Returns the arguments of the constructor."""
        return {
            "image_size": self.image_size,
            "channels": self.channels,
            "latent_size": self.latent_size,
            "condition_size": self.condition_size,
            "latent_units": self.latent_units,
            "condition_units": self.condition_units,
            "units": self.units,
            "dropout": self.dropout,
            "name": self.name,
        }


@keras.saving.register_keras_serializable("kerasapps")
class ConditionalGANDiscriminator(keras.Model):
    """The discriminator for MNIST, section 4.1; 1,224,351 parameters.

    The image goes to a maxout layer of five pieces and the condition to another, and
    both to a joint one of four. Half of these units are dropped in training; see
    `ConditionalGAN`.

    Args:
        image_size: Height and width of the images.
        channels: Channels of the images.
        condition_size: Numbers in the condition.
        image_units: Hidden units that see the image.
        condition_units: Hidden units that see the condition.
        units: Units of the joint layer.
        name: Name of the model.

    Inputs: A list: `image`, float32 of shape `[batch, height, width, channels]`, from 0
    to 1; and `condition`, float32 of shape `[batch, condition_size]`.

    Outputs: The logit that the image is real, float32 of shape `[batch, 1]`.
    """

    @checked
    def __init__(
        self,
        image_size: int = 28,
        channels: int = 1,
        condition_size: int = 10,
        image_units: int = 240,
        condition_units: int = 50,
        units: int = 240,
        name: str = "conditional_gan_discriminator",
    ):
        def maxout(x, units, pieces, name):
            return Maxout(units, pieces, kernel_initializer=uniform(0.005), name=name)(
                x
            )

        image = keras.Input((image_size, image_size, channels), name="image")
        condition = keras.Input((condition_size,), name="condition", dtype="float32")
        x = keras.layers.Flatten(name="flatten")(image)
        x = keras.layers.Concatenate(name="join")(
            [
                maxout(x, image_units, 5, "pixels"),
                maxout(condition, condition_units, 5, "conditional"),
            ]
        )
        x = keras.layers.Dropout(0.5, name="join_dropout")(x)
        x = maxout(x, units, 4, "joint")
        x = keras.layers.Dropout(0.5, name="joint_dropout")(x)
        # The outputs stay float32 under mixed precision.
        logit = keras.layers.Dense(
            1, kernel_initializer=uniform(0.005), name="logit", dtype="float32"
        )(x)
        super().__init__([image, condition], logit, name=name)
        self.image_size = image_size
        self.channels = channels
        self.condition_size = condition_size
        self.image_units = image_units
        self.condition_units = condition_units
        self.units = units

    def get_config(self) -> dict:
        """Returns the arguments of the constructor."""
        return {
            "image_size": self.image_size,
            "channels": self.channels,
            "condition_size": self.condition_size,
            "image_units": self.image_units,
            "condition_units": self.condition_units,
            "units": self.units,
            "name": self.name,
        }


@keras.saving.register_keras_serializable("kerasapps")
class ConvolutionalConditionalGAN(keras.Model):
    """A convolutional generator on continuous conditions; 4,959,363 parameters.

    Gauthier, "Conditional Generative Adversarial Nets for Convolutional Face
    Generation", 2014: the condition is a vector of attributes, which joins z at the
    input. The layers are those of `DCGAN`, for three sizes of images. Gauthier's code,
    for 32x32 alone, has the layers of `ConvolutionalGAN` instead, and normal z.

    Args:
        image_size: Height and width of the images: 32, 28 or 64.
        channels: Channels of the images.
        latent_size: Numbers in z.
        condition_size: Numbers in the condition.
        filters: Maps before the last layer.
        name: Name of the model.

    Inputs: A list: `z`, float32 of shape `[batch, latent_size]`, standard normal; and
    `condition`, float32 of shape `[batch, condition_size]`.

    Outputs: Images, float32 of shape `[batch, height, width, channels]`, from -1 to 1.

    Attributes:
        latent_bounds: None, as z is normal.
        example_bounds: Bounds of the images.

    Raises:
        InputError: If the size isn't one of these.
    """

    paper = _PAPER
    task = "gan"
    makes = "images"
    maps_domains = False
    is_conditional = True
    grows = False
    has_styles = False
    latent_bounds = None
    example_bounds = (-1.0, 1.0)

    @checked
    def __init__(
        self,
        image_size: int = 32,
        channels: int = 3,
        latent_size: int = 100,
        condition_size: int = 4,
        filters: int = 128,
        name: str = "convolutional_conditional_gan",
    ):
        z = keras.Input((latent_size,), name="z", dtype="float32")
        condition = keras.Input((condition_size,), name="condition", dtype="float32")
        x = keras.layers.Concatenate(name="join")([z, condition])
        image = generator_layers(x, image_size, channels, filters)
        super().__init__([z, condition], image, name=name)
        self.image_size = image_size
        self.channels = channels
        self.latent_size = latent_size
        self.condition_size = condition_size
        self.filters = filters

    def discriminator(self, **options) -> keras.Model:
        """Returns the discriminator for these images and conditions.

        Args:
            **options: Other arguments of `ConvolutionalConditionalGANDiscriminator`.
        """
        return ConvolutionalConditionalGANDiscriminator(
            self.image_size, self.channels, self.condition_size, **options
        )

    def get_config(self) -> dict:
        """Returns the arguments of the constructor."""
        return {
            "image_size": self.image_size,
            "channels": self.channels,
            "latent_size": self.latent_size,
            "condition_size": self.condition_size,
            "filters": self.filters,
            "name": self.name,
        }


@keras.saving.register_keras_serializable("kerasapps")
class ConvolutionalConditionalGANDiscriminator(keras.Model):
    """A convolutional discriminator of images and conditions; 1,040,129 parameters.

    The condition joins the image, each of its numbers as a map of its own, and so meets
    every layer of `DCGANDiscriminator`, of which convolutions, weights and output are.
    In Gauthier's code it joins the last hidden layer, from which the logit follows: a
    sum of what the image and what the condition adds, which can't tell whether they
    belong together. With a hidden layer between, the generator still didn't learn to
    obey the condition: a few numbers drown among thousands of features.

    Args:
        image_size: Height and width of the images: 32, 28 or 64.
        channels: Channels of the images.
        condition_size: Numbers in the condition.
        filters: Maps of the first layer.
        name: Name of the model.

    Inputs: A list: `image`, float32 of shape `[batch, height, width, channels]`, from
    -1 to 1; and `condition`, float32 of shape `[batch, condition_size]`.

    Outputs: The logit that the image is real, float32 of shape `[batch, 1]`.

    Raises:
        InputError: If the size isn't one of these.
    """

    @checked
    def __init__(
        self,
        image_size: int = 32,
        channels: int = 3,
        condition_size: int = 4,
        filters: int = 64,
        name: str = "convolutional_conditional_gan_discriminator",
    ):
        image = keras.Input((image_size, image_size, channels), name="image")
        condition = keras.Input((condition_size,), name="condition", dtype="float32")
        maps = keras.layers.Reshape((1, 1, condition_size), name="point")(condition)
        maps = keras.layers.UpSampling2D(image_size, name="maps")(maps)
        x = keras.layers.Concatenate(name="join")([image, maps])
        logit = discriminator_layers(x, filters)
        super().__init__([image, condition], logit, name=name)
        self.image_size = image_size
        self.channels = channels
        self.condition_size = condition_size
        self.filters = filters

    def get_config(self) -> dict:
        """Returns the arguments of the constructor."""
        return {
            "image_size": self.image_size,
            "channels": self.channels,
            "condition_size": self.condition_size,
            "filters": self.filters,
            "name": self.name,
        }
