"""Characters as tokens."""

import pytest
import tensorflow as tf

from kerasapps.data.text.characters import Characters
from kerasapps.errors import InputError
from kerasapps.tokens import END, PADDING, UNKNOWN

SENTENCES = ["Straße\t à  là", "日本 \U0001f600!", "e\u0301", ""]


def test_each_code_point_is_a_token_and_comes_back():
    characters = Characters.train(SENTENCES, 100)
    assert set(characters.get_config()["characters"]) == set("".join(SENTENCES))
    assert characters.size == 4 + len(set("".join(SENTENCES)))
    ids = characters.encode(tf.constant(SENTENCES))
    assert ids.dtype == tf.int32
    assert ids.row_lengths().numpy().tolist() == [len(s) + 1 for s in SENTENCES]
    decoded = characters.decode(ids.to_tensor(PADDING)).numpy()
    assert [sentence.decode() for sentence in decoded] == SENTENCES


def test_ids_are_the_most_frequent_characters_then_by_code_point():
    characters = Characters.train(["bbba", "ca c"], 7)
    assert characters.get_config()["characters"] == ["b", "a", "c"]
    assert characters.encode(["cab "]).to_list() == [[6, 5, 4, UNKNOWN, END]]
    with pytest.raises(InputError, match="no place"):
        Characters.train(["a"], 3)


def test_lower_case_and_bytes_that_are_not_utf8():
    characters = Characters.train(["ÄA"], 10, lowercase=True)
    assert sorted(characters.get_config()["characters"]) == ["a", "ä"]
    (ids,) = characters.encode(tf.constant([b"\xffA"])).to_list()
    assert ids == [UNKNOWN, characters.encode(["a"]).to_list()[0][0], END]


def test_split_tokens_and_replacements():
    characters = Characters(["a", " "])
    sentences = tf.constant(["a z"])
    source = characters.split(sentences)
    assert source.to_list() == [[b"a", b" ", b"z"]]
    ids = characters.encode(sentences).to_tensor()
    assert characters.tokens(ids).numpy().tolist() == [[b"a", b" ", b"UNK", b"</s>"]]
    assert characters.decode(ids).numpy() == [b"a UNK"]
    replacements = tf.pad(source.to_tensor(), [[0, 0], [0, 1]])
    assert characters.decode(ids, replacements).numpy() == [b"a z"]
