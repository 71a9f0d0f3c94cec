"""A classifier of 8x8 grey images, for tests of what is exported."""

import keras
import numpy as np

from kerasapps.data.images.preprocessing import Preprocessing

CLASS_NAMES = ["null", "eins", "zwei", "drei", "vier", "fünf", "sechs"]


def tiny_classifier():
    """Dropout and batch normalization tell training from inference."""
    model = keras.Sequential(
        [
            keras.Input([8, 8, 1]),
            keras.layers.Conv2D(
                4, 3, kernel_initializer=keras.initializers.HeNormal(1)
            ),
            keras.layers.BatchNormalization(),
            keras.layers.Flatten(),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(7, kernel_initializer=keras.initializers.HeNormal(2)),
        ]
    )
    normalization = model.layers[1]
    normalization.moving_mean.assign([0.1, -0.2, 0.3, -0.4])
    normalization.moving_variance.assign([0.5, 1, 2, 4])
    return model


preprocess = Preprocessing([8, 8, 1], mean=120.0, std=70.0)


def probabilities(logits):
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)
