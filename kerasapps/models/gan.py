"""GAN: "Generative Adversarial Nets".

https://arxiv.org/abs/1406.2661

Each generator of the suite says by attributes of its class what it is:

- `makes`: "images" or "points".
- `maps_domains`: Whether it takes examples of another domain, not random z.
- `is_conditional`: Whether it takes conditions besides z.
- `grows`: Whether it is trained on small images first, and on larger and larger ones.
- `has_styles`: Whether it has a mapping and a synthesis network, as StyleGAN.
- `latent_bounds`: Bounds of each number in z, which is uniform between them; None where
  z is standard normal.
- `example_bounds`: Black and white; None for points.

Its method `discriminator` returns the discriminator that goes with it.
"""

import keras

from kerasapps.arguments import checked
from kerasapps.layers import Maxout, UntiedBias
from kerasapps.models.paper import Paper

_PAPER = Paper(
    title="Generative Adversarial Nets",
    authors="Goodfellow, Pouget-Abadie, Mirza, Xu, Warde-Farley, Ozair, Courville, "
    "Bengio",
    year=2014,
    url="https://arxiv.org/abs/1406.2661",
)


def uniform(bound: float) -> keras.initializers.Initializer:
    """Returns what weights start from: uniform between -`bound` and `bound`."""
    return keras.initializers.RandomUniform(-bound, bound)


@keras.saving.register_keras_serializable("kerasapps")
class GAN(keras.Model):
    """The generator for MNIST, section 5; 2,503,984 parameters.

    Two hidden layers of rectifiers, and sigmoid outputs. The paper gives no sizes;
    these are those of the configuration that the authors published for it, in which
    weights start uniform in +-0.05. There the biases of the outputs start from the mean
    of each pixel; here they start at zero.

    Args:
        image_size: Height and width of the images.
        channels: Channels of the images.
        latent_size: Numbers in z.
        units: Units of each hidden layer.
        name: Name of the model.

    Inputs: `z`, float32 of shape `[batch, latent_size]`, standard normal as in the
    authors' code.

    Outputs: Images, float32 of shape `[batch, height, width, channels]`, from 0 to 1.

    Attributes:
        latent_bounds: None, as z is normal.
        example_bounds: Bounds of the images.
    """

    paper = _PAPER
    task = "gan"
    makes = "images"
    maps_domains = False
    is_conditional = False
    grows = False
    has_styles = False
    latent_bounds = None
    example_bounds = (0.0, 1.0)

    @checked
    def __init__(
        self,
        image_size: int = 28,
        channels: int = 1,
        latent_size: int = 100,
        units: int = 1200,
        name: str = "gan",
    ):
        z = keras.Input((latent_size,), name="z", dtype="float32")
        x = z
        for number in (1, 2):
            x = keras.layers.Dense(
                units,
                activation="relu",
                kernel_initializer=uniform(0.05),
                name=f"fc{number}",
            )(x)
        shape = (image_size, image_size, channels)
        # The outputs stay float32 under mixed precision.
        x = keras.layers.Dense(
            image_size * image_size * channels,
            activation="sigmoid",
            kernel_initializer=uniform(0.05),
            name="fc3",
            dtype="float32",
        )(x)
        image = keras.layers.Reshape(shape, name="image", dtype="float32")(x)
        super().__init__(z, image, name=name)
        self.image_size = image_size
        self.channels = channels
        self.latent_size = latent_size
        self.units = units

    def discriminator(self, **options) -> keras.Model:
        """Returns the discriminator for these images.

        Args:
            **options: Other arguments of `GANDiscriminator`.
        """
        return GANDiscriminator(self.image_size, self.channels, **options)

    def get_config(self) -> dict:
        """Returns the arguments of the constructor."""
        return {
            "image_size": self.image_size,
            "channels": self.channels,
            "latent_size": self.latent_size,
            "units": self.units,
            "name": self.name,
        }


