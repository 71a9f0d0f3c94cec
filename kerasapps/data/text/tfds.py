"""Pairs of sentences from TensorFlow Datasets, by name."""

import tensorflow_datasets as tfds

from kerasapps.data import split_names, tfds_builder
from kerasapps.data.text.corpus import Sentences, Translation
from kerasapps.data.text.held_out import hold_out
from kerasapps.errors import InputError, unknown_name

_BATCH = 4096


def load(
    dataset: str,
    source_language: str,
    target_language: str,
    data_dir: str | None = None,
    train_split: str | None = None,
) -> Translation:
    """Loads a translation data set that TensorFlow Datasets knows.

    The data is downloaded and prepared only if it isn't there yet. The splits are
    "train", "validation" and "test", or go by other names of `split_names`; of the last
    two each may be missing, see `hold_out`.

    Args:
        dataset: Name with config and version as in `tfds.builder`, for example
            "wmt14_translate/fr-en" or "ted_hrlr_translate/pt_to_en".
        source_language: The language to translate from, one of the data set's.
        target_language: The language to translate to, another of them.
        data_dir: Directory of the data; None for that of TensorFlow Datasets.
        train_split: Split to train on, for example "train[:5%]"; None for "train".

    Raises:
        InputError: The data set or a language is unknown, the data can't be had, it
            isn't translations, or it has no such split or no split "train".
    """
    builder = tfds_builder.make(dataset, data_dir, ("numbers", "folder:PATH"))
    features = builder.info.features
    if not isinstance(features, tfds.features.Translation):
        raise InputError(
            f"dataset {dataset!r} isn't translations of sentences: it has "
            f"{', '.join(sorted(features))}; choose one as wmt14_translate/fr-en",
            argument="dataset",
        )
    languages = (source_language, target_language)
    for argument, language in zip(
        ("source_language", "target_language"), languages, strict=True
    ):
        if language not in features.languages:
            raise unknown_name(
                f"language of dataset {dataset!r}",
                language,
                features.languages,
                argument=argument,
            )
    tfds_builder.prepare(builder, dataset)
    splits = builder.info.splits
    parts = {
        own: name
        for own in split_names.SPLIT_NAMES
        if (name := split_names.find(own, splits.__contains__))
    }
    if "train" not in parts:
        raise InputError(
            f"dataset {dataset!r} has the splits {', '.join(splits)}; choose one with "
            "a split 'train'",
            argument="dataset",
        )
    parts["train"] = train_split or parts["train"]
    tfds_builder.split_info(splits, parts["train"], dataset)
    pairs = {split: _pairs(builder, part, *languages) for split, part in parts.items()}
    return Translation(
        name=f"{tfds_builder.short_name(builder)}_{source_language}_{target_language}",
        source_language=source_language,
        target_language=target_language,
        **hold_out(pairs, f"dataset {dataset!r}"),
    )


def _pairs(builder, split: str, source: str, target: str) -> Sentences:
    pairs = Sentences([], [])
    for batch in tfds_builder.read(builder, split).batch(_BATCH).as_numpy_iterator():
        pairs.source.extend(map(_one_line, batch[source].tolist()))
        pairs.target.extend(map(_one_line, batch[target].tolist()))
    return pairs


def _one_line(sentence: bytes) -> str:
    return " ".join(sentence.decode().split())
