"""How the kernels of the networks before batch normalization start."""

from collections.abc import Callable

import keras

_INITIALIZERS = {
    "he": keras.initializers.HeNormal,
    "glorot": keras.initializers.GlorotUniform,
    "normal": lambda: keras.initializers.RandomNormal(stddev=0.01),
}


def initializer(name: str) -> Callable[[], keras.initializers.Initializer]:
    """Returns a function that makes an initializer, a new one for each layer.

    Args:
        name: "he": normal, of a variance that rectifiers keep (He et al. 2015).
            "glorot": uniform (Glorot and Bengio 2010). "normal": of deviation 0.01.
    """
    return _INITIALIZERS[name]
