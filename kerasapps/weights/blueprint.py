"""Models without the memory of their weights."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import keras


def blueprint(
    constructor: Callable[..., keras.Model], /, **arguments: Any
) -> keras.Model:
    """Returns a model whose weights have shapes but no values.

    It is made in an instant and takes no memory, however large it is: for counting its
    parameters and multiply-adds, and for looking at its shapes. It can't be called.

    Args:
        constructor: Returns a functional model.
        **arguments: Arguments of the constructor.
    """
    policy = keras.config.dtype_policy()

    def build():
        keras.config.set_dtype_policy(policy)
        with keras.StatelessScope(initialize_variables=False):
            return constructor(**arguments)

    # Keras keeps a list of the variables without values and would fill them later. The
    # list is the thread's, and ends with it.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(build).result()
