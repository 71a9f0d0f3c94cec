import dataclasses
import socket

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from kerasapps.data.images import attributes
from kerasapps.data.images.dataset import load
from kerasapps.errors import InputError


class _Tiny(tfds.core.GeneratorBasedBuilder):
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


class TinyLabelled(_Tiny):
    """Two splits."""


class TinySingleSplit(_Tiny):
    """One split."""

    SIZES = {"train": 20}  # noqa: RUF012


class TinyThreeSplits(_Tiny):
    """Validation and test."""

    SIZES = {"train": 9, "validation": 4, "test": 3}  # noqa: RUF012


class TinyOddSplits(_Tiny):
    """No split of a usual name to validate on."""

    SIZES = {"train": 9, "extra": 4}  # noqa: RUF012


class TinyWithConfigs(_Tiny):
    """Two configs."""

    BUILDER_CONFIGS = [  # noqa: RUF012
        tfds.core.BuilderConfig(name=name, version="1.0.0") for name in ("plain", "odd")
    ]


class TinyIntegers(_Tiny):
    """Labels without names, 0 to 19."""

    LABEL = tfds.features.Scalar(np.int32)

    def _label(self, i):
        return i


class TinyFloats(_Tiny):
    """Labels that are no classes."""

    LABEL = tfds.features.Scalar(np.float32)


class TinyUnlabelledTest(_Tiny):
    """A test set whose labels aren't published."""

    def _split_generators(self, dl_manager):
        splits = super()._split_generators(dl_manager)
        splits["test"] = ((i, {**e, "label": -1}) for i, e in splits["test"])
        return splits


class TinyImagesOnly(_Tiny):
    """The label is another image."""

    SUPERVISED_KEYS = ("image", "other_image")


class TinyFaces(_Tiny):
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


class TinyOneClass(_Tiny):
    """Labels that are all alike."""

    LABEL = tfds.features.ClassLabel(names=["a"])

    def _label(self, i):
        return 0


class TinyNotPrepared(_Tiny):
    """Its preparation fails."""

    def _split_generators(self, dl_manager):
        raise ConnectionError("no route to host\nsecond line")


def decoded(data, split):
    """Pixels and labels of all examples."""
    return [(data.decode(raw).numpy(), int(label)) for raw, label in split.examples]


def first_pixels(data, split):
    return [int(pixels.flat[0]) for pixels, _ in decoded(data, split)]


def test_digits():
    data = load("digits")
    assert data.name == "digits"
    assert data.class_names == tuple("0123456789")
    assert data.channels == 1
    assert (data.train.size, data.validation.size) == (1437, 360)
    images = decoded(data, data.train) + decoded(data, data.validation)
    assert len(images) == 1797
    pixels = np.stack([p for p, _ in images])
    assert pixels.shape == (1797, 8, 8, 1)
    assert pixels.dtype == np.uint8
    assert (pixels.min(), pixels.max()) == (0, 255)
    # A fifth of each class (174 to 183 images) is held out.
    held_out = np.bincount([label for _, label in decoded(data, data.validation)])
    assert held_out.min() >= 34
    assert held_out.max() <= 37
    # Together they are the very images of scikit-learn.
    from sklearn.datasets import load_digits

    values, labels = load_digits(return_X_y=True)
    ours = sorted(
        (tuple(np.rint(p.ravel() / (255 / 16)).astype(int)), label)
        for p, label in images
    )
    assert ours == sorted(
        (tuple(v.astype(int)), label) for v, label in zip(values, labels, strict=True)
    )


def test_digits_are_always_split_alike():
    one, other = load("digits").validation, load("digits").validation
    for (pixels, label), (same, same_label) in zip(
        one.examples, other.examples, strict=True
    ):
        assert label == same_label
        np.testing.assert_array_equal(pixels, same)


def test_tfds_by_name(tmp_path):
    data = load("tiny_labelled", data_dir=str(tmp_path))
    assert data.name == "tiny_labelled"
    assert data.class_names == ("a", "b")
    assert data.channels == 3
    assert (data.train.size, data.validation.size) == (20, 6)
    raw_spec, label_spec = data.train.examples.element_spec
    assert raw_spec.dtype == tf.string
    assert label_spec == tf.TensorSpec([], tf.int64)
    examples = decoded(data, data.train)
    assert sorted(int(pixels.flat[0]) for pixels, _ in examples) == list(range(20))
    for pixels, label in examples:
        assert pixels.shape == (4, 5, 3)
        assert pixels.dtype == np.uint8
        assert label == (pixels.flat[0] % 3 == 0)
    # The same order each time.
    again = load("tiny_labelled:1.*.*", data_dir=str(tmp_path))
    assert first_pixels(again, again.train) == first_pixels(data, data.train)


