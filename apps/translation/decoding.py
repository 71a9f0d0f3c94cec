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

# Up to so many words, the groups of the curve of lengths; longer ones are one more.
_LENGTHS = (5, 10, 15, 20, 25, 30, 40, 50, 60)
# Sentences whose BLEU says something: as many are shorter and as many are longer than
# any cut between groups.
_FEWEST = 20
# Groups of the curve of rarity.
_RARITIES = 8


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


def curves(training, held_out, translations: dict, lowercase: bool) -> dict:
    """Returns BLEU against length and rarity, as `bleu_curves` takes it.

    Args:
        training: The sentences of the source language that were trained on.
        held_out: The `Sentences` that were translated.
        translations: The translations by the names of the networks.
        lowercase: Whether case doesn't count.
    """
    source, target = held_out.source, held_out.target
    lengths = bleu.lengths(source)
    cut_offs = [
        cut_off
        for cut_off in _LENGTHS
        if min((lengths <= cut_off).sum(), (lengths > cut_off).sum()) >= _FEWEST
    ] or [lengths.max()]
    by_length = {
        name: bleu.bleu_by_length(source, made, target, cut_offs, lowercase)
        for name, made in translations.items()
    }
    ranks = bleu.average_ranks(source, training)
    groups = min(_RARITIES, len(source))
    by_rank = {
        name: bleu.bleu_of_sorted(ranks, made, target, groups, lowercase)
        for name, made in translations.items()
    }
    return {
        quantity: {name: (c.positions, c.scores) for name, c in found.items()}
        for quantity, found in (
            ("sentence length, up to", by_length),
            ("average frequency rank of the words", by_rank),
        )
    }
