"""What every translator must pass; the models' own test modules call these."""

import json

import keras
import numpy as np
import tensorflow as tf

from kerasapps.tokens import BEGIN, END, PADDING
from kerasapps.weights import keras_file

# Vocabularies of 11 and 9 tokens; lengths differ.
VOCABULARIES = {"source_vocabulary": 11, "target_vocabulary": 9}
SOURCE = np.array(
    [[4, 5, 6, 7, 8, END], [9, 10, END, 0, 0, 0], [5, END, 0, 0, 0, 0]], "int32"
)
TARGET = np.array(
    [[BEGIN, 4, 5, 6, 7], [BEGIN, 8, 7, 0, 0], [BEGIN, 5, 4, 8, 0]], "int32"
)
LENGTHS = (SOURCE != PADDING).sum(axis=1)


def moved(model):
    """Returns the model, its weights all random and not small."""
    random = np.random.default_rng(0)
    for weight in model.trainable_weights:
        weight.assign(random.normal(0, 0.5, weight.shape))
    return model


def by_steps(model, max_length=7):
    """Returns logits and alignments of one step after the other, batch first."""
    memory = model.encode(SOURCE)
    states = model.initial_states(memory, max_length)
    step = tf.function(model.step)
    logits, alignments = [], []
    for position in range(TARGET.shape[1]):
        before = keras.tree.map_structure(lambda x: (x.shape, x.dtype), states)
        one, states, alignment = step(
            TARGET[:, position], tf.constant(position), memory, states
        )
        # So a loop can carry them.
        after = keras.tree.map_structure(lambda x: (x.shape, x.dtype), states)
        assert after == before
        assert one.dtype == "float32"
        logits.append(one)
        alignments.append(alignment)
    if alignments[0] is None:
        return np.stack(logits, axis=1), None
    return np.stack(logits, axis=1), np.stack(alignments, axis=1)


def check_steps(model):
    """Step after step gives what the call does, for padded sources too.

    Returns the alignments of the steps, where there are some.
    """
    logits = model([SOURCE, TARGET])
    assert logits.shape == (*TARGET.shape, model.target_vocabulary)
    steps, alignments = by_steps(model)
    np.testing.assert_allclose(steps, logits, rtol=1e-4, atol=1e-5)
    assert model.aligns == (alignments is not None)
    return alignments


def check_alignments(alignments):
    """Rows sum to 1, and padding has nothing."""
    assert alignments.dtype == "float32"
    assert alignments.shape == (len(SOURCE), TARGET.shape[1], SOURCE.shape[1])
    np.testing.assert_allclose(alignments.sum(axis=-1), 1, rtol=1e-5)
    for one, length in zip(alignments, LENGTHS, strict=True):
        assert not one[:, length:].any()
        assert (one[:, :length] > 0).all()


def check_padding(model):
    """A pair alone, without padding, gives what it gives padded in a batch."""
    logits = model([SOURCE, TARGET])
    for i, length in enumerate(LENGTHS):
        tokens = (TARGET[i] != PADDING).sum()
        alone = model([SOURCE[i : i + 1, :length], TARGET[i : i + 1, :tokens]])
        np.testing.assert_allclose(alone[0], logits[i, :tokens], rtol=1e-4, atol=1e-5)


def check_what_counts(model):
    """A token changes the logits from its place on, and each source token all."""
    logits = np.asarray(model([SOURCE, TARGET]))
    for place in range(1, TARGET.shape[1]):
        changed = TARGET.copy()
        changed[0, place] = 3
        other = np.asarray(model([SOURCE, changed]))
        np.testing.assert_allclose(
            other[0, :place], logits[0, :place], rtol=1e-5, atol=1e-6
        )
        assert np.abs(other[0, place:] - logits[0, place:]).max(axis=-1).min() > 1e-4
        np.testing.assert_allclose(other[1:], logits[1:], rtol=1e-5, atol=1e-6)
    for place in range(LENGTHS[0] - 1):
        changed = SOURCE.copy()
        changed[0, place] = 3
        other = np.asarray(model([changed, TARGET]))
        assert np.abs(other[0] - logits[0]).max(axis=-1).min() > 1e-6


