"""Positional encodings as a picture and as curves."""

import io

import numpy as np
import pytest

from kerasapps.figures.positional_encodings import positional_encodings


@pytest.mark.parametrize(("positions", "channels"), [(20, 64), (3, 2), (1, 1)])
def test_all_channels_and_some(positions, channels):
    encodings = np.random.default_rng(0).uniform(-1, 1, [positions, channels])
    figure = positional_encodings(encodings)
    picture, curves = figure.axes[:2]
    np.testing.assert_array_equal(picture.images[0].get_array(), encodings)
    assert picture.images[0].get_clim() == (-1, 1)
    assert picture.get_xlabel() == "channel"
    assert picture.get_ylabel() == curves.get_xlabel() == "position"
    numbers = [int(line.get_label().removeprefix("channel ")) for line in curves.lines]
    assert len(set(numbers)) == len(numbers) == (4 if channels == 64 else 1)
    assert all(number % 2 == 0 for number in numbers)
    for number, line in zip(numbers, curves.lines, strict=True):
        np.testing.assert_array_equal(line.get_ydata(), encodings[:, number])
    figure.savefig(file := io.BytesIO(), format="png")
    assert file.getvalue().startswith(b"\x89PNG")
