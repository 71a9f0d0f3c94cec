"""The network of Bahdanau et al. 2015."""

import numpy as np
import pytest

from kerasapps.evaluation.parameters import trainable_parameters
from kerasapps.models import RNNsearch
from tests.models import translators
from tests.models.translators import LENGTHS, SOURCE, TARGET

SIZES = {
    "embedding_size": 5,
    "units": 6,
    "maxout_units": 4,
    "alignment_units": 7,
}


def tiny(**arguments):
    return RNNsearch(**translators.VOCABULARIES | SIZES | arguments)


@pytest.fixture(scope="module")
def model():
    return translators.moved(tiny())


def test_parameters_by_hand(paper_blueprint):
    """Appendix A.2.3: n = 1000, m = 620, l = 500, n' = 1000; 30,000 tokens.

    Each of the encoder's RNNs has W, W_z and W_r, m x n with a bias, and U, U_z and
    U_r, n x n; the decoder's C, C_z and C_r are 2n x n. W_s is n x n with a bias. The
    alignment model has n x n', 2n x n' and n'. U_o, V_o and C_o take n, m and 2n to 2l,
    with a bias.
    """
    inputs, recurrent = 3 * (620 * 1000 + 1000), 3 * 1000 * 1000
    network = paper_blueprint(RNNsearch)
    assert translators.parts(network) == {
        "source_embedding": 30_000 * 620,
        "forward_inputs": inputs,
        "forward_encoder": recurrent,
        "backward_inputs": inputs,
        "backward_encoder": recurrent,
        "first_state": 1000 * 1000 + 1000,
        "alignment": 1000 * 1000 + 2000 * 1000 + 1000,
        "target_embedding": 30_000 * 620,
        "decoder_inputs": inputs,
        "decoder_context": 3 * 2000 * 1000,
        "decoder": recurrent,
        "maxout": (1000 + 620 + 2000) * 1000 + 1000,
        "logits": 500 * 30_000 + 30_000,
    }
    assert trainable_parameters(network) == 80_442_000


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
    alignment = {w.path: np.asarray(w) for w in model.alignment.weights}

    def dense(x, name):
        kernel, *bias = weights[name]
        return x @ kernel + sum(bias)

    logits = model([SOURCE, TARGET])
    alignments = model.alignments(SOURCE, TARGET)
    for i, length in enumerate(LENGTHS):
        embedded = weights["source_embedding"][0][SOURCE[i, :length]]
        h, forward = np.zeros(6), []
        for x in embedded:
            h = gru(model.forward_encoder, dense(x, "forward_inputs"), h)
            forward.append(h)
        h, backward = np.zeros(6), []
        for x in reversed(embedded):
            h = gru(model.backward_encoder, dense(x, "backward_inputs"), h)
            backward.insert(0, h)
        annotations = np.concatenate([forward, backward], axis=1)
        s = np.tanh(dense(backward[0], "first_state"))
        for place, token in enumerate(TARGET[i]):
            embedded = weights["target_embedding"][0][token]
            hidden = np.tanh(
                s @ alignment["alignment/state/kernel"]
                + annotations @ alignment["alignment/annotations/kernel"]
            )
            powers = np.exp(hidden @ alignment["alignment/v"][:, 0])
            taken = powers / powers.sum()
            np.testing.assert_allclose(
                alignments[i, place, :length], taken, rtol=1e-3, atol=1e-6
            )
            c = taken @ annotations
            sums = dense(np.concatenate([s, embedded, c]), "maxout")
            expected = dense(np.maximum(sums[::2], sums[1::2]), "logits")
            np.testing.assert_allclose(logits[i, place], expected, rtol=1e-3, atol=1e-5)
            inputs = dense(embedded, "decoder_inputs") + dense(c, "decoder_context")
            s = gru(model.decoder, inputs, s)


def test_weights_start_as_in_appendix_b_1():
    model = tiny(units=60, embedding_size=50, maxout_units=100, alignment_units=100)
    for layer in (model.forward_encoder, model.backward_encoder, model.decoder):
        gates, candidate = layer.get_weights()
        for matrix in (*np.split(gates, 2, axis=1), candidate):
            np.testing.assert_allclose(matrix @ matrix.T, np.eye(60), atol=1e-5)
    for weight in model.trainable_weights:
        if weight.name in ("kernel", "embeddings"):
            deviation = 0.001 if weight.path.startswith("alignment") else 0.01
            assert np.std(weight) == pytest.approx(deviation, rel=0.15), weight.path
        if weight.name in ("bias", "v"):
            assert not np.any(weight), weight.path


def test_steps_and_alignments(model):
    alignments = np.asarray(model.alignments(SOURCE, TARGET))
    translators.check_alignments(alignments)
    by_steps = translators.check_steps(model)
    np.testing.assert_allclose(by_steps, alignments, rtol=1e-4, atol=1e-6)
    # They differ from token to token.
    assert np.abs(np.diff(alignments[0], axis=0)).max(axis=-1).min() > 1e-3


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
