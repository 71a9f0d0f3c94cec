"""Beam search against what enumerating all sequences finds."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasapps.evaluation.translator.beam_search import beam_search, length_penalty
from kerasapps.evaluation.translator.uncached import Uncached
from kerasapps.models import RNNencdec, RNNsearch, Seq2SeqLSTM, Transformer
from kerasapps.tokens import BEGIN, END, PADDING, UNKNOWN

VOCABULARY = 6
SOURCE = np.array([[4, 5, 3, END], [5, END, PADDING, PADDING]], np.int32)
SMALL = {
    Seq2SeqLSTM: {"embedding_size": 4, "units": 5, "num_layers": 2},
    RNNencdec: {"embedding_size": 4, "units": 5, "maxout_units": 3},
    RNNsearch: {
        "embedding_size": 4,
        "units": 5,
        "maxout_units": 3,
        "alignment_units": 4,
    },
    Transformer: {"num_layers": 2, "d_model": 8, "d_ff": 12, "num_heads": 2},
}


def translator(factory, seed=0):
    keras.utils.set_random_seed(seed)
    model = factory(VOCABULARY, VOCABULARY, **SMALL[factory])
    random = np.random.default_rng(seed)
    for weight in model.trainable_weights:
        weight.assign(random.normal(0, 0.7, weight.shape))
    return model


each = pytest.mark.parametrize("factory", SMALL, ids=lambda factory: factory.__name__)


def enumerated(models, max_length, alpha):
    """Returns all sequences that end in time with their scores, for each source.

    By teacher forcing, without the search and without any state.
    """
    words = [token for token in range(VOCABULARY) if token not in (PADDING, BEGIN, END)]
    found = [[] for _ in SOURCE]
    for length in range(max_length):
        sequences = np.array([*itertools.product(words, repeat=length)], np.int32)
        sequences = sequences.reshape(len(words) ** length, length)
        target = np.pad(sequences, ((0, 0), (1, 0)), constant_values=BEGIN)
        wanted = np.pad(sequences, ((0, 0), (0, 1)), constant_values=END)
        for row, source in enumerate(SOURCE):
            sources = np.repeat(source[None], len(target), axis=0)
            each = [keras.ops.softmax(model([sources, target])) for model in models]
            chosen = np.take_along_axis(np.mean(each, axis=0), wanted[..., None], 2)
            scores = np.log(chosen).sum(axis=(1, 2))
            scores /= ((5 + length + 1) / 6) ** alpha
            found[row] += zip(scores, wanted.tolist(), strict=True)
    return [sorted(candidates, reverse=True) for candidates in found]


@each
@pytest.mark.parametrize("alpha", [0.0, 0.6, 2.0])
def test_a_wide_beam_finds_the_best_of_all_sequences(factory, alpha):
    models = [translator(factory)]
    # 3 + 9 + 27 sequences go on after up to three tokens: all of them fit in the beam.
    found = beam_search(models, tf.constant(SOURCE), 4, 39, alpha, n_best=5)
    for row, candidates in enumerate(enumerated(models, 4, alpha)):
        for rank, (score, tokens) in enumerate(candidates[:5]):
            padded = tokens + [PADDING] * (4 - len(tokens))
            assert found.tokens[row, rank].numpy().tolist() == padded
            assert found.scores[row, rank].numpy() == pytest.approx(score, abs=1e-4)


def test_unknown_tokens_can_be_left_out():
    model = translator(RNNsearch)
    with_them = enumerated([model], 4, 0.0)
    found = beam_search([model], SOURCE, 4, 40, 0.0, 5, allow_unknown=False)
    for row, candidates in enumerate(with_them):
        wanted = [(s, t) for s, t in candidates if UNKNOWN not in t][:5]
        np.testing.assert_allclose(found.scores[row], [s for s, _ in wanted], atol=1e-4)
        for tokens, (_, expected) in zip(found.tokens[row], wanted, strict=True):
            assert tokens.numpy()[: len(expected)].tolist() == expected


def test_an_ensemble_averages_probabilities():
    models = [translator(factory, seed=3) for factory in SMALL]
    found = beam_search(models, tf.constant(SOURCE), 4, 39, 0.6)
    for row, candidates in enumerate(enumerated(models, 4, 0.6)):
        score, tokens = candidates[0]
        assert found.tokens[row, 0].numpy().tolist()[: len(tokens)] == tokens
        assert found.scores[row, 0].numpy() == pytest.approx(score, abs=1e-4)


@each
def test_states_give_what_decoding_anew_gives(factory):
    model = translator(factory)
    source = tf.constant(SOURCE)
    found, expected = (
        beam_search([m], source, 7, 3, 0.6, n_best=3) for m in (model, Uncached(model))
    )
    np.testing.assert_array_equal(found.tokens, expected.tokens)
    np.testing.assert_allclose(found.scores, expected.scores, atol=1e-4)


@each
def test_a_beam_of_one_takes_the_likeliest_token_each_time(factory):
    model = translator(factory)
    target = np.full([len(SOURCE), 1], BEGIN, np.int32)
    for _ in range(6):
        logits = np.array(model([SOURCE, target])[:, -1])
        logits[:, [PADDING, BEGIN]] = -np.inf
        target = np.append(target, logits.argmax(axis=-1)[:, None], axis=1)
    found = beam_search([model], tf.constant(SOURCE), 6, 1).tokens[:, 0].numpy()
    for got, greedy in zip(found.tolist(), target[:, 1:].tolist(), strict=True):
        stop = greedy.index(END) + 1 if END in greedy else len(greedy)
        assert got == greedy[:stop] + [PADDING] * (6 - stop)


def test_a_translation_without_an_end_is_what_has_begun():
    class Endless:
        aligns = False

        def encode(self, source):
            return source

        def initial_states(self, memory, max_length):
            return ()

        def step(self, token, position, memory, states):
            logits = tf.one_hot(tf.fill([tf.shape(token)[0]], UNKNOWN), 6) * 50 - 25
            return tf.where(tf.range(6) == END, -np.inf, logits), states, None

    found = beam_search([Endless()], tf.constant(SOURCE), 5, 2)
    assert found.tokens.numpy().tolist() == [[[UNKNOWN] * 5]] * 2
    np.testing.assert_allclose(found.scores, 0, atol=1e-4)


def test_alignments_belong_to_the_tokens():
    model = translator(RNNsearch)
    found = beam_search([model], tf.constant(SOURCE), 6, 3, n_best=2)
    for rank in range(2):
        tokens = found.tokens[:, rank].numpy()
        target = np.pad(tokens, ((0, 0), (1, 0)), constant_values=BEGIN)[:, :-1]
        expected = model.alignments(SOURCE, target)
        written = tokens != PADDING
        np.testing.assert_allclose(
            found.alignments[:, rank].numpy()[written],
            np.asarray(expected)[written],
            atol=1e-5,
        )
        assert (found.alignments[:, rank].numpy()[~written] == 0).all()


def test_in_a_graph_any_batch_and_length_will_do():
    model = translator(Transformer)
    search = tf.function(
        lambda source, length: beam_search([model], source, length, 2),
        input_signature=[
            tf.TensorSpec([None, None], tf.int32),
            tf.TensorSpec([], tf.int32),
        ],
    )
    for rows, length in ((SOURCE, 5), (SOURCE[:1, :3], 3)):
        expected = beam_search([model], tf.constant(rows), length, 2)
        found = search(rows, length)
        np.testing.assert_array_equal(found.tokens, expected.tokens)
        assert found.tokens.shape == (len(rows), 1, length)


@each
@pytest.mark.parametrize("beam_size", [1, 3])
def test_each_sentence_has_a_limit_of_its_own(factory, beam_size):
    model = translator(factory)
    limits = [2, 6]
    found = beam_search([model], tf.constant(SOURCE), limits, beam_size)
    for row, limit in enumerate(limits):
        source = tf.constant(SOURCE[row : row + 1])
        alone = beam_search([model], source, limit, beam_size)
        tokens = found.tokens[row].numpy()
        np.testing.assert_array_equal(tokens[:, :limit], alone.tokens[0])
        assert (tokens[:, limit:] == PADDING).all()
        np.testing.assert_allclose(found.scores[row], alone.scores[0], atol=1e-4)


def test_length_penalty():
    assert length_penalty(1, 0.6).numpy() == 1
    assert length_penalty(7, 1.0).numpy() == 2
    assert length_penalty(7, 0.0).numpy() == 1
