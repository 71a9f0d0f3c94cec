"""What tells one export from another."""

import hashlib
import json
from collections.abc import Iterable

import keras
import numpy as np


def digest(models: Iterable[keras.Model], *facts) -> str:
    """Returns what two exports have in common only if they answer alike.

    Args:
        models: The networks.
        *facts: Whatever else the answers depend on: arrays, or what is fit for JSON.
    """
    found = hashlib.sha256()
    arrays = [keras.ops.convert_to_numpy(w) for model in models for w in model.weights]
    for fact in (*facts, *arrays):
        if isinstance(fact, np.ndarray):
            found.update(json.dumps([fact.dtype.name, fact.shape]).encode())
            found.update(fact.tobytes())
        else:
            found.update(json.dumps(fact).encode())
    return found.hexdigest()