@keras.saving.register_keras_serializable("kerasapps")
class GANDiscriminator(keras.Model):
    """The discriminator for MNIST, section 5; 1,231,441 parameters.

    Two hidden layers of maxout. In training a fifth of the pixels and half of the
    hidden units are dropped. Sizes, shares and the +-0.005 in which weights start
    uniform are those of the authors' configuration.

    Args:
        image_size: Height and width of the images.
        channels: Channels of the images.
        units: Units of each hidden layer.
        pieces: Sums of which each of these takes the largest.
        name: Name of the model.

    Inputs: `image`, float32 of shape `[batch, height, width, channels]`, from 0 to 1.

    Outputs: The logit that it is real, float32 of shape `[batch, 1]`.
    """

    @checked
    def __init__(
        self,
        image_size: int = 28,
        channels: int = 1,
        units: int = 240,
        pieces: int = 5,
        name: str = "gan_discriminator",
    ):
        image = keras.Input((image_size, image_size, channels), name="image")
        x = keras.layers.Flatten(name="flatten")(image)
        for number, dropped in ((1, 0.2), (2, 0.5)):
            x = keras.layers.Dropout(dropped, name=f"dropout{number}")(x)
            x = Maxout(
                units, pieces, kernel_initializer=uniform(0.005), name=f"fc{number}"
            )(x)
        x = keras.layers.Dropout(0.5, name="dropout3")(x)
        # The outputs stay float32 under mixed precision.
        logit = keras.layers.Dense(
            1, kernel_initializer=uniform(0.005), name="logit", dtype="float32"
        )(x)
        super().__init__(image, logit, name=name)
        self.image_size = image_size
        self.channels = channels
        self.units = units
        self.pieces = pieces

    def get_config(self) -> dict:
        """Returns the arguments of the constructor."""
        return {
            "image_size": self.image_size,
            "channels": self.channels,
            "units": self.units,
            "pieces": self.pieces,
            "name": self.name,
        }


@keras.saving.register_keras_serializable("kerasapps")
class ConvolutionalGAN(keras.Model):
    """The generator of figure 2 d, for CIFAR-10; 64,825,072 parameters.

    A hidden layer of rectifiers and one of sigmoids, which is shaped to maps of 10x10;
    then one transposed convolution of 5x5 at stride 3, with a bias for each number of
    the image and nothing after it. As in the configuration that the authors published,
    weights start uniform in +-0.05. Its images have their mean taken from them and
    their contrast normalized, each by its own; here they are scaled to -1 to 1, like
    those of the later papers, so that they can be shown.

    Args:
        channels: Channels of the images, which are of 32x32.
        latent_size: Numbers in z.
        units: Units of the first hidden layer.
        filters: Maps of the second.
        name: Name of the model.

    Inputs: `z`, float32 of shape `[batch, latent_size]`, standard normal as in the
    authors' code.

    Outputs: Images, float32 of shape `[batch, 32, 32, channels]`; -1 is black and 1 is
    white, and they may lie beyond.

    Attributes:
        latent_bounds: None, as z is normal.
        example_bounds: Black and white.
        image_size: 32.
    """

    paper = _PAPER
    task = "gan"
    makes = "images"
    maps_domains = False
    is_conditional = False
    grows = False
    has_styles = False
    latent_bounds = None
    example_bounds = (-1.0, 1.0)
    image_size = 32

    @checked
    def __init__(
        self,
        channels: int = 3,
        latent_size: int = 100,
        units: int = 8000,
        filters: int = 80,
        name: str = "convolutional_gan",
    ):
        z = keras.Input((latent_size,), name="z", dtype="float32")
        x = keras.layers.Dense(
            units, activation="relu", kernel_initializer=uniform(0.05), name="fc1"
        )(z)
        x = keras.layers.Dense(
            10 * 10 * filters,
            activation="sigmoid",
            kernel_initializer=uniform(0.05),
            name="fc2",
        )(x)
        x = keras.layers.Reshape((10, 10, filters), name="maps")(x)
        # The outputs stay float32 under mixed precision.
        x = keras.layers.Conv2DTranspose(
            channels,
            5,
            3,
            use_bias=False,
            kernel_initializer=uniform(0.05),
            name="conv3",
            dtype="float32",
        )(x)
        image = UntiedBias(name="conv3_bias", dtype="float32")(x)
        super().__init__(z, image, name=name)
        self.channels = channels
        self.latent_size = latent_size
        self.units = units
        self.filters = filters

    def discriminator(self, **options) -> keras.Model:
        """Returns the discriminator for these images.

        Args:
            **options: Other arguments of `ConvolutionalGANDiscriminator`.
        """
        return ConvolutionalGANDiscriminator(self.channels, **options)

    def get_config(self) -> dict:
        """Returns the arguments of the constructor."""
        return {
            "channels": self.channels,
            "latent_size": self.latent_size,
            "units": self.units,
            "filters": self.filters,
            "name": self.name,
        }


