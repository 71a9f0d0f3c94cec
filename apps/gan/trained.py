"""What apps.train_gan has left in a run directory."""

import pathlib
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, TypedDict

import keras
import numpy as np

import kerasapps.models  # noqa: F401 - what a file may hold
from kerasapps.data.images.preprocessing import Preprocessing, PreprocessingConfig
from kerasapps.data.points.mixtures import MIXTURES, TOY_DOMAINS
from kerasapps.errors import unknown_name
from kerasapps.evaluation import finished_run
from kerasapps.evaluation.gan.generation import draw, generate
from kerasapps.serving.generator import Conditions


class _OfAll(TypedDict):
    """What is read of any `metrics.json`."""

    dataset: str
    train_split: str | None
    discriminator_parameters: int


class _Conditions(TypedDict):
    names: list[str]
    mean: list[float] | None
    deviation: list[float] | None


class _OfImages(_OfAll):
    condition: str | None
    conditions: _Conditions | None
    preprocessing: PreprocessingConfig


class _OfPoints(_OfAll):
    steps: int


class _OfDomains(_OfAll):
    discovery: Literal["gan", "gan_with_reconstruction", "discogan"]


class _OfImageDomains(_OfDomains):
    target: str
    preprocessing: "_Domains"


class _Domains(TypedDict):
    a: PreprocessingConfig
    b: PreprocessingConfig


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
        a_to_b = self.network
        found = {"a_to_b": a_to_b}
        shapes = {"a": a_to_b.input_shape, "b": a_to_b.output_shape}
        for name, file in files(self.metrics["discovery"]).items():
            if name in found:
                continue
            path = self.directory / f"{file}.keras"
            network = found[name] = finished_run.read_network(path)
            generates = getattr(network, "task", None) == "gan"
            fits = network.input_shape == shapes[name[0]]
            if "_to_" in name:
                fits &= generates and network.output_shape == shapes[name[-1]]
            if not fits or generates != ("_to_" in name):
                raise finished_run.not_finished(
                    self.directory, "gan", f"its {path.name} doesn't go with the others"
                )
        return found

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
    run = finished_run.read(directory, "gan", _kind)
    try:
        if run.network.makes == "points":
            preprocessing = conditions = None
            _check_points(run)
        elif run.network.maps_domains:
            preprocessing, conditions = _domains(run), None
        else:
            preprocessing = Preprocessing.from_config(run.metrics["preprocessing"])
            conditions = _conditions(run)
            _check_shape(preprocessing, run.network.output_shape)
    except (TypeError, ValueError) as error:
        raise finished_run.not_finished(
            directory,
            "gan",
            f"its metrics.json doesn't go with its model.keras: {error}",
        ) from error
    return Trained(*run, preprocessing, conditions, data_dir)


def _kind(network):
    if network.makes == "points":
        return _OfDomains if network.maps_domains else _OfPoints
    return _OfImageDomains if network.maps_domains else _OfImages


def _check_points(run):
    known = MIXTURES
    if run.network.maps_domains:
        known = {name: target for name, (_, target) in TOY_DOMAINS.items()}
    dataset = run.metrics["dataset"]
    if dataset not in known:
        raise unknown_name("dataset", dataset, known)
    mixture = known[dataset]
    dimensions = mixture.means.shape[1]
    if run.network.output_shape[1:] != (dimensions,):
        raise ValueError(f"{dataset} has points of {dimensions} dimension(s)")


def _domains(run):
    found = {
        n: Preprocessing.from_config(run.metrics["preprocessing"][n]) for n in "ab"
    }
    _check_shape(found["a"], run.network.input_shape)
    _check_shape(found["b"], run.network.output_shape)
    return found


def _check_shape(preprocessing, shape):
    if preprocessing.image_shape != shape[1:]:
        raise ValueError(f"image_shape isn't {list(shape[1:])}")


def _conditions(run):
    """Returns what the conditions of a generator of images mean, if it has any."""
    if not run.network.is_conditional:
        return None
    if run.metrics["conditions"] is None:
        raise ValueError("it tells no conditions")
    conditions = Conditions(**run.metrics["conditions"])
    size = run.network.condition_size
    parts: list[Sequence] = [conditions.names]
    if not conditions.are_classes:
        parts += [conditions.mean or [], conditions.deviation or []]
        if not all(number > 0 for number in conditions.deviation or []):
            raise ValueError("a deviation isn't above 0")
    if any(len(part) != size for part in parts):
        raise ValueError(f"the conditions aren't {size}")
    return conditions


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
