r"""Translates sentences with an exported translator.

python -m apps.translate --model=saved_models/rnnsearch "forty-two" "two thousand"
python -m apps.translate --model=saved_models/rnnsearch < sentences.txt
python -m apps.translate --model=saved_models/rnnsearch --n_best=4 "forty-two"
"""

import itertools
import sys

from absl import flags

from apps.run import command, exported
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

flags.DEFINE_integer(
    "n_best",
    1,
    "Print so many translations of each sentence, the best first, with their scores; "
    "an empty line is between sentences.",
    lower_bound=1,
)


def main(sentences: list[str]) -> None:
    """Prints the translations of what the command line or standard input holds."""
    folder = exported.folder(FLAGS.model, "train_translator")
    if not sentences:
        lines = _standard_input()
        # What is typed is answered line by line.
        sentences = lines if sys.stdin.isatty() else list(lines)
    else:
        _check(sentences)
    translate = exported.signature(
        folder, "sentences", "translator", "train_translator"
    )
    # It is imported by now, which takes seconds: errors above come at once.
    import tensorflow as tf

    if FLAGS.n_best > 1:
        translate = translate.model.signatures["n_best"]
    several = FLAGS.n_best > 1
    separate = False
    for batch in _batches(sentences):
        found = translate(sentences=tf.constant(batch))
        translations, scores = found["translations"].numpy(), found["scores"].numpy()
        if not several:
            translations, scores = translations[:, None], scores[:, None]
        elif FLAGS.n_best > translations.shape[1]:
            raise InputError(
                f"--n_best={FLAGS.n_best}: {FLAGS.model} returns the best "
                f"{translations.shape[1]} at most"
            )
        for of_sentence in zip(translations, scores, strict=True):
            if separate:
                print()
            separate = several
            best = zip(*of_sentence, strict=True)
            for translation, score in itertools.islice(best, FLAGS.n_best):
                before = f"{score:8.3f}  " if FLAGS.scores or several else ""
                print(before + translation.decode(), flush=True)


def _standard_input():
    if sys.stdin.isatty():
        print("A sentence a line, please; Ctrl-D ends it.", file=sys.stderr)
    try:
        for line in sys.stdin:
            sentence = line.rstrip("\r\n")
            _check([sentence])
            yield sentence
    except UnicodeDecodeError as error:
        raise InputError(f"standard input isn't text in UTF-8: {error}") from error


def _check(sentences):
    for sentence in sentences:
        try:
            sentence.encode()
        except UnicodeEncodeError as error:
            # Bytes that are no text come as halves of surrogate pairs.
            raise InputError(f"{sentence!a} isn't text in UTF-8") from error


def _batches(sentences):
    if not isinstance(sentences, list):
        yield from ([sentence] for sentence in sentences)
        return
    for first in range(0, len(sentences), FLAGS.batch_size):
        yield sentences[first : first + FLAGS.batch_size]


if __name__ == "__main__":
    command.run(main, takes_files=True)
