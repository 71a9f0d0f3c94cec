"""How good translations are, against sentence length and rare words, too."""

import collections
import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from sacrebleu.metrics import BLEU

# A word, or a mark.
_WORD = re.compile(r"\w+|[^\w\s]")

# sacreBLEU's tokens where words aren't written apart, or too long to be compared whole.
_TOKENS = {"zh": "zh", "ja": "char", "ko": "char"}


class Bleu(NamedTuple):
    """The BLEU of a corpus.

    Attributes:
        score: From 0 to 100.
        signature: How it was computed, as sacreBLEU has it, to be given with the score.
    """

    score: float
    signature: str


class BleuCurve(NamedTuple):
    """The BLEU of groups of sentences.

    Attributes:
        positions: What the groups are told apart by, float `[groups]`, rising.
        scores: BLEU of each group, float `[groups]`; NaN where it has no sentence.
        counts: Sentences of each group, integer `[groups]`.
    """

    positions: np.ndarray
    scores: np.ndarray
    counts: np.ndarray


def bleu(
    translations: Sequence[str],
    references: Sequence[str],
    lowercase: bool = False,
    language: str = "",
) -> Bleu:
    """Returns the BLEU of translations.

    Papineni et al., "BLEU: a Method for Automatic Evaluation of Machine Translation",
    2002, with case and in the tokens of sacreBLEU (Post, "A Call for Clarity in
    Reporting BLEU Scores", 2018), so that scores can be compared.

    Args:
        translations: Sentences as a network has them, not split into tokens.
        references: The right translation of each.
        lowercase: Whether case doesn't count, which the signature tells.
        language: The language of the translations, as "de" or "zh": Chinese, Japanese
            and Korean have tokens of their own, which the signature tells, too.

    Raises:
        ValueError: If there are none, or not as many references.
    """
    _check(translations, references)
    metric = _metric(lowercase, language)
    result = metric.corpus_score(list(translations), [list(references)])
    return Bleu(result.score, str(metric.get_signature()))


def exact_match(
    translations: Sequence[str], references: Sequence[str], lowercase: bool = False
) -> float:
    """Returns the share of translations that are the reference, from 0 to 1.

    Args:
        translations: Sentences as a network has them.
        references: The right translation of each.
        lowercase: Whether case doesn't count.

    Raises:
        ValueError: If there are none, or not as many references.
    """
    _check(translations, references)
    if lowercase:
        translations, references = (
            [sentence.lower() for sentence in side]
            for side in (translations, references)
        )
    right = sum(t == r for t, r in zip(translations, references, strict=True))
    return right / len(references)


def bleu_by_length(
    sources: Sequence[str],
    translations: Sequence[str],
    references: Sequence[str],
    cut_offs: Sequence[int],
    lowercase: bool = False,
    language: str = "",
) -> BleuCurve:
    """Returns the BLEU of sentences between cut-offs of the source's length.

    As figure 2 of Bahdanau, Cho and Bengio, "Neural Machine Translation by Jointly
    Learning to Align and Translate", 2015, shows it. Lengths are in words and marks.

    Args:
        sources: The sentences that were translated.
        translations: What a network made of each.
        references: The right translation of each.
        cut_offs: The greatest length of each group, rising. Longer sentences than the
            last, if there are any, are a group more.
        lowercase: Whether case doesn't count.
        language: As `bleu` takes it.

    Returns:
        The curve; the positions are the cut-offs, and of a group more the greatest
        length.
    """
    found = lengths(sources)
    if found.max() > cut_offs[-1]:
        cut_offs = [*cut_offs, found.max()]
    group = np.searchsorted(cut_offs, found)
    members = [np.flatnonzero(group == i) for i in range(len(cut_offs))]
    positions = np.array(cut_offs, float)
    metric = _metric(lowercase, language, force=True)
    return _curve(positions, members, translations, references, metric)


def bleu_of_sorted(
    values: Sequence[float],
    translations: Sequence[str],
    references: Sequence[str],
    groups: int,
    lowercase: bool = False,
    language: str = "",
) -> BleuCurve:
    """Returns the BLEU of groups of the same size, from the least value to the most.

    As figure 3 of Sutskever, Vinyals and Le, "Sequence to Sequence Learning with Neural
    Networks", 2014, has sentences sorted: on the left by `lengths`, on the right by
    `average_ranks`.

    Args:
        values: What the sentences are sorted by.
        translations: What a network made of each sentence.
        references: The right translation of each.
        groups: Number of groups; no more than sentences.
        lowercase: Whether case doesn't count.
        language: As `bleu` takes it.

    Returns:
        The curve; the positions are the groups' mean values.
    """
    values = np.asarray(values, float)
    members = np.array_split(np.argsort(values, kind="stable"), groups)
    positions = np.array([values[of_group].mean() for of_group in members])
    metric = _metric(lowercase, language, force=True)
    return _curve(positions, members, translations, references, metric)


def lengths(sentences: Sequence[str]) -> np.ndarray:
    """Returns the number of words and marks of each sentence, integer `[sentences]`."""
    return np.array([len(_WORD.findall(sentence)) for sentence in sentences])


def average_ranks(sentences: Sequence[str], corpus: Sequence[str]) -> np.ndarray:
    """Returns how rare the words of each sentence are, float `[sentences]`.

    It is the mean of the ranks of its words and marks by frequency: Sutskever, Vinyals
    and Le 2014, figure 3, right.

    Args:
        sentences: Any sentences with a word in each.
        corpus: The training sentences of that language. Its most frequent word has the
            rank 1; of equally frequent ones the earlier in the alphabet comes first. A
            word that isn't there comes after all others.
    """
    counts = collections.Counter(
        word for sentence in corpus for word in _WORD.findall(sentence)
    )
    ordered = sorted(counts, key=lambda word: (-counts[word], word))
    ranks = {word: rank for rank, word in enumerate(ordered, 1)}
    unknown = len(ranks) + 1
    return np.array(
        [
            np.mean([ranks.get(word, unknown) for word in _WORD.findall(sentence)])
            for sentence in sentences
        ]
    )


def _check(translations, references):
    if not len(references) or len(translations) != len(references):
        raise ValueError(
            f"{len(translations)} translations and {len(references)} references; give "
            "a reference for each, and one or more"
        )


def _metric(lowercase, language, force=False):
    tokens = _TOKENS.get(re.split("[-_]", language.lower())[0])
    # Forced, it warns of nothing: the score of all sentences has told that already.
    return BLEU(lowercase=lowercase, tokenize=tokens, force=force)


def _curve(positions, members, translations, references, metric):
    def score(group):
        chosen = [translations[i] for i in group], [[references[i] for i in group]]
        return metric.corpus_score(*chosen).score if len(group) else np.nan

    scores = [score(group) for group in members]
    return BleuCurve(
        positions, np.array(scores), np.array([len(group) for group in members])
    )
