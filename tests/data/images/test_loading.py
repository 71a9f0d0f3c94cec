import pytest

from kerasapps.data.images.loading import load
from kerasapps.errors import InputError
from tests.data.images.tiny_builders import decoded


@pytest.mark.parametrize(
    ("dataset", "splits", "says"),
    [
        ("tiny_labeled", {}, "did you mean tiny_labelled"),
        ("digit", {}, "did you mean digits"),
        ("tiny_labelled:9.*.*", {}, "version 9"),
        ("tiny_with_configs/none", {}, "none"),
        ("tiny_with_configs/od", {}, "unknown config of tiny_with.*did you mean odd"),
        ("tiny_labelled/odd", {}, "tiny_labelled has no configs; write tiny_labelled"),
        ("tiny_labelled:new", {}, "NAME, NAME/CONFIG or NAME:VERSION"),
        ("tiny-labelled", {}, "did you mean tiny_labelled"),
        ("tiny_labelled", {"train_split": "trian"}, "train, test"),
        ("tiny_labelled", {"train_split": "train[:9"}, r"train\[:9"),
        ("tiny_labelled", {"validation_split": "test[:0%]"}, "is empty"),
        ("tiny_labelled", {"train_split": "train[9:3]"}, "is empty"),
        ("tiny_odd_splits", {}, "choose validation_split"),
        ("tiny_single_split", {"train_split": "train"}, "choose validation_split"),
        ("tiny_integers", {}, "give num_classes"),
        ("tiny_floats", {}, "float32"),
        ("tiny_unlabelled_test", {}, "has no labels"),
        ("tiny_images_only", {}, "isn't image classification"),
        ("tiny_faces", {}, "isn't image classification"),
        ("tiny_one_class", {}, "has one class"),
        ("tiny_not_prepared", {}, "ConnectionError: no route to host"),
        ("digits", {"train_split": "train[:50%]"}, "TensorFlow Datasets"),
    ],
)
def test_bad_input_gets_one_line(dataset, splits, says, tfds_dir):
    with pytest.raises(InputError, match=says) as caught:
        load(dataset, data_dir=tfds_dir, **splits)
    assert "\n" not in str(caught.value)
    assert "--" not in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "wrong"),
    [
        ({"dataset": "tiny_labeled"}, "dataset"),
        ({"dataset": "tiny_labelled:9.*.*"}, "dataset"),
        ({"dataset": "tiny_one_class"}, "dataset"),
        ({"dataset": "tiny_labelled/odd"}, "dataset"),
        ({"dataset": "tiny_odd_splits"}, "validation_split"),
        ({"dataset": "tiny_integers"}, "num_classes"),
        ({"dataset": "tiny_integers", "num_classes": 19}, "num_classes"),
        ({"dataset": "tiny_labelled", "num_classes": 1}, "num_classes"),
        ({"dataset": "digits", "train_split": "train"}, "train_split"),
        ({"dataset": "digits", "validation_split": "train"}, "validation_split"),
    ],
)
def test_errors_know_the_argument(arguments, wrong, tfds_dir):
    with pytest.raises(InputError) as caught:
        load(**arguments, data_dir=tfds_dir)
    assert caught.value.argument == wrong


def test_num_classes_names_the_spare_ones(tfds_dir):
    data = load("tiny_labelled", data_dir=tfds_dir, num_classes=4)
    assert data.class_names == ("a", "b", "2", "3")
    with pytest.raises(InputError, match="2 classes"):
        load("tiny_labelled", data_dir=tfds_dir, num_classes=1)


def test_integer_labels_are_checked(tfds_dir):
    data = load("tiny_integers", data_dir=tfds_dir, num_classes=20)
    assert data.class_names == tuple(str(i) for i in range(20))
    assert {label for _, label in decoded(data, data.train)} == set(range(20))
    with pytest.raises(InputError, match=r"label 19; .* 0 to 18"):
        load("tiny_integers", data_dir=tfds_dir, num_classes=19)


def test_no_data_is_written_into_the_working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="data_dir is empty") as caught:
        load("tiny_labelled", data_dir="")
    assert caught.value.argument == "data_dir"
    assert [*tmp_path.iterdir()] == []
