"""What the tests of augmentations share."""

import importlib.util

import numpy as np
import pytest
import tensorflow as tf

needs_addons = pytest.mark.skipif(
    importlib.util.find_spec("tensorflow_addons") is None,
    reason="TensorFlow Addons has no build for this Python",
)
RGB = np.random.default_rng(0).uniform(0, 255, [12, 10, 3]).astype(np.float32)


def seeds(count):
    return [tf.constant([7, i]) for i in range(count)]


def on_image(augmentation, image, seed):
    """Augments an image of which nothing else is known."""
    return augmentation({"image": tf.constant(image)}, seed)["image"]


def on_image_often(augmentation, image, count):
    """Augments an image with many seeds in a pipeline, `[count, height, width, c]`."""
    images = tf.data.Dataset.range(count).map(
        lambda i: on_image(augmentation, image, tf.stack([7, i]))
    )
    return np.stack(list(images.as_numpy_iterator()))


def windows(image, height, width):
    """Every window of the size, by its top left corner."""
    return {
        (y, x): image[y : y + height, x : x + width]
        for y in range(image.shape[0] - height + 1)
        for x in range(image.shape[1] - width + 1)
    }


def positions(crops, candidates):
    """The places at which each crop occurs; every crop must occur once."""
    found = []
    for crop in crops:
        places = [
            place
            for place, window in candidates.items()
            if np.allclose(window, crop, atol=1e-4)
        ]
        assert len(places) == 1
        found.append(places[0])
    return found