def test_tfds_needs_no_network_where_the_data_is(tmp_path, monkeypatch):
    load("tiny_labelled", data_dir=str(tmp_path))

    def refuse(*args, **kwargs):
        raise AssertionError("network")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(TinyLabelled, "download_and_prepare", refuse)
    for name in ("tiny_labelled", "tiny_labelled:1.0.0", "tiny_labelled:1.*.*"):
        data = load(name, data_dir=str(tmp_path))
        assert len(decoded(data, data.train)) == 20


def test_tfds_split_slices(tmp_path):
    data = load(
        "tiny_labelled",
        data_dir=str(tmp_path),
        train_split="train[:75%]",
        validation_split="train[75%:]",
    )
    assert (data.train.size, data.validation.size) == (15, 5)
    train, held_out = (first_pixels(data, s) for s in (data.train, data.validation))
    assert (len(train), len(held_out)) == (15, 5)
    assert sorted(train + held_out) == list(range(20))


def test_tfds_single_split_has_its_last_tenth_held_out(tmp_path):
    data = load("tiny_single_split", data_dir=str(tmp_path))
    assert (data.train.size, data.validation.size) == (18, 2)
    pixels = first_pixels(data, data.train) + first_pixels(data, data.validation)
    assert sorted(pixels) == list(range(20))


def test_tfds_validates_on_validation_rather_than_test(tmp_path):
    data = load("tiny_three_splits", data_dir=str(tmp_path))
    assert (data.train.size, data.validation.size) == (9, 4)


def test_tfds_config_is_part_of_the_name(tmp_path):
    data = load("tiny_with_configs/odd", data_dir=str(tmp_path))
    assert data.name == "tiny_with_configs_odd"


def test_tfds_warns_of_examples_in_both_splits(tmp_path, caplog):
    load(
        "tiny_labelled",
        data_dir=str(tmp_path),
        train_split="train",
        validation_split="train[75%:]",
    )
    assert "5 examples are both" in caplog.text


@pytest.mark.parametrize(
    ("dataset", "splits", "says"),
    [
        ("tiny_labeled", {}, "did you mean tiny_labelled"),
        ("digit", {}, "did you mean digits"),
        ("tiny_labelled:9.*.*", {}, "version 9"),
        ("tiny_with_configs/none", {}, "none"),
        ("tiny-labelled", {}, "did you mean tiny_labelled"),
        ("tiny_labelled", {"train_split": "trian"}, "train, test"),
        ("tiny_labelled", {"train_split": "train[:9"}, r"train\[:9"),
        ("tiny_labelled", {"validation_split": "test[:0%]"}, "is empty"),
        ("tiny_labelled", {"train_split": "train[9:3]"}, "is empty"),
        ("tiny_odd_splits", {}, "--validation_split"),
        ("tiny_single_split", {"train_split": "train"}, "--validation_split"),
        ("tiny_integers", {}, "give --num_classes"),
        ("tiny_floats", {}, "float32"),
        ("tiny_unlabelled_test", {}, "has no labels"),
        ("tiny_images_only", {}, "isn't image classification"),
        ("tiny_faces", {}, "isn't image classification"),
        ("tiny_one_class", {}, "has one class"),
        ("tiny_not_prepared", {}, "ConnectionError: no route to host"),
        ("digits", {"train_split": "train[:50%]"}, "TensorFlow Datasets"),
    ],
)
def test_bad_input_gets_one_line(dataset, splits, says, tmp_path):
    with pytest.raises(InputError, match=says) as caught:
        load(dataset, data_dir=str(tmp_path), **splits)
    assert "\n" not in str(caught.value)


def test_num_classes_names_the_spare_ones(tmp_path):
    data = load("tiny_labelled", data_dir=str(tmp_path), num_classes=4)
    assert data.class_names == ("a", "b", "2", "3")
    with pytest.raises(InputError, match="2 classes"):
        load("tiny_labelled", data_dir=str(tmp_path), num_classes=1)


