"""Tells what is in images, through a SavedModel that apps.train_classifier exported.

    python -m apps.predict --model=saved_models/lenet a.png b.jpg

prints the likeliest classes of each PNG, JPEG, GIF or BMP file. The SavedModel alone
does it: it holds the preprocessing, the network and the names of the classes.
"""

from pathlib import Path

from absl import flags

from apps.run import command, exported
from kerasapps.errors import InputError

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

    for path, content in zip(paths, encoded, strict=True):
        try:
            outputs = classify(image_bytes=tf.constant([content]))
        except tf.errors.InvalidArgumentError as error:
            raise InputError(
                f"can't decode {path!r}; give a whole PNG, JPEG, GIF or BMP file"
            ) from error
        names = outputs["class_names"][0].numpy()
        probabilities = outputs["probabilities"][0].numpy()
        print(path)
        for index in (-probabilities).argsort(kind="stable")[: FLAGS.top_k]:
            print(f"  {probabilities[index]:6.1%}  {names[index].decode()}")


if __name__ == "__main__":
    command.run(main, FLAGS)
