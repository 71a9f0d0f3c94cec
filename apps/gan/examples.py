"""The images that a generator learns to make, and how it is seen what it makes."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf
from matplotlib.figure import Figure

from kerasapps import memory
from kerasapps.data.images import attributes, held_out, loading
from kerasapps.data.images.dataset import ImageDataset
from kerasapps.data.images.geometric_augmentation import reflection
from kerasapps.data.images.preprocessing import Preprocessing
from kerasapps.data.pipeline import ShuffledExamples
from kerasapps.data.points.mixtures import MIXTURES
from kerasapps.errors import InputError
from kerasapps.evaluation.gan.generation import draw, generate
from kerasapps.figures.image_matrix import image_matrix
from kerasapps.figures.tiling import tile
from kerasapps.serving.generator import Conditions, export_generator
from kerasapps.training.gan import snapshots

# Epochs and examples in the figure of the samples over training.
_EPOCHS, _EXAMPLES = 8, 12
# Classes that samples have a column each for, at most.
_COLUMNS = 16


class Source(NamedTuple):
    """Where examples come from, and how many of them a step takes.

    Attributes:
        dataset: The data set.
        data_dir: Where TensorFlow Datasets keeps its data.
        train_split: Split of TensorFlow Datasets to learn from; None for the usual one.
        batch_size: Examples of one step of the discriminator.
        seed: Seed of their order.
        mirrored: Whether half of the images are mirrored, other ones in each epoch.
    """

    dataset: str
    data_dir: str | None
    train_split: str | None
    batch_size: int
    seed: int
    mirrored: bool = False

    def batch_of_steps(self, steps: int, size: int) -> int:
        """Returns the examples of all of the discriminator's steps before one of G's.

        Args:
            steps: Steps of the discriminator.
            size: How many examples there are.

        Raises:
            InputError: If there are fewer examples than several steps take.
        """
        taken = self.batch_size * steps
        if taken > size and steps > 1:
            raise InputError(
                f"--batch_size={self.batch_size} and --discriminator_steps={steps}: a "
                f"step takes {taken} examples, and there are {size}; choose less"
            )
        return taken


class ImageExamples:
    """Images, and what a generator of such makes; see `training.Examples`.

    Args:
        constructor: The generator's class.
        source: Where the images come from.
        size: Their height and width.
        last_size: That of the last images, where they grow.
        discriminator_steps: Steps of the discriminator for one of the generator.
        condition: What a conditional generator is told, as --condition names it.
        samples: Images that are drawn after each epoch.
        epochs: Epochs of the training.

    Raises:
        InputError: If the data can't be had, or isn't what the generator makes.
    """

    def __init__(
        self,
        constructor: type[keras.Model],
        source: Source,
        size: int,
        last_size: int,
        discriminator_steps: int,
        condition: str,
        samples: int,
        epochs: int,
    ):
        data = _load(constructor, source, size, condition)
        channels = 1 if data.channels == 1 else 3
        preprocessing = in_bounds(constructor, (size, size, channels))
        # Each as the generator makes it, restored, and as it is kept.
        memory.check(
            (4 + 4 + 1) * samples * last_size**2 * channels,
            f"samples={samples:,} of {last_size}x{last_size}",
            argument="samples",
        )
        examples = data.train.examples
        conditions = given = None
        self.facts = {"training images": data.train.size, **held_out.facts(data)}
        if constructor.is_conditional:
            with data.naming_undecodable():
                examples, conditions = _conditional(data, condition)
                given = _given(examples, conditions, samples)
            self.facts |= _facts(conditions)

        def prepare(example):
            image = preprocessing(data.decode(example)["image"])
            return (image, example["condition"]) if conditions else image

        mirror = reflection()

        def mirrored(example, seed):
            image, *condition = example if conditions else (example,)
            image = mirror({"image": image}, seed)["image"]
            return (image, *condition) if conditions else image

        self.training = ShuffledExamples(
            examples,
            data.train.size,
            source.batch_of_steps(discriminator_steps, data.train.size),
            mirrored if source.mirrored else lambda example, seed: example,
            source.seed,
            prepare=prepare,
        )
        self.batch_size = source.batch_size
        self.arguments = {"channels": channels}
        if not hasattr(constructor, "image_size"):
            self.arguments["image_size"] = size
        if conditions:
            self.arguments["condition_size"] = len(conditions.names)
        self.about = {
            "steps": epochs * self.training.steps_per_epoch,
            "conditions": conditions and conditions._asdict(),
            "preprocessing": preprocessing.to_config(),
        }
        self.data = data
        self._preprocessing = preprocessing
        self._conditions = conditions
        self._given = given
        self._samples = samples
        self._last_size = last_size

    def naming_undecodable(self) -> contextlib.AbstractContextManager:
        """Within it, an image that can't be decoded is an error that names it."""
        return self.data.naming_undecodable()

    def snapshot(self, trainer: keras.Model) -> dict[str, np.ndarray]:
        """Returns what is made of the same z's, uint8."""
        z = draw(trainer.generator, self._samples)
        made = generate(trainer.generator, z, self._given)
        return {"samples": self._preprocessing.restore(made).numpy()}

    def frame(self, epoch: int, arrays: dict[str, np.ndarray]) -> np.ndarray:
        """Draws a snapshot, uint8 `[height, width, channels]`."""
        return tile(upsampled(arrays["samples"], self._last_size), self._columns)

    def figures(
        self, networks: dict[str, keras.Model], samples: Path
    ) -> Iterator[tuple[str, Figure]]:
        """Yields the figures of the snapshots by their names."""
        frames = snapshots.read(samples, _EPOCHS)
        last, columns = frames[-1][1]["samples"], self._columns
        names = self._class_columns
        whole = last[: len(last) // columns * columns]
        yield (
            "samples",
            image_matrix(
                whole.reshape(-1, columns, *last.shape[1:]),
                column_titles=names and names[:columns],
            ),
        )
        frames = [(e, {"samples": a["samples"][:_EXAMPLES]}) for e, a in frames]
        yield "samples_over_training", samples_over_training(frames)

    def measure(self, networks: dict[str, keras.Model]) -> dict:
        """Returns no measures: apps.evaluate_gan takes them."""
        return {}

    def export(
        self, networks: dict[str, keras.Model], export_dir: str, dtype: str
    ) -> str:
        """Exports the generator; returns the version's folder."""
        return export_generator(
            networks["generator"],
            self._preprocessing,
            export_dir,
            self._conditions,
            dtype,
        )

    @property
    def _class_columns(self):
        """Names of the classes, where each has a column of its own; else None."""
        conditions = self._conditions
        if conditions and conditions.are_classes and len(conditions.names) <= _COLUMNS:
            return list(conditions.names)
        return None

    @property
    def _columns(self):
        """Number of samples in a row: with classes, one of each."""
        names = self._class_columns
        return min(len(names), self._samples) if names else round(self._samples**0.5)


def in_bounds(
    constructor: type[keras.Model], shape: tuple[int, int, int]
) -> Preprocessing:
    """Returns what brings images to the numbers that a generator makes.

    Args:
        constructor: The generator's class.
        shape: Height, width and channels of the images.
    """
    low, high = constructor.example_bounds
    std = 255 / (high - low)
    return Preprocessing(shape, mean=-low * std, std=std)


def upsampled(images: np.ndarray, size: int) -> np.ndarray:
    """Returns images of another height and width, each pixel a block.

    Args:
        images: `[images, height, width, channels]`.
        size: The height and width, a multiple of what the images have.
    """
    factor = size // images.shape[1]
    return images.repeat(factor, axis=1).repeat(factor, axis=2)


def samples_over_training(frames: list[tuple[int, dict[str, np.ndarray]]]) -> Figure:
    """Draws snapshots, a row for each epoch.

    Args:
        frames: Epochs and their arrays, "samples" of the last as large as any.
    """
    size = frames[-1][1]["samples"].shape[1]
    rows = [upsampled(arrays["samples"], size) for _, arrays in frames]
    return image_matrix(np.stack(rows), [f"epoch {epoch}" for epoch, _ in frames])


def _load(constructor, source, size, condition):
    if source.dataset in MIXTURES:
        raise InputError(
            f"--dataset={source.dataset} has points and {constructor.__name__} makes "
            "images: give --model=pointgan, or a data set of images"
        )
    only = getattr(constructor, "image_size", size)
    if only != size:
        raise InputError(
            f"{constructor.__name__} makes images of {only}x{only}: give "
            f"--image_size={only}"
        )
    return loading.load(
        source.dataset,
        source.data_dir,
        source.train_split,
        labelled=constructor.is_conditional and condition == "label",
    )


def _conditional(
    data: ImageDataset, condition: str
) -> tuple[tf.data.Dataset, Conditions]:
    """Returns the examples with a `condition` each, and what these mean."""
    if condition == "label":
        conditions = Conditions(data.class_names)
        encoded = data.train.examples.map(
            lambda e: e | {"condition": conditions.encode(e["label"][None])[0]}
        )
        return encoded, conditions
    found = attributes.load(data, condition)
    conditions = Conditions(found.names, found.mean.tolist(), found.deviation.tolist())
    attributed = attributes.attributed(data.train, found.train)
    return attributed.map(lambda e: e | {"condition": e["attributes"]}), conditions


def _facts(conditions):
    """Returns what conditions are like, to what is the same on other machines."""
    found = {"conditions": list(conditions.names)}
    for name in ("mean", "deviation"):
        values = getattr(conditions, name) or ()
        found[f"{name} of conditions"] = [f"{value:.3g}" for value in values]
    return found


def _given(examples, conditions, number):
    """Returns the conditions of samples, float32 `[number, condition_size]`."""
    if conditions.are_classes:
        labels = np.arange(number) % len(conditions.names)
        return conditions.encode(tf.constant(labels)).numpy()
    few = examples.map(lambda example: example["condition"]).take(number)
    return np.stack(list(few.repeat().take(number).as_numpy_iterator()))
