"""The translators' benchmark runs, and its twin is the same network."""

import json

import numpy as np
import pytest

from apps.translator.keras_transformer import KerasTransformer
from kerasapps.models import Transformer
from kerasapps.tokens import PADDING
from tests.apps.in_process import run_well


def test_the_twin_with_the_same_weights_has_the_same_logits():
    sizes = {"num_layers": 2, "d_model": 8, "d_ff": 16, "num_heads": 2}
    random = np.random.default_rng(0)
    source, target = random.integers(4, 20, (3, 7)), random.integers(4, 20, (3, 5))
    source[0, 4:] = PADDING
    ours, twin = Transformer(20, 20, **sizes), KerasTransformer(20, **sizes)
    twin((source, target))
    assert ours.count_params() == twin.count_params()
    ours.set_weights([random.normal(0, 0.3, w.shape) for w in ours.get_weights()])
    twin.set_weights(keras_weights(ours.get_weights(), num_layers=2))
    expected = np.array(ours((source, target)))
    np.testing.assert_allclose(twin((source, target)), expected, rtol=1e-4, atol=1e-4)


def keras_weights(weights, num_layers):
    """Returns the Transformer's weights as layers of Keras hold and order them."""
    weights = iter(weights)

    def take(number):
        return [next(weights) for _ in range(number)]

    def attention(projections):
        return [
            *(kernel.reshape(8, 2, 4) for kernel in projections),
            next(weights).reshape(2, 4, 8),
        ]

    found = take(1)
    for _ in range(num_layers):
        found += attention(np.split(next(weights), 3, axis=1))
        # Normalization, hidden and output layer with biases, normalization.
        found += take(2 + 4 + 2)
    for _ in range(num_layers):
        found += attention(np.split(next(weights), 3, axis=1))
        found += take(2)
        query, key_value = take(2)
        found += attention([query, *np.split(key_value, 2, axis=1)])
        found += take(2 + 4 + 2)
    return found


@pytest.mark.parametrize(
    ("chosen", "models"),
    [
        ("--model=transformer", ["transformer"]),
        pytest.param(
            "",
            ["seq2seqlstm", "rnnencdec", "rnnsearch", "transformer"],
            marks=pytest.mark.slow,
        ),
    ],
)
def test_a_row_for_each_measure(chosen, models, tmp_path):
    tiny = "--length=3 --batch_size=2 --beam_size=2 --vocabulary=20 --repeats=1"
    flags = f"{tiny} {chosen} --json"
    report = json.loads(run_well("benchmark_translator", flags, tmp_path))
    assert (report["length"], report["batch_size"], report["beam_size"]) == (3, 2, 2)
    measured = [(row["model"], row["what"]) for row in report["rows"]]
    assert measured == [
        *((model, "decoding") for model in models),
        ("transformer", "training"),
    ]
    for row in report["rows"]:
        assert 0 < row["ratio"][0] <= row["ratio"][1] <= row["ratio"][2]
        assert min(row["seconds"], row["twin_seconds"]) > 0