@keras.saving.register_keras_serializable("kerasapps")
class ConvolutionalGANDiscriminator(keras.Model):
    """The discriminator for CIFAR-10, section 5; 12,454,073 parameters.

    Three convolutions with maxout of two pieces and max pooling, and a fully connected
    layer with maxout of five. In training a fifth of the pixels and half of the hidden
    units are dropped. Sizes, shares and the +-0.005 in which weights start uniform are
    those of the authors' configuration. The last pooling windows reach over the border,
    as in the library that it is for.

    Args:
        channels: Channels of the images, which are of 32x32.
        filters: Maps of the three convolutions.
        units: Units of the fully connected layer.
        name: Name of the model.

    Inputs: `image`, float32 of shape `[batch, 32, 32, channels]`.

    Outputs: The logit that it is real, float32 of shape `[batch, 1]`.
    """

    @checked
    def __init__(
        self,
        channels: int = 3,
        filters: tuple[int, int, int] = (32, 32, 192),
        units: int = 500,
        name: str = "convolutional_gan_discriminator",
    ):
        image = keras.Input((32, 32, channels), name="image")
        x = keras.layers.Dropout(0.2, name="dropout1")(image)
        x = _maxout_convolution(x, filters[0], 8, border=4, pool=4, name="conv1")
        x = keras.layers.Dropout(0.5, name="dropout2")(x)  # 16x16
        x = _maxout_convolution(x, filters[1], 8, border=3, pool=4, name="conv2")
        x = keras.layers.Dropout(0.5, name="dropout3")(x)  # 7x7
        x = _maxout_convolution(x, filters[2], 5, border=3, pool=2, name="conv3")
        x = keras.layers.Dropout(0.5, name="dropout4")(x)  # 5x5
        x = keras.layers.Flatten(name="flatten")(x)
        x = Maxout(units, 5, kernel_initializer=uniform(0.005), name="fc4")(x)
        x = keras.layers.Dropout(0.5, name="dropout5")(x)
        # The outputs stay float32 under mixed precision.
        logit = keras.layers.Dense(
            1, kernel_initializer=uniform(0.005), name="logit", dtype="float32"
        )(x)
        super().__init__(image, logit, name=name)
        self.channels = channels
        self.filters = tuple(filters)
        self.units = units

    def get_config(self) -> dict:
        """Returns the arguments of the constructor."""
        return {
            "channels": self.channels,
            "filters": self.filters,
            "units": self.units,
            "name": self.name,
        }


def _maxout_convolution(x, maps, kernel_size, border, pool, name):
    """Convolves, takes the larger of two sums, and of each window the largest."""
    x = keras.layers.ZeroPadding2D(border, name=f"{name}_border")(x)
    x = keras.layers.Conv2D(
        2 * maps, kernel_size, kernel_initializer=uniform(0.005), name=name
    )(x)
    size = x.shape[1]
    x = keras.layers.Reshape((size, size, maps, 2), name=f"{name}_pieces")(x)
    x = keras.ops.max(x, axis=-1)
    # At each of the three sizes the last window reaches one row over the border. A copy
    # of the row before, which that window has anyway, doesn't change its maximum.
    x = keras.ops.pad(x, ((0, 0), (0, 1), (0, 1), (0, 0)), mode="symmetric")
    return keras.layers.MaxPooling2D(pool, 2, name=f"{name}_pool")(x)


