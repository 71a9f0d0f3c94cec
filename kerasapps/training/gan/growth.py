"""Progressive growing: from small images to large ones.

Karras, Aila, Laine and Lehtinen, "Progressive Growing of GANs for Improved Quality,
Stability, and Variation", 2018, section 2. Each resolution is trained by networks of
its own, which take over the weights of those before.
"""

from collections.abc import Sequence

import keras
import tensorflow as tf

# Of the steps of a resolution, in how many it is faded in.
_FADED = 0.5


class FadeInSchedule(keras.callbacks.Callback):
    """Fades in the last resolution over the first half of the training.

    Args:
        models: Networks with a layer `fade_in`, or with networks that have one.
        steps: Steps of the whole training.
        steps_per_epoch: Steps of an epoch.
    """

    def __init__(self, models: Sequence[keras.Model], steps: int, steps_per_epoch: int):
        super().__init__()
        self._shares = [fade_in(model).share for model in models]
        self._steps = steps
        self._steps_per_epoch = steps_per_epoch

    def on_epoch_begin(self, epoch, logs=None):
        """Notes the epoch."""
        self._first = epoch * self._steps_per_epoch

    def on_train_batch_begin(self, batch, logs=None):
        """Sets the share of the new resolution."""
        share = min(1.0, (self._first + batch) / (_FADED * self._steps))
        for variable in self._shares:
            variable.assign(share)


def fade_in(model: keras.Model) -> keras.layers.Layer:
    """Returns the layer `fade_in` of a network, or of one within it."""
    return _layers(model)["fade_in"]


def faded(images: tf.Tensor, share: tf.Tensor | float) -> tf.Tensor:
    """Returns real images as sharp as what is generated while a resolution fades in.

    Args:
        images: float `[batch, height, width, channels]`.
        share: 1 for all of their detail, 0 for that of half the resolution.
    """
    small = tf.nn.avg_pool2d(images, 2, 2, "VALID")
    coarse = tf.repeat(tf.repeat(small, 2, axis=1), 2, axis=2)
    return coarse + (images - coarse) * share


def take_over(model: keras.Model, other: keras.Model) -> None:
    """Gives a network the weights of another's layers of the same names.

    Args:
        model: The network, whose further layers stay as they are.
        other: The other.
    """
    others = _layers(other)
    for name, layer in _layers(model).items():
        if name in others and layer.weights and name != "fade_in":
            layer.set_weights(others[name].get_weights())


def _layers(model):
    """Returns the layers by their names, those of networks within it too."""
    found = {}
    for layer in model.layers:
        inner = _layers(layer) if isinstance(layer, keras.Model) else {}
        found |= inner or {layer.name: layer}
    return found
