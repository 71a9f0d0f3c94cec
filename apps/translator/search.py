"""The beam search as the command line asks for it."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import keras
from absl import flags

from kerasapps.data.text.vocabularies import Vocabulary
from kerasapps.evaluation.translator.translator import Translator


class Search(NamedTuple):
    """How translations are searched for.

    Attributes:
        beam_size: Sentences that the search keeps; 1 is greedy.
        length_penalty: Power of the length penalty; 0 is none.
        replace_unknown: Whether an unknown word becomes the source's word that it is
            aligned with.
    """

    beam_size: int
    length_penalty: float
    replace_unknown: bool

    def translator(
        self,
        networks: Sequence[keras.Model],
        vocabularies: tuple[Vocabulary, Vocabulary],
        n_best: int = 1,
        longest_source: int | None = None,
    ) -> Translator:
        """Returns what translates so.

        Args:
            networks: One network or an ensemble.
            vocabularies: Those of the source and of the target.
            n_best: Translations of each sentence.
            longest_source: Characters of a sentence at most; None for any.
        """
        return Translator(
            networks,
            *vocabularies,
            beam_size=max(self.beam_size, n_best),
            alpha=self.length_penalty,
            n_best=n_best,
            replace_unknown=self.replace_unknown,
            longest_source=longest_source,
        )


def define_flags(values: flags.FlagValues) -> None:
    """Defines the flags of the search, named as the attributes of `Search`.

    Args:
        values: The app's flags.
    """
    flags.DEFINE_integer(
        "beam_size",
        4,
        "Sentences that the search keeps; 1: greedy.",
        lower_bound=1,
        flag_values=values,
    )
    flags.DEFINE_float(
        "length_penalty",
        0.6,
        "Power of the length penalty; 0: none.",
        lower_bound=0,
        flag_values=values,
    )
    flags.register_validator(
        "length_penalty", math.isfinite, "needs a finite number", flag_values=values
    )
    flags.DEFINE_bool(
        "replace_unknown",
        False,
        "Write for an unknown word the source's word that it is aligned with.",
        flag_values=values,
    )
