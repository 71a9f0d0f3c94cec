"""What every model of the suite must pass.

A test module gives one `Row` a model; each check takes a row. The checks that need
fresh processes share them: `run_elsewhere` takes all rows at once.
"""

import contextlib
import json
import math
import os
import subprocess
import sys
import traceback
import unittest.mock
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np

ROOT = Path(__file__).parents[1]


def two_replicas():
    """Returns the strategy of two CPU devices."""
    from kerasapps.training import distribution

    return distribution.make_strategy("mirrored", 2)


class Row(NamedTuple):
    """A model under test.

    Attributes:
        factory: Builds the model.
        config: Arguments of a small variant, with non-default values.
        output_shapes: For two input shapes without the batch, the output shape of the
            small variant without the batch.
        size: The argument that takes the input shape, or whatever sets it.
        still: Name of weights that aren't moved from where they start.
    """

    factory: Callable[..., keras.Model]
    config: dict
    output_shapes: dict
    size: str = "input_shape"
    still: str = ""

    def small(self, size=None):
        """Returns the small variant, its weights all moved from where they start.

        It is made but once for each policy: what a check leaves in it, as averages that
        moved in training, the next one finds.
        """
        size = size or next(iter(self.output_shapes))
        key = id(self), size, keras.config.dtype_policy().name
        if key not in _small:
            _small[key] = self._moved(size)
        return _small[key]

    def _moved(self, size):
        model = self.factory(**{self.size: size}, **self.config)
        random = np.random.default_rng(0)
        for weight in model.weights:
            # Not the state of a random generator.
            if "float" in weight.dtype and weight.name != self.still:
                weight.assign(weight + random.uniform(0, 0.1, weight.shape))
        return model


_small = {}


def random_inputs(model, batch_size=3):
    """Returns arrays in the structure of the model's inputs; integers are 0 or 1."""
    random = np.random.default_rng(1)

    def one(tensor):
        shape = (batch_size, *tensor.shape[1:])
        if "int" in tensor.dtype:
            return random.integers(0, 2, shape, tensor.dtype)
        return random.normal(size=shape).astype(tensor.dtype)

    return keras.tree.map_structure(one, model.input)


def arrays(outputs):
    """Returns the outputs of a model as a flat list of arrays."""
    return [keras.ops.convert_to_numpy(x) for x in keras.tree.flatten(outputs)]


def parameters(model):
    """Returns the trainable parameters of each layer that has some, by its name."""
    counts = {
        layer.name: sum(math.prod(w.shape) for w in layer.trainable_weights)
        for layer in model.layers
    }
    return {name: count for name, count in counts.items() if count}


def tap(model, name):
    """Returns a model that ends with the layer of this name."""
    return keras.Model(model.input, model.get_layer(name).output)


