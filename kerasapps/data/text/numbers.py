"""Whole numbers in words: translations that are right by construction."""

import num2words
import numpy as np

from kerasapps.data.text.corpus import Sentences, Translation
from kerasapps.errors import InputError, unknown_name

_LIMIT = 1_000_000
_HELD_OUT = 500
_SMALL = 100
# Of so many pairs to train on, each small or round number is one.
_REPEATED = 4_000

# Pairs to train on.
COUNT = 20_000


def load(
    source_language: str, target_language: str, count: int = COUNT, seed: int = 0
) -> Translation:
    """Returns numbers below a million in two languages, as `num2words` writes them.

    The order of a number's parts may differ, as in "twenty-one", "vingt et un" and
    "einundzwanzig". Numbers of three, four, five and six digits are equally common, as
    far as there are as many. The numbers below 100 are always there to be trained on,
    and from 4,000 pairs on, as often as there are 4,000, the round ones, too, of which
    all digits but the first two are zero: few numbers are so short, and it is these
    that one asks for first. Validation and test have 500 other numbers each, which the
    training never sees; they depend on `seed` alone.

    Args:
        source_language: The language to translate from, as `num2words` names it: "en",
            "fr", "de", "pt_BR" and so on.
        target_language: The language to translate to.
        count: Number of pairs to train on.
        seed: Seed of the choice of the numbers.

    Raises:
        InputError: If a language is unknown, has no words for one of the numbers, or
            there are fewer numbers than `count`.
    """
    for argument, language in (
        ("source_language", source_language),
        ("target_language", target_language),
    ):
        if language not in num2words.CONVERTER_CLASSES:
            raise unknown_name(
                "language", language, num2words.CONVERTER_CLASSES, argument=argument
            )
    most = _LIMIT - 2 * _HELD_OUT
    if not _SMALL < count <= most:
        raise InputError(
            f"{count} numbers to train on; choose more than {_SMALL} and at most "
            f"{most:,}",
            argument="count",
        )
    test, validation, train = np.split(_order(seed), [_HELD_OUT, 2 * _HELD_OUT])
    first = np.tile(_round(), count // _REPEATED)
    if not len(first):
        first = np.arange(_SMALL)
    train = np.concatenate([first, train])[:count]

    def sentences(numbers):
        return Sentences(
            _in_words(numbers, source_language), _in_words(numbers, target_language)
        )

    return Translation(
        name=f"numbers_{source_language}_{target_language}",
        source_language=source_language,
        target_language=target_language,
        train=sentences(train),
        validation=sentences(validation),
        test=sentences(test),
    )


def _round() -> np.ndarray:
    """Returns the numbers below 100, and those that are so many tens, hundreds, ..."""
    powers = 10 ** np.arange(len(str(_LIMIT)) - 2)
    return np.unique(np.arange(_SMALL) * powers[:, None])


def _order(seed: int) -> np.ndarray:
    """Returns the numbers from 100 on that aren't round, in a random order.

    A number comes early that has fewer digits, in the measure that there are fewer of
    them: Efraimidis and Spirakis, "Weighted Random Sampling with a Reservoir", 2006.
    """
    numbers = np.setdiff1d(np.arange(_LIMIT), _round())
    of_its_length = 10.0 ** np.floor(np.log10(numbers))
    random = np.random.default_rng(seed)
    return numbers[np.argsort(random.exponential(size=len(numbers)) * of_its_length)]


def _in_words(numbers: np.ndarray, language: str) -> list[str]:
    words = []
    for number in numbers.tolist():
        try:
            written = num2words.num2words(number, lang=language)
            # In Telugu a space follows.
            words.append(" ".join(written.split()))
        # Some languages fail at some numbers, each in its own way.
        except Exception as error:
            raise InputError(
                f"num2words has no words for {number} in language {language!r}; choose "
                "another language"
            ) from error
    return words
