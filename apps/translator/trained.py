"""What apps.train_translator has left in a run directory."""

import json
import pathlib
from typing import NamedTuple

import keras

import kerasapps.models  # noqa: F401 - what a file may hold
from kerasapps.data.text import vocabularies as tokenization
from kerasapps.errors import InputError
from kerasapps.weights import keras_file


class Trained(NamedTuple):
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
    vocabularies: tuple
    languages: tuple[str, str]


def load(run: str) -> Trained:
    """Returns what a run directory holds.

    Raises:
        InputError: If it is no directory of a finished run.
    """
    directory = pathlib.Path(run)
    try:
        metrics = json.loads((directory / "metrics.json").read_text())
        languages = (metrics["source_language"], metrics["target_language"])
        metrics["dataset"], metrics["train_split"]
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"--model={run} holds no finished run of a translator; give a folder in "
            "runs/train_translator"
        ) from error
    network = keras_file.load(directory / "model.keras")
    vocabularies = tuple(
        tokenization.load(directory / f"{side}_vocabulary")
        for side in ("source", "target")
    )
    return Trained(directory, metrics, network, vocabularies, languages)
