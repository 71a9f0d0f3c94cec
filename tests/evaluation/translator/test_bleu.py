"""BLEU by its formula, and of groups of sentences."""

import collections
import math

import numpy as np
import pytest

from kerasapps.evaluation.translator.bleu import (
    average_ranks,
    bleu,
    bleu_by_length,
    bleu_of_sorted,
    exact_match,
    lengths,
)

REFERENCES = ["the cat sat on the mat", "two dogs ran over the wet grass", "a b c d e"]
TRANSLATIONS = ["the cat sat on a mat", "two dogs ran over the grass", "a b c d e"]


def by_formula(translations, references):
    """Papineni et al. 2002, section 2.3, of sentences without marks."""

    def grams(sentence, n):
        words = sentence.split()
        return collections.Counter(zip(*(words[i:] for i in range(n)), strict=False))

    logs = []
    for n in range(1, 5):
        found = [grams(sentence, n) for sentence in translations]
        right = [f & grams(r, n) for f, r in zip(found, references, strict=True)]
        total = sum(sum(f.values()) for f in found)
        logs.append(math.log(sum(sum(r.values()) for r in right) / total))
    size, wanted = (sum(len(s.split()) for s in x) for x in (translations, references))
    return 100 * math.exp(np.mean(logs) + min(0, 1 - wanted / size))


def test_bleu_is_the_formula():
    result = bleu(TRANSLATIONS, REFERENCES)
    expected = by_formula(TRANSLATIONS, REFERENCES)
    assert 50 < expected < 90
    assert result.score == pytest.approx(expected, rel=1e-9)
    assert "tok:13a" in result.signature
    assert "version:" in result.signature


def test_bleu_by_hand():
    # One word too many: 6/7, 5/6, 4/5 and 3/4 of the n-grams, which makes 3/7.
    extra = bleu(["the cat sat on the mat today"], REFERENCES[:1]).score
    assert extra == pytest.approx(100 * (3 / 7) ** 0.25, rel=1e-9)
    # One too few: all are right, and the brevity penalty is exp(1 - 6/5).
    short = bleu(["the cat sat on the"], REFERENCES[:1]).score
    assert short == pytest.approx(100 * math.exp(-0.2), rel=1e-9)


def test_exact_match():
    assert exact_match(TRANSLATIONS, REFERENCES) == pytest.approx(1 / 3)
    assert exact_match(["A"], ["a"]) == 0
    assert exact_match(["A", "b"], ["a", "c"], lowercase=True) == 0.5


def test_without_case():
    shouted = [translation.upper() for translation in TRANSLATIONS]
    with_case, without = (bleu(shouted, REFERENCES, lower) for lower in (False, True))
    assert with_case.score == 0
    assert "case:mixed" in with_case.signature
    assert without.score == pytest.approx(bleu(TRANSLATIONS, REFERENCES).score)
    assert "case:lc" in without.signature
    for curve in (
        bleu_by_length(TRANSLATIONS, shouted, REFERENCES, [9], lowercase=True),
        bleu_of_sorted([1, 2, 3], shouted, REFERENCES, 1, lowercase=True),
    ):
        assert curve.scores == pytest.approx([without.score])


def test_languages_that_do_not_write_words_apart():
    made, right = ["我喜欢红色的小猫。"], ["我喜欢红色的小狗。"]
    # As sacreBLEU's own tokens of them.
    for language, tokens in (("zh", "zh"), ("zh_CN", "zh"), ("ja", "char")):
        found = bleu(made, right, language=language)
        assert found.score > 50
        assert f"tok:{tokens}" in found.signature
        curve = bleu_by_length(["a"], made, right, [9], language=language)
        assert curve.scores == pytest.approx([found.score])
    assert bleu(made, right).score == 0


@pytest.mark.parametrize("measure", [bleu, exact_match])
def test_nothing_to_compare(measure):
    with pytest.raises(ValueError, match="0 translations"):
        measure([], [])
    with pytest.raises(ValueError, match="2 translations and 1 ref"):
        measure(["a", "b"], ["a"])


def test_by_length():
    sources = ["eins zwei.", "eins", "eins zwei drei vier", "eins, zwei", "1 2 3 4 5 6"]
    assert lengths(sources).tolist() == [3, 1, 4, 3, 6]
    # Of length 3 are the first and the fourth.
    translations = [REFERENCES[0], "x", TRANSLATIONS[1], TRANSLATIONS[0], "y"]
    references = [REFERENCES[0], REFERENCES[2], REFERENCES[1], REFERENCES[0], "z"]
    curve = bleu_by_length(sources, translations, references, [2, 3, 5])
    # One is longer than all cut-offs.
    assert curve.positions.tolist() == [2, 3, 5, 6]
    assert curve.counts.tolist() == [1, 2, 1, 1]
    assert curve.scores[0] == 0
    expected = [
        by_formula([REFERENCES[0], TRANSLATIONS[0]], [REFERENCES[0]] * 2),
        by_formula([TRANSLATIONS[1]], [REFERENCES[1]]),
    ]
    np.testing.assert_allclose(curve.scores[1:3], expected, rtol=1e-9)


def test_a_length_that_no_sentence_has():
    curve = bleu_by_length(["a"], ["a b c d"], ["a b c d"], [1, 9])
    assert curve.counts.tolist() == [1, 0]
    assert curve.scores[0] == pytest.approx(100)
    assert np.isnan(curve.scores[1])


def test_of_sorted():
    # From the least value on: 1, 2 | 3, 7.
    translations = ["bad", *TRANSLATIONS[:2], REFERENCES[0]]
    references = [REFERENCES[2], *REFERENCES[:2], REFERENCES[0]]
    curve = bleu_of_sorted([7, 2, 3, 1], translations, references, groups=2)
    assert curve.positions.tolist() == [1.5, 5]
    assert curve.counts.tolist() == [2, 2]
    expected = by_formula([REFERENCES[0], TRANSLATIONS[0]], [REFERENCES[0]] * 2)
    assert curve.scores[0] == pytest.approx(expected, rel=1e-9)
    whole = bleu([TRANSLATIONS[1], "bad"], [REFERENCES[1], REFERENCES[2]])
    assert curve.scores[1] == pytest.approx(whole.score)


def test_average_ranks():
    # Ranks: the 1 (thrice), cat 2 and dog 3 (twice each, by the alphabet), "." 4, sat 5
    corpus = ["the cat sat.", "the cat the", "dog dog"]
    ranks = average_ranks(["the dog.", "sat", "the unheard cat", "unseen"], corpus)
    np.testing.assert_allclose(ranks, [(1 + 3 + 4) / 3, 5, (1 + 6 + 2) / 3, 6])
