"""Subwords in the graph: the ids are those of SentencePiece's own processor."""

import random

import numpy as np
import pytest
import sentencepiece
import tensorflow as tf
from sentencepiece import sentencepiece_model_pb2

from kerasapps.data.text.subwords import Subwords
from kerasapps.errors import InputError
from kerasapps.tokens import BEGIN, END, PADDING, UNKNOWN

SPACE = "\u2581"

# Few letters, so that many sequences of pieces are equally likely.
ALPHABETS = ["ab", "aäö漢\U0001f600"]


def corpus(alphabet, count=300, seed=0):
    """Sentences of one to eight words."""
    choice = random.Random(seed)
    return [
        " ".join(
            "".join(choice.choices(alphabet, k=choice.randint(1, 9)))
            for _ in range(choice.randint(1, 8))
        )
        for _ in range(count)
    ]


def twin(subwords):
    """SentencePiece's processor of the same pieces and scores."""
    model = sentencepiece_model_pb2.ModelProto()
    kind = sentencepiece_model_pb2.ModelProto.SentencePiece
    specials = [kind.CONTROL, kind.CONTROL, kind.CONTROL, kind.UNKNOWN]
    for name, type_ in zip(["<pad>", "<s>", "</s>", "<unk>"], specials, strict=True):
        model.pieces.add(piece=name, score=0, type=type_)
    for piece, score in zip(subwords.pieces, subwords.scores, strict=True):
        model.pieces.add(piece=piece, score=score, type=kind.NORMAL)
    model.trainer_spec.model_type = sentencepiece_model_pb2.TrainerSpec.UNIGRAM
    trainer = model.trainer_spec
    trainer.pad_id, trainer.bos_id, trainer.eos_id, trainer.unk_id = 0, 1, 2, 3
    model.normalizer_spec.name = "identity"
    return sentencepiece.SentencePieceProcessor(model_proto=model.SerializeToString())


@pytest.fixture(scope="module", params=ALPHABETS)
def trained(request):
    """A vocabulary, and sentences of its letters and others."""
    sentences = corpus(request.param)
    odd = ["", "  ", " a  a ", "zz z", "z", SPACE, f"a{SPACE}", f"{SPACE}{SPACE} a"]
    odd += ["a\ta", "a\u00a0a", "<s> a</s>", "a" * 70]
    others = corpus([*request.param, "z", " ", SPACE], seed=1)
    return Subwords.train(sentences, 60), sentences + odd + others


def test_ids_are_those_of_sentencepiece(trained):
    subwords, sentences = trained
    ids = subwords.encode(tf.constant(sentences))
    assert ids.dtype == tf.int32
    expected = [[*row, END] for row in twin(subwords).encode(sentences)]
    assert any(UNKNOWN in row for row in expected)
    assert ids.to_list() == expected


def test_pieces_and_sentences_are_those_of_sentencepiece(trained):
    subwords, sentences = trained
    sentencepieces = twin(subwords)
    pieces = subwords.split(tf.constant(sentences)).to_list()
    pieces = [[piece.decode() for piece in row] for row in pieces]
    assert pieces == sentencepieces.encode(sentences, out_type=str)
    ids = subwords.encode(tf.constant(sentences)).to_tensor(PADDING)
    decoded = [sentence.decode() for sentence in subwords.decode(ids).numpy()]
    for sentence, back in zip(sentences, decoded, strict=True):
        of_sentencepiece = sentencepieces.decode(sentencepieces.encode(sentence))
        assert back == of_sentencepiece.replace(" \u2047 ", "UNK")


def test_training_is_that_of_sentencepiece_and_always_the_same():
    sentences = corpus("abcdefg")
    one, other = (Subwords.train(sentences, 50) for _ in range(2))
    assert one.size == 50
    assert one.pieces == other.pieces
    assert one.scores == other.scores
    assert set("abcdefg") <= set(one.pieces)
    # Log probabilities, the likeliest first.
    assert one.scores == sorted(one.scores, reverse=True)
    assert sum(np.exp(one.scores)) < 1


