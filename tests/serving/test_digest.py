"""What tells one export from another."""

import keras
import numpy as np

from kerasapps.serving.digest import digest


def model(value=1.0, dtype="float32"):
    layers = [keras.Input((2,)), keras.layers.Dense(3, dtype=dtype)]
    made = keras.Sequential(layers)
    made.set_weights([np.full((2, 3), value), np.zeros(3)])
    return made


def test_the_same_from_the_same():
    facts = (["bfloat16", {"std": 2.0}], np.arange(6.0))
    assert digest([model()], *facts) == digest([model()], *facts)


def test_another_from_anything_else():
    one, two = model(), model(2.0)
    found = [
        digest([one]),
        digest([two]),
        digest([one, two]),
        digest([two, one]),
        digest([model(dtype="bfloat16")]),
        digest([one], "float32"),
        digest([one], "bfloat16"),
        digest([one], ["a", "b"], "c"),
        digest([one], ["a"], ["b", "c"]),
        digest([one], None),
        digest([one], {"std": 2.0}),
        digest([one], {"std": 3.0}),
        digest([one], np.arange(3.0)),
        digest([one], np.arange(3.0) + 1e-9),
        digest([]),
    ]
    assert len(set(found)) == len(found)


def test_the_smallest_change_of_a_weight():
    weights = model().get_weights()
    weights[0][1, 2] = np.nextafter(np.float32(1), 2, dtype=np.float32)
    changed = model()
    changed.set_weights(weights)
    assert digest([changed]) != digest([model()])
