"""The scaled hyperbolic tangent of the first convolutional networks."""

import keras

from kerasapps.layers.annotations import Tensor


@keras.saving.register_keras_serializable("kerasapps")
def scaled_tanh(x: Tensor) -> Tensor:
    """Computes `1.7159 tanh(2/3 x)`, elementwise.

    The constants make f(1) = 1 and f(-1) = -1, and put the greatest curvature there:
    targets of +-1 then lie well within the range of the units.

    LeCun, Bottou, Bengio and Haffner, "Gradient-Based Learning Applied to Document
    Recognition", 1998, equation 6 and appendix A.

    Args:
        x: Tensor of any shape, of a floating-point dtype.

    Returns:
        A tensor of the shape and dtype of `x`, with values in (-1.7159, 1.7159).
    """
    return 1.7159 * keras.ops.tanh(2 / 3 * x)
