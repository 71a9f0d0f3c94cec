"""Pairs of sentences, whatever they come from, in one form."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Sentences:
    """Sentences in two languages; those of the same position say the same.

    Attributes:
        source: The sentences to translate.
        target: Their translations.
    """

    source: list[str]
    target: list[str]


@dataclasses.dataclass(frozen=True)
class Translation:
    """A corpus of translations.

    Attributes:
        name: Short name that can be a file's name, for example "numbers_en_de".
        source_language: The language to translate from, for example "en".
        target_language: The language to translate to.
        train: The pairs to learn from.
        validation: Pairs held out to choose by.
        test: Pairs held out to measure by.
    """

    name: str
    source_language: str
    target_language: str
    train: Sentences
    validation: Sentences
    test: Sentences
