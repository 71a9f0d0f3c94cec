import socket

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from kerasapps.data import pipeline
from kerasapps.data.images import attributes
from kerasapps.data.images.loading import load
from kerasapps.errors import InputError
from tests.data.images.tiny_builders import (
    TinyImagesOnly,
    TinyLabelled,
    TinyManyFiles,
    decoded,
    first_pixels,
)


def test_tfds_by_name(tfds_dir):
    data = load("tiny_labelled", data_dir=tfds_dir)
    assert data.name == "tiny_labelled"
    assert data.class_names == ("a", "b")
    assert data.channels == 3
    assert (data.train.size, data.validation.size) == (20, 6)
    assert data.train.examples.element_spec == {
        "image": tf.TensorSpec([], tf.string),
        "label": tf.TensorSpec([], tf.int64),
    }
    examples = decoded(data, data.train)
    assert sorted(int(pixels.flat[0]) for pixels, _ in examples) == list(range(20))
    for pixels, label in examples:
        assert pixels.shape == (4, 5, 3)
        assert pixels.dtype == np.uint8
        assert label == (pixels.flat[0] % 3 == 0)
    # The same order each time.
    again = load("tiny_labelled:1.*.*", data_dir=tfds_dir)
    assert first_pixels(again, again.train) == first_pixels(data, data.train)


def test_tfds_needs_no_network_where_the_data_is(tfds_dir, monkeypatch):
    load("tiny_labelled", data_dir=tfds_dir)

    def refuse(*args, **kwargs):
        raise AssertionError("network")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(TinyLabelled, "download_and_prepare", refuse)
    for name in ("tiny_labelled", "tiny_labelled:1.0.0", "tiny_labelled:1.*.*"):
        data = load(name, data_dir=tfds_dir)
        assert len(decoded(data, data.train)) == 20


def test_tfds_split_slices(tfds_dir):
    data = load(
        "tiny_labelled",
        data_dir=tfds_dir,
        train_split="train[:75%]",
        validation_split="train[75%:]",
    )
    assert (data.train.size, data.validation.size) == (15, 5)
    train, held_out = (first_pixels(data, s) for s in (data.train, data.validation))
    assert (len(train), len(held_out)) == (15, 5)
    assert sorted(train + held_out) == list(range(20))


def test_tfds_single_split_has_its_last_tenth_held_out(tfds_dir):
    data = load("tiny_single_split", data_dir=tfds_dir)
    assert (data.train.size, data.validation.size) == (18, 2)
    pixels = first_pixels(data, data.train) + first_pixels(data, data.validation)
    assert sorted(pixels) == list(range(20))


def test_tfds_validates_on_validation_rather_than_test(tfds_dir):
    data = load("tiny_three_splits", data_dir=tfds_dir)
    assert (data.train.size, data.validation.size) == (9, 4)


def test_tfds_config_is_part_of_the_name(tfds_dir):
    data = load("tiny_with_configs/odd", data_dir=tfds_dir)
    assert data.name == "tiny_with_configs_odd"


def test_a_large_set_of_several_files_is_mixed(tmp_path, monkeypatch):
    config = tfds.download.DownloadConfig(num_shards=5)
    builder = TinyManyFiles(data_dir=tmp_path)
    builder.download_and_prepare(download_config=config)
    one_by_one = tfds.ReadConfig(interleave_cycle_length=1)
    of_files = builder.as_dataset(split="train[:201]", read_config=one_by_one)
    stored = [int(e["image"][0, 0, 0]) for e in of_files.as_numpy_iterator()]
    splits = {"train_split": "train[:201]", "validation_split": "train[201:]"}

    def order():
        data = load("tiny_many_files", str(tmp_path), **splits)
        assert data.train.size == 201
        return first_pixels(data, data.train)

    assert sorted(order()) == sorted(stored)
    monkeypatch.setattr(pipeline, "SHUFFLE_BUFFER", 200)
    mixed = order()
    assert sorted(mixed) == sorted(stored)
    assert len({*mixed}) == 201
    # Neighbours are from five parts, of about 40 examples each.
    places = np.array([stored.index(number) for number in mixed])
    assert [*np.rint(places[:5] / 40.2)] == [0, 1, 2, 3, 4]
    assert np.corrcoef(places, range(201))[0, 1] < 0.3
    assert order() == mixed


def test_tfds_warns_of_examples_in_both_splits(tfds_dir, caplog):
    load(
        "tiny_labelled",
        data_dir=tfds_dir,
        train_split="train",
        validation_split="train[75%:]",
    )
    assert "5 examples are both" in caplog.text


@pytest.mark.parametrize(
    "dataset", ["integers", "floats", "unlabelled_test", "images_only", "faces"]
)
def test_images_without_labels(dataset, tfds_dir):
    data = load(f"tiny_{dataset}", data_dir=tfds_dir, labelled=False)
    assert data.class_names == ()
    for split, size in ((data.train, 20), (data.validation, 6)):
        assert sorted(first_pixels(data, split)) == list(range(size))
        assert "label" not in split.examples.element_spec


def test_labels_that_are_there_stay_where_none_are_needed(tfds_dir):
    data = load("tiny_labelled", data_dir=tfds_dir, labelled=False)
    assert data.class_names == ("a", "b")
    for pixels, label in decoded(data, data.train):
        assert label == (pixels.flat[0] % 3 == 0)
    data = load("tiny_one_class", data_dir=tfds_dir, labelled=False)
    assert data.class_names == ("a",)


def test_images_are_needed_even_without_labels(tmp_path, monkeypatch):
    monkeypatch.setattr(TinyImagesOnly, "SUPERVISED_KEYS", ("label", "image"))
    with pytest.raises(InputError, match="needs a uint8 image"):
        load("tiny_images_only", data_dir=str(tmp_path), labelled=False)


def test_attributes_of_tfds_go_with_their_images(tfds_dir):
    data = load("tiny_faces", data_dir=tfds_dir, labelled=False)
    assert sorted(data.attribute_names) == ["Age", "Smiling"]
    for split in (data.train, data.validation):
        numbers = first_pixels(data, split)
        spec = split.examples.element_spec["attributes"]
        assert spec == tf.TensorSpec([2], tf.float32)
        for number, example in zip(numbers, split.examples, strict=True):
            vector = example["attributes"].numpy()
            named = dict(zip(data.attribute_names, vector, strict=True))
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


def test_a_data_set_without_attributes(tfds_dir):
    data = load("tiny_labelled", data_dir=tfds_dir)
    assert data.attribute_names == ()
    assert "attributes" not in data.train.examples.element_spec


def test_without_a_network_there_is_one_try_and_nothing_is_made(tmp_path, monkeypatch):
    tries = []

    def refuse(*args, **kwargs):
        tries.append(args)
        raise OSError("no network")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    place = tmp_path / "new" / "data"
    with pytest.raises(InputError, match=r"'mnist' is not in .* no network") as error:
        load("mnist", data_dir=str(place))
    assert "\n" not in str(error.value)
    # MNIST is four files.
    assert len(tries) <= 4
    assert not (tmp_path / "new").exists()
    # What was there stays.
    (place / "downloads" / "mnist").mkdir(parents=True)
    (place / "downloads" / "mnist" / "file").touch()
    with pytest.raises(InputError, match="no network"):
        load("mnist", data_dir=str(place))
    left = [path for path in place.rglob("*") if path.is_file()]
    assert left == [place / "downloads" / "mnist" / "file"]