@keras.saving.register_keras_serializable("kerasapps")
class PointGAN(keras.Model):
    """A generator of points; 16,897 parameters.

    The paper trains a one-dimensional one in figure 1 without giving its sizes. Hidden
    layers, their rectifiers and their orthogonal weights, scaled by 0.8, are those that
    Metz, Poole, Pfau and Sohl-Dickstein ("Unrolled Generative Adversarial Networks",
    2016, appendix A) take for a ring of eight Gaussians in two dimensions, for which z
    has 256 numbers.

    Args:
        dimensions: Numbers of a point.
        latent_size: Numbers in z.
        units: Units of each hidden layer.
        num_layers: Number of hidden layers.
        name: Name of the model.

    Inputs: `z`, float32 of shape `[batch, latent_size]`, uniform from -1 to 1, as it is
    uniform in figure 1.

    Outputs: Points, float32 of shape `[batch, dimensions]`.

    Attributes:
        latent_bounds: Bounds of each number in z.
        example_bounds: None, as points have no bounds.
    """

    paper = _PAPER
    task = "gan"
    makes = "points"
    maps_domains = False
    is_conditional = False
    grows = False
    has_styles = False
    latent_bounds = (-1.0, 1.0)
    example_bounds = None

    @checked
    def __init__(
        self,
        dimensions: int = 1,
        latent_size: int = 1,
        units: int = 128,
        num_layers: int = 2,
        name: str = "point_gan",
    ):
        z = keras.Input((latent_size,), name="z", dtype="float32")
        point = _perceptron(z, units, num_layers, dimensions, "point")
        super().__init__(z, point, name=name)
        self.dimensions = dimensions
        self.latent_size = latent_size
        self.units = units
        self.num_layers = num_layers

    def discriminator(self, **options) -> keras.Model:
        """Returns the discriminator for these points.

        Args:
            **options: Other arguments of `PointGANDiscriminator`.
        """
        return PointGANDiscriminator(self.dimensions, **options)

    def get_config(self) -> dict:
        """Returns the arguments of the constructor."""
        return {
            "dimensions": self.dimensions,
            "latent_size": self.latent_size,
            "units": self.units,
            "num_layers": self.num_layers,
            "name": self.name,
        }


@keras.saving.register_keras_serializable("kerasapps")
class PointGANDiscriminator(keras.Model):
    """A discriminator of points; 385 parameters for those of one dimension.

    As in appendix A of Metz et al. (see `PointGAN`) points are divided by 4, and one
    hidden layer of rectifiers follows.

    Args:
        dimensions: Numbers of a point.
        units: Units of each hidden layer.
        num_layers: Number of hidden layers.
        name: Name of the model.

    Inputs: `point`, float32 of shape `[batch, dimensions]`.

    Outputs: The logit that it is real, float32 of shape `[batch, 1]`.
    """

    @checked
    def __init__(
        self,
        dimensions: int = 1,
        units: int = 128,
        num_layers: int = 1,
        name: str = "point_gan_discriminator",
    ):
        point = keras.Input((dimensions,), name="point", dtype="float32")
        logit = _perceptron(point / 4, units, num_layers, 1, "logit")
        super().__init__(point, logit, name=name)
        self.dimensions = dimensions
        self.units = units
        self.num_layers = num_layers

    def get_config(self) -> dict:
        """Returns the arguments of the constructor."""
        return {
            "dimensions": self.dimensions,
            "units": self.units,
            "num_layers": self.num_layers,
            "name": self.name,
        }


def _perceptron(x, units, num_layers, outputs, name):
    """Applies hidden layers of rectifiers and a linear one."""
    for number in range(1, num_layers + 1):
        x = keras.layers.Dense(
            units,
            activation="relu",
            kernel_initializer=keras.initializers.Orthogonal(0.8),
            name=f"fc{number}",
        )(x)
    # The outputs stay float32 under mixed precision.
    return keras.layers.Dense(
        outputs,
        kernel_initializer=keras.initializers.Orthogonal(0.8),
        name=name,
        dtype="float32",
    )(x)
