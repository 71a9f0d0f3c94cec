"""The networks of a training: fresh ones, or with the weights of another run."""

import inspect
import pathlib
from typing import NamedTuple

import keras

from apps.run.options import Options
from kerasapps.weights import keras_file

# Height and width of images that take minutes, not weeks.
_LARGEST_USUAL = 64


class Networks(NamedTuple):
    """What the networks are built from.

    Attributes:
        constructor: The generator's class.
        options: Further arguments of the generator.
        discriminator_options: Arguments of the discriminator.
        weights: A generator's file to start from, the discriminator's beside it; None
            for fresh weights.
    """

    constructor: type[keras.Model]
    options: Options
    discriminator_options: Options
    weights: str | None = None

    def build(self, arguments: dict) -> tuple[keras.Model, keras.Model]:
        """Returns a generator and its discriminator.

        Args:
            arguments: The generator's, those that the examples determine.

        Raises:
            InputError: If they can't be built, or the weights are another network's.
        """
        generator = self.options.build(self.constructor, **arguments)
        discriminator = self.discriminator_options.build(generator.discriminator)
        self._read_weights({"model": generator, "discriminator": discriminator})
        return generator, discriminator

    def build_both_ways(self, arguments: dict) -> tuple[keras.Model, ...]:
        """Returns generators from A to B and back, and discriminators of A and of B.

        Args:
            arguments: Those of the generator from A to B that the examples determine.

        Raises:
            InputError: If they can't be built, or the weights are another network's.
        """
        a_to_b = self.options.build(self.constructor, **arguments)
        b_to_a = a_to_b.inverse(name="inverse")
        a_discriminator, b_discriminator = (
            self.discriminator_options.build(
                generator.discriminator, name=f"{domain}_discriminator"
            )
            for domain, generator in (("a", b_to_a), ("b", a_to_b))
        )
        self._read_weights(
            {
                "model": a_to_b,
                "b_to_a": b_to_a,
                "discriminator": b_discriminator,
                "a_discriminator": a_discriminator,
            }
        )
        return a_to_b, b_to_a, a_discriminator, b_discriminator

    def _read_weights(self, networks):
        """Reads the file, and into the other networks those that lie beside it."""
        if not self.weights:
            return
        first, *others = networks
        keras_file.load_weights(networks[first], self.weights)
        for name in others:
            path = pathlib.Path(self.weights).with_name(f"{name}.keras")
            if path.exists():
                keras_file.load_weights(networks[name], path)


def usual_size(constructor: type[keras.Model]) -> int | None:
    """Returns the height and width of images if no flag says it; None for points.

    Args:
        constructor: The generator's class.
    """
    if constructor.makes == "points":
        return None
    only = getattr(constructor, "image_size", None)
    arguments = inspect.signature(constructor).parameters
    return only or min(arguments["image_size"].default, _LARGEST_USUAL)
