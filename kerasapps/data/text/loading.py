"""Corpora of translations by their names."""

from kerasapps.data.text.corpus import Translation
from kerasapps.errors import InputError


def load(
    dataset: str,
    source_language: str,
    target_language: str,
    data_dir: str | None = None,
    train_split: str | None = None,
) -> Translation:
    """Loads a corpus.

    Args:
        dataset: "numbers", numbers in words, or "numbers:5000" for so many pairs to
            train on; "folder:PATH", the user's own `PATH/<language>.<split>.txt`; or a
            translation data set of TensorFlow Datasets, as "wmt14_translate/fr-en".
        source_language: The language to translate from, as the data set names it.
        target_language: The language to translate to.
        data_dir: Where TensorFlow Datasets keeps its data; None for its default, which
            the environment variable TFDS_DATA_DIR sets.
        train_split: Split of TensorFlow Datasets to train on, such as "train[:5%]";
            None for "train". Other data sets have no splits to choose from.

    Raises:
        InputError: Unknown data set, language or split, or missing or broken data.
    """
    if source_language == target_language:
        raise InputError(
            f"source and target language are both {source_language!r}; choose two "
            "languages",
            argument="target_language",
        )
    languages = (source_language, target_language)
    # Each import is made where it is needed: TensorFlow Datasets takes seconds.
    kind, colon, rest = dataset.partition(":")
    if train_split and kind in ("numbers", "folder"):
        raise InputError(
            f"train_split {train_split!r} is for data sets of TensorFlow Datasets, and "
            f"the dataset is {dataset!r}: leave it out",
            argument="train_split",
        )
    if kind == "numbers":
        from kerasapps.data.text import numbers

        if not colon:
            return numbers.load(*languages)
        if not rest.isdecimal():
            raise InputError(
                f"dataset {dataset!r}: write how many pairs to train on, as in "
                "numbers:5000",
                argument="dataset",
            )
        return numbers.load(*languages, int(rest))
    if kind == "folder":
        from kerasapps.data.text import folder

        return folder.load(rest, *languages)
    from kerasapps.data.text import tfds

    return tfds.load(dataset, *languages, data_dir, train_split)
