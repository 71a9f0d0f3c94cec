"""A data set of TensorFlow Datasets by its name, ready to be read."""

import logging as logging_module
import re
from collections.abc import Iterable

import tensorflow as tf
import tensorflow_datasets as tfds
from absl import logging

from kerasapps.errors import InputError, unknown_name


def make(
    dataset: str, data_dir: str | None, others: Iterable[str]
) -> tfds.core.DatasetBuilder:
    """Returns the builder of a data set.

    Args:
        dataset: Name with config and version as in `tfds.builder`.
        data_dir: Directory of the data; None for that of TensorFlow Datasets.
        others: What a user may write besides these names.

    Raises:
        InputError: If the name, the config or the version is unknown.
    """
    try:
        return tfds.builder(dataset, data_dir=data_dir, try_gcs=False)
    # An unknown name, config or version, a name that can't be parsed, a data set
    # whose code needs a package that isn't there: each comes as another type.
    except Exception as error:
        name = re.split("[/:]", dataset)[0]
        choices = [*tfds.list_builders(), *others]
        if name not in choices:
            raise unknown_name("dataset", name, choices, argument="dataset") from error
        # Less the prefix that repeats the arguments.
        reason = re.sub(r'^Failed to construct .*?}": ', "", _first_line(error))
        raise InputError(f"dataset {dataset!r}: {reason}", "dataset") from error


def prepare(builder: tfds.core.DatasetBuilder, dataset: str) -> None:
    """Downloads and prepares the data, if it isn't there yet.

    Args:
        builder: What `make` returned.
        dataset: The name, as errors show it.

    Raises:
        InputError: If the data can't be had.
    """
    if builder.is_prepared():
        return
    # It would tell of each of its ten tries.
    logging_module.getLogger("urllib3").setLevel(logging_module.ERROR)
    try:
        builder.download_and_prepare()
    # Besides network errors: full disks, checksums, archives that have to be fetched
    # by hand, packages that only the preparation needs.
    except Exception as error:
        raise InputError(
            f"dataset {dataset!r} is not in {builder.data_path} and can't be "
            f"prepared there: {type(error).__name__}: {_first_line(error)}"
        ) from error


def split_info(
    splits: tfds.core.splits.SplitDict, split: str, dataset: str
) -> tfds.core.splits.SplitInfo | tfds.core.splits.SubSplitInfo:
    """Returns what TensorFlow Datasets knows of a split, or of a part of one.

    Args:
        splits: Those of a builder's `info`.
        split: Name of the split, or of a part, such as "train[:90%]".
        dataset: The name, as errors show it.

    Raises:
        InputError: If there is no such split, or nothing in it.
    """
    try:
        found = splits[split]
    except (KeyError, ValueError) as error:
        names = list(splits)
        raise InputError(
            f"dataset {dataset!r} has no split {split!r}; write one of "
            f"{', '.join(names)}, or a part of one such as '{names[0]}[:90%]'"
        ) from error
    if found.num_examples < 1:
        raise InputError(f"split {split!r} of dataset {dataset!r} is empty")
    return found


def short_name(builder: tfds.core.DatasetBuilder) -> str:
    """Returns the name and the config, so that it can be a file's name.

    Args:
        builder: What `make` returned.
    """
    config = builder.builder_config
    return re.sub(
        r"[^\w.-]+", "_", builder.name + (f"_{config.name}" if config else "")
    )


def read(
    builder: tfds.core.DatasetBuilder,
    split: str,
    decoders: tfds.decode.PartialDecoding | None = None,
) -> tf.data.Dataset:
    """Returns the examples of a split, in a fixed order.

    Args:
        builder: What `make` returned, prepared.
        split: Name of the split, or of a part of one.
        decoders: As in `as_dataset`.
    """
    # TensorFlow Datasets warns of a deprecated attribute that it uses itself.
    verbosity = logging.get_verbosity()
    logging.set_verbosity(logging.ERROR)
    examples = builder.as_dataset(
        split=split,
        shuffle_files=False,
        decoders=decoders,
        read_config=tfds.ReadConfig(try_autocache=False),
    )
    logging.set_verbosity(verbosity)
    return examples


def _first_line(error: Exception) -> str:
    return next(filter(None, (line.strip() for line in str(error).split("\n"))), "")
