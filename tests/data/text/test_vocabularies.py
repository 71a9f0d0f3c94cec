"""All vocabularies: training by name, files, exports, many sentences."""

import json

import numpy as np
import pytest
import tensorflow as tf

from kerasapps.data.text import vocabularies
from kerasapps.errors import InputError
from kerasapps.tokens import END, UNKNOWN
from tests.serving.exported import answers_elsewhere

SENTENCES = ["the cat sat on the mat", "der Hund läuft", "l'été, déjà!", "so so"] * 5
KINDS = ["words", "characters", "subwords"]


@pytest.fixture(scope="module")
def trained():
    return {kind: vocabularies.train(kind, SENTENCES, 60) for kind in KINDS}


def encode(vocabulary, sentences=SENTENCES):
    return vocabulary.encode(tf.constant(sentences)).to_list()


@pytest.mark.parametrize("kind", KINDS)
def test_a_vocabulary_of_both_languages_is_the_same_each_time(trained, kind):
    vocabulary = trained[kind]
    again = vocabularies.train(kind, SENTENCES, 60)
    assert again.get_config() == vocabulary.get_config()
    ids = encode(vocabulary)
    assert max(map(max, ids)) < vocabulary.size <= 60
    decoded = vocabulary.decode(vocabulary.encode(SENTENCES).to_tensor()).numpy()
    assert [sentence.decode() for sentence in decoded] == SENTENCES


@pytest.mark.parametrize("kind", KINDS)
def test_many_sentences_at_once_are_what_each_is_alone(trained, kind, monkeypatch):
    monkeypatch.setattr(vocabularies, "_BATCH", 6)
    encoded = vocabularies.encode_all(trained[kind], [*SENTENCES, ""])
    assert {ids.dtype for ids in encoded} == {np.dtype("int32")}
    assert [ids.tolist() for ids in encoded] == [*encode(trained[kind]), [END]]


@pytest.mark.parametrize("kind", KINDS)
def test_files(trained, kind, tmp_path):
    vocabularies.save(trained[kind], tmp_path / "new" / "source")
    loaded = vocabularies.load(tmp_path / "new" / "source")
    assert type(loaded) is type(trained[kind])
    assert loaded.get_config() == trained[kind].get_config()
    (file,) = (tmp_path / "new" / "source").iterdir()
    assert json.loads(file.read_text(encoding="utf-8"))["kind"] == kind


def test_exports_run_without_python(trained, tmp_path):
    module = tf.Module()
    signatures, requests, expected = {}, [], []
    for kind, vocabulary in trained.items():
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


@pytest.mark.parametrize(
    ("content", "ids"),
    [
        ('{"kind": "words", "words": ["b", "ab"], "lowercase": true}', [5, 4, END]),
        (
            '{"kind": "characters", "characters": ["a", "B", " "], "lowercase": false}',
            [UNKNOWN, 5, 6, UNKNOWN, END],
        ),
        (
            '{"kind": "subwords", "pieces": ["\u2581", "ab", "b"], '
            '"scores": [-1.0, -2.0, -3.0], "lowercase": true}',
            [4, 5, 4, 6, END],
        ),
    ],
)
def test_a_file_as_it_has_always_been(tmp_path, content, ids):
    (tmp_path / "vocabulary.json").write_text(content, encoding="utf-8")
    assert encode(vocabularies.load(tmp_path), ["AB b"]) == [ids]


def test_unknown_kind_and_missing_file(tmp_path):
    with pytest.raises(InputError, match="unknown vocabulary 'word'; did you mean"):
        vocabularies.train("word", SENTENCES, 60)
    with pytest.raises(InputError, match=r"no vocabulary in .*vocabulary\.json"):
        vocabularies.load(tmp_path)


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
        vocabularies.load(tmp_path)
    assert reason in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_that_is_not_utf8(tmp_path):
    (tmp_path / "vocabulary.json").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="no JSON"):
        vocabularies.load(tmp_path)
