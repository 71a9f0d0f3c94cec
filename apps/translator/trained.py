"""What apps.train_translator has left in a run directory."""

import pathlib
from typing import NamedTuple

import keras

from kerasapps.data.text import vocabularies
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
    source, target = (
        vocabularies.load(run.directory / f"{side}_vocabulary")
        for side in ("source", "target")
    )
    return TrainedTranslator(
        *run, (source, target), tuple(run.metrics[key] for key in languages)
    )
