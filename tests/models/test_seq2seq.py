"""The network of Sutskever et al. 2014."""

import numpy as np
import pytest

from kerasapps.evaluation.parameters import trainable_parameters
from kerasapps.models import Seq2SeqLSTM
from kerasapps.tokens import END
from tests.models import translators
from tests.models.translators import LENGTHS, SOURCE, TARGET

SIZES = {"embedding_size": 5, "units": 6, "num_layers": 2}


def tiny(**arguments):
    return Seq2SeqLSTM(**translators.VOCABULARIES | SIZES | arguments)


@pytest.fixture(scope="module")
def model():
    return translators.moved(tiny())


def test_parameters_by_hand(paper_blueprint):
    """Section 3.4: 384 million, 64 million of them in the LSTMs, 32 in each.

    A layer of 1000 cells with 1000 inputs has four matrices of 1000 x 1000 for its
    inputs, four for its states, and 4 x 1000 biases; four layers have 32,016,000
    parameters. Embeddings of 160,000 and of 80,000 tokens, and outputs for 80,000,
    have 160, 80 and 80 million weights, the outputs 80,000 biases besides. Without the
    2 x 16,000 + 80,000 biases it is the paper's number exactly.
    """
    lstm = 4 * (1000 * 1000 + 1000 * 1000 + 1000)
    expected = {
        "source_embedding": 160_000 * 1000,
        "target_embedding": 80_000 * 1000,
        "logits": 80_000 * 1000 + 80_000,
    }
    for number in range(1, 5):
        expected |= {f"encoder{number}": lstm, f"decoder{number}": lstm}
    network = paper_blueprint(Seq2SeqLSTM)
    assert translators.parts(network) == expected
    biases = sum(w.shape[0] for w in network.weights if len(w.shape) == 1)
    assert biases == 112_000
    assert trainable_parameters(network) - biases == 384_000_000


def lstm(weights, inputs, h, c):
    """Goes through one layer of one example, one step after the other."""
    kernel, recurrent, bias = weights
    outputs = []
    for x in inputs:
        i, f, g, o = np.split(x @ kernel + h @ recurrent + bias, 4)
        i, f, o = (1 / (1 + np.exp(-gate)) for gate in (i, f, o))
        c = f * c + i * np.tanh(g)
        h = o * np.tanh(c)
        outputs.append(h)
    return outputs, h, c


@pytest.mark.parametrize("reverse", [True, False])
def test_equals_numpy(reverse):
    model = translators.moved(tiny(reverse_source=reverse))
    logits = model([SOURCE, TARGET])
    output, bias = model.logits.get_weights()
    for i, length in enumerate(LENGTHS):
        tokens = SOURCE[i, :length]
        if reverse:
            tokens = [*tokens[-2::-1], END]
        x = model.source_embedding.get_weights()[0][tokens]
        y = model.target_embedding.get_weights()[0][TARGET[i]]
        states = []
        for layer in model.encoder:
            x, *state = lstm(layer.get_weights(), x, np.zeros(6), np.zeros(6))
            states.append(state)
        for layer, state in zip(model.decoder, states, strict=True):
            y, *_ = lstm(layer.get_weights(), y, *state)
        np.testing.assert_allclose(logits[i], y @ output + bias, rtol=1e-3, atol=1e-5)


def test_weights_start_uniform():
    model = tiny(embedding_size=30, units=40, target_vocabulary=200)
    for weight in model.weights:
        values = np.asarray(weight)
        assert 0.07 < np.abs(values).max() <= 0.08, weight.path
        deviation = 0.08 / np.sqrt(3)
        assert values.std() == pytest.approx(deviation, rel=0.25), weight.path


def test_steps(model):
    assert translators.check_steps(model) is None


def test_padding(model):
    translators.check_padding(model)


def test_what_counts(model):
    translators.check_what_counts(model)


def test_gradients(model):
    translators.check_gradients(model)


def test_configuration_and_file(tmp_path):
    arguments = SIZES | {"reverse_source": False, "dropout": 0.2, "name": "mine"}
    model = translators.moved(tiny(**arguments))
    translators.check_config_and_file(model, tmp_path, **arguments)


def test_mixed_precision():
    translators.check_mixed_precision(tiny)


def test_dropout():
    translators.check_dropout(tiny)


def test_symbolic(model):
    translators.check_symbolic(model)


def test_export(model, tmp_path):
    translators.check_export(model, tmp_path)
