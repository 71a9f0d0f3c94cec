"""Pairs of sentences, whatever they come from, in one form."""

import dataclasses

from kerasapps.errors import InputError


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


def load(
    dataset: str,
    source: str,
    target: str,
    data_dir: str | None = None,
    train_split: str | None = None,
) -> Translation:
    """Loads a corpus.

    Args:
        dataset: "numbers", numbers in words, or "numbers:5000" for so many pairs to
            train on; "folder:PATH", the user's own `PATH/<language>.<split>.txt`; or a
            translation data set of TensorFlow Datasets, as "wmt14_translate/fr-en".
        source: The language to translate from, as the data set names it.
        target: The language to translate to.
        data_dir: Where TensorFlow Datasets keeps its data; None for its default, which
            the environment variable TFDS_DATA_DIR sets.
        train_split: Split of TensorFlow Datasets to train on, such as "train[:5%]";
            None for "train". Other data sets have no splits to choose from.

    Raises:
        InputError: Unknown data set, language or split, or missing or broken data.
    """
    if source == target:
        raise InputError(
            f"source and target language are both {source!r}; choose two languages"
        )
    # Each import is made where it is needed: TensorFlow Datasets takes seconds.
    kind, colon, rest = dataset.partition(":")
    if train_split and kind in ("numbers", "folder"):
        raise InputError(
            f"train_split {train_split!r} is for data sets of TensorFlow Datasets, and "
            f"the dataset is {dataset!r}: leave it out"
        )
    if kind == "numbers":
        from kerasapps.data.text import numbers as numbers_in_words

        if not colon:
            return numbers_in_words.load(source, target)
        if not rest.isdecimal():
            raise InputError(
                f"dataset {dataset!r}: write how many pairs to train on, as in "
                "numbers:5000"
            )
        return numbers_in_words.load(source, target, int(rest))
    if kind == "folder":
        from kerasapps.data.text import folder as sentence_folder

        return sentence_folder.load(rest, source, target)
    from kerasapps.data.text import tfds as tfds_sentences

    return tfds_sentences.load(dataset, source, target, data_dir, train_split)
