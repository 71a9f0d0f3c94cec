"""The classifiers that are evaluated, and the images that they are evaluated on."""

import dataclasses
import pathlib
from collections.abc import Sequence
from typing import NamedTuple

import keras
from absl import logging

from apps.run.models import find, has_argument
from kerasapps.data import own_folder
from kerasapps.data.images import held_out, loading
from kerasapps.data.images.dataset import ImageDataset, Split
from kerasapps.data.images.preprocessing import Preprocessing
from kerasapps.errors import InputError
from kerasapps.evaluation.classifier import trained
from kerasapps.weights import keras_applications


@dataclasses.dataclass(frozen=True)
class Trained:
    """A classifier, and what was noted when it was trained.

    What follows `preprocessing` is None where nothing is known of it. `held_out` is as
    in `folder.load`, `train_examples` the number of images that it learned from.
    """

    name: str
    network: keras.Model
    preprocessing: Preprocessing
    dataset: str | None = None
    train_split: str | None = None
    validation_split: str | None = None
    class_names: tuple[str, ...] | None = None
    held_out: tuple[str, ...] | None = None
    train_examples: int | None = None


class Evaluated(NamedTuple):
    """What a classifier is evaluated on.

    Attributes:
        data: The data set.
        split: That of its splits which is evaluated.
        name: The split's name; None for what is held out.
        is_learned: Whether `data.train` is what the first model learned from.
    """

    data: ImageDataset
    split: Split
    name: str | None
    is_learned: bool


def load_model(model: str) -> Trained:
    """Returns what is evaluated.

    Args:
        model: A run directory, or the name of a network with ImageNet's weights.

    Raises:
        InputError: If it is neither a finished run nor a network with weights.
    """
    directory = pathlib.Path(model)
    if not directory.is_dir():
        return _with_imagenet_weights(model)
    found = trained.load(model)
    return Trained(
        directory.resolve().name,
        found.network,
        found.preprocessing,
        found.metrics["dataset"],
        found.metrics.get("train_split"),
        found.metrics.get("validation_split"),
        found.class_names,
        held_out.read(directory),
        found.metrics.get("train_examples"),
    )


def _with_imagenet_weights(name):
    if "/" in name:
        raise InputError(
            f"no folder --model={name}; give a folder in runs/train_classifier"
        )
    constructor = find(name, has_argument("weights"), "run, or model with weights,")
    network = constructor(weights="imagenet")
    image_shape = network.input_shape[1:]
    preprocessing = Preprocessing(
        image_shape,
        # As 256 for 224.
        shorter_side=round(max(image_shape[:2]) * 8 / 7),
        **keras_applications.preprocessing(name.lower()),
    )
    return Trained(name.lower(), network, preprocessing)


def load_data(
    models: Sequence[Trained],
    dataset: str | None,
    split: str | None,
    data_dir: str | None,
) -> Evaluated:
    """Returns a data set and the split of it that is evaluated.

    Args:
        models: What is evaluated.
        dataset: The data set; None for that of the first model.
        split: Name of the split; None for what the first model's training held out, of
            other data for what it usually holds out, and of a folder without splits for
            all of it.
        data_dir: Where TensorFlow Datasets keeps its data.

    Raises:
        InputError: If they can't be had, or the classes aren't those of the models.
    """
    first = models[0]
    named = dataset or first.dataset or "imagenet2012"
    own = own_folder.resolved(named) == own_folder.resolved(first.dataset or named)
    if own:
        split = split or first.validation_split
    classes = first.network.output_shape[-1]
    for model in models:
        if model.network.output_shape[-1] != classes:
            raise InputError(
                f"{first.name} has {classes} classes and {model.name} "
                f"{model.network.output_shape[-1]}; average models of the same classes"
            )
    names = [m.class_names for m in models if m.class_names]
    names = [found for found in names if len(found) == classes]
    asked = None if split == "train" else split
    if named == "digits":
        if split not in (None, "train", "validation"):
            raise InputError(
                f"dataset {named!r} has no split {split!r}; write train or validation"
            )
        asked = None
    elif own_folder.is_own_folder(named) and split is None and not own:
        asked = None if loading.has_splits(named) else "all"
    try:
        data = loading.load(
            named,
            data_dir,
            first.train_split if own else None,
            asked,
            num_classes=None if names else classes,
            class_names=names[0] if names else None,
            held_out=first.held_out if own else None,
        )
    except InputError as error:
        # Flags of its own are those that the training took.
        argument = {"validation_split": "split", "train_split": "model"}
        if error.argument != "num_classes":
            raise InputError(
                str(error), argument.get(error.argument or "", error.argument)
            ) from error
        raise InputError(
            f"{first.name} has {classes} classes and {named} more; give a "
            "--dataset with the classes of the model"
        ) from error
    for model in models:
        known = model.class_names
        if known and len(known) == classes and known != data.class_names:
            wrong = next(i for i in range(classes) if known[i] != data.class_names[i])
            raise InputError(
                f"class {wrong} of {model.name} is {known[wrong]!r}, and of "
                f"{first.name} {data.class_names[wrong]!r}; average models of the same "
                "classes"
            )
    if own and data.held_out is not None:
        _check_held_out(first, data)
    return Evaluated(
        data,
        data.train if split == "train" else data.validation,
        split,
        is_learned=own and asked != "all",
    )


def _check_held_out(model: Trained, data: ImageDataset) -> None:
    """Checks that the images held out are those of the training."""
    if model.dataset is not None and model.held_out is None:
        raise InputError(
            f"which images of {model.dataset} {model.name} has held out isn't known, "
            "as it has no held_out.json; train again, or give a --dataset of images "
            "that it hasn't learned from"
        )
    if model.train_examples not in (None, data.train.size):
        logging.warning(
            "%s has changed since %s was trained: there are %d images to learn from, "
            "and were %d",
            *(data.name, model.name, data.train.size, model.train_examples),
        )
