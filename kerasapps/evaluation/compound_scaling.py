"""Compound scaling: which depth, width and resolution a budget is best spent on.

Tan and Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks",
2019, section 3: a baseline is scaled by `alpha**phi` in depth, `beta**phi` in width and
`gamma**phi` in resolution, where `alpha * beta**2 * gamma**2` is about 2, so that its
multiply-adds grow about as `2**phi`.

A baseline is a built network whose class has a method
`scaled(depth, width, resolution)`, as the image classifiers of the suite have.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import keras
import numpy as np

from kerasapps.evaluation.multiply_adds import multiply_adds
from kerasapps.evaluation.parameters import trainable_parameters
from kerasapps.weights.blueprint import blueprint


class Coefficients(NamedTuple):
    """What depth, width and resolution are multiplied by in one step of phi.

    Attributes:
        alpha: Of depth.
        beta: Of width.
        gamma: Of resolution.
    """

    alpha: float
    beta: float
    gamma: float

    @property
    def growth(self) -> float:
        """About the factor of the multiply-adds in one step of phi; equation 3."""
        return self.alpha * (self.beta * self.beta) * (self.gamma * self.gamma)

    def factors(self, phi: int) -> tuple[float, ...]:
        """Returns the factors of depth, width and resolution after `phi` steps."""
        return tuple(round(coefficient**phi, 4) for coefficient in self)


def grid(step: float, tolerance: float) -> list[Coefficients]:
    """Returns the `Coefficients` on a grid whose growth is about 2.

    Args:
        step: Distance of two values of a coefficient, the least of which is 1.
        tolerance: How far the growth may be from 2.
    """
    steps = range(int((1 + tolerance) / step + 1e-9) + 1)
    values = np.array([round(1 + step * i, 6) for i in steps])
    # Every coefficient on an axis of its own.
    growth = Coefficients(values[:, None, None], values[:, None], values).growth
    found = np.argwhere(abs(growth - 2) <= tolerance + 1e-9)
    return [Coefficients(*triple) for triple in values[found].tolist()]


class Cost(NamedTuple):
    """What a network costs.

    Attributes:
        multiply_adds: Multiply-adds of one example.
        parameters: Trainable parameters.
        activations: Numbers that the layers put out for one example.
    """

    multiply_adds: int
    parameters: int
    activations: int

    def memory(self, batch_size: int = 1) -> int:
        """Returns the bytes of the parameters and of a batch's activations, float32."""
        return 4 * (self.parameters + batch_size * self.activations)

    def fits(
        self,
        multiply_adds: float = math.inf,
        memory: float = math.inf,
        batch_size: int = 1,
    ) -> bool:
        """Returns whether a budget suffices; `memory` is in bytes."""
        return self.multiply_adds <= multiply_adds and self.memory(batch_size) <= memory


def cost(model: keras.Model) -> Cost:
    """Returns the cost of a functional model for images of a fixed size, counted."""
    nodes = [node for depth in model._nodes_by_depth.values() for node in depth]
    outputs = [tensor.shape for node in nodes for tensor in node.output_tensors]
    activations = sum(math.prod(shape[1:]) for shape in outputs)
    return Cost(multiply_adds(model), trainable_parameters(model), activations)


def scaled_cost(
    baseline: keras.Model,
    depth: float = 1.0,
    width: float = 1.0,
    resolution: float = 1.0,
) -> Cost:
    """Returns the cost of a baseline scaled by three factors.

    It is counted on the scaled network's blueprint, so it is exact: all rounding, and
    whatever mixes the dimensions, as attention does, is the network's own.

    Args:
        baseline: The network that is scaled; its images have a fixed size.
        depth: Factor of the repeated blocks of each stage.
        width: Factor of the channels.
        resolution: Factor of the height and width of the images.
    """
    return cost(
        blueprint(baseline.scaled, depth=depth, width=width, resolution=resolution)
    )


def curves(
    baseline: keras.Model,
    coefficients: Coefficients,
    last: int,
    train: Callable[[float, float, float], float],
) -> dict:
    """Trains networks scaled in one dimension and in all, equally large.

    Args:
        baseline: The network that is scaled.
        coefficients: `Coefficients`.
        last: The greatest phi.
        train: Returns the accuracy at factors of depth, width and resolution.

    Returns:
        For "depth", "width", "resolution" and "compound" the networks of phi 0 to
        `last`: factor (of the compound, phi), multiply-adds and accuracy of each.
    """
    found: dict[str, list[tuple]] = {
        name: [] for name in ("depth", "width", "resolution", "compound")
    }
    for phi in range(last + 1):
        growth = coefficients.growth**phi
        linear, root = round(growth, 4), round(growth**0.5, 4)
        for name, x, factors in (
            ("depth", linear, (linear, 1.0, 1.0)),
            ("width", root, (1.0, root, 1.0)),
            ("resolution", root, (1.0, 1.0, root)),
            ("compound", phi, coefficients.factors(phi)),
        ):
            multiply_adds = scaled_cost(baseline, *factors).multiply_adds
            found[name].append((x, multiply_adds, train(*factors)))
    return found
