"""Sentences in, sentences out, with a network whose answers are known."""

import numpy as np
import pytest
import tensorflow as tf

from kerasapps.data.text import vocabularies
from kerasapps.errors import InputError
from kerasapps.evaluation.translator.translator import Translator
from kerasapps.tokens import END, UNKNOWN

WORDS = ["a", "b", "c", "d"]
VOCABULARY = vocabularies.train("words", [" ".join(WORDS)] * 3, 20)
SENTENCES = ["a b c", "d", "b x"]


class Copier:
    """Writes the source again, token by token, and looks at what it writes.

    The second best, at half the odds, is to stop.
    """

    aligns = True

    def encode(self, source):
        return source

    def initial_states(self, memory, max_length):
        return tf.zeros_like(memory)

    def step(self, token, position, memory, states):
        place = tf.minimum(position, tf.shape(memory)[1] - 1)
        here = tf.gather(memory, place, axis=1)
        odds = tf.one_hot(here, VOCABULARY.size) + 0.5 * tf.one_hot(
            END, VOCABULARY.size
        )
        alignment = tf.one_hot(tf.fill(tf.shape(token), place), tf.shape(memory)[1])
        return tf.math.log(odds + 1e-9), states, alignment


def translator(**options):
    return Translator([Copier()], VOCABULARY, VOCABULARY, **options)


def test_translations_tokens_and_alignments():
    found = translator(beam_size=1, alpha=0.0)(tf.constant(SENTENCES[:2]))
    assert found.translations.numpy().tolist() == [[b"a b c"], [b"d"]]
    assert found.source_tokens.numpy().tolist() == [
        [b"a", b"b", b"c", b"</s>"],
        [b"d", b"</s>", b"", b""],
    ]
    assert found.target_tokens.numpy()[0, 0].tolist() == [b"a", b"b", b"c", b"</s>"]
    np.testing.assert_array_equal(found.alignments[0, 0], np.eye(4))
    # Two thirds for each token; at the end of the source nothing else is likely.
    expected = 3 * np.log(1 / 1.5)
    assert found.scores[0, 0].numpy() == pytest.approx(expected, abs=1e-4)


def test_the_best_come_first():
    found = translator(n_best=3, beam_size=3, alpha=0.0)(tf.constant(["a b c"]))
    assert found.translations.numpy().tolist() == [[b"", b"a b c", b"a"]]
    scores = found.scores.numpy()[0]
    expected = [np.log(1 / 3), 3 * np.log(2 / 3), np.log(2 / 3) + np.log(1 / 3)]
    np.testing.assert_allclose(scores, sorted(expected, reverse=True), atol=1e-4)


def test_unknown_words_are_taken_from_the_source():
    assert VOCABULARY.encode(tf.constant(["x"])).numpy()[0].tolist()[0] == UNKNOWN
    plain, replaced = (
        translator(beam_size=1, replace_unknown=replace)(tf.constant(["b x"]))
        for replace in (False, True)
    )
    assert plain.translations.numpy().tolist() == [[b"b UNK"]]
    assert replaced.translations.numpy().tolist() == [[b"b x"]]


def test_unknown_words_need_not_be_written():
    plain = translator(beam_size=1)
    found = plain.without_unknown()(tf.constant(["x x", "a"]))
    # The next best of x is to stop.
    assert found.translations.numpy().tolist() == [[b""], [b"a"]]
    assert plain(tf.constant(["x x"])).translations.numpy().tolist() == [[b"UNK UNK"]]


def test_nothing_is_made_of_a_blank_sentence():
    found = translator(n_best=2)(tf.constant(["", "a b", "  "]))
    assert found.translations.numpy().tolist()[::2] == [[b"", b""]] * 2
    assert set(found.target_tokens.numpy()[::2].ravel()) == {b""}
    assert b"a b" in found.translations.numpy()[1].tolist()


def test_a_beam_has_no_more_translations_than_it_holds():
    with pytest.raises(InputError, match="a beam of 2 has no 3 translations"):
        translator(beam_size=2, n_best=3)


def test_unknown_words_need_a_network_that_aligns():
    class Blind(Copier):
        aligns = False

    with pytest.raises(InputError, match=r"^replace_unknown needs") as error:
        Translator([Blind()], VOCABULARY, VOCABULARY, replace_unknown=True)
    assert error.value.argument == "replace_unknown"


def test_a_sentence_that_is_too_long_is_refused_or_cut():
    # Five characters, and more bytes.
    sentences = tf.constant(["a b c", "ä b c", "c d"])
    for options in ({}, {"cut": True}):
        limited = translator(beam_size=1, longest_source=5, **options)
        assert limited(sentences).translations[2, 0] == b"c d"
        assert len(limited(sentences[:0]).translations) == 0
    longer = tf.constant(["c d", "a b c d"])
    found = limited(longer).translations[:, 0].numpy().tolist()
    assert found == limited.best(longer)[0].numpy().tolist() == [b"c d", b"a b c"]
    refusing = translator(beam_size=1, longest_source=5)
    for call in (refusing, refusing.best):
        with pytest.raises(
            tf.errors.InvalidArgumentError,
            match="a sentence has 7 characters, and this translator takes 5 at most",
        ):
            call(longer)


def test_the_best_without_alignments_is_the_first_of_all():
    sentences = tf.constant([*SENTENCES, ""])
    for replace_unknown in (False, True):
        made = translator(n_best=2, replace_unknown=replace_unknown)
        translations, scores = made.best(sentences)
        np.testing.assert_array_equal(translations, made(sentences).translations[:, 0])
        np.testing.assert_allclose(scores, made(sentences).scores[:, 0], atol=1e-5)


def test_other_sentences_beside_it_do_not_change_a_translation():
    class Endless(Copier):
        def step(self, token, position, memory, states):
            _, states, alignment = super().step(token, position, memory, states)
            token = tf.fill(tf.shape(token), UNKNOWN)
            return tf.one_hot(token, VOCABULARY.size) * 50, states, alignment

    translate = Translator([Endless()], VOCABULARY, VOCABULARY, beam_size=1)
    together = translate(tf.constant(SENTENCES)).translations[:, 0].numpy()
    alone = [translate(tf.constant([s])).translations[0, 0].numpy() for s in SENTENCES]
    assert together.tolist() == alone
    # As many as its own tokens, END among them, and 50.
    lengths = [len(sentence.split()) for sentence in together]
    assert lengths == [54, 52, 53]


def test_all_sentences_in_their_order():
    counts = []
    made = translator(beam_size=1).translate_all(
        ["a b c", "d", "b", "c d"], batch_size=3, progress=counts.append
    )
    assert made == ["a b c", "d", "b", "c d"]
    assert counts == [3, 4]
