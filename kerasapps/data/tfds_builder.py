"""A data set of TensorFlow Datasets by its name, ready to be read."""

import contextlib
import logging as logging_module
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import tensorflow as tf
import tensorflow_datasets as tfds
from absl import logging
from tensorflow_datasets.core.download import downloader

from kerasapps.errors import InputError, unknown_name

# Parts of a split that are read by turns, at most.
_MIXED_PARTS = 64
_NAME = re.compile(r"(?P<name>\w+)(/(?P<config>[\w\-.]+))?(:(\d+|\*)(\.(\d+|\*)){2})?")


def make(
    dataset: str, data_dir: str | None, others: Iterable[str]
) -> tfds.core.DatasetBuilder:
    """Returns the builder of a data set.

    Args:
        dataset: Name with config and version as in `tfds.builder`.
        data_dir: Directory of the data; None for that of TensorFlow Datasets.
        others: What a user may write besides these names.

    Raises:
        InputError: If the name, the config or the version is unknown, or `data_dir` is
            empty.
    """
    if data_dir == "":
        raise InputError(
            "data_dir is empty; name a folder, or leave it out for the usual one",
            argument="data_dir",
        )
    try:
        # Of what isn't there yet it would warn.
        with _quiet():
            return tfds.builder(dataset, data_dir=data_dir, try_gcs=False)
    # An unknown name, config or version, a name that can't be parsed, a data set
    # whose code needs a package that isn't there: each comes as another type.
    except Exception as error:
        name = re.split("[/:]", dataset)[0]
        choices = [*tfds.list_builders(), *others]
        if name not in choices:
            raise unknown_name("dataset", name, choices, argument="dataset") from error
        parts = _NAME.fullmatch(dataset)
        if not parts:
            raise InputError(
                f"dataset {dataset!r} is written NAME, NAME/CONFIG or NAME:VERSION, as "
                "in mnist:3.0.1",
                argument="dataset",
            ) from error
        configs = _configs(name)
        if parts["config"] and not configs:
            raise InputError(
                f"dataset {dataset!r}: {name} has no configs; write {name}", "dataset"
            ) from error
        if parts["config"] and parts["config"] not in configs:
            raise unknown_name(
                f"config of {name}", parts["config"], configs, None, "dataset"
            ) from error
        # Less the prefix that repeats the arguments.
        reason = re.sub(r'^Failed to construct .*?}": ', "", _first_line(error))
        raise InputError(f"dataset {dataset!r}: {reason}", "dataset") from error


def _configs(name):
    """Returns the names of a data set's configs; none where its code can't be run."""
    # A package that only its code needs is missing, for one.
    with contextlib.suppress(Exception):
        return [config.name for config in tfds.builder_cls(name).BUILDER_CONFIGS]
    return []


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
    try:
        with _one_try(), _removing_what_stays_empty(builder):
            builder.download_and_prepare()
    # Besides network errors: full disks, checksums, archives that have to be fetched
    # by hand, packages that only the preparation needs.
    except Exception as error:
        raise InputError(
            f"dataset {dataset!r} is not in {builder.data_path} and can't be "
            f"prepared there: {type(error).__name__}: {_first_line(error)}"
        ) from error


@contextlib.contextmanager
def _one_try() -> Iterator[None]:
    """Keeps downloads from being tried for minutes, and from telling of it."""
    # Between bars of progress that end nowhere, an error would be lost in a log.
    if not sys.stderr.isatty():
        tfds.disable_progress_bar()
    tries = downloader.MAX_RETRIES
    logging_module.getLogger("urllib3").setLevel(logging_module.ERROR)
    downloader.MAX_RETRIES = 0
    try:
        with _quiet():
            yield
    finally:
        downloader.MAX_RETRIES = tries


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Lets TensorFlow Datasets tell of errors only."""
    verbosity = logging.get_verbosity()
    logging.set_verbosity(logging.ERROR)
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)


@contextlib.contextmanager
def _removing_what_stays_empty(builder) -> Iterator[None]:
    """After an error removes the folders that were made for data that didn't come."""
    folder = Path(builder.data_path)
    made = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        yield
    except BaseException:
        downloads = Path(builder._data_dir_root, "downloads")
        of_data = downloads / builder.name
        for path in (
            *of_data.glob("*.tmp.*"),
            *(of_data, downloads / "extracted", downloads),
            *made,
        ):
            # Not where there is something in it.
            with contextlib.suppress(OSError):
                path.rmdir()
        raise


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
    mixed: bool = False,
) -> tf.data.Dataset:
    """Returns the examples of a split, in a fixed order.

    Args:
        builder: What `make` returned, prepared.
        split: Name of the split, or of a part of one.
        decoders: As in `as_dataset`.
        mixed: Whether neighbours are to come from parts of the split that lie far
            apart. There are as many parts as files, up to 64.
    """
    files = len(builder.info.splits[split].file_instructions)
    parts = min(files, _MIXED_PARTS) if mixed else 1
    config = tfds.ReadConfig(try_autocache=False)
    if parts > 1:
        # Of each part one file at a time: they are all open at once.
        config.interleave_cycle_length = 1
    # TensorFlow Datasets warns of a deprecated attribute that it uses itself.
    with _quiet():
        examples = builder.as_dataset(
            split=tfds.even_splits(split, parts) if parts > 1 else split,
            shuffle_files=False,
            decoders=decoders,
            read_config=config,
        )
    if parts == 1:
        return examples
    # Even parts: where some have one example more, they are the first ones.
    sizes = [int(part.cardinality()) for part in examples]
    turns = tf.data.Dataset.range(parts).repeat(max(sizes)).take(sum(sizes))
    return tf.data.Dataset.choose_from_datasets(
        sorted(examples, key=lambda part: -int(part.cardinality())), turns
    )


def _first_line(error: Exception) -> str:
    return next(filter(None, (line.strip() for line in str(error).split("\n"))), "")
