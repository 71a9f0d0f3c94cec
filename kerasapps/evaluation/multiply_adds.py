"""What a model costs to run."""

import math
from typing import Any

import keras

_TRANSPOSED = (
    keras.layers.Conv1DTranspose,
    keras.layers.Conv2DTranspose,
    keras.layers.Conv3DTranspose,
)
# These have arrays of weights, but look up or scale values one by one.
_FREE = (
    keras.layers.Embedding,
    keras.layers.LayerNormalization,
    keras.layers.PReLU,
)


def multiply_adds(model: keras.Model) -> int:
    """Counts the multiply-adds of one example's way through a model.

    The convention is that of the papers: the multiplications by weights in convolutions
    and dense layers count, each together with its addition as one. Biases,
    normalization, activations, pooling (subsampling, too) and elementwise operations
    don't. A layer that is used twice counts twice.

    A layer of our own that multiplies otherwise has a method
    `multiply_adds(input_shape)`, which takes the shape of its input with the batch as
    first axis, or the list of such shapes.

    Args:
        model: A functional or sequential, channels-last `keras.Model`, built for inputs
            of a fixed size.

    Returns:
        The number of multiply-adds, an int.

    Raises:
        ValueError: If an axis other than the batch isn't fixed, or a layer multiplies
            in a way that isn't known.
    """
    if isinstance(model, keras.Sequential):
        model = keras.Model(model.inputs, model.outputs)
    # Keras has no public way to visit each use of a layer.
    nodes = [node for depth in model._nodes_by_depth.values() for node in depth]
    return sum(map(node_multiply_adds, nodes))


def node_multiply_adds(node: Any) -> int:
    """Counts the multiply-adds of one use of a layer, a node of a model's graph."""
    layer = node.operation
    inputs = [tensor.shape for tensor in node.input_tensors]
    outputs = [tensor.shape for tensor in node.output_tensors]
    if not isinstance(layer, keras.layers.Layer) or not inputs:
        return 0
    if hasattr(layer, "_nodes_by_depth") or isinstance(layer, keras.Sequential):
        return multiply_adds(layer)
    if hasattr(layer, "multiply_adds"):
        return layer.multiply_adds(inputs[0] if len(inputs) == 1 else inputs)
    if isinstance(layer, keras.layers.SeparableConv1D | keras.layers.SeparableConv2D):
        kernels = [layer.depthwise_kernel, layer.pointwise_kernel]
    elif hasattr(layer, "kernel") and not isinstance(layer, keras.layers.EinsumDense):
        kernels = [layer.kernel]
    elif isinstance(layer, _FREE) or all(len(w.shape) < 2 for w in layer.weights):
        return 0
    else:
        raise ValueError(
            f"How often {type(layer).__name__} multiplies isn't known; give it a "
            "method multiply_adds(input_shape)."
        )
    # A transposed convolution applies its whole kernel at each input position.
    positions = (inputs if isinstance(layer, _TRANSPOSED) else outputs)[0][1:-1]
    if None in positions:
        raise ValueError(
            f"The input size of {layer.name} isn't fixed; build the model for inputs "
            "of a fixed size."
        )
    return math.prod(positions) * sum(math.prod(kernel.shape) for kernel in kernels)
