"""Images as they leave a SavedModel."""

import io

import numpy as np
import pytest
from PIL import Image

from kerasapps.data.images.preprocessing import Preprocessing
from kerasapps.serving.pictures import pictures


@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (3, "RGB")])
def test_pixels_and_files(channels, mode):
    images = np.random.default_rng(0).normal(size=(4, 5, 7, channels))
    made = pictures(images, Preprocessing((5, 7, channels), mean=127.5, std=127.5))
    # What lies beyond black and white becomes these.
    expected = np.clip(np.round(images * 127.5 + 127.5), 0, 255)
    pixels = made["pixels"].numpy()
    assert pixels.dtype == np.uint8
    assert np.abs(pixels - expected).max() <= 1
    assert (pixels == expected).mean() > 0.99
    assert {0, 255} <= set(pixels.ravel())
    for image, content in zip(pixels, made["png_bytes"].numpy(), strict=True):
        decoded = Image.open(io.BytesIO(content), formats=["PNG"])
        assert decoded.mode == mode
        np.testing.assert_array_equal(np.array(decoded).reshape(image.shape), image)


def test_no_images():
    made = pictures(np.zeros([0, 5, 7, 1]), Preprocessing((5, 7, 1)))
    assert made["pixels"].shape == (0, 5, 7, 1)
    assert made["png_bytes"].shape == (0,)
