"""Labelled images from TensorFlow Datasets, by name."""

import logging as logging_module
import re

import tensorflow as tf
import tensorflow_datasets as tfds
from absl import logging

from kerasapps.data.image_classification import ImageClassification, Split
from kerasapps.errors import InputError, unknown_name


def load(
    dataset: str,
    data_dir: str | None = None,
    train_split: str | None = None,
    validation_split: str | None = None,
) -> ImageClassification:
    """Loads a data set that TensorFlow Datasets knows.

    The data is downloaded and prepared only if it isn't there yet. Without
    `train_split` it trains on "train"; without `validation_split` it validates
    on "validation", or else on "test". A data set of a single split has its last
    tenth held out.

    Args:
        dataset: Name with config and version as in `tfds.builder`, for example
            "cifar10:3.*.*" or "cifar10_corrupted/brightness_1".
        data_dir: Directory of the data; None for that of TensorFlow Datasets.
        train_split: Split to train on, for example "train[:90%]".
        validation_split: Split to validate on, for example "train[90%:]".

    Returns:
        The data set; `class_names` is empty if its labels are plain integers.

    Raises:
        InputError: The name is unknown, the data can't be had, it isn't images
            with integer labels, or a split doesn't exist, is empty or unlabelled.
    """
    builder = _builder(dataset, data_dir)
    image_key, label_key = _keys(builder.info, dataset)
    image = builder.info.features[image_key]
    label = builder.info.features[label_key]

    if not builder.is_prepared():
        # It would tell of each of its ten tries.
        logging_module.getLogger("urllib3").setLevel(logging_module.ERROR)
        try:
            builder.download_and_prepare()
        # Besides network errors: full disks, checksums, archives that have to be
        # fetched by hand, packages that only the preparation needs.
        except Exception as error:
            raise InputError(
                f"dataset {dataset!r} is not in {builder.data_path} and can't be "
                f"prepared there: {type(error).__name__}: {_first_line(error)}"
            ) from error

    train_split, validation_split = _splits(
        builder.info.splits, dataset, train_split, validation_split
    )
    config = builder.builder_config
    name = builder.name + (f"_{config.name}" if config else "")
    return ImageClassification(
        name=re.sub(r"[^\w.-]+", "_", name),
        class_names=tuple(getattr(label, "names", None) or ()),
        channels=image.shape[-1],
        train=_split(builder, dataset, train_split, image_key, label_key),
        validation=_split(builder, dataset, validation_split, image_key, label_key),
        decode=image.decode_example,
    )


def _builder(dataset: str, data_dir: str | None) -> tfds.core.DatasetBuilder:
    try:
        return tfds.builder(dataset, data_dir=data_dir, try_gcs=False)
    # An unknown name, config or version, a name that can't be parsed, a data set
    # whose code needs a package that isn't there: each comes as another type.
    except Exception as error:
        name = re.split("[/:]", dataset)[0]
        choices = [*tfds.list_builders(), "digits", "folder:PATH"]
        if name not in choices:
            raise unknown_name("dataset", name, choices) from error
        # Less the prefix that repeats the arguments.
        reason = re.sub(r'^Failed to construct .*?}": ', "", _first_line(error))
        raise InputError(f"dataset {dataset!r}: {reason}") from error


def _first_line(error: Exception) -> str:
    return next(filter(None, (line.strip() for line in str(error).split("\n"))), "")


def _keys(info: tfds.core.DatasetInfo, dataset: str) -> tuple[str, str]:
    """Returns the names of the features that hold the image and its label."""
    image_key, label_key = ("image", "label")
    if info.supervised_keys and all(isinstance(k, str) for k in info.supervised_keys):
        image_key, label_key = info.supervised_keys[:2]
    features = dict(info.features.items())
    image, label = features.get(image_key), features.get(label_key)
    is_image = (
        isinstance(image, tfds.features.Image)
        and image.tf_dtype == tf.uint8
        and image.shape[-1] in (1, 3, 4)
    )
    is_label = isinstance(label, tfds.features.Tensor) and label.shape == ()
    if not is_image or not is_label:
        raise InputError(
            f"dataset {dataset!r} isn't image classification: it needs a uint8 image "
            f"and one label per example, and has {', '.join(sorted(features))}"
        )
    if not label.tf_dtype.is_integer:
        raise InputError(
            f"the labels of dataset {dataset!r} are {label.tf_dtype.name}; "
            "classification needs integers"
        )
    return image_key, label_key


def _splits(
    splits: tfds.core.splits.SplitDict,
    dataset: str,
    train_split: str | None,
    validation_split: str | None,
) -> tuple[str, str]:
    """Returns what to train and what to validate on."""
    names = list(splits)
    if len(names) == 1 and not train_split and not validation_split:
        return f"{names[0]}[:90%]", f"{names[0]}[90%:]"
    if not train_split:
        train_split = "train"
    if not validation_split:
        held_out = [name for name in ("validation", "test") if name in names]
        if not held_out:
            raise InputError(
                f"dataset {dataset!r} has the splits {', '.join(names)}; "
                "say which to validate on with --validation_split"
            )
        validation_split = held_out[0]

    parts = []
    for split in (train_split, validation_split):
        try:
            parts.append(splits[split])
        except (KeyError, ValueError) as error:
            raise InputError(
                f"dataset {dataset!r} has no split {split!r}; write one of "
                f"{', '.join(names)}, or a part of one such as '{names[0]}[:90%]'"
            ) from error
    shared = _shared_examples(*parts)
    if shared:
        logging.warning(
            "%d examples are both in the training split %s and in the validation "
            "split %s",
            shared,
            train_split,
            validation_split,
        )
    return train_split, validation_split


def _shared_examples(one, other) -> int:
    """Returns how many examples two splits have in common."""
    return sum(
        max(0, min(a.skip + a.take, b.skip + b.take) - max(a.skip, b.skip))
        for a in one.file_instructions
        for b in other.file_instructions
        if a.filename == b.filename
    )


def _split(
    builder: tfds.core.DatasetBuilder,
    dataset: str,
    split: str,
    image_key: str,
    label_key: str,
) -> Split:
    size = builder.info.splits[split].num_examples
    if size < 1:
        raise InputError(f"split {split!r} of dataset {dataset!r} is empty")
    # TensorFlow Datasets warns of a deprecated attribute that it uses itself.
    verbosity = logging.get_verbosity()
    logging.set_verbosity(logging.ERROR)
    examples = builder.as_dataset(
        split=split,
        shuffle_files=False,
        # Only these two features, and the image as it is stored.
        decoders=tfds.decode.PartialDecoding(
            {image_key: True, label_key: True},
            decoders={image_key: tfds.decode.SkipDecoding()},
        ),
        read_config=tfds.ReadConfig(try_autocache=False),
    ).map(lambda example: (example[image_key], tf.cast(example[label_key], tf.int64)))
    logging.set_verbosity(verbosity)
    # Test sets that are published without their labels have -1 throughout.
    if next(examples.take(1).as_numpy_iterator())[1] < 0:
        raise InputError(f"split {split!r} of dataset {dataset!r} has no labels")
    return Split(examples=examples, size=size)
