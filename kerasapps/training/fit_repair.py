"""The smallest repair of Keras 3's `fit` for several replicas.

It can go when `keras.Model.fit` of the Keras in use does both by itself. As of Keras
3.15:

- Under any strategy, it averages a batch over the replicas only to learn its shape, and
  fails where they don't divide it evenly, or where it comes from other workers.
- Under MultiWorkerMirroredStrategy, it averages the scalar results of a step over an
  axis that they don't have.
"""

import types

import keras
import tensorflow as tf


def repair(model: keras.Model) -> None:
    """Makes `model.fit`, `evaluate` and `predict` work under its strategy.

    Args:
        model: A model made in the scope of a strategy. Its class, and so what is saved
            of it, stays as it is.
    """
    model._maybe_symbolic_build = types.MethodType(_maybe_symbolic_build, model)
    strategy = model.distribute_strategy
    if isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
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
