"""Sinusoids that tell the places in a sequence."""

import math

import numpy as np
import pytest
import tensorflow as tf

from kerasapps.errors import InputError
from kerasapps.layers import sinusoidal_positions


def test_equals_the_formula():
    """Section 3.5, one number after the other."""
    channels = 6
    table = np.asarray(sinusoidal_positions(np.arange(50), channels))
    assert table.dtype == "float32"
    assert table.shape == (50, channels)
    for position in (0, 1, 2, 49):
        for i in range(channels // 2):
            angle = position / 10_000 ** (2 * i / channels)
            assert table[position, 2 * i] == pytest.approx(math.sin(angle), abs=1e-5)
            cosine = table[position, 2 * i + 1]
            assert cosine == pytest.approx(math.cos(angle), abs=1e-5)


def test_a_shift_is_the_same_rotation_everywhere():
    """Section 3.5: the encoding of pos + k is a linear function of that of pos."""
    table = np.asarray(sinusoidal_positions(np.arange(40), 8)).reshape(40, 4, 2)
    as_complex = table[..., 1] + 1j * table[..., 0]
    turned = as_complex[5:] / as_complex[:-5]
    np.testing.assert_allclose(turned, np.tile(turned[:1], (35, 1)), atol=1e-5)


def test_a_position_alone_gives_its_row():
    table = sinusoidal_positions(np.arange(7), 4)
    one = tf.function(lambda position: sinusoidal_positions(position, 4))
    np.testing.assert_allclose(one(tf.constant(5)), table[5], rtol=1e-6)


def test_odd_channels():
    with pytest.raises(InputError, match="an even number of channels, not 5"):
        sinusoidal_positions(np.arange(3), 5)