def assert_close(actual, expected, tolerance):
    """Asserts that outputs have equal dtypes and, to a `tolerance`, equal values."""
    actual, expected = arrays(actual), arrays(expected)
    assert len(actual) == len(expected)
    for a, b in zip(actual, expected, strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


def check_parameters(model, parameters):
    """The model as the paper has it has exactly the paper's trainable parameters."""
    weights = model.trainable_weights
    assert sum(math.prod(weight.shape) for weight in weights) == parameters


def check_output_shapes(row):
    """Two input sizes give the output shapes that they should, for any batch size."""
    assert len(row.output_shapes) >= 2
    for size, output_shape in row.output_shapes.items():
        model = row.small(size)
        for batch_size in (1, 3):
            outputs = model(random_inputs(model, batch_size))
            shapes = keras.tree.map_structure(lambda x: tuple(x.shape[1:]), outputs)
            assert shapes == output_shape
            assert {len(x) for x in arrays(outputs)} == {batch_size}


def check_config(row):
    """The configuration holds non-default values, as JSON, and rebuilds the model."""
    model = row.small()
    config = json.loads(json.dumps(model.get_config()))
    for name, value in row.config.items():
        assert config[name] == json.loads(json.dumps(value)), name
    again = type(model).from_config(config)
    assert json.loads(json.dumps(again.get_config())) == config
    again.set_weights(model.get_weights())
    inputs = random_inputs(model)
    assert_close(again(inputs), model(inputs), 1e-6)


def check_gradients(row):
    """A gradient that isn't all zeros reaches every trainable weight."""
    import tensorflow as tf

    model = row.small()
    inputs = random_inputs(model)
    random = np.random.default_rng(2)
    with tf.GradientTape() as tape:
        outputs = keras.tree.flatten(model(inputs, training=True))
        # A random direction: some sums, as of probabilities, are constant.
        loss = sum(tf.reduce_sum(x * random.normal(size=x.shape)) for x in outputs)
    variables = [weight.value for weight in model.trainable_weights]
    gradients = tape.gradient(loss, variables)
    for weight, gradient in zip(model.trainable_weights, gradients, strict=True):
        assert gradient is not None, weight.path
        gradient = np.asarray(tf.convert_to_tensor(gradient))
        assert np.isfinite(gradient).all(), weight.path
        assert gradient.any(), weight.path


def check_export(row, directory):
    """The exported SavedModel answers as the model, for any batch size."""
    import tensorflow as tf

    model = row.small()
    model.export(str(directory), verbose=False)
    exported = tf.saved_model.load(str(directory))
    for batch_size in (1, 3):
        inputs = random_inputs(model, batch_size)
        assert_close(exported.serve(inputs), model(inputs), 1e-5)


def check_dtype_policies(row):
    """Mixed precision computes in 16 bits; weights and outputs stay float32."""
    before = keras.config.dtype_policy()
    for policy, compute in (
        ("float32", "float32"),
        ("mixed_bfloat16", "bfloat16"),
        ("mixed_float16", "float16"),
    ):
        keras.config.set_dtype_policy(policy)
        try:
            model = row.small()
        finally:
            keras.config.set_dtype_policy(before)
        assert compute in {layer.compute_dtype for layer in model.layers}
        assert {w.dtype for w in model.weights if "int" not in w.dtype} == {"float32"}
        for output in arrays(model(random_inputs(model))):
            assert output.dtype == "float32"
            assert np.isfinite(output).all()


def answers(model, inputs):
    """Returns what a model answers; of a translator its first step, too."""
    outputs = [model(inputs)]
    if hasattr(model, "step"):
        source, target = inputs
        memory = model.encode(source)
        states = model.initial_states(memory, 7)
        outputs.append(model.step(target[:, 0], 0, memory, states)[0])
    return outputs


def run_elsewhere(models, directory):
    """Saves models and runs them in fresh processes.

    One process loads all of them on TensorFlow; another on JAX, where TensorFlow can't
    be imported. `check_elsewhere` then looks at what they answered.

    Args:
        models: Pairs of a model and its inputs.
        directory: Where the files go.

    Returns:
        What each process printed, by the name of its backend.
    """
    for number, (model, inputs) in enumerate(models):
        model.save(directory / f"{number}.keras")
        np.savez(directory / f"{number}.inputs.npz", *keras.tree.flatten(inputs))
        outputs = arrays(answers(model, inputs))
        np.savez(directory / f"{number}.outputs.npz", *outputs)
    run = "from tests import checks; checks.run_all_saved(sys.argv[1])"
    no_tensorflow = "sys.modules['tensorflow'] = None"
    # JAX compiles each op for each shape; to do it well would take far longer.
    flags = "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=1"
    processes = {
        backend: subprocess.Popen(
            [sys.executable, "-c", f"import sys; {before}; {run}", str(directory)],
            env=os.environ | {"KERAS_BACKEND": backend, "XLA_FLAGS": flags},
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for backend, before in (("tensorflow", "pass"), ("jax", no_tensorflow))
    }
    return {name: process.communicate()[0] for name, process in processes.items()}


def run_all_saved(directory):
    """Runs what `run_elsewhere` saved; a model that fails doesn't stop the others."""
    import kerasapps.layers
    import kerasapps.models  # noqa: F401

    for path in Path(directory).glob("*.keras"):
        try:
            with _cheap_starts():
                model = keras.saving.load_model(path, compile=False, safe_mode=True)
            with np.load(path.with_suffix(".inputs.npz")) as saved:
                inputs = [*saved.values()]
            if len(inputs) == 1:
                (inputs,) = inputs
            run = _compiled if keras.config.backend() == "jax" else answers
            outputs = arrays(run(model, inputs))
        except Exception:
            print(path.name)
            traceback.print_exc()
        else:
            np.savez(path.with_suffix(f".{keras.config.backend()}.npz"), *outputs)


@contextlib.contextmanager
def _cheap_starts():
    """Within it JAX draws zeros, for which it needn't compile anything."""
    if keras.config.backend() != "jax":
        yield
        return
    import jax

    def zeros(seed, *bounds, shape, dtype, **named_bounds):
        return np.zeros(shape, dtype)

    with (
        unittest.mock.patch.object(jax.random, "normal", zeros),
        unittest.mock.patch.object(jax.random, "truncated_normal", zeros),
        unittest.mock.patch.object(jax.random, "uniform", zeros),
    ):
        yield


def _compiled(model, inputs):
    """Returns the answers, computed by JAX at once and not op by op."""
    import jax

    def run(values, inputs):
        with keras.StatelessScope(zip(model.variables, values, strict=True)):
            return answers(model, inputs)

    return jax.jit(run)([variable.value for variable in model.variables], inputs)


def check_elsewhere(number, directory, backend, log):
    """Model `number` answered in the other process as it did here."""
    path = directory / f"{number}.{backend}.npz"
    assert path.exists(), log
    with np.load(path) as actual, np.load(directory / f"{number}.outputs.npz") as here:
        # Another backend sums in another order, and with the load of the machine.
        tolerance = 1e-6 if backend == "tensorflow" else 1e-4
        assert_close([*actual.values()], [*here.values()], tolerance)
