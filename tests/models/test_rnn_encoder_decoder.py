"""The network of Cho et al. 2014."""

import numpy as np
import pytest

from kerasapps.evaluation.parameters import trainable_parameters
from kerasapps.models import RNNencdec
from tests.models import translators
from tests.models.translators import LENGTHS, SOURCE, TARGET

SIZES = {"embedding_size": 5, "units": 6, "maxout_units": 4}


def tiny(**arguments):
    return RNNencdec(**translators.VOCABULARIES | SIZES | arguments)


@pytest.fixture(scope="module")
def model():
    return translators.moved(tiny())


def test_parameters_by_hand(paper_blueprint):
    """With the sizes of Bahdanau et al., section 4.2 and appendix A.

    W, W_z and W_r take 620 numbers to 1000 each, with a bias; U, U_z and U_r 1000; C,
    C_z and C_r of the decoder 1000. V and V' take 1000 to 1000, with biases. O_h, O_y
    and O_c take 1000, 620 and 1000 to two pieces of 500.
    """
    network = paper_blueprint(RNNencdec)
    assert translators.parts(network) == {
        "source_embedding": 30_000 * 620,
        "encoder_inputs": 3 * (620 * 1000 + 1000),
        "encoder": 3 * 1000 * 1000,
        "summary_vector": 1000 * 1000 + 1000,
        "first_state": 1000 * 1000 + 1000,
        "target_embedding": 30_000 * 620,
        "decoder_inputs": 3 * (620 * 1000 + 1000),
        "decoder_context": 3 * 1000 * 1000,
        "decoder": 3 * 1000 * 1000,
        "maxout": (1000 + 620 + 1000) * 1000 + 1000,
        "logits": 500 * 30_000 + 30_000,
    }
    assert trainable_parameters(network) == 69_579_000


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def gru(layer, inputs, h):
    gates, u = layer.get_weights()
    for_z, for_r, for_h = np.split(inputs, 3)
    z, r = np.split(sigmoid(np.concatenate([for_z, for_r]) + h @ gates), 2)
    return z * h + (1 - z) * np.tanh(for_h + (r * h) @ u)


def test_equals_numpy(model):
    """Appendix A, one token after the other."""
    weights = {layer.name: layer.get_weights() for layer in model.layers}

    def dense(x, name):
        kernel, *bias = weights[name]
        return x @ kernel + sum(bias)

    logits = model([SOURCE, TARGET])
    for i, length in enumerate(LENGTHS):
        h = np.zeros(6)
        for token in SOURCE[i, :length]:
            embedded = weights["source_embedding"][0][token]
            h = gru(model.encoder, dense(embedded, "encoder_inputs"), h)
        c = np.tanh(dense(h, "summary_vector"))
        h = np.tanh(dense(c, "first_state"))
        for place, token in enumerate(TARGET[i]):
            embedded = weights["target_embedding"][0][token]
            inputs = dense(embedded, "decoder_inputs") + dense(c, "decoder_context")
            h = gru(model.decoder, inputs, h)
            sums = dense(np.concatenate([h, embedded, c]), "maxout")
            expected = dense(np.maximum(sums[::2], sums[1::2]), "logits")
            np.testing.assert_allclose(logits[i, place], expected, rtol=1e-3, atol=1e-5)


def test_weights_start_as_in_the_paper_that_compares_it():
    model = tiny(units=60, embedding_size=50, maxout_units=100)
    for layer in (model.encoder, model.decoder):
        gates, candidate = layer.get_weights()
        for matrix in (*np.split(gates, 2, axis=1), candidate):
            np.testing.assert_allclose(matrix @ matrix.T, np.eye(60), atol=1e-5)
    for weight in model.trainable_weights:
        if weight.name in ("kernel", "embeddings"):
            assert np.std(weight) == pytest.approx(0.01, rel=0.15), weight.path
        if weight.name == "bias":
            assert not np.any(weight), weight.path


def test_steps(model):
    assert translators.check_steps(model) is None


def test_padding(model):
    translators.check_padding(model)


def test_what_counts(model):
    translators.check_what_counts(model)


def test_gradients(model):
    translators.check_gradients(model)


def test_configuration_and_file(tmp_path):
    arguments = SIZES | {"dropout": 0.2, "name": "mine"}
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
