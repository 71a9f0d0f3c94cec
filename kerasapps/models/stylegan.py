"""StyleGAN: "A Style-Based Generator Architecture for Generative Adversarial Networks".

https://arxiv.org/abs/1812.04948
"""

import keras

from kerasapps.arguments import checked
from kerasapps.errors import InputError
from kerasapps.layers import (
    AdaptiveInstanceNormalization,
    Blur2D,
    EqualizedConv2D,
    EqualizedDense,
    FadeIn,
    LearnedConstant,
    MinibatchStandardDeviation,
    NoiseImage,
    NoiseInjection,
    PixelNormalization,
)
from kerasapps.models.paper import Paper

# What files of before call these arguments.
_FORMER_ARGUMENTS = {"base": "fmap_base", "most": "fmap_max"}


def _stages(resolution):
    """Returns 4, 8, ... up to the resolution."""
    if resolution < 4 or resolution > 1024 or resolution & (resolution - 1):
        raise InputError(
            f"StyleGAN makes images of 4x4, 8x8, ... 1024x1024, not of {resolution}",
            argument="image_size",
        )
    return [2**power for power in range(2, resolution.bit_length())]


def feature_maps(size: int, fmap_base: int = 8192, fmap_max: int = 512) -> int:
    """Returns the number of maps at a resolution.

    Args:
        size: Height or width of the maps, 4, 8, ...
        fmap_base: Twice the product of the two where there are fewer than `fmap_max`.
        fmap_max: The largest number.
    """
    return min(2 * fmap_base // size, fmap_max)


def _leaky(x, name):
    return keras.layers.LeakyReLU(0.2, name=name)(x)


@keras.saving.register_keras_serializable("kerasapps")
class StyleGANMapping(keras.Model):
    """The mapping network f: from z to w, section 2; 2,101,248 parameters.

    Fully connected layers with leaky rectifiers, of z normalized to length
    sqrt(latent_size); their learning rate is a hundredth of the others' (appendix C).

    Args:
        latent_size: Numbers in z, and in w.
        num_layers: Number of layers.
        name: Name of the model.

    Inputs: `z`, float32 of shape `[batch, latent_size]`.

    Outputs: w, float32 of shape `[batch, latent_size]`.
    """

    @checked
    def __init__(
        self, latent_size: int = 512, num_layers: int = 8, name: str = "mapping"
    ):
        z = keras.Input((latent_size,), name="z", dtype="float32")
        x = PixelNormalization(name="normalize", dtype="float32")(z)
        for number in range(1, num_layers + 1):
            x = EqualizedDense(
                latent_size, rate=0.01, name=f"fc{number}", dtype="float32"
            )(x)
            x = keras.layers.LeakyReLU(0.2, name=f"fc{number}_relu", dtype="float32")(x)
        super().__init__(z, x, name=name)
        self.latent_size = latent_size
        self.num_layers = num_layers

    def get_config(self) -> dict:
        """Returns the arguments of the constructor."""
        return {
            "latent_size": self.latent_size,
            "num_layers": self.num_layers,
            "name": self.name,
        }


@keras.saving.register_keras_serializable("kerasapps")
class StyleGANSynthesis(keras.Model):
    """The synthesis network g: from styles and noise to an image, section 2, figure 1.

    It starts from a learned constant of 4x4. At each resolution are two 3x3
    convolutions, the first of them after upsampling and followed by a blur; to each are
    added noise and biases, and then come a leaky rectifier and AdaIN. A 1x1 convolution
    makes the image. While a resolution is faded in, the image is a mixture with the
    upsampled one of the resolution below.

    Args:
        image_size: Height and width of the images, a power of two from 4 to 1024.
        channels: Channels of the images.
        latent_size: Numbers in a style.
        fmap_base: Sets the numbers of maps, see `feature_maps`.
        fmap_max: The largest number of maps.
        fading: Whether the last resolution is faded in, by the layer `fade_in`.
        name: Name of the model.

    Inputs: A list: `styles`, float32 of shape `[batch, layers, latent_size]`, one for
    each of two layers a resolution; then for each of these noise, float32 of shape
    `[batch, size, size, 1]`.

    Outputs: Images, float32 of shape `[batch, height, width, channels]`; -1 is
    black and 1 is white, and they may lie beyond.

    Raises:
        InputError: If the size isn't one of these.
    """

    former_arguments = _FORMER_ARGUMENTS

    @checked
    def __init__(
        self,
        image_size: int = 1024,
        channels: int = 3,
        latent_size: int = 512,
        fmap_base: int = 8192,
        fmap_max: int = 512,
        fading: bool = False,
        name: str = "synthesis",
    ):
        sizes = _stages(image_size)
        styles = keras.Input(
            (2 * len(sizes), latent_size), name="styles", dtype="float32"
        )
        noises = [
            keras.Input((size, size, 1), name=f"noise{size}_{number}", dtype="float32")
            for size in sizes
            for number in (1, 2)
        ]
        given = iter(enumerate(noises))

        def finish(x, name):
            """Adds noise and biases; rectifies; normalizes as the style says."""
            layer, noise = next(given)
            x = NoiseInjection(name=f"{name}_noise")([x, noise])
            x = _Bias(name=f"{name}_bias")(x)
            x = _leaky(x, f"{name}_relu")
            return AdaptiveInstanceNormalization(name=f"{name}_style")(
                [x, styles[:, layer]]
            )

        def to_image(x, size):
            # The images stay float32 under mixed precision.
            return EqualizedConv2D(
                channels, 1, gain=1.0, name=f"image{size}", dtype="float32"
            )(x)

        x = None
        for size in sizes:
            maps = feature_maps(size, fmap_base, fmap_max)
            before = x
            if size == 4:
                x = LearnedConstant((4, 4, maps), name="constant")(styles)
            else:
                x = keras.layers.UpSampling2D(name=f"up{size}")(x)
                x = EqualizedConv2D(maps, 3, use_bias=False, name=f"conv{size}_1")(x)
                x = Blur2D(name=f"blur{size}")(x)
            x = finish(x, f"layer{size}_1")
            x = EqualizedConv2D(maps, 3, use_bias=False, name=f"conv{size}_2")(x)
            x = finish(x, f"layer{size}_2")
        image = to_image(x, image_size)
        if fading:
            if image_size == 4:
                raise InputError(
                    "images of 4x4 are the first: there is no fading", argument="fading"
                )
            small = to_image(before, image_size // 2)
            large = keras.layers.UpSampling2D(name="image_up", dtype="float32")(small)
            image = FadeIn(name="fade_in", dtype="float32")([large, image])
        super().__init__([styles, *noises], image, name=name)
        self.image_size = image_size
        self.channels = channels
        self.latent_size = latent_size
        self.fmap_base = fmap_base
        self.fmap_max = fmap_max
        self.fading = fading

    @classmethod
    def from_config(
        cls, config: dict, custom_objects: dict | None = None
    ) -> keras.Model:
        """Returns the model of these arguments, by their former names too."""
        return cls(**{cls.former_arguments.get(n, n): v for n, v in config.items()})

    def get_config(self) -> dict:
        """Returns the arguments of the constructor."""
        return {
            "image_size": self.image_size,
            "channels": self.channels,
            "latent_size": self.latent_size,
            "fmap_base": self.fmap_base,
            "fmap_max": self.fmap_max,
            "fading": self.fading,
            "name": self.name,
        }


@keras.saving.register_keras_serializable("kerasapps")
class StyleGAN(keras.Model):
    """The generator: mapping and synthesis network; 26,212,019 parameters.

    Args:
        image_size: Height and width of the images, a power of two from 4 to 1024.
        channels: Channels of the images.
        latent_size: Numbers in z and in w.
        mapping_layers: Layers of the mapping network.
        fmap_base: Sets the numbers of maps, see `feature_maps`.
        fmap_max: The largest number of maps.
        fading: Whether the last resolution is faded in.
        name: Name of the model.

    Inputs: `z`, float32 of shape `[batch, latent_size]`, standard normal.

    Outputs: Images, float32 of shape `[batch, height, width, channels]`, with
    one style for all layers and new noise each time.

    Attributes:
        mapping: The `StyleGANMapping`.
        synthesis: The `StyleGANSynthesis`.
        latent_size: Numbers in z.
        latent_bounds: None, as z is normal.
        example_bounds: Black and white.

    Raises:
        InputError: If the size isn't one of these.
    """

    paper = Paper(
        title="A Style-Based Generator Architecture for Generative Adversarial "
        "Networks",
        authors="Karras, Laine, Aila",
        year=2018,
        url="https://arxiv.org/abs/1812.04948",
    )
    task = "gan"
    makes = "images"
    maps_domains = False
    is_conditional = False
    grows = True
    has_styles = True
    latent_bounds = None
    example_bounds = (-1.0, 1.0)
    former_arguments = _FORMER_ARGUMENTS

    @checked
    def __init__(
        self,
        image_size: int = 1024,
        channels: int = 3,
        latent_size: int = 512,
        mapping_layers: int = 8,
        fmap_base: int = 8192,
        fmap_max: int = 512,
        fading: bool = False,
        name: str = "stylegan",
    ):
        mapping = StyleGANMapping(latent_size, mapping_layers)
        synthesis = StyleGANSynthesis(
            image_size, channels, latent_size, fmap_base, fmap_max, fading
        )
        styles, *noises = synthesis.inputs
        z = keras.Input((latent_size,), name="z", dtype="float32")
        w = mapping(z)
        broadcast = keras.layers.RepeatVector(
            styles.shape[1], name="broadcast", dtype="float32"
        )
        drawn = [
            NoiseImage(*noise.shape[1:3], name=f"{noise.name}_drawn", dtype="float32")(
                z
            )
            for noise in noises
        ]
        super().__init__(z, synthesis([broadcast(w), *drawn]), name=name)
        self.mapping = mapping
        self.synthesis = synthesis
        self.latent_size = latent_size

    def discriminator(self, **options) -> keras.Model:
        """Returns the discriminator for these images, as wide and as faded in.

        Args:
            **options: Other arguments of `StyleGANDiscriminator`.
        """
        config = self.synthesis.get_config()
        del config["latent_size"], config["name"]
        return StyleGANDiscriminator(**(config | options))

    @classmethod
    def from_config(
        cls, config: dict, custom_objects: dict | None = None
    ) -> keras.Model:
        """Returns the model of these arguments, by their former names too."""
        return cls(**{cls.former_arguments.get(n, n): v for n, v in config.items()})

    def get_config(self) -> dict:
        """Returns the arguments of the constructor."""
        config = self.synthesis.get_config()
        return config | {
            "mapping_layers": self.mapping.num_layers,
            "name": self.name,
        }


@keras.saving.register_keras_serializable("kerasapps")
class StyleGANDiscriminator(keras.Model):
    """The discriminator, as in progressive growing; 23,077,137 parameters.

    Args:
        image_size: Height and width of the images, a power of two from 4 to 1024.
        channels: Channels of the images.
        fmap_base: Sets the numbers of maps, see `feature_maps`.
        fmap_max: The largest number of maps.
        fading: Whether the first resolution is faded in, by the layer `fade_in`.
        name: Name of the model.

    Inputs: `image`, float32 of shape `[batch, height, width, channels]`.

    Outputs: The logit that it is real, float32 of shape `[batch, 1]`.

    Raises:
        InputError: If the size isn't one of these.
    """

    former_arguments = _FORMER_ARGUMENTS

    @checked
    def __init__(
        self,
        image_size: int = 1024,
        channels: int = 3,
        fmap_base: int = 8192,
        fmap_max: int = 512,
        fading: bool = False,
        name: str = "stylegan_discriminator",
    ):
        sizes = _stages(image_size)
        image = keras.Input((image_size, image_size, channels), name="image")

        def from_image(x, size):
            maps = feature_maps(size, fmap_base, fmap_max)
            x = EqualizedConv2D(maps, 1, name=f"image{size}")(x)
            return _leaky(x, f"image{size}_relu")

        def convolution(x, maps, name):
            return EqualizedConv2D(maps, 3, name=name)(x)

        x = from_image(image, image_size)
        for size in reversed(sizes[1:]):
            x = convolution(x, feature_maps(size, fmap_base, fmap_max), f"conv{size}_1")
            x = _leaky(x, f"conv{size}_1_relu")
            x = Blur2D(name=f"blur{size}")(x)
            x = convolution(
                x, feature_maps(size // 2, fmap_base, fmap_max), f"conv{size}_2"
            )
            x = keras.layers.AveragePooling2D(2, name=f"down{size}")(x)
            x = _leaky(x, f"conv{size}_2_relu")
            if fading and size == image_size:
                small = keras.layers.AveragePooling2D(2, name="image_down")(image)
                x = FadeIn(name="fade_in")([from_image(small, size // 2), x])
        if fading and image_size == 4:
            raise InputError(
                "images of 4x4 are the first: there is no fading", argument="fading"
            )
        x = MinibatchStandardDeviation(name="deviation")(x)
        x = convolution(x, feature_maps(4, fmap_base, fmap_max), "conv4")
        x = _leaky(x, "conv4_relu")
        x = keras.layers.Flatten(name="flatten")(x)
        x = EqualizedDense(feature_maps(2, fmap_base, fmap_max), name="fc1")(x)
        x = _leaky(x, "fc1_relu")
        # The outputs stay float32 under mixed precision.
        logit = EqualizedDense(1, gain=1.0, name="fc2", dtype="float32")(x)
        super().__init__(image, logit, name=name)
        self.image_size = image_size
        self.channels = channels
        self.fmap_base = fmap_base
        self.fmap_max = fmap_max
        self.fading = fading

    @classmethod
    def from_config(
        cls, config: dict, custom_objects: dict | None = None
    ) -> keras.Model:
        """Returns the model of these arguments, by their former names too."""
        return cls(**{cls.former_arguments.get(n, n): v for n, v in config.items()})

    def get_config(self) -> dict:
        """Returns the arguments of the constructor."""
        return {
            "image_size": self.image_size,
            "channels": self.channels,
            "fmap_base": self.fmap_base,
            "fmap_max": self.fmap_max,
            "fading": self.fading,
            "name": self.name,
        }


@keras.saving.register_keras_serializable("kerasapps")
class _Bias(keras.layers.Layer):
    """Biases of the maps, which come after the noise."""

    def build(self, input_shape):
        self.bias = self.add_weight((input_shape[-1],), initializer="zeros", name="b")

    def call(self, inputs):
        return inputs + self.bias

    def compute_output_shape(self, input_shape):
        return input_shape
