"""Tells what is in images, through a SavedModel that apps.train_classifier exported.

    python -m apps.predict --model=saved_models/lenet a.png b.jpg

prints the likeliest classes of each PNG, JPEG, GIF or BMP file, of a GIF those of its
first frame. The SavedModel alone does it: it holds the preprocessing, the network and
the names of the classes.
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from absl import flags

from apps.run import command, exported
from kerasapps.errors import InputError, printable

FLAGS = flags.FlagValues()
flags.DEFINE_string(
    "model",
    "saved_models/lenet",
    "Folder of the SavedModel, or of a model with numbered versions, of which the "
    "newest is then taken.",
    flag_values=FLAGS,
)
flags.DEFINE_integer(
    "top_k",
    5,
    "How many classes to print for each file.",
    lower_bound=1,
    flag_values=FLAGS,
)


def read(path: str) -> bytes:
    """Returns a file's content; raises InputError if it can't be read."""
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise InputError(
            f"can't read {path!r} ({error.strerror}); give image files"
        ) from error


@contextlib.contextmanager
def _without_remarks() -> Iterator[None]:
    """Keeps the decoder of JPEGs from printing what it thinks of a damaged one."""
    standard_error = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(standard_error, 2)
        os.close(standard_error)
        os.close(nowhere)


def main(paths: list[str]) -> None:
    """Prints the likeliest classes of the files named on the command line."""
    if not paths:
        raise InputError(
            f"no image given; give files: python -m apps.predict --model={FLAGS.model} "
            "a.png b.jpg"
        )
    folder = exported.folder(FLAGS.model, "train_classifier")
    encoded = [read(path) for path in paths]
    classify = exported.signature(
        folder, "image_bytes", "image classifier", "train_classifier"
    )
    # It is imported by now, which takes seconds: errors above come at once.
    import tensorflow as tf

    from kerasapps.serving.decoding import refusal

    for path, content in zip(paths, encoded, strict=True):
        try:
            with _without_remarks():
                outputs = classify(image_bytes=tf.constant([content]))
        except tf.errors.InvalidArgumentError as error:
            reason = refusal(error)
            raise InputError(
                f"can't take {path!r}: {reason}"
                if reason
                else f"can't decode {path!r}; give a whole PNG, JPEG, GIF or BMP file"
            ) from error
        names = outputs["class_names"][0].numpy()
        probabilities = outputs["probabilities"][0].numpy()
        print(printable(path))
        for index in (-probabilities).argsort(kind="stable")[: FLAGS.top_k]:
            print(f"  {probabilities[index]:6.1%}  {printable(names[index].decode())}")


if __name__ == "__main__":
    command.run(main, FLAGS)
