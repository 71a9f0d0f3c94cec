"""Data sets of images by name."""

import dataclasses
from collections.abc import Sequence

import tensorflow as tf

from kerasapps.data import own_folder
from kerasapps.data.images.dataset import ImageDataset, Split
from kerasapps.errors import InputError


def load(
    dataset: str,
    data_dir: str | None = None,
    train_split: str | None = None,
    validation_split: str | None = None,
    num_classes: int | None = None,
    labelled: bool = True,
    class_names: Sequence[str] | None = None,
    held_out: Sequence[str] | None = None,
) -> ImageDataset:
    """Loads a data set of labelled images, or of images alone.

    Args:
        dataset: "digits", scikit-learn's handwritten digits; "folder:PATH", the
            user's own `PATH/<split>/<class>/*.png`; or a name of TensorFlow
            Datasets, with config and version if need be.
        data_dir: Where TensorFlow Datasets keeps its data; None for its default,
            which the environment variable TFDS_DATA_DIR sets.
        train_split: Split of TensorFlow Datasets to train on, for example
            "train[:90%]"; None for what is usual.
        validation_split: The same for validation; of a folder as in `folder.load`.
        num_classes: Number of classes if it is not the data set's own. It may be
            larger, for a network with spare outputs: the classes without a name
            are then named by their number.
        labelled: Whether it takes two or more classes. If not, images without
            labels and folders without class folders will do as well: examples have
            a `label` only where all images have one of a class with a name.
        class_names: Names of the classes that a network tells apart, in the order of
            its labels. The examples then have these labels; the data may lack some of
            the classes. Instead of `num_classes`.
        held_out: The images that a run has held out of a folder, as in `folder.load`.

    Raises:
        InputError: Unknown data set, missing or broken data, a split that
            doesn't exist or is empty, or labels beyond `num_classes`.
    """
    # Each import is made where it is needed: a folder of images needs neither
    # scikit-learn nor TensorFlow Datasets, which take seconds to import.
    is_folder = own_folder.is_own_folder(dataset)
    if (train_split and is_folder) or (
        (train_split or validation_split) and dataset == "digits"
    ):
        raise InputError(
            f"train_split and validation_split are for TensorFlow Datasets; "
            f"dataset {dataset!r} has its own splits",
            argument="train_split" if train_split else "validation_split",
        )
    if is_folder:
        from kerasapps.data.images import folder

        path = own_folder.path_of(dataset)
        data = folder.load(path, labelled, validation_split, held_out)
    elif dataset == "digits":
        from kerasapps.data.images import digits

        data = digits.load()
    else:
        from kerasapps.data.images import tfds

        data = tfds.load(dataset, data_dir, train_split, validation_split, labelled)
    if class_names is not None:
        return _with_class_names(data, class_names)
    if labelled:
        data = _with_num_classes(data, num_classes)
        if len(data.class_names) < 2:
            raise InputError(
                f"{data.name} has one class; classification needs two or more",
                argument="dataset",
            )
    return data


def has_splits(dataset: str) -> bool:
    """Returns whether a data set has splits; a folder may have classes alone.

    Args:
        dataset: As in `load`.
    """
    if not own_folder.is_own_folder(dataset):
        return True
    from kerasapps.data.images import folder

    return folder.has_splits(own_folder.path_of(dataset))


def _with_class_names(data: ImageDataset, class_names: Sequence[str]) -> ImageDataset:
    """Returns `data` with the labels that a network has for its classes."""
    if not data.class_names:
        _check_labels(data, len(class_names))
        return dataclasses.replace(data, class_names=tuple(class_names))
    unknown = [name for name in data.class_names if name not in class_names]
    if unknown:
        known = ", ".join(class_names[:5]) + (", ..." if class_names[5:] else "")
        raise InputError(
            f"class {unknown[0]!r} of {data.name} is none of the {len(class_names)} "
            f"that are told apart: {known}",
            argument="dataset",
        )
    labels = tf.constant([class_names.index(n) for n in data.class_names], tf.int64)

    def relabelled(split: Split) -> Split:
        examples = split.examples.map(
            lambda example: example | {"label": labels[example["label"]]}
        )
        return dataclasses.replace(split, examples=examples)

    return dataclasses.replace(
        data,
        class_names=tuple(class_names),
        train=relabelled(data.train),
        validation=relabelled(data.validation),
    )


def _with_num_classes(data: ImageDataset, num_classes: int | None) -> ImageDataset:
    """Returns `data` with a name for each of `num_classes` classes."""
    if num_classes is None:
        if not data.class_names:
            raise InputError(
                f"the labels of {data.name} are plain integers; give num_classes",
                argument="num_classes",
            )
        return data
    if num_classes < len(data.class_names):
        raise InputError(
            f"num_classes={num_classes} is too small for {data.name}: "
            f"it has {len(data.class_names)} classes; give that many or more",
            argument="num_classes",
        )
    if not data.class_names:
        _check_labels(data, num_classes)
    unnamed = range(len(data.class_names), num_classes)
    return dataclasses.replace(
        data, class_names=(*data.class_names, *(str(label) for label in unnamed))
    )


def _check_labels(data: ImageDataset, num_classes: int) -> None:
    """Raises InputError if a label isn't in `range(num_classes)`."""
    for split_name, split in [("train", data.train), ("validation", data.validation)]:
        labels = split.examples.map(lambda example: example["label"])
        for index, label in enumerate(labels.as_numpy_iterator()):
            if not 0 <= label < num_classes:
                raise InputError(
                    f"{split_name} example {index} of {data.name} has label {label}; "
                    f"with num_classes={num_classes} labels are 0 to "
                    f"{num_classes - 1}",
                    argument="num_classes",
                )
