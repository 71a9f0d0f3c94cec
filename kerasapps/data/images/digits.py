"""The handwritten digits that scikit-learn brings along."""

import numpy as np
import sklearn.datasets
import sklearn.model_selection
import tensorflow as tf

from kerasapps.data.images.dataset import ImageDataset, Split


def load() -> ImageDataset:
    """Returns 1,797 grey images of 8x8 pixels: 1,437 to train on, 360 held out.

    They are the test set of the UCI "Optical Recognition of Handwritten Digits"
    (Alpaydin and Kaynak, 1998). The held-out fifth is stratified by class and
    always the same. The values 0 to 16 (counts of pixels in a 4x4 block) are
    spread over 0 to 255.
    """
    values, labels = sklearn.datasets.load_digits(return_X_y=True)
    pixels = np.rint(values * (255 / 16)).astype(np.uint8).reshape(-1, 8, 8, 1)
    train_x, validation_x, train_y, validation_y = (
        sklearn.model_selection.train_test_split(
            pixels,
            labels.astype(np.int64),
            test_size=0.2,
            stratify=labels,
            random_state=0,
        )
    )
    return ImageDataset(
        name="digits",
        class_names=tuple("0123456789"),
        channels=1,
        train=_split(train_x, train_y),
        validation=_split(validation_x, validation_y),
        decode=lambda example: example,
    )


def _split(pixels: np.ndarray, labels: np.ndarray) -> Split:
    examples = tf.data.Dataset.from_tensor_slices({"image": pixels, "label": labels})
    return Split(examples=examples, size=len(labels))
