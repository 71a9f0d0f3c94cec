"""Sinusoids that tell the places in a sequence."""

import keras
import numpy as np

from kerasapps.errors import InputError
from kerasapps.layers.annotations import Tensor


def sinusoidal_positions(positions: Tensor, channels: int) -> Tensor:
    """Returns a vector for each position: sines and cosines of many wavelengths.

    Vaswani et al., "Attention Is All You Need", 2017, section 3.5:
    `sin(position / 10000^(2i / channels))` in channel 2i, and the cosine in channel
    2i + 1. The released code has all sines before all cosines.

    Args:
        positions: Tensor of numbers, of any shape, from 0 on.
        channels: Number of channels, even.

    Returns:
        float32 `[*shape of positions, channels]`, from -1 to 1.

    Raises:
        InputError: If the number of channels is odd.
    """
    if channels % 2:
        raise InputError(
            f"sinusoids come in pairs: they need an even number of channels, not "
            f"{channels}"
        )
    frequencies = 10_000 ** (-np.arange(0, channels, 2) / channels)
    positions = keras.ops.cast(positions, "float32")
    angles = positions[..., None] * frequencies.astype("float32")
    pairs = keras.ops.stack([keras.ops.sin(angles), keras.ops.cos(angles)], axis=-1)
    return keras.ops.reshape(pairs, (*keras.ops.shape(positions), channels))
