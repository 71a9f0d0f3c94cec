"""How trained networks translate, as the flags say, and how well."""

import math
import sys

import keras
from absl import flags

from kerasapps.data.text.vocabularies import encode_all
from kerasapps.evaluation.translator import bleu
from kerasapps.evaluation.translator.translator import Translator
from kerasapps.tokens import UNKNOWN

FLAGS = flags.FLAGS
flags.DEFINE_integer("beam_size", 4, "Sentences that the search keeps; 1: greedy.", 1)
flags.DEFINE_float(
    "length_penalty",
    0.6,
    "Power of the length penalty; 0: none.",
    lower_bound=0,
)
flags.register_validator("length_penalty", math.isfinite, "needs a finite number")
flags.DEFINE_bool(
    "replace_unknown",
    False,
    "Write for an unknown word the source's word that it is aligned with.",
)


def translator(networks, vocabularies, n_best: int = 1) -> Translator:
    """Returns what translates as the flags say.

    Args:
        networks: One network or an ensemble.
        vocabularies: Those of the source and of the target.
        n_best: Translations of each sentence.
    """
    return Translator(
        networks,
        *vocabularies,
        beam_size=max(FLAGS.beam_size, n_best),
        alpha=FLAGS.length_penalty,
        n_best=n_best,
        replace_unknown=FLAGS.replace_unknown,
    )


def translate(translator: Translator, sentences, batch_size: int) -> list[str]:
    """Translates sentences and shows how far it is, where someone looks.

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
    translations, references, exact: bool, lowercase: bool, language: str
) -> dict:
    """Returns the measures of translations by their names.

    Args:
        translations: The translations.
        references: The right ones.
        exact: Whether there is but one right one, as of numbers, in which a sentence
            may be a single word, of which BLEU makes nothing.
        lowercase: Whether case doesn't count, as of networks that write none.
        language: That of the translations.
    """
    if exact:
        found = bleu.exact_match(translations, references, lowercase)
        return {"exact_match": found}
    found = bleu.bleu(translations, references, lowercase, language)
    return {"bleu": found.score, "bleu_signature": found.signature}


def measure_known(
    translator: Translator, held_out, batch_size: int, lowercase: bool, language: str
) -> dict:
    """Returns the measures of the sentences without unknown words.

    None are unknown in them nor in their references, and none may be written: the last
    column of table 1 of Bahdanau, Cho and Bengio, "Neural Machine Translation by
    Jointly Learning to Align and Translate", 2015.

    Args:
        translator: What translates.
        held_out: The `Sentences`.
        batch_size: Sentences at a time.
        lowercase: Whether case doesn't count.
        language: That of the translations.

    Returns:
        Nothing where no sentence has an unknown word, or each one.
    """
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
    made = translate(translator.without_unknown(), source, batch_size)
    return {
        "bleu_no_unknown": bleu.bleu(made, target, lowercase, language).score,
        "sentences_no_unknown": len(known),
    }