def test_integer_labels_are_checked(tmp_path):
    data = load("tiny_integers", data_dir=str(tmp_path), num_classes=20)
    assert data.class_names == tuple(str(i) for i in range(20))
    assert {label for _, label in decoded(data, data.train)} == set(range(20))
    with pytest.raises(InputError, match=r"label 19; .* 0 to 18"):
        load("tiny_integers", data_dir=str(tmp_path), num_classes=19)


def test_undecodable_examples_are_named_by_their_position(tmp_path):
    data = load("tiny_labelled", data_dir=str(tmp_path))
    assert data.undecodable() == []

    def break_two(index, example):
        raw, label = example
        broken = (index == 3) | (index == 11)
        return tf.where(broken, tf.strings.substr(raw, 0, 20), raw), label

    examples = data.train.examples.enumerate().map(break_two)
    train = dataclasses.replace(data.train, examples=examples)
    data = dataclasses.replace(data, train=train)
    assert data.undecodable() == [
        "train example 3 of tiny_labelled",
        "train example 11 of tiny_labelled",
    ]
    with (
        pytest.raises(InputError, match="train example 3 of tiny_labelled and 1 more"),
        data.naming_undecodable(),
    ):
        decoded(data, data.train)


def test_an_error_that_is_no_image_s_stays_what_it_is(tmp_path):
    data = load("tiny_labelled", data_dir=str(tmp_path))
    with (
        pytest.raises(tf.errors.InvalidArgumentError, match="is not"),
        data.naming_undecodable(),
    ):
        tf.debugging.check_numerics(float("nan"), "is not")


def test_examples_are_selected_in_the_order_of_the_split(tmp_path):
    data = load("tiny_labelled", data_dir=str(tmp_path))
    every = list(data.train.examples.as_numpy_iterator())
    chosen = list(data.train.select([11, 3]).as_numpy_iterator())
    assert chosen == [every[3], every[11]]


@pytest.mark.parametrize(
    "dataset", ["integers", "floats", "unlabelled_test", "images_only", "faces"]
)
def test_without_labels_all_images_are_of_one_class(dataset, tmp_path):
    data = load(f"tiny_{dataset}", data_dir=str(tmp_path), labelled=False)
    assert data.class_names == (f"tiny_{dataset}",)
    for split, size in ((data.train, 20), (data.validation, 6)):
        assert sorted(first_pixels(data, split)) == list(range(size))
        assert split.examples.element_spec[1] == tf.TensorSpec([], tf.int64)
        assert {label for _, label in decoded(data, split)} == {0}


def test_labels_that_are_there_stay_where_none_are_needed(tmp_path):
    data = load("tiny_labelled", data_dir=str(tmp_path), labelled=False)
    assert data.class_names == ("a", "b")
    for pixels, label in decoded(data, data.train):
        assert label == (pixels.flat[0] % 3 == 0)
    data = load("tiny_one_class", data_dir=str(tmp_path), labelled=False)
    assert data.class_names == ("a",)


def test_images_are_needed_even_without_labels(tmp_path, monkeypatch):
    monkeypatch.setattr(TinyImagesOnly, "SUPERVISED_KEYS", ("label", "image"))
    with pytest.raises(InputError, match="needs a uint8 image"):
        load("tiny_images_only", data_dir=str(tmp_path), labelled=False)


def test_attributes_of_tfds_go_with_their_images(tmp_path):
    data = load("tiny_faces", data_dir=str(tmp_path), labelled=False)
    assert sorted(data.attribute_names) == ["Age", "Smiling"]
    for split in (data.train, data.validation):
        numbers = first_pixels(data, split)
        assert split.attributes.element_spec == tf.TensorSpec([2], tf.float32)
        for number, vector in zip(numbers, split.attributes, strict=True):
            named = dict(zip(data.attribute_names, vector.numpy(), strict=True))
            assert named == {"Age": number, "Smiling": number % 2 == 0}
    standardized = attributes.load(data, "dataset")
    age = standardized.names.index("Age")
    assert standardized.mean[age] == pytest.approx(9.5)
    # The variance of 0 to 19.
    assert standardized.deviation[age] == pytest.approx(np.sqrt(399 / 12))
    np.testing.assert_allclose(
        standardized.train[:, age],
        (np.array(first_pixels(data, data.train)) - 9.5) / np.sqrt(399 / 12),
        rtol=1e-5,
    )


def test_a_data_set_without_attributes(tmp_path):
    data = load("tiny_labelled", data_dir=str(tmp_path))
    assert data.attribute_names == ()
    assert data.train.attributes is None
