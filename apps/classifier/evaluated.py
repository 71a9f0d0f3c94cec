"""The classifiers that are evaluated, and the images that they are evaluated on."""

import dataclasses
import pathlib
from collections.abc import Sequence

import keras

from apps.run.models import find, has_argument
from kerasapps.data.images import loading
from kerasapps.data.images.dataset import ImageDataset, Split
from kerasapps.data.images.preprocessing import Preprocessing
from kerasapps.errors import InputError
from kerasapps.evaluation.classifier import trained
from kerasapps.weights import keras_applications


@dataclasses.dataclass(frozen=True)
class Trained:
    """A classifier, and what was noted when it was trained.

    `class_names`, `dataset` and `validation_split` are None where nothing is known of
    them.
    """

    name: str
    network: keras.Model
    preprocessing: Preprocessing
    dataset: str | None = None
    validation_split: str | None = None
    class_names: tuple[str, ...] | None = None


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
        found.metrics.get("validation_split"),
        found.class_names,
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
) -> tuple[ImageDataset, Split]:
    """Returns a data set and the split of it that is evaluated.

    Args:
        models: What is evaluated.
        dataset: The data set; None for that of the first model.
        split: Name of the split; None for what is held out.
        data_dir: Where TensorFlow Datasets keeps its data.

    Raises:
        InputError: If they can't be had, or the classes aren't those of the models.
    """
    dataset = dataset or models[0].dataset or "imagenet2012"
    classes = models[0].network.output_shape[-1]
    for model in models:
        if model.network.output_shape[-1] != classes:
            raise InputError(
                f"{models[0].name} has {classes} classes and {model.name} "
                f"{model.network.output_shape[-1]}; average models of the same classes"
            )
    # These two have splits of their own.
    own = dataset == "digits" or dataset.startswith("folder:")
    asked = None if own or split == "train" else split
    try:
        data = loading.load(
            dataset, data_dir, validation_split=asked, num_classes=classes
        )
    except InputError as error:
        if error.argument != "num_classes":
            raise
        raise InputError(
            f"{models[0].name} has {classes} classes and {dataset} more; give a "
            "--dataset with the classes of the model"
        ) from error
    for model in models:
        names = model.class_names
        if names and len(names) == classes and names != data.class_names:
            wrong = next(i for i in range(classes) if names[i] != data.class_names[i])
            raise InputError(
                f"class {wrong} of {model.name} is {names[wrong]!r}, and of {dataset} "
                f"{data.class_names[wrong]!r}; give a --dataset with the classes of "
                "the model"
            )
    if split == "train":
        return data, data.train
    if own and split not in (None, "validation"):
        raise InputError(
            f"dataset {dataset!r} has no split {split!r}; write train or validation"
        )
    return data, data.validation
