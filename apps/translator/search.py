"""The beam search as the command line asks for it."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import keras
import tensorflow as tf
from absl import flags

from kerasapps import memory
from kerasapps.data.text.vocabularies import Vocabulary
from kerasapps.evaluation.translator.translator import Translator

# Bytes of a logit.
_FLOAT = 4


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
        cut: bool = False,
    ) -> Translator:
        """Returns what translates so.

        Args:
            networks: One network or an ensemble.
            vocabularies: Those of the source and of the target.
            n_best: Translations of each sentence.
            longest_source: Characters of a sentence at most; None for any.
            cut: Whether longer ones are cut there, and not refused.
        """
        return Translator(
            networks,
            *vocabularies,
            beam_size=max(self.beam_size, n_best),
            alpha=self.length_penalty,
            n_best=n_best,
            replace_unknown=self.replace_unknown,
            longest_source=longest_source,
            cut=cut,
        )

    def check(self, sentences: int, vocabulary_size: int) -> None:
        """Raises an error if a step of the search can't fit in memory.

        Args:
            sentences: Sentences at a time.
            vocabulary_size: Tokens of the target.

        Raises:
            InputError: If it can't.
        """
        check_logits(
            self.beam_size * sentences,
            vocabulary_size,
            f"a beam of {self.beam_size:,} for {sentences:,} sentences at a time",
            "beam_size",
        )


def check_logits(tokens: int, vocabulary_size: int, what: str, argument: str) -> None:
    """Raises an error if the logits of tokens can't fit in memory.

    They and what is made of them are there at the same time. Where there are GPUs
    nothing is refused, as their memory isn't the machine's.

    Args:
        tokens: Tokens that are written at the same time.
        vocabulary_size: Tokens to choose from.
        what: What needs them, for the error.
        argument: The argument that asks for so many, as in `InputError`.

    Raises:
        InputError: If they can't.
    """
    if not tf.config.list_physical_devices("GPU"):
        memory.check(2 * _FLOAT * tokens * vocabulary_size, what, argument)


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
        upper_bound=1000,
        flag_values=values,
    )
    flags.DEFINE_float(
        "length_penalty",
        0.6,
        "Power of the length penalty; 0: none.",
        lower_bound=0,
        upper_bound=5,
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
