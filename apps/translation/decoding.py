"""How trained networks translate, as the flags say, and how well."""

import math
import sys

import keras
from absl import flags

from kerasapps.evaluation import bleu
from kerasapps.evaluation.translator import Translator

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


def measure(translations, references, exact: bool, lowercase: bool) -> dict:
    """Returns the measures of translations by their names.

    Args:
        translations: The translations.
        references: The right ones.
        exact: Whether there is but one right one, as of numbers, in which a sentence
            may be a single word, of which BLEU makes nothing.
        lowercase: Whether case doesn't count, as of networks that write none.
    """
    if exact:
        found = bleu.exact_match(translations, references, lowercase)
        return {"exact_match": found}
    found = bleu.bleu(translations, references, lowercase)
    return {"bleu": found.score, "bleu_signature": found.signature}
