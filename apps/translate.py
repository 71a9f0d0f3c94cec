r"""Translates sentences with an exported translator.

python -m apps.translate --model=saved_models/rnnsearch "forty-two" "one million"
python -m apps.translate --model=saved_models/rnnsearch < sentences.txt
"""

import sys

from absl import flags

from apps import command, exported
from kerasapps.errors import InputError

FLAGS = flags.FLAGS
flags.DEFINE_string(
    "model",
    "saved_models/rnnsearch",
    "Folder of the SavedModel, or of a model with numbered versions, of which the "
    "newest is then taken.",
)
flags.DEFINE_integer("batch_size", 32, "Sentences at a time.", 1)
flags.DEFINE_bool("scores", False, "Print before each translation its score.")


def main(sentences: list[str]) -> None:
    """Prints the translations of what the command line or standard input holds."""
    folder = exported.folder(FLAGS.model, "train_translator")
    if not sentences:
        if sys.stdin.isatty():
            print("A sentence a line, please.", file=sys.stderr)
        try:
            sentences = [line.rstrip("\n") for line in sys.stdin]
        except UnicodeDecodeError as error:
            raise InputError(f"standard input isn't text in UTF-8: {error}") from error
    translate = exported.signature(
        folder, "sentences", "translator", "train_translator"
    )
    # It is imported by now, which takes seconds: errors above come at once.
    import tensorflow as tf

    for first in range(0, len(sentences), FLAGS.batch_size):
        batch = tf.constant(sentences[first : first + FLAGS.batch_size])
        found = translate(sentences=batch)
        for translation, score in zip(
            found["translations"].numpy(), found["scores"].numpy(), strict=True
        ):
            before = f"{score:8.3f}  " if FLAGS.scores else ""
            print(before + translation.decode(), flush=True)


if __name__ == "__main__":
    command.run(main, takes_files=True)
