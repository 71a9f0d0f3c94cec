"""An exported translator answers as the one in Python, by core ops alone."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasapps.data.text import vocabularies
from kerasapps.evaluation.translator.translator import Translator
from kerasapps.models import RNNsearch, Seq2SeqLSTM, Transformer
from kerasapps.serving.translator import export_translator
from tests.evaluation.translator.test_beam_search import SMALL
from tests.serving.exported import answers_elsewhere, specs, types_of, warm_up

CORPUS = ["ein Hund läuft", "two dogs run", "drei Hunde schlafen!", "a dog, a cat"] * 4
NETWORKS = {"subwords": RNNsearch, "words": Transformer, "characters": Seq2SeqLSTM}
SENTENCES = tf.constant(["a dog läuft", "", "two cats sleep", "x"])


LONGEST = 30


def make(factory, kind, n_best=2, seed=0):
    vocabulary = vocabularies.train(kind, CORPUS, 40)
    model = factory(vocabulary.size, vocabulary.size, **SMALL[factory])
    for weight in model.trainable_weights:
        weight.assign(np.random.default_rng(seed).normal(0, 0.5, weight.shape))
    return Translator(
        [model], vocabulary, vocabulary, 3, n_best=n_best, longest_source=LONGEST
    )


@pytest.fixture(scope="module")
def exports(tmp_path_factory):
    """Translators and the folders of their exports, by name."""
    made = {kind: make(factory, kind) for kind, factory in NETWORKS.items()}
    # Two networks together, as one more.
    subwords = made["subwords"]
    other = make(RNNsearch, "subwords", seed=1).networks
    made["ensemble"] = subwords.with_networks([*subwords.networks, *other])
    place = tmp_path_factory.mktemp("exports")
    return {
        name: (translator, export_translator(translator, str(place / name)))
        for name, translator in made.items()
    }


@pytest.mark.parametrize("kind", NETWORKS)
def test_the_export_answers_as_the_translator(kind, exports):
    translator, folder = exports[kind]
    signatures = tf.saved_model.load(folder).signatures
    expected = translator(SENTENCES)
    best = signatures["serving_default"](sentences=SENTENCES)
    assert set(best) == {"translations", "scores"}
    np.testing.assert_array_equal(best["translations"], expected.translations[:, 0])
    np.testing.assert_allclose(best["scores"], expected.scores[:, 0], atol=1e-4)
    empty = signatures["serving_default"](sentences=SENTENCES[:0])
    assert {values.shape for values in empty.values()} == {(0,)}
    assert all(
        len(v) == 0 for v in signatures["n_best"](sentences=SENTENCES[:0]).values()
    )
    n_best = signatures["n_best"](sentences=SENTENCES)
    names = {"translations", "scores", "source_tokens", "target_tokens"}
    assert set(n_best) == names | ({"alignments"} if translator.aligns else set())
    for name, values in n_best.items():
        wanted = getattr(expected, name)
        assert values.shape == wanted.shape
        if values.dtype == tf.string:
            np.testing.assert_array_equal(values, wanted)
        else:
            np.testing.assert_allclose(values, wanted, atol=1e-4)


def test_a_longer_sentence_than_the_limit_is_refused(exports):
    _, folder = exports["words"]
    signatures = tf.saved_model.load(folder).signatures
    assert signatures["limits"]()["longest_source"] == LONGEST
    for name in ("serving_default", "n_best"):
        with pytest.raises(
            tf.errors.InvalidArgumentError, match=r"12000 characters, and .* takes 30"
        ):
            signatures[name](sentences=tf.constant(["a", "a dog " * 2000]))


def test_it_needs_tensorflow_s_core_alone(exports, tmp_path):
    sentences = SENTENCES.numpy()
    requests = [
        (name, {"sentences": sentences}) for name in ("serving_default", "n_best")
    ]
    folders = [folder for _, folder in exports.values()]
    answers = answers_elsewhere(dict.fromkeys(folders, requests), tmp_path)
    for translator, folder in exports.values():
        expected = translator(SENTENCES)
        best, n_best = answers[folder]
        assert [*best["translations"]] == [*expected.translations[:, 0].numpy()]
        np.testing.assert_allclose(best["scores"], expected.scores[:, 0], atol=1e-4)
        found = np.reshape(n_best["translations"], expected.translations.shape)
        np.testing.assert_array_equal(found, expected.translations)


def test_signatures_and_warm_up_requests(tmp_path):
    folder = export_translator(make(RNNsearch, "words"), str(tmp_path / "model"))
    inputs, outputs = specs(folder)["serving_default"]
    assert inputs == {"sentences": ((None,), "string")}
    assert outputs == {
        "translations": ((None,), "string"),
        "scores": ((None,), "float32"),
    }
    assert specs(folder)["limits"] == (
        {},
        {"longest_source": ((), "int32"), "cut": ((), "bool")},
    )
    answered = warm_up(folder)
    assert [(m, s) for m, s, _ in answered] == [
        ("model", "serving_default"),
        ("model", "n_best"),
    ]
    assert answered[1][2]["translations"].shape == (1, 2)


def test_the_same_is_exported_once(tmp_path):
    translator = make(Seq2SeqLSTM, "words")
    first = export_translator(translator, str(tmp_path / "model"))
    assert export_translator(translator, str(tmp_path / "model")) == first
    other = make(Seq2SeqLSTM, "words", n_best=3)
    assert export_translator(other, str(tmp_path / "model")) != first


def test_it_computes_in_the_type_that_is_asked_for(tmp_path):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        translator = make(RNNsearch, "words")
    finally:
        keras.config.set_dtype_policy("float32")
    folders = {
        dtype: export_translator(translator, str(tmp_path / "model"), dtype)
        for dtype in ("float32", "bfloat16")
    }
    assert len(set(folders.values())) == 2
    assert types_of(folders["float32"], "MatMul") == {"float32"}
    assert "bfloat16" in types_of(folders["bfloat16"], "MatMul")
    exact, rounded = (
        tf.saved_model.load(folder).signatures["serving_default"](sentences=SENTENCES)
        for folder in folders.values()
    )
    assert rounded["scores"].dtype == tf.float32
    np.testing.assert_allclose(rounded["scores"], exact["scores"], rtol=0.1)
    assert keras.config.dtype_policy().name == "float32"
