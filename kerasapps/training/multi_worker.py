"""The smallest repair of Keras 3's `fit` for MultiWorkerMirroredStrategy.

It can go when `keras.Model.fit` of the Keras in use trains under that strategy by
itself. As of Keras 3.15 it fails in two places: it reads a batch outside of the
strategy's own context in order to build the metrics, and it averages the scalar results
of a step over an axis that they don't have.
"""

import types

import keras
import tensorflow as tf


def repair(model: keras.Model) -> None:
    """Makes `model.fit`, `evaluate` and `predict` work under the strategy.

    Args:
        model: A model made in the scope of a MultiWorkerMirroredStrategy. Its class,
            and so what is saved of it, stays as it is.
    """
    model._maybe_symbolic_build = types.MethodType(_maybe_symbolic_build, model)
    model._make_function = types.MethodType(_make_function, model)


def _maybe_symbolic_build(self, iterator=None, data_batch=None):
    if iterator is not None:
        data_batch = tf.nest.map_structure(
            lambda spec: getattr(spec, "_value_specs", [spec])[0],
            iterator._distributed_dataset.element_spec,
            expand_composites=False,
        )
    with self.distribute_strategy.scope():
        self._symbolic_build(data_batch=data_batch)


def _make_function(self, step_function):
    def step_with_axis(data):
        return tf.nest.map_structure(
            lambda result: tf.reshape(result, [1]), step_function(data)
        )

    return type(self)._make_function(self, step_with_axis)
