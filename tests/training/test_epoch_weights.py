"""An epoch's weights are read back, or one line says that they can't be."""

import keras
import numpy as np
import pytest

from kerasapps.errors import InputError
from kerasapps.training import epoch_weights


def model(units=2):
    """A small one."""
    return keras.Sequential([keras.Input([3]), keras.layers.Dense(units)])


@pytest.fixture
def file(tmp_path):
    """A file of it."""
    path = tmp_path / "epochs/00000.npz"
    epoch_weights.save(model(), path)
    return path


def test_no_flipped_byte_gives_other_weights(file):
    network, content = model(), file.read_bytes()
    right = epoch_weights.load(file, network)
    refused = 0
    for place in range(0, len(content), 3):
        damaged = bytearray(content)
        damaged[place] ^= 1 << place % 8
        file.write_bytes(damaged)
        try:
            found = epoch_weights.load(file, network)
        except InputError:
            refused += 1
            continue
        for array, expected in zip(found, right, strict=True):
            np.testing.assert_array_equal(array, expected)
    assert refused > len(content) // 9


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "No such file or directory"),
        (b"", "it is damaged"),
        (b"PK\x03\x04", "it is damaged"),
        ([np.zeros([3, 2]), np.zeros(3)], "it is of another model"),
        ([np.zeros([3, 2]), np.full(2, np.nan)], "a weight isn't finite"),
        ([np.zeros([3, 2]), np.array([{}, {}])], "it is damaged"),
    ],
)
def test_what_is_none(file, content, reason):
    file.unlink()
    if isinstance(content, bytes):
        file.write_bytes(content)
    elif content:
        np.savez(file, *content)
    with pytest.raises(InputError) as error:
        epoch_weights.load(file, model())
    assert str(error.value).startswith(f"{file} can't be read: {reason}; ")
