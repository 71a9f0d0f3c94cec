"""How the kernels of the networks before batch normalization start."""

from collections.abc import Callable

import keras

from kerasapps.errors import InputError

_INITIALIZERS = {
    "he": keras.initializers.HeNormal,
    "glorot": keras.initializers.GlorotUniform,
    "normal": lambda: keras.initializers.RandomNormal(stddev=0.01),
}


def initializer(
    name: str, network: str
) -> Callable[[], keras.initializers.Initializer]:
    """Returns a function that makes an initializer, a new one for each layer.

    Args:
        name: "he": normal, of a variance that rectifiers keep (He et al. 2015).
            "glorot": uniform (Glorot and Bengio 2010). "normal": of deviation 0.01.
        network: Name of the network, for the error.

    Raises:
        InputError: If `name` is none of these.
    """
    if name not in _INITIALIZERS:
        raise InputError(
            f"{network} has the initializations he, glorot and normal, not {name!r}"
        )
    return _INITIALIZERS[name]
