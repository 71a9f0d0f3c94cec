"""What isn't one of the suite's exports is told so in one line."""

import pytest
import tensorflow as tf

from apps.run import exported
from kerasapps.errors import InputError
from kerasapps.serving import checksums


class Program(tf.Module):
    """A SavedModel that takes what a classifier takes, and returns anything."""

    def __init__(self, answer):
        super().__init__()
        self.answer = answer

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "image_bytes")])
    def serve(self, image_bytes):
        """Returns the same for each image."""
        return {
            name: tf.repeat(tf.constant([value]), tf.shape(image_bytes)[0], axis=0)
            for name, value in self.answer.items()
        }


ANSWER = {"class_names": ["a", "b"], "probabilities": [0.5, 0.5]}


def save(folder, answer=ANSWER):
    """Saves a program that answers so."""
    program = Program(answer)
    tf.saved_model.save(program, str(folder), {"serving_default": program.serve})


def load(folder):
    """Returns the signature of a classifier."""
    return exported.signature(
        str(folder), "image_bytes", "classifier", "train_classifier"
    )


def test_one_that_answers_as_a_classifier(tmp_path):
    save(tmp_path)
    answer = load(tmp_path)(image_bytes=tf.constant([b"", b""]))
    assert answer["probabilities"].shape == (2, 2)


@pytest.mark.parametrize(
    "answer",
    [
        {"boxes": [0.5]},
        {"class_names": ["a", "b"]},
        {**ANSWER, "probabilities": ["a", "b"]},
        {**ANSWER, "class_names": [["a", "b"]]},
    ],
)
def test_one_that_answers_otherwise(tmp_path, answer):
    save(tmp_path, answer)
    with pytest.raises(InputError, match="is no classifier; export one"):
        load(tmp_path)


@pytest.mark.parametrize("content", [b"", b"not one", b"\n\x00" * 99])
def test_a_damaged_one_without_checksums(tmp_path, content):
    save(tmp_path)
    (tmp_path / "saved_model.pb").write_bytes(content)
    with pytest.raises(InputError, match="can't be loaded, it is damaged") as error:
        load(tmp_path)
    assert "\n" not in str(error.value)


def test_the_newest_version(tmp_path):
    for name in ("2", "10", "²", "٣", "99.old", "9" * 50):
        (tmp_path / name).mkdir()
    for name in ("2", "10", "²", "٣", "99.old"):
        (tmp_path / name / "saved_model.pb").touch()
    found = exported.folder(str(tmp_path), "train_classifier")
    assert found == str(tmp_path / "10")
    checksums.write(tmp_path / "10")
    (tmp_path / "10/saved_model.pb").unlink()
    with pytest.raises(InputError, match=r"10/saved_model\.pb isn't as it was"):
        exported.folder(str(tmp_path), "train_classifier")


@pytest.mark.parametrize("model", ["", "nowhere"])
def test_no_folder(model):
    with pytest.raises(InputError, match="give a folder in saved_models/"):
        exported.folder(model, "train_classifier")
