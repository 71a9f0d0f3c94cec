"""Additive attention."""

import numpy as np
import pytest

from kerasapps.layers import AdditiveAttention


def random(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


@pytest.fixture
def layer():
    layer = AdditiveAttention(6, name="alignment")
    layer.build((None, 3), (None, None, 4))
    for i, weight in enumerate(layer.weights):
        weight.assign(random(*weight.shape, seed=i))
    return layer


@pytest.mark.parametrize("masked", [False, True])
def test_equals_the_formula(layer, masked):
    """Appendix A.1.2: one score after the other."""
    state, annotations = random(2, 3), random(2, 5, 4, seed=1)
    weights = {w.path: np.asarray(w) for w in layer.weights}
    w, u = weights["alignment/state/kernel"], weights["alignment/annotations/kernel"]
    v = weights["alignment/v"][:, 0]
    lengths = [5, 3] if masked else [5, 5]
    mask = np.arange(5) < np.array(lengths)[:, None]
    context, alignment = layer(
        *(state, annotations, layer.project(annotations)), mask if masked else None
    )
    assert alignment.dtype == "float32"
    for i, length in enumerate(lengths):
        scores = [v @ np.tanh(state[i] @ w + h @ u) for h in annotations[i, :length]]
        expected = np.exp(scores) / np.exp(scores).sum()
        np.testing.assert_allclose(alignment[i, :length], expected, rtol=1e-4)
        assert not np.any(alignment[i, length:])
        np.testing.assert_allclose(
            context[i], expected @ annotations[i, :length], rtol=1e-4, atol=1e-5
        )


def test_starts_as_in_appendix_b_1():
    layer = AdditiveAttention(200)
    layer.build((None, 100), (None, None, 300))
    assert layer.count_params() == 100 * 200 + 300 * 200 + 200
    *kernels, v = (np.asarray(w) for w in sorted(layer.weights, key=lambda w: w.name))
    for kernel in kernels:
        assert kernel.std() == pytest.approx(0.001, rel=0.05)
    assert not v.any()


def test_configuration(layer):
    again = AdditiveAttention.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    assert again.units == 6
