"""What apps.train_gan has left in a run directory."""

import pathlib
from typing import Any, NamedTuple

import keras
import numpy as np

import kerasapps.models  # noqa: F401 - what a file may hold
from kerasapps.data.images.preprocessing import Preprocessing
from kerasapps.evaluation import finished_run
from kerasapps.evaluation.gan.generation import draw, generate
from kerasapps.serving.generator import Conditions
from kerasapps.weights import keras_file


class Trained(NamedTuple):
    """A finished run.

    Attributes:
        directory: The run directory.
        metrics: What `metrics.json` holds.
        network: The generator, of DiscoGAN that from A to B.
        preprocessing: The `Preprocessing` of the training images; of DiscoGAN that of
            each domain by its name; None for points.
        conditions: What the generator's conditions mean, if it has any.
        data_dir: Where TensorFlow Datasets keeps its data.
    """

    directory: pathlib.Path
    metrics: dict
    network: keras.Model
    preprocessing: Any
    conditions: Conditions | None
    data_dir: str | None

    @property
    def makes_points(self) -> bool:
        """Whether its examples are points."""
        return self.network.makes == "points"

    @property
    def maps_domains(self) -> bool:
        """Whether it maps examples of one domain to those of another."""
        return self.network.maps_domains

    def networks(self) -> dict[str, keras.Model]:
        """Returns DiscoGAN's networks by their names, as far as they were trained."""
        others = files(self.metrics["discovery"])
        del others["a_to_b"]
        return {"a_to_b": self.network} | {
            name: keras_file.load(self.directory / f"{file}.keras")
            for name, file in others.items()
        }

    def make(
        self, z: np.ndarray, conditions: np.ndarray | None = None, seed: int = 0
    ) -> np.ndarray:
        """Returns images, uint8 `[number, height, width, channels]`.

        Args:
            z: float32 of the shape that the generator takes.
            conditions: float32 `[number, condition_size]`, if there are conditions.
            seed: Seed of the noise of a StyleGAN.
        """
        made = generate(self.network, z, conditions, seed)
        return self.preprocessing.restore(made).numpy()

    def draw(self, number: int, seed: int) -> np.ndarray:
        """Returns random z, float32 of the shape that the generator takes."""
        return draw(self.network, number, seed)


def load(directory: str, data_dir: str | None = None) -> Trained:
    """Returns what a run directory holds.

    Args:
        directory: The run directory.
        data_dir: Where TensorFlow Datasets keeps its data.

    Raises:
        InputError: If it is no directory of a finished run.
    """
    keys = ("dataset", "train_split", "discriminator_parameters")
    run = finished_run.read(directory, "gan", keys)
    try:
        preprocessing = run.metrics.get("preprocessing")
        if preprocessing is not None:
            preprocessing = (
                Preprocessing.from_config(preprocessing)
                if "image_shape" in preprocessing
                else {n: Preprocessing.from_config(p) for n, p in preprocessing.items()}
            )
        conditions = run.metrics.get("conditions")
        conditions = conditions and Conditions(**conditions)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise finished_run.not_finished(
            directory, "gan", "its metrics.json tells no preprocessing or conditions"
        ) from error
    return Trained(*run, preprocessing, conditions, data_dir)


def files(kind: str) -> dict[str, str]:
    """Returns the names of the networks' files, by those of the networks that learn.

    Args:
        kind: As `DiscoGANTrainer` takes it.
    """
    found = {"a_to_b": "model", "b_discriminator": "discriminator"}
    if kind != "gan":
        found["b_to_a"] = "b_to_a"
    if kind == "discogan":
        found["a_discriminator"] = "a_discriminator"
    return found


def directions(networks: dict[str, keras.Model]) -> dict[str, keras.Model]:
    """Returns the generators among the networks.

    Args:
        networks: The networks by their names.
    """
    return {name: n for name, n in networks.items() if "_to_" in name}
