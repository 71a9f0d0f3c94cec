"""Images from TensorFlow Datasets, by name."""

import tensorflow as tf
import tensorflow_datasets as tfds
from absl import logging

from kerasapps.data import pipeline, tfds_builder
from kerasapps.data.images.dataset import ImageDataset, Split
from kerasapps.data.images.encoded import decode_png_or_jpeg
from kerasapps.errors import InputError


def load(
    dataset: str,
    data_dir: str | None = None,
    train_split: str | None = None,
    validation_split: str | None = None,
    labelled: bool = True,
) -> ImageDataset:
    """Loads a data set that TensorFlow Datasets knows.

    The data is downloaded and prepared only if it isn't there yet. Without
    `train_split` it trains on "train"; without `validation_split` it validates
    on "validation", or else on "test". A data set of a single split has its last
    tenth held out. A feature `attributes` of named numbers or truth values, as
    celeb_a has it, becomes the examples' `attributes`.

    Args:
        dataset: Name with config and version as in `tfds.builder`, for example
            "cifar10:3.*.*" or "cifar10_corrupted/brightness_1".
        data_dir: Directory of the data; None for that of TensorFlow Datasets.
        train_split: Split to train on, for example "train[:90%]".
        validation_split: Split to validate on, for example "train[90%:]".
        labelled: Whether each image must have a label.

    Returns:
        The data set; `class_names` is empty if its labels are plain integers. Where
        there need be no labels, and some or their names are missing, the examples have
        no `label`.

    Raises:
        InputError: The name is unknown, the data can't be had, it isn't images
            with integer labels, or a split doesn't exist, is empty or unlabelled.
    """
    builder = tfds_builder.make(dataset, data_dir, ("digits", "folder:PATH"))
    image_key, label_key = _keys(builder.info, dataset, labelled)
    image = builder.info.features[image_key]
    tfds_builder.prepare(builder, dataset)

    train_split, validation_split = _splits(
        builder.info.splits, dataset, train_split, validation_split
    )
    name = tfds_builder.short_name(builder)
    splits = (train_split, validation_split)
    label = builder.info.features[label_key] if label_key else None
    class_names = tuple(getattr(label, "names", None) or ())
    bare = [s for s in splits if label_key and not _has_labels(builder, s, label_key)]
    if labelled and bare:
        raise InputError(f"split {bare[0]!r} of dataset {dataset!r} has no labels")
    if not labelled and (bare or not class_names):
        label_key, class_names = None, ()
    names = _attribute_names(builder.info.features)
    train, validation = (
        _split(builder, split, image_key, label_key, names) for split in splits
    )
    return ImageDataset(
        name=name,
        class_names=class_names,
        channels=image.shape[-1],
        train=train,
        validation=validation,
        decode=lambda example: (
            example
            | {
                "image": tf.ensure_shape(
                    decode_png_or_jpeg(example["image"], image.shape[-1]), image.shape
                )
            }
        ),
        attribute_names=names,
    )


def _keys(
    info: tfds.core.DatasetInfo, dataset: str, labelled: bool
) -> tuple[str, str | None]:
    """Returns the names of the features that hold the image and its label, if any."""
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
    if not isinstance(label, tfds.features.Tensor) or label.shape != ():
        label = None
    if not labelled:
        if not is_image:
            raise InputError(
                f"dataset {dataset!r} needs a uint8 image per example, and has "
                f"{', '.join(sorted(features))}"
            )
        is_class = label is not None and label.tf_dtype.is_integer
        return image_key, label_key if is_class else None
    if not is_image or label is None:
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


def _attribute_names(features: tfds.features.FeaturesDict) -> tuple[str, ...]:
    """Returns the names of the numbers in the feature `attributes`; none without it."""
    attributes = dict(features.items()).get("attributes")
    if not isinstance(attributes, tfds.features.FeaturesDict):
        return ()
    numbers = all(
        isinstance(feature, tfds.features.Tensor)
        and feature.shape == ()
        and feature.tf_dtype != tf.string
        for feature in attributes.values()
    )
    return tuple(attributes) if numbers else ()


def _splits(
    splits: tfds.core.splits.SplitDict,
    dataset: str,
    train_split: str | None,
    validation_split: str | None,
) -> tuple[str, str]:
    """Returns what to train and what to validate on."""
    names = list(splits)
    if len(names) == 1 and not train_split and not validation_split:
        train_split, validation_split = f"{names[0]}[:90%]", f"{names[0]}[90%:]"
    if not train_split:
        train_split = "train"
    if not validation_split:
        held_out = [name for name in ("validation", "test") if name in names]
        if not held_out:
            raise InputError(
                f"dataset {dataset!r} has the splits {', '.join(names)}; "
                "choose validation_split among them",
                argument="validation_split",
            )
        validation_split = held_out[0]

    shared = _shared_examples(
        *(
            tfds_builder.split_info(splits, split, dataset)
            for split in (train_split, validation_split)
        )
    )
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


def _has_labels(builder: tfds.core.DatasetBuilder, split: str, label_key: str) -> bool:
    """Returns whether a split has labels; -1 throughout stands for unpublished ones."""
    first = _read(builder, split, {label_key: True}).take(1)
    return next(first.as_numpy_iterator())[label_key] >= 0


def _split(
    builder: tfds.core.DatasetBuilder,
    split: str,
    image_key: str,
    label_key: str | None,
    attribute_names: tuple[str, ...],
) -> Split:
    def named(stored):
        example = {"image": stored[image_key]}
        if label_key:
            example["label"] = tf.cast(stored[label_key], tf.int64)
        if attribute_names:
            values = [stored["attributes"][name] for name in attribute_names]
            example["attributes"] = tf.stack([tf.cast(v, tf.float32) for v in values])
        return example

    wanted = {image_key: True}
    if label_key:
        wanted[label_key] = True
    if attribute_names:
        wanted["attributes"] = True
    size = builder.info.splits[split].num_examples
    # The image as it is stored.
    stored = _read(
        builder,
        split,
        wanted,
        {image_key: tfds.decode.SkipDecoding()},
        # What is shuffled whole needn't be.
        mixed=size > pipeline.SHUFFLE_BUFFER,
    )
    return Split(examples=stored.map(named), size=size)


def _read(builder, split, wanted, decoders=None, mixed=False) -> tf.data.Dataset:
    """Returns the wanted features of the examples of a split, in a fixed order."""
    return tfds_builder.read(
        builder, split, tfds.decode.PartialDecoding(wanted, decoders=decoders), mixed
    )
