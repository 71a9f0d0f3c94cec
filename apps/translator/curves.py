"""BLEU against the length and the rarity of sentences, in groups that say something."""

from collections.abc import Mapping, Sequence

from apps.translator.measuring import Scoring
from kerasapps.data.text.corpus import Sentences
from kerasapps.evaluation.translator import bleu

# Up to so many words, the groups of the curve of lengths; longer ones are one more.
_LENGTHS = (5, 10, 15, 20, 25, 30, 40, 50, 60)
# Sentences whose BLEU says something: as many are shorter and as many are longer than
# any cut between groups.
_FEWEST = 20
# Groups of the curve of rarity.
_RARITIES = 8


def curves_of(
    training: Sequence[str],
    held_out: Sentences,
    translations: Mapping[str, Sequence[str]],
    scoring: Scoring,
) -> dict:
    """Returns BLEU against length and rarity, as `bleu_curves` takes it.

    Args:
        training: The sentences of the source language that were trained on.
        held_out: The sentences that were translated, and the right translations.
        translations: The translations by the names of the networks.
        scoring: How they are compared.
    """
    compared = (scoring.lowercase, scoring.language)
    source, target = held_out.source, held_out.target
    lengths = bleu.lengths(source)
    cut_offs = [
        cut_off
        for cut_off in _LENGTHS
        if min((lengths <= cut_off).sum(), (lengths > cut_off).sum()) >= _FEWEST
    ] or [lengths.max()]
    by_length = {
        name: bleu.bleu_by_length(source, made, target, cut_offs, *compared)
        for name, made in translations.items()
    }
    ranks = bleu.average_ranks(source, training)
    groups = min(_RARITIES, len(source))
    by_rank = {
        name: bleu.bleu_of_sorted(ranks, made, target, groups, *compared)
        for name, made in translations.items()
    }
    return {
        quantity: {name: (c.positions, c.scores) for name, c in found.items()}
        for quantity, found in (
            ("sentence length, up to", by_length),
            ("average frequency rank of the words", by_rank),
        )
    }
