"""Data sets of TensorFlow Datasets, each with another peculiarity."""

import numpy as np
import tensorflow_datasets as tfds


class Tiny(tfds.core.GeneratorBasedBuilder):
    """Pixels that tell which example it is; every third is of class "b"."""

    VERSION = tfds.core.Version("1.0.0")
    SIZES = {"train": 20, "test": 6}  # noqa: RUF012
    LABEL = tfds.features.ClassLabel(names=["a", "b"])
    SUPERVISED_KEYS = ("image", "label")
    skip_registration = True

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            features=tfds.features.FeaturesDict(
                {
                    "image": tfds.features.Image(shape=(None, 5, 3)),
                    "label": self.LABEL,
                    "other_image": tfds.features.Image(shape=(2, 2, 1)),
                }
            ),
            supervised_keys=self.SUPERVISED_KEYS,
        )

    def _split_generators(self, dl_manager):
        return {name: self._examples(size) for name, size in self.SIZES.items()}

    def _generate_examples(self):
        raise NotImplementedError

    def _label(self, i):
        return int(i % 3 == 0)

    def _examples(self, size):
        for i in range(size):
            yield (
                i,
                {
                    "image": np.full([4, 5, 3], i, np.uint8),
                    "label": self._label(i),
                    "other_image": np.zeros([2, 2, 1], np.uint8),
                },
            )


class TinyLabelled(Tiny):
    """Two splits."""


class TinySingleSplit(Tiny):
    """One split."""

    SIZES = {"train": 20}  # noqa: RUF012


class TinyThreeSplits(Tiny):
    """Validation and test."""

    SIZES = {"train": 9, "validation": 4, "test": 3}  # noqa: RUF012


class TinyOddSplits(Tiny):
    """No split of a usual name to validate on."""

    SIZES = {"train": 9, "extra": 4}  # noqa: RUF012


class TinyWithConfigs(Tiny):
    """Two configs."""

    BUILDER_CONFIGS = [  # noqa: RUF012
        tfds.core.BuilderConfig(name=name, version="1.0.0") for name in ("plain", "odd")
    ]


class TinyIntegers(Tiny):
    """Labels without names, 0 to 19."""

    LABEL = tfds.features.Scalar(np.int32)

    def _label(self, i):
        return i


class TinyFloats(Tiny):
    """Labels that are no classes."""

    LABEL = tfds.features.Scalar(np.float32)


class TinyUnlabelledTest(Tiny):
    """A test set whose labels aren't published."""

    def _split_generators(self, dl_manager):
        splits = super()._split_generators(dl_manager)
        splits["test"] = ((i, {**e, "label": -1}) for i, e in splits["test"])
        return splits


class TinyImagesOnly(Tiny):
    """The label is another image."""

    SUPERVISED_KEYS = ("image", "other_image")


class TinyFaces(Tiny):
    """No labels, but attributes, as in celeb_a; one is the example's number."""

    SUPERVISED_KEYS = None
    ATTRIBUTES = {  # noqa: RUF012
        "Smiling": tfds.features.Scalar(np.bool_),
        "Age": tfds.features.Scalar(np.float32),
    }

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            features=tfds.features.FeaturesDict(
                {
                    "image": tfds.features.Image(shape=(None, 5, 3)),
                    "attributes": self.ATTRIBUTES,
                }
            ),
        )

    def _examples(self, size):
        for i, example in super()._examples(size):
            attributes = {"Smiling": i % 2 == 0, "Age": float(i)}
            yield i, {"image": example["image"], "attributes": attributes}


class TinyOneClass(Tiny):
    """Labels that are all alike."""

    LABEL = tfds.features.ClassLabel(names=["a"])

    def _label(self, i):
        return 0


class TinyNotPrepared(Tiny):
    """Its preparation fails."""

    def _split_generators(self, dl_manager):
        raise ConnectionError("no route to host\nsecond line")


class TinyManyFiles(Tiny):
    """Five files."""

    SIZES = {"train": 203}  # noqa: RUF012


def decoded(data, split):
    """Pixels and labels of all examples."""
    return [
        (data.decode(example)["image"].numpy(), int(example["label"]))
        for example in split.examples
    ]


def first_pixels(data, split):
    """The first value of each image."""
    images = (data.decode(example)["image"] for example in split.examples)
    return [int(image[0, 0, 0]) for image in images]
