"""Tests of many images as one."""

import numpy as np
import pytest

from kerasapps.errors import InputError
from kerasapps.figures.tiling import tile


@pytest.mark.parametrize("channels", [1, 3])
def test_images_row_by_row_on_white(channels):
    images = np.random.default_rng(0).integers(0, 255, [5, 4, 6, channels], np.uint8)
    whole = tile(images, 3)
    # One pixel before, between and after: 1 + 2 * (4 + 1) high, 1 + 3 * (6 + 1) wide.
    assert whole.shape == (11, 22, channels)
    assert whole.dtype == np.uint8
    np.testing.assert_array_equal(whole[1:5, 8:14], images[1])
    np.testing.assert_array_equal(whole[6:10, 1:7], images[3])
    np.testing.assert_array_equal(whole[6:10, 8:14], images[4])
    # All else is white, the sixth place too.
    assert (whole == 255).sum() == whole.size - images.size


def test_the_gap_grows_with_the_images():
    assert tile(np.zeros([2, 80, 80, 1], np.uint8), 2).shape == (84, 166, 1)
    assert tile(np.zeros([1, 81, 81, 1], np.uint8), 1).shape == (87, 87, 1)


@pytest.mark.parametrize(
    "images",
    [
        np.zeros([4, 4, 1], np.uint8),
        np.zeros([2, 4, 4, 2], np.uint8),
        np.zeros([0, 4, 4, 1], np.uint8),
        np.zeros([2, 4, 4, 1], np.float32),
    ],
)
def test_other_arrays_are_no_images(images):
    with pytest.raises(InputError, match=r"uint8 \[images, height, width, channels"):
        tile(images, 2)


def test_a_row_has_an_image():
    with pytest.raises(InputError, match="1 or more, not 0"):
        tile(np.zeros([2, 4, 4, 1], np.uint8), 0)
