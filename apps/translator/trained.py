"""What apps.train_translator has left in a run directory."""

import pathlib
from typing import NamedTuple

import keras

from apps.translator import vocabularies
from kerasapps.data.text.vocabularies import Vocabulary
from kerasapps.evaluation import finished_run


class TrainedTranslator(NamedTuple):
    """A finished run.

    Attributes:
        directory: The run directory.
        metrics: What `metrics.json` holds.
        network: The network.
        vocabularies: Those of the source and of the target.
        languages: Names of the source's and the target's language.
    """

    directory: pathlib.Path
    metrics: dict
    network: keras.Model
    vocabularies: tuple[Vocabulary, Vocabulary]
    languages: tuple[str, str]


def load(directory: str | pathlib.Path) -> TrainedTranslator:
    """Returns what a run directory holds.

    Args:
        directory: The run directory.

    Raises:
        InputError: If it is no directory of a finished run of a translator.
    """
    languages = ("source_language", "target_language")
    keys = (*languages, "dataset", "train_split")
    run = finished_run.read(directory, "translator", keys)
    source_language, target_language = (run.metrics[key] for key in languages)
    return TrainedTranslator(
        *run, vocabularies.load(run.directory), (source_language, target_language)
    )
