"""How well trained networks translate."""

import sys
from collections.abc import Sequence
from typing import NamedTuple

import keras

from kerasapps.data.text.corpus import Sentences
from kerasapps.data.text.vocabularies import encode_all
from kerasapps.evaluation.translator import bleu
from kerasapps.evaluation.translator.translator import Translator
from kerasapps.tokens import UNKNOWN


class Scoring(NamedTuple):
    """How translations are compared with the right ones.

    Attributes:
        exact: Whether there is but one right one, as of numbers, in which a sentence
            may be a single word, of which BLEU makes nothing.
        lowercase: Whether case doesn't count, as of networks that write none.
        language: That of the translations.
    """

    exact: bool
    lowercase: bool
    language: str


def has_one_translation(dataset: str) -> bool:
    """Returns whether there is but one right translation, as of numbers.

    Args:
        dataset: The data set, as `kerasapps.data.text.loading` takes it.
    """
    return dataset.partition(":")[0] == "numbers"


def translate(
    translator: Translator, sentences: Sequence[str], batch_size: int
) -> list[str]:
    """Translates sentences, with a progress bar where someone looks.

    Args:
        translator: What translates.
        sentences: The sentences.
        batch_size: Sentences at a time.
    """
    if not sys.stdout.isatty():
        return translator.translate_all(sentences, batch_size)
    bar = keras.utils.Progbar(len(sentences), unit_name="sentence")
    return translator.translate_all(sentences, batch_size, bar.update)


def measure(
    translations: Sequence[str], references: Sequence[str], scoring: Scoring
) -> dict:
    """Returns the measures of translations by their names.

    Args:
        translations: The translations.
        references: The right ones.
        scoring: How they are compared.
    """
    if scoring.exact:
        share = bleu.exact_match(translations, references, scoring.lowercase)
        return {"exact_match": share}
    measured = bleu.bleu(translations, references, scoring.lowercase, scoring.language)
    return {"bleu": measured.score, "bleu_signature": measured.signature}


def measure_known(
    translator: Translator, held_out: Sentences, batch_size: int, scoring: Scoring
) -> dict:
    """Returns the measures of the sentences without unknown words.

    None are unknown in them nor in their references, and none may be written: the last
    column of table 1 of Bahdanau, Cho and Bengio, "Neural Machine Translation by
    Jointly Learning to Align and Translate", 2015.

    Args:
        translator: What translates.
        held_out: The sentences.
        batch_size: Sentences at a time.
        scoring: How they are compared.

    Returns:
        Nothing where there is but one right translation, or where no sentence has an
        unknown word, or each one.
    """
    if scoring.exact:
        return {}
    sides = (
        encode_all(translator.source_vocabulary, held_out.source),
        encode_all(translator.target_vocabulary, held_out.target),
    )
    known = [
        row
        for row, pair in enumerate(zip(*sides, strict=True))
        if not any(UNKNOWN in ids for ids in pair)
    ]
    if len(known) in (0, len(held_out.source)):
        return {}
    source, target = (
        [sentences[row] for row in known]
        for sentences in (held_out.source, held_out.target)
    )
    translations = translate(translator.without_unknown(), source, batch_size)
    measured = bleu.bleu(translations, target, scoring.lowercase, scoring.language)
    return {
        "bleu_no_unknown": measured.score,
        "sentences_no_unknown": len(known),
    }
