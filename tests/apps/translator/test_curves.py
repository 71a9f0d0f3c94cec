"""Groups of sentences in the figures of BLEU have enough sentences to say something."""

from apps.translator.curves import curves_of
from apps.translator.measuring import Scoring
from kerasapps.data.text.corpus import Sentences

SCORING = Scoring(exact=False, lowercase=False, language="en")


def lengths_of(numbers):
    """Returns the cut-offs for as many sentences of each length as are given."""
    sentences = [
        " ".join(["word"] * length)
        for length, number in numbers.items()
        for _ in range(number)
    ]
    held_out = Sentences(sentences, sentences)
    curves = curves_of(sentences, held_out, {"copy": sentences}, SCORING)
    positions, scores = curves["sentence length, up to"]["copy"]
    assert len(scores) == len(positions)
    return list(positions)


def test_groups_of_few_sentences_join_their_neighbour():
    assert lengths_of({4: 30, 8: 30, 12: 30, 27: 20}) == [5, 10, 15, 20, 25, 27]
    assert lengths_of({4: 3, 8: 30, 12: 30, 38: 2}) == [10, 38]


def test_few_sentences_are_one_group():
    assert lengths_of({4: 3, 8: 5}) == [8]
