"""Batch normalization folded into the layer before it."""

import collections

import keras
import numpy as np

from kerasapps.layers import BatchNormalization

_LINEAR = (keras.layers.Conv2D, keras.layers.DepthwiseConv2D, keras.layers.Dense)
_NORMALIZATION = (BatchNormalization, keras.layers.BatchNormalization)


def fold_batch_normalization(model: keras.Model, dtype: str = "float32") -> keras.Model:
    """Returns a model for inference alone: the same function with fewer operations.

    At inference batch normalization scales and shifts each channel by constants. Right
    behind a convolution or a dense layer, whose output nothing else reads, it becomes
    part of that layer's kernel and bias. Elsewhere it stays, as in front of a
    convolution.

    The returned model holds what is between the inputs and the outputs of the graph,
    under the same names. Layers that stay as they are it shares with `model`, weights
    and all; among them are models within the model, which are not looked into.

    In 16 bits, kernels and other weights of two or more axes are stored in `dtype`,
    rounded only once they are folded; a layer that has vectors only, as normalization
    has, keeps them in float32. The last layer with weights, and what follows, is
    float32: the outputs are.

    Args:
        model: A `keras.Model`. Only a graph of layers can be folded: where it isn't
            functional or sequential, `model` itself is returned. A functional model
            may have a `call` of its own for training; at inference it must do what
            its graph does.
        dtype: "float32", "bfloat16" or "float16": what to compute in, whatever the
            model was trained in.
    """
    if isinstance(model, keras.Sequential):
        (inputs,), (outputs,) = model.inputs, model.outputs
    elif hasattr(model, "_nodes_by_depth"):
        inputs, outputs = model.input, model.output
    else:
        return model
    # Without what the model was compiled for.
    graph = keras.Model(inputs, outputs, name=model.name)
    folded = _find_folded(graph)
    tail = _tail(graph, folded.values())

    def policy(layer):
        if dtype == "float32" or layer in tail:
            return "float32"
        has_kernel = any(len(weight.shape) > 1 for weight in layer.weights)
        return dtype if has_kernel else f"mixed_{dtype}"

    def replace(layer):
        if layer in folded.values():
            return None
        if layer in folded:
            return _fold(layer, folded[layer], policy(layer))
        if not isinstance(layer, keras.layers.Layer) or isinstance(layer, keras.Model):
            return layer
        if layer.dtype_policy.name == policy(layer):
            return layer
        return _copy(layer, layer.get_weights(), dtype=policy(layer))

    def call(layer, *args, **kwargs):
        return args[0] if layer is None else layer(*args, **kwargs)

    return keras.models.clone_model(graph, clone_function=replace, call_function=call)


def _find_folded(graph):
    """Returns the normalization that goes into each layer, by layer."""
    # Keras has no public way to visit each use of a layer.
    nodes = [node for depth in graph._nodes_by_depth.values() for node in depth]
    uses = collections.Counter(node.operation for node in nodes)
    readers = collections.Counter(id(x) for node in nodes for x in node.input_tensors)
    readers.update(map(id, graph.outputs))
    folded = {}
    for node in nodes:
        normalization = node.operation
        if type(normalization) not in _NORMALIZATION:
            continue
        tensor = node.input_tensors[0]
        layer = tensor._keras_history.operation
        if (
            type(layer) in _LINEAR
            and layer.activation is keras.activations.linear
            and getattr(layer, "data_format", "channels_last") == "channels_last"
            and normalization.axis in (-1, len(tensor.shape) - 1)
            and not node.arguments.kwargs.get("training")
            and uses[normalization] == uses[layer] == readers[id(tensor)] == 1
        ):
            folded[layer] = normalization
    return folded


def _tail(graph, folded):
    """Returns the last operations that have weights, and those that follow."""
    tail = set()
    tensors = [*graph.outputs]
    while tensors:
        operation, node, _ = tensors.pop()._keras_history
        has_weights = isinstance(operation, keras.layers.Layer) and operation.weights
        tail.add(operation)
        if operation in folded or not has_weights:
            tensors += operation._inbound_nodes[node].input_tensors
    return tail


def _fold(layer, normalization, dtype):
    """Returns the layer with kernel and bias that normalize as well."""
    mean = _array(normalization.moving_mean)
    variance = _array(normalization.moving_variance)
    gamma = _array(normalization.gamma) if normalization.scale else 1.0
    beta = _array(normalization.beta) if normalization.center else 0.0
    scale = gamma / np.sqrt(variance + normalization.epsilon)
    bias = _array(layer.bias) if layer.use_bias else 0.0
    kernel = _array(layer.kernel)
    # A depthwise kernel has its output channels on two axes.
    depthwise = isinstance(layer, keras.layers.DepthwiseConv2D)
    scales = scale.reshape(kernel.shape[-2:]) if depthwise else scale
    weights = [kernel * scales, (bias - mean) * scale + beta]
    return _copy(layer, weights, dtype=dtype, use_bias=True)


def _copy(layer, weights, **changes):
    config = {**layer.get_config(), **changes}
    # Drawn for nothing, and not every distribution can be drawn from in 16 bits.
    config |= {name: "zeros" for name in config if name.endswith("_initializer")}
    copy = type(layer).from_config(config)
    copy.build_from_config(layer.get_build_config())
    copy.set_weights(weights)
    return copy


def _array(variable):
    return keras.ops.convert_to_numpy(variable).astype("float64")
