"""Compound scaling: which depth, width and resolution a budget is best spent on.

Tan and Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks",
2019, section 3: a baseline is scaled by `alpha**phi` in depth, `beta**phi` in width and
`gamma**phi` in resolution, where `alpha * beta**2 * gamma**2` is about 2, so that its
multiply-adds grow about as `2**phi`.

A baseline is a built network whose class has a method
`scaled(depth, width, resolution)`, as the image classifiers of the suite have.
"""

import collections
import itertools
import math
from typing import NamedTuple

import numpy as np

from kerasapps.blueprint import blueprint
from kerasapps.evaluation.multiply_adds import node_multiply_adds


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
    def growth(self):
        """About the factor of the multiply-adds in one step of phi; equation 3."""
        return self.alpha * self.beta**2 * self.gamma**2

    def factors(self, phi):
        """Returns the factors of depth, width and resolution after `phi` steps."""
        return tuple(round(coefficient**phi, 4) for coefficient in self)


def grid(step, tolerance):
    """Returns the `Coefficients` on a grid whose growth is about 2.

    Args:
        step: Distance of two values of a coefficient, the least of which is 1.
        tolerance: How far the growth may be from 2.
    """
    steps = range(int((1 + tolerance) / step + 1e-9) + 1)
    values = [round(1 + step * i, 6) for i in steps]
    triples = itertools.starmap(Coefficients, itertools.product(values, repeat=3))
    return [c for c in triples if abs(c.growth - 2) <= tolerance + 1e-9]


class Cost(NamedTuple):
    """What a network costs.

    Attributes:
        multiply_adds: Multiply-adds of one example.
        parameters: Trainable parameters of the layers between image and output.
        activations: Numbers that the layers put out for one example.
    """

    multiply_adds: float
    parameters: float
    activations: float

    def memory(self, batch_size=1):
        """Returns the bytes of the parameters and of a batch's activations, float32."""
        return 4 * (self.parameters + batch_size * self.activations)

    def fits(self, multiply_adds=math.inf, memory=math.inf, batch_size=1):
        """Returns whether a budget suffices; `memory` is in bytes."""
        return self.multiply_adds <= multiply_adds and self.memory(batch_size) <= memory


def _layers(model):
    """Returns the level and the cost of each use of a layer, inputs first.

    The level is the size of the maps; of layers without maps it is their name.
    """
    depths = sorted(model._nodes_by_depth, reverse=True)
    nodes = [node for depth in depths for node in model._nodes_by_depth[depth]]
    layers = []
    for node in nodes:
        output = node.output_tensors[0].shape
        weights = getattr(node.operation, "trainable_weights", [])
        parameters = sum(math.prod(weight.shape) for weight in weights)
        cost = Cost(node_multiply_adds(node), parameters, math.prod(output[1:]))
        layers.append((output[1:-1] or node.operation.name, cost))
    return layers


def cost(model):
    """Returns the cost of a functional model for images of a fixed size, counted."""
    return Cost(*map(sum, zip(*(cost for _, cost in _layers(model)), strict=True)))


class CostModel:
    """Predicts what scaled networks cost, from blueprints of simpler ones.

    Layers whose maps have the same size make a level of the network, a layer without
    maps makes one alone. A level has the baseline's layers and those that depth adds:
    how many come from the baseline scaled in depth alone. How both grow with width is
    seen on the baseline and on twice its depth. Resolution multiplies each level by a
    factor of its own, that of the baseline scaled in resolution alone. So all rounding
    is the family's own, and n^3 combinations take the blueprints of about 4n networks.
    What is predicted is within 2 % of what is counted on the network itself.

    Args:
        baseline: The network that is scaled; its images have a fixed size.
    """

    def __init__(self, baseline):
        self.baseline = baseline
        self._levels = {}
        self._baseline_levels = [level for level, _ in _layers(baseline)]

    def predict(self, depth=1.0, width=1.0, resolution=1.0):
        """Returns the `Cost` of the baseline scaled by three factors."""
        base, deep, fine, wide = (
            self._counted(*factors)
            for factors in (
                (1.0, 1.0, 1.0),
                (depth, 1.0, 1.0),
                (1.0, 1.0, resolution),
                (1.0, width, 1.0),
            )
        )
        twice, twice_wide = (self._counted(2.0, w, 1.0) for w in (1.0, width))
        total = np.zeros(len(Cost._fields))
        for level, cost in base.items():
            added = _ratio(deep[level] - cost, twice[level] - cost)
            added = added * (twice_wide[level] - wide[level])
            total += (wide[level] + added) * _ratio(fine[level], cost)
        return Cost(*total.tolist())

    def _counted(self, *factors):
        """Returns the costs of each level of a network's blueprint."""
        if factors not in self._levels:
            names = ("depth", "width", "resolution")
            factor = dict(zip(names, factors, strict=True))
            layers = _layers(blueprint(self.baseline.scaled, **factor))
            if factor["resolution"] != 1:
                # The same layers, but other sizes: two levels may have become one.
                costs = (cost for _, cost in layers)
                layers = zip(self._baseline_levels, costs, strict=True)
            levels = collections.defaultdict(lambda: np.zeros(len(Cost._fields)))
            for level, cost in layers:
                levels[level] += cost
            self._levels[factors] = levels
        return self._levels[factors]


def _ratio(a, b):
    """Returns `a / b` by elements, 0 where `b` is."""
    return np.divide(a, b, out=np.zeros_like(b), where=b != 0)


def curves(model, coefficients, last, train):
    """Trains networks scaled in one dimension and in all, equally large.

    Args:
        model: The `CostModel` of the baseline.
        coefficients: `Coefficients`.
        last: The greatest phi.
        train: Returns the accuracy at factors of depth, width and resolution.

    Returns:
        For "depth", "width", "resolution" and "compound" the networks of phi 0 to
        `last`: factor (of the compound, phi), multiply-adds and accuracy of each.
    """
    found = {"depth": [], "width": [], "resolution": [], "compound": []}
    for phi in range(last + 1):
        growth = coefficients.growth**phi
        linear, root = round(growth, 4), round(growth**0.5, 4)
        for name, x, factors in (
            ("depth", linear, (linear, 1.0, 1.0)),
            ("width", root, (1.0, root, 1.0)),
            ("resolution", root, (1.0, 1.0, root)),
            ("compound", phi, coefficients.factors(phi)),
        ):
            multiply_adds = model.predict(*factors).multiply_adds
            found[name].append((x, multiply_adds, train(*factors)))
    return found
