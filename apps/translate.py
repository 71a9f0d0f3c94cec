r"""Translates sentences with an exported translator.

python -m apps.translate --model=saved_models/rnnsearch "forty-two" "two thousand"
python -m apps.translate --model=saved_models/rnnsearch < sentences.txt
python -m apps.translate --model=saved_models/rnnsearch --n_best=4 "forty-two"
"""

import itertools
import sys
from collections.abc import Iterable, Iterator

from absl import flags

from apps.run import command, exported
from kerasapps.errors import InputError

FLAGS = flags.FlagValues()
flags.DEFINE_string(
    "model",
    "saved_models/rnnsearch",
    "Folder of the SavedModel, or of a model with numbered versions, of which the "
    "newest is then taken.",
    flag_values=FLAGS,
)
flags.DEFINE_integer(
    "batch_size", 32, "Sentences at a time.", lower_bound=1, flag_values=FLAGS
)
flags.DEFINE_bool(
    "scores", False, "Print before each translation its score.", flag_values=FLAGS
)
flags.DEFINE_integer(
    "n_best",
    1,
    "Print so many translations of each sentence, the best first, with their scores; "
    "an empty line is between sentences.",
    lower_bound=1,
    flag_values=FLAGS,
)


def main(sentences: list[str]) -> None:
    """Prints the translations of what the command line or standard input holds."""
    folder = exported.folder(FLAGS.model, "train_translator")
    typed = not sentences and sys.stdin.isatty()
    if typed:
        print("A sentence a line, please; Ctrl-D ends it.", file=sys.stderr)
    sentences = map(_checked, sentences or _lines_of_standard_input())
    # What is typed is answered line by line; else errors come before what takes time.
    batches = (
        ([sentence] for sentence in sentences)
        if typed
        else _batches(list(sentences), FLAGS.batch_size)
    )
    translate = exported.signature(
        folder, "sentences", "translator", "train_translator"
    )
    # It is imported by now, which takes seconds: errors above come at once.
    import tensorflow as tf

    several = FLAGS.n_best > 1
    if several:
        translate = translate.model.signatures["n_best"]
    separate = False
    for batch in batches:
        answer = translate(sentences=tf.constant(batch))
        translations, scores = answer["translations"].numpy(), answer["scores"].numpy()
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


def _lines_of_standard_input() -> Iterator[str]:
    try:
        for line in sys.stdin:
            yield line.rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise InputError(f"standard input isn't text in UTF-8: {error}") from error


def _checked(sentence: str) -> str:
    try:
        sentence.encode()
    except UnicodeEncodeError as error:
        # Bytes that are no text come as halves of surrogate pairs.
        raise InputError(f"{sentence!a} isn't text in UTF-8") from error
    return sentence


def _batches(sentences: list[str], batch_size: int) -> Iterable[list[str]]:
    for first in range(0, len(sentences), batch_size):
        yield sentences[first : first + batch_size]


if __name__ == "__main__":
    command.run(main, FLAGS)