def check_gradients(model):
    """A gradient reaches every trainable weight, in a graph, of any lengths."""

    @tf.function(input_signature=[tf.TensorSpec([None, None], "int32")] * 2)
    def gradients(source, target):
        with tf.GradientTape() as tape:
            logits = model([source, target], training=True)
            direction = tf.random.stateless_normal(tf.shape(logits), seed=(0, 1))
            loss = tf.reduce_sum(logits * direction)
        found = tape.gradient(loss, [w.value for w in model.trainable_weights])
        return [tf.convert_to_tensor(gradient) for gradient in found]

    found = gradients(SOURCE, TARGET)
    for weight, gradient in zip(model.trainable_weights, found, strict=True):
        gradient = np.asarray(gradient)
        assert np.isfinite(gradient).all(), weight.path
        assert gradient.any(), weight.path


def check_config_and_file(model, directory, **arguments):
    """The configuration and the file give the model back."""
    config = json.loads(json.dumps(model.get_config()))
    assert config.items() >= arguments.items()
    again = type(model).from_config(config)
    assert again.get_config() == model.get_config()
    keras_file.save(model, directory / "model.keras")
    loaded = keras_file.load(directory / "model.keras")
    assert type(loaded) is type(model)
    assert loaded.get_config() == model.get_config()
    np.testing.assert_array_equal(loaded([SOURCE, TARGET]), model([SOURCE, TARGET]))
    assert len({weight.path for weight in model.weights}) == len(model.weights)


def check_mixed_precision(build):
    """Logits are float32 of 16 bits too, by steps as well, and near the others."""
    plain = moved(build())
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = build()
    finally:
        keras.config.set_dtype_policy(before)
    model.set_weights(plain.get_weights())
    assert {weight.dtype for weight in model.trainable_weights} == {"float32"}
    logits = model([SOURCE, TARGET])
    assert logits.dtype == "float32"
    expected = np.asarray(plain([SOURCE, TARGET]))
    scale = np.abs(expected).max()
    assert 0 < np.abs(logits - expected).max() < 0.1 * scale
    steps, _ = by_steps(model)
    np.testing.assert_allclose(steps, logits, atol=0.05 * scale)


def check_dropout(build):
    """Dropout changes the logits in training alone."""
    model = moved(build(dropout=0.3))
    still = build(dropout=0.0)
    still.set_weights([np.asarray(weight) for weight in model.trainable_weights])
    inputs = [SOURCE, TARGET]
    np.testing.assert_array_equal(model(inputs), still(inputs))
    np.testing.assert_array_equal(still(inputs, training=True), still(inputs))
    first, second = model(inputs, training=True), model(inputs, training=True)
    assert np.abs(first - model(inputs)).max() > 1e-2
    assert np.abs(first - second).max() > 1e-2


def check_symbolic(model):
    """The shapes of its outputs are known before there are tokens."""
    source, target = (keras.Input((None,), dtype="int32") for _ in range(2))
    outputs = model([source, target])
    assert outputs.shape == (None, None, model.target_vocabulary)
    assert outputs.dtype == "float32"


def check_export(model, directory):
    """A loop of steps can be exported, in ops of TensorFlow's core alone."""

    @tf.function(input_signature=[tf.TensorSpec([None, None], "int32")])
    def translate(source):
        memory = model.encode(source)
        states = model.initial_states(memory, 4)
        token = tf.fill([tf.shape(source)[0]], BEGIN)
        tokens = tf.TensorArray("int32", 4)
        for position in tf.range(4):
            logits, states, _ = model.step(token, position, memory, states)
            token = tf.argmax(logits, axis=-1, output_type="int32")
            tokens = tokens.write(position, token)
        return tf.transpose(tokens.stack())

    module = tf.Module()
    module.model, module.translate = model.trainable_weights, translate
    graph = translate.get_concrete_function().graph.as_graph_def()
    ops = {node.op for function in graph.library.function for node in function.node_def}
    assert not [op for op in ops if op.startswith("Xla")]
    tf.saved_model.save(module, str(directory))
    restored = tf.saved_model.load(str(directory))
    tokens = restored.translate(tf.constant(SOURCE))
    # The same by calls of everything so far.
    target = np.full((len(SOURCE), 1), BEGIN, "int32")
    for _ in range(4):
        logits = np.asarray(model([SOURCE, target]))[:, -1]
        target = np.append(target, logits.argmax(-1)[:, None], axis=1).astype("int32")
    np.testing.assert_array_equal(tokens, target[:, 1:])


def parts(model):
    """Returns the trainable parameters of each layer, by its name."""
    layers = model._flatten_layers(include_self=False, recursive=False)
    counts = {layer.name: layer.count_params() for layer in layers if layer.weights}
    return {name: count for name, count in counts.items() if count}
