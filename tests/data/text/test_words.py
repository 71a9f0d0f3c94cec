"""Words and marks: how sentences are split, and that they come back."""

import pytest
import tensorflow as tf

from kerasapps.data.text.words import Words
from kerasapps.errors import InputError
from kerasapps.tokens import BEGIN, END, PADDING, UNKNOWN

# A joiner, as the tokens show it.
J = "\uffed"

SENTENCES = [
    "Don't stop, said the man (aged 21).",
    "A well-known café: «l'été», costs 3,50 €!",
    "Ein Hund läuft -- schnell - über die Straße...",
    'He said: "No!" and e\u0301te\u0301 was decomposed.',
    "snake_case and a@b.org \U0001f600\U0001f600",
    "日本語 and हिन्दी, Ελληνικά; русский",
    "\uffed is a sign of its own",
]


def strings(tensor):
    """The strings of a (ragged) tensor as lists of str."""
    return [[token.decode() for token in row] for row in tensor.numpy().tolist()]


def split(sentence, **arguments):
    (tokens,) = Words(["x"], **arguments).split(tf.constant([sentence])).to_list()
    return [token.decode() for token in tokens]


@pytest.mark.parametrize(
    ("sentence", "tokens"),
    [
        ("Two dogs run", ["Two", "dogs", "run"]),
        ("  Two\t\u00a0dogs\u2003run\n", ["Two", "dogs", "run"]),
        ("Don't!", ["Don", f"{J}'{J}", "t", f"{J}!"]),
        ("(a) b", [f"({J}", "a", f"{J})", "b"]),
        ("a - b", ["a", "-", "b"]),
        ("a-b-c", ["a", f"{J}-{J}", "b", f"{J}-{J}", "c"]),
        ("so...", ["so", f"{J}.", f"{J}.", f"{J}."]),
        ("3,50 €", ["3", f"{J},{J}", "50", "€"]),
        ("über Straße", ["über", "Straße"]),
        ("e\u0301te\u0301 हिन्दी", ["e\u0301te\u0301", "हिन्दी"]),
        ("", []),
        (" \t ", []),
    ],
)
def test_words_and_marks_with_joiners_where_there_is_no_space(sentence, tokens):
    assert split(sentence) == tokens


def test_lower_case_is_unicodes():
    assert split("ÄRGER Ünd ΣΟΦΙΑ", lowercase=True) == ["ärger", "ünd", "σοφια"]
    assert split("ÄRGER") == ["ÄRGER"]


def test_sentences_come_back_as_they_were():
    words = Words.train(SENTENCES, 200)
    ids = words.encode(tf.constant(SENTENCES)).to_tensor(PADDING)
    back = [sentence.decode() for sentence in words.decode(ids).numpy()]
    assert back == [*SENTENCES[:-1], "\u25a0 is a sign of its own"]


def test_ids_are_the_most_frequent_words_then_the_alphabet():
    words = Words.train(["b a c c", "c b a d"], 7)
    assert words.get_config()["words"] == ["c", "a", "b"]
    assert words.size == 7
    ids = words.encode(tf.constant(["c d a", "", "b"]))
    assert isinstance(ids, tf.RaggedTensor)
    assert ids.dtype == tf.int32
    assert ids.to_list() == [[4, UNKNOWN, 5, END], [END], [6, END]]


def test_decoding_stops_at_end_and_drops_what_is_no_text():
    words = Words(["c", "a", f"{J}."])
    ids = tf.constant(
        [[BEGIN, 4, 5, 6, END, 4], [5, 5, 99, -1, 4, 4], [END] + [PADDING] * 5]
    )
    decoded = [sentence.decode() for sentence in words.decode(ids).numpy()]
    assert decoded == ["c a.", "a a UNK c c", ""]


def test_unknown_words_can_be_taken_from_the_source():
    words = Words(["Mr", f"{J}.", "sleeps"])
    source = words.split(tf.constant(["Mr. Kowalski sleeps"]))
    ids = tf.constant([[4, 5, UNKNOWN, 6, END]])
    looked_at = tf.constant([[0, 1, 2, 3, 3]])
    replacements = tf.gather(source.to_tensor(), looked_at, batch_dims=1)
    (decoded,) = words.decode(ids, replacements).numpy()
    assert decoded.decode() == "Mr. Kowalski sleeps"
    # `split` has what stands behind each id but END.
    assert source.row_lengths()[0] == len(words.encode(["Mr. Kowalski sleeps"])[0]) - 1


def test_tokens_are_readable():
    words = Words(["c", f"{J}'{J}"])
    tokens = words.tokens(tf.constant([[BEGIN, 4, 5], [UNKNOWN, END, PADDING]]))
    assert strings(tokens) == [["<s>", "c", "'"], ["UNK", "</s>", ""]]


def test_bytes_that_are_not_utf8_are_unknown():
    ids = Words(["a"]).encode(tf.constant([b"a \xff\xfe a"]))
    assert ids.to_list()[0][0] == ids.to_list()[0][-2] == 4
    assert set(ids.to_list()[0][1:-2]) == {UNKNOWN}


def test_no_place_for_a_word():
    with pytest.raises(InputError, match="a vocabulary of 4 tokens has no place"):
        Words.train(["a"], 4)
    with pytest.raises(InputError, match="blank; give text"):
        Words.train(["", "  "], 10)
