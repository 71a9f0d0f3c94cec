"""The network that a classifier's flags ask for."""

import functools
import inspect
from collections.abc import Callable, Sequence

import keras

from kerasapps.data.images.dataset import MAX_PIXELS
from kerasapps.errors import InputError
from kerasapps.weights.blueprint import blueprint


def input_shape(
    constructor: Callable, given: Sequence[str] | None
) -> tuple[int | None, int | None, int]:
    """Returns the height, width and channels that are given, or the model's own.

    Args:
        constructor: The model's.
        given: What --input_shape gives.

    Raises:
        InputError: If it isn't a height, a width and 1 or 3 channels.
    """
    if given is None:
        return inspect.signature(constructor).parameters["input_shape"].default
    try:
        height, width, channels = (int(size) for size in given)
    except ValueError:
        raise InputError(
            f"--input_shape={','.join(given)}: write height, width and channels, as in "
            "32,32,3"
        ) from None
    if channels not in (1, 3) or min(height, width) < 1:
        raise InputError("--input_shape has 1 (grey) or 3 (colour) channels")
    if height * width > MAX_PIXELS:
        raise InputError(
            f"--input_shape={','.join(given)}: images have at most {MAX_PIXELS} "
            "pixels; choose smaller ones"
        )
    return height, width, channels


def scaled(
    constructor: Callable[..., keras.Model], given: Sequence[str] | None
) -> Callable[..., keras.Model]:
    """Returns the constructor of the network, scaled in its three dimensions.

    Args:
        constructor: The model's.
        given: Factors of depth, width and resolution, as --scale gives them; None for
            the model as it is.

    Raises:
        InputError: If these aren't three factors.
    """
    if given is None:
        return constructor
    try:
        depth, width, resolution = (float(factor) for factor in given)
    except ValueError:
        depth = width = resolution = 0
    if not all(0.01 <= factor <= 100 for factor in (depth, width, resolution)):
        raise InputError(
            f"--scale={','.join(given)}: write the factors of depth, width and "
            "resolution, each from 0.01 to 100, as in 1.2,1.1,1.15"
        )

    @functools.wraps(constructor)
    def build(**arguments):
        if arguments.get("weights"):
            raise InputError(
                "--scale makes a fresh network: leave the option weights out"
            )
        model = blueprint(constructor, **arguments)
        if not hasattr(model, "scaled"):
            raise InputError(f"{constructor.__name__} has no rule for --scale")
        return model.scaled(depth, width, resolution)

    return build
