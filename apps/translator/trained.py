"""What apps.train_translator has left in a run directory."""

import pathlib
from typing import NamedTuple, TypedDict

import keras

from apps.translator import vocabularies
from kerasapps.data.text.vocabularies import Vocabulary
from kerasapps.evaluation import finished_run


class Metrics(TypedDict):
    """What is read of `metrics.json`."""

    source_language: str
    target_language: str
    dataset: str
    train_split: str | None


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
    metrics: Metrics
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
    run = finished_run.read(directory, "translator", lambda network: Metrics)
    languages = run.metrics["source_language"], run.metrics["target_language"]
    pair = vocabularies.load(run.directory)
    config = run.network.get_config()
    for side, vocabulary in zip(vocabularies.SIDES, pair, strict=True):
        size = config[f"{side}_vocabulary"]
        if vocabulary.size != size:
            raise finished_run.not_finished(
                directory,
                "translator",
                f"its {side} vocabulary has {vocabulary.size:,} tokens and the network "
                f"{size:,}",
            )
    return TrainedTranslator(*run, pair, languages)
