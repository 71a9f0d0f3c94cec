"""Models without the memory of their weights."""

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import keras
from keras.src.backend.common import global_state

from kerasapps.errors import InputError


class Bound(NamedTuple):
    """How large a model may be.

    Attributes:
        arrays: Most arrays of weights. The largest network of the suite, ResNet-1202,
            has 6,007. A second builds some 600.
        numbers: Most numbers in them all.
    """

    arrays: int = 7_000
    numbers: int = 2**50


class OutOfBoundError(InputError):
    """A model is larger than it may be."""


_USUAL = Bound()


def blueprint(
    constructor: Callable[..., keras.Model], bound: Bound = _USUAL, /, **arguments: Any
) -> keras.Model:
    """Returns a model whose weights have shapes but no values.

    It takes no memory, however large it is: for counting its parameters and
    multiply-adds, and for looking at its shapes. It can't be called.

    Args:
        constructor: Returns a model of the suite.
        bound: How large it may be. Building stops where it is passed, so that any
            number of layers ends soon.
        **arguments: Arguments of the constructor.

    Raises:
        OutOfBoundError: If it is larger.
    """
    policy = keras.config.dtype_policy()
    weights = _Weights(bound)

    def build():
        # The thread's list of variables without values, which Keras appends to. It
        # would fill them later, but the list ends with the thread.
        global_state.set_global_attribute("uninitialized_variables", weights)
        keras.config.set_dtype_policy(policy)
        with keras.StatelessScope(initialize_variables=False):
            return constructor(**arguments)

    with ThreadPoolExecutor(1) as thread:
        try:
            return thread.submit(build).result()
        # Keras may have made another error of the one that stopped it.
        except Exception:
            if weights.error is None:
                raise
    raise weights.error


class _Weights(list):
    """A list of variables that stops at a bound."""

    def __init__(self, bound):
        super().__init__()
        self._bound = bound
        self._numbers = 0
        self.error: OutOfBoundError | None = None

    def append(self, variable):
        super().append(variable)
        self._numbers += math.prod(variable.shape)
        if len(self) > self._bound.arrays:
            self.error = OutOfBoundError(
                f"the network has more than {self._bound.arrays:,} arrays of weights: "
                "choose fewer layers"
            )
        elif self._numbers > self._bound.numbers:
            self.error = OutOfBoundError(
                f"the network has more than {self._bound.numbers:.3g} weights: choose "
                "a smaller one"
            )
        if self.error:
            raise self.error