def test_the_likeliest_of_all_segmentations():
    # ▁a|b|c: -6, ▁ab|c: -4.5, ▁a|bc: -4
    pieces = {f"{SPACE}a": -2, "b": -2, "c": -2, f"{SPACE}ab": -2.5, "bc": -2}
    subwords = Subwords(list(pieces), list(map(float, pieces.values())))
    assert subwords.split(tf.constant(["abc"])).to_list() == [
        [f"{SPACE}a".encode(), b"bc"]
    ]
    assert subwords.encode(["abc", "ac"]).to_list() == [[4, 8, END], [4, 6, END]]


def test_what_a_sentence_is_batched_with_does_not_matter(trained):
    subwords, sentences = trained
    together = subwords.encode(tf.constant(sentences)).to_list()
    for row in range(0, len(sentences), 97):
        assert subwords.encode(sentences[row : row + 1]).to_list() == [together[row]]
    assert subwords.encode(tf.constant([], tf.string)).to_list() == []


def test_a_run_of_unknown_characters_is_one_that_can_be_replaced():
    subwords = Subwords([f"{SPACE}a", SPACE, "b"], [-1.0, -2.0, -3.0])
    sentences = tf.constant(["ab xyzb"])
    ids = subwords.encode(sentences).to_tensor()
    assert ids.numpy().tolist() == [[4, 6, 5, UNKNOWN, 6, END]]
    source = subwords.split(sentences).to_tensor()
    assert source.numpy().tolist()[0][3] == b"xyz"
    assert subwords.decode(ids).numpy() == [b"ab UNKb"]
    replacements = tf.pad(source, [[0, 0], [0, 1]])
    assert subwords.decode(ids, replacements).numpy() == [b"ab xyzb"]
    tokens = subwords.tokens(tf.constant([[BEGIN, 4, PADDING]]))
    assert tokens.numpy().tolist() == [[b"<s>", f"{SPACE}a".encode(), b""]]


def test_lower_case_is_of_training_and_encoding():
    sentences = [sentence.upper() for sentence in corpus("abä")]
    subwords = Subwords.train(sentences, 30, lowercase=True)
    assert "".join(subwords.pieces) == "".join(subwords.pieces).lower()
    expected = twin(subwords).encode([sentence.lower() for sentence in sentences])
    ids = subwords.encode(tf.constant(sentences)).to_list()
    assert ids == [[*row, END] for row in expected]


def test_a_vocabulary_may_get_fewer_pieces_than_asked_for():
    subwords = Subwords.train(["ab ab ab", "abc"], 1000)
    assert subwords.size < 20
    assert subwords.decode(subwords.encode(["abc ab"]).to_tensor()) == [b"abc ab"]


def test_too_little_of_anything():
    with pytest.raises(InputError, match=r"no 6 subwords .* of 300 sentences") as error:
        Subwords.train(corpus("abcdefg"), 6)
    # Seven letters, the space and four special tokens.
    assert str(error.value).endswith("take 12; choose 12 or more")
    assert error.value.argument == "vocabulary_size"
    assert Subwords.train(corpus("abcdefg"), 12).size == 12
    with pytest.raises(InputError, match="the sentences are blank"):
        Subwords.train(["", " "], 50)


def test_no_sentence_is_too_long_to_learn_from():
    subwords = Subwords.train(["ab ab"] * 9 + ["xy" * 4000], 50)
    assert {"x", "y"} <= set("".join(subwords.pieces))


def test_no_sentence_is_left_out_for_signs_that_sentencepiece_reserves():
    odd = ["qu\u2585 \u2585\u2585", "\0vw", "\0", "jk\x1f", "\ue000"]
    sentences = [*corpus("abcdefg"), *odd, *odd]
    subwords = Subwords.train(sentences, 100)
    ids = subwords.encode(tf.constant(odd))
    assert UNKNOWN not in ids.flat_values
    found = subwords.decode(ids.to_tensor(PADDING)).numpy().tolist()
    assert found == [sentence.encode() for sentence in odd]
