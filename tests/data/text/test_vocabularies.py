"""All vocabularies: training by name, files, exports, many sentences."""

import json

import numpy as np
import pytest
import tensorflow as tf

from kerasapps.data.text import vocabularies as tokenization
from kerasapps.errors import InputError
from kerasapps.tokens import END
from tests.serving.exported import answers_elsewhere

SENTENCES = ["the cat sat on the mat", "der Hund läuft", "l'été, déjà!", "so so"] * 5
KINDS = ["words", "characters", "subwords"]


@pytest.fixture(scope="module")
def vocabularies():
    return {kind: tokenization.train(kind, SENTENCES, 60) for kind in KINDS}


def encode(vocabulary, sentences=SENTENCES):
    return vocabulary.encode(tf.constant(sentences)).to_list()


@pytest.mark.parametrize("kind", KINDS)
def test_a_vocabulary_of_both_languages_is_the_same_each_time(vocabularies, kind):
    vocabulary = vocabularies[kind]
    again = tokenization.train(kind, SENTENCES, 60)
    assert again.get_config() == vocabulary.get_config()
    ids = encode(vocabulary)
    assert max(map(max, ids)) < vocabulary.size <= 60
    decoded = vocabulary.decode(vocabulary.encode(SENTENCES).to_tensor()).numpy()
    assert [sentence.decode() for sentence in decoded] == SENTENCES


@pytest.mark.parametrize("kind", KINDS)
def test_many_sentences_at_once_are_what_each_is_alone(vocabularies, kind, monkeypatch):
    monkeypatch.setattr(tokenization, "_BATCH", 6)
    encoded = tokenization.encode_all(vocabularies[kind], [*SENTENCES, ""])
    assert {ids.dtype for ids in encoded} == {np.dtype("int32")}
    assert [ids.tolist() for ids in encoded] == [*encode(vocabularies[kind]), [END]]


@pytest.mark.parametrize("kind", KINDS)
def test_files(vocabularies, kind, tmp_path):
    tokenization.save(vocabularies[kind], tmp_path / "new" / "source")
    loaded = tokenization.load(tmp_path / "new" / "source")
    assert type(loaded) is type(vocabularies[kind])
    assert loaded.get_config() == vocabularies[kind].get_config()
    (file,) = (tmp_path / "new" / "source").iterdir()
    assert json.loads(file.read_text(encoding="utf-8"))["kind"] == kind


def test_exports_run_without_python(vocabularies, tmp_path):
    module = tf.Module()
    signatures, requests, expected = {}, [], []
    for kind, vocabulary in vocabularies.items():
        setattr(module, kind, vocabulary)

        def there_and_back(sentences, vocabulary=vocabulary):
            ids = vocabulary.encode(sentences).to_tensor()
            return {
                "ids": ids,
                "tokens": vocabulary.tokens(ids),
                "sentences": vocabulary.decode(ids),
            }

        spec = tf.TensorSpec([None], tf.string, "sentences")
        signatures[kind] = tf.function(there_and_back).get_concrete_function(spec)
        texts = np.array([s.encode() for s in SENTENCES[:4]], object)
        requests.append((kind, {"sentences": texts}))
        expected.append(there_and_back(tf.constant(SENTENCES[:4])))
    tf.saved_model.save(module, tmp_path / "model", signatures)
    folder = str(tmp_path / "model")
    answers = answers_elsewhere({folder: requests}, tmp_path)[folder]
    for answer, wanted in zip(answers, expected, strict=True):
        for name, values in wanted.items():
            np.testing.assert_array_equal(answer[name], values.numpy())


def test_unknown_kind_and_missing_file(tmp_path):
    with pytest.raises(InputError, match="unknown vocabulary 'word'; did you mean"):
        tokenization.train("word", SENTENCES, 60)
    with pytest.raises(InputError, match=r"no vocabulary in .*vocabulary\.json"):
        tokenization.load(tmp_path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "no JSON"),
        ('{"kind": "words", "wor', "no JSON"),
        ("[" * 100_000, "no JSON"),
        ("[]", 'no "kind"'),
        ('{"kind": ["words"]}', 'no "kind"'),
        ('{"kind": "pickle", "words": ["a"], "lowercase": false}', 'no "kind"'),
        ('{"kind": "words", "lowercase": false}', "its fields aren't lowercase, words"),
        ('{"kind": "words", "words": ["a"], "lowercase": 1}', "its fields"),
        ('{"kind": "words", "words": [], "lowercase": true}', '"words" must be'),
        ('{"kind": "words", "words": "ab", "lowercase": true}', '"words" must be'),
        ('{"kind": "words", "words": ["a", "a"], "lowercase": true}', "but once"),
        ('{"kind": "words", "words": ["\\ud800"], "lowercase": true}', "must be"),
        ('{"kind": "characters", "characters": [1], "lowercase": true}', "must be"),
        (
            '{"kind": "subwords", "pieces": ["a"], "scores": [], "lowercase": true}',
            '"scores" must be a number for each',
        ),
        (
            '{"kind": "subwords", "pieces": ["a"], "scores": [NaN], "lowercase": true}',
            '"scores" must be a number for each',
        ),
        (
            '{"kind": "subwords", "pieces": ["aaaaaaaaaaaaaaaaa"], "scores": [-1.0], '
            '"lowercase": true}',
            "more than 16 characters",
        ),
    ],
)
def test_damaged_files(tmp_path, content, reason):
    (tmp_path / "vocabulary.json").write_text(content)
    with pytest.raises(InputError, match=r"vocabulary\.json is no vocabulary") as error:
        tokenization.load(tmp_path)
    assert reason in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_that_is_not_utf8(tmp_path):
    (tmp_path / "vocabulary.json").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="no JSON"):
        tokenization.load(tmp_path)
