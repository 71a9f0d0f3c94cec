"""What apps.train_gan has left in a run directory."""

import json
import pathlib
from typing import NamedTuple

import keras
import numpy as np

import kerasapps.models  # noqa: F401 - what a file may hold
from kerasapps.data.images.preprocessing import Preprocessing
from kerasapps.errors import InputError
from kerasapps.evaluation.gan.generation import draw, generate
from kerasapps.serving.generator import Conditions
from kerasapps.weights import keras_file


class Trained(NamedTuple):
    """A finished run.

    Attributes:
        directory: The run directory.
        metrics: What `metrics.json` holds.
        network: The generator, of DiscoGAN that from A to B.
        preprocessing: What training images went through; of DiscoGAN that of each
            domain by its name; None for points.
        conditions: What the generator's conditions mean, if it has any.
    """

    directory: pathlib.Path
    metrics: dict
    network: keras.Model
    preprocessing: Preprocessing | dict | None
    conditions: Conditions | None

    @property
    def maps_points(self) -> bool:
        """Whether it maps between toy domains."""
        return "discovery" in self.metrics and "target" not in self.metrics

    @property
    def maps_images(self) -> bool:
        """Whether it maps images of one domain to those of another."""
        return "target" in self.metrics

    @property
    def is_styled(self) -> bool:
        """Whether it is a StyleGAN."""
        return hasattr(self.network, "synthesis")

    def networks(self) -> dict[str, keras.Model]:
        """Returns DiscoGAN's networks by their names, as far as they were trained."""
        files = {
            "b_to_a": "b_to_a",
            "b_discriminator": "discriminator",
            "a_discriminator": "a_discriminator",
        }
        kind = self.metrics["discovery"]
        if kind != "discogan":
            del files["a_discriminator"]
        if kind == "gan":
            del files["b_to_a"]
        others = {
            name: keras_file.load(self.directory / f"{file}.keras")
            for name, file in files.items()
        }
        return {"a_to_b": self.network, **others}

    def make(self, z: np.ndarray, conditions=None, seed: int = 0) -> np.ndarray:
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


def load(run: str) -> Trained:
    """Returns what a run directory holds.

    Raises:
        InputError: If it is no directory of a finished run.
    """
    directory = pathlib.Path(run)
    try:
        metrics = json.loads((directory / "metrics.json").read_text())
        metrics["discriminator_parameters"], metrics["dataset"]
        preprocessing = metrics.get("preprocessing")
        if preprocessing is not None:
            preprocessing = (
                Preprocessing.from_config(preprocessing)
                if "image_shape" in preprocessing
                else {n: Preprocessing.from_config(p) for n, p in preprocessing.items()}
            )
        conditions = metrics.get("conditions")
        conditions = conditions and Conditions(**conditions)
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"--model={run} holds no finished run of a GAN; give a folder in "
            "runs/train_gan"
        ) from error
    network = keras_file.load(directory / "model.keras")
    return Trained(directory, metrics, network, preprocessing, conditions)
