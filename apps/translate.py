r"""Translates sentences with an exported translator.

python -m apps.translate --model=saved_models/rnnsearch "forty-two" "two thousand"
python -m apps.translate --model=saved_models/rnnsearch < sentences.txt
python -m apps.translate --model=saved_models/rnnsearch --n_best=4 "forty-two"

Of standard input each line is a sentence. One that isn't text or is longer than the
model takes ends it by an error that names the line; unless lines are typed, that is
before the first translation.
"""

import itertools
import sys
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
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


class _Sentence(NamedTuple):
    """A sentence, and how errors name its place."""

    text: str
    place: str


def main(sentences: list[str]) -> None:
    """Prints the translations of what the command line or standard input holds."""
    folder = exported.folder(FLAGS.model, "train_translator")
    typed = not sentences and sys.stdin.isatty()
    if typed:
        print("A sentence a line, please; Ctrl-D ends it.", file=sys.stderr)
    lines = _given(sentences) if sentences else _lines_of_standard_input()
    # What is typed is answered line by line; else errors come before what takes time.
    read: Iterable[_Sentence] = lines if typed else [*lines]
    translate = exported.signature(
        folder, "sentences", "translator", "train_translator"
    )
    signatures = translate.model.signatures
    short = _short(read, signatures)
    # An error comes before what was translated.
    batches = map(_alone, short) if typed else _batches([*short], FLAGS.batch_size)
    several = FLAGS.n_best > 1
    if several:
        translate = signatures["n_best"]
    separate = False
    for batch in batches:
        translations, scores = _translations(translate, batch)
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


def _given(sentences: list[str]) -> Iterator[_Sentence]:
    for number, sentence in enumerate(sentences, 1):
        try:
            sentence.encode()
        except UnicodeEncodeError as error:
            # Bytes that are no text come as halves of surrogate pairs.
            raise InputError(f"{sentence!a} isn't text in UTF-8") from error
        yield _Sentence(sentence, f"sentence {number}")


def _lines_of_standard_input() -> Iterator[_Sentence]:
    # Bytes, as only of these it is known in which line they are no text.
    for number, line in enumerate(sys.stdin.buffer, 1):
        place = f"line {number} of standard input"
        try:
            # A file may begin with a byte order mark, also one after another.
            text = line.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise InputError(f"{place} isn't text in UTF-8: {error}") from error
        yield _Sentence(text.rstrip("\r\n"), place)


def _short(sentences: Iterable[_Sentence], signatures) -> Iterator[_Sentence]:
    """Yields sentences of which none is longer than the model takes."""
    longest = cut = None
    # Exports of before have none.
    if "limits" in signatures:
        limits = signatures["limits"]()
        longest, cut = int(limits["longest_source"]), bool(limits["cut"])
    for sentence in sentences:
        length = len(sentence.text)
        if longest is not None and length > longest:
            about = f"{sentence.place} has {length:,} characters, and {FLAGS.model} "
            if not cut:
                raise InputError(
                    f"{about}takes {longest:,} at most: shorten it, or part it"
                )
            print(f"{about}cuts what is after {longest:,}", file=sys.stderr)
        yield sentence


def _translations(translate, batch: list[_Sentence]) -> tuple[np.ndarray, np.ndarray]:
    """Returns the translations of a batch, and their scores."""
    # It is imported by now, which takes seconds: errors before come at once.
    import tensorflow as tf

    try:
        answer = translate(sentences=tf.constant([text for text, _ in batch]))
    except tf.errors.ResourceExhaustedError as error:
        longest = max(batch, key=lambda sentence: len(sentence.text))
        raise InputError(
            f"the memory isn't enough for {longest.place}, of {len(longest.text):,} "
            f"characters, in a batch of {len(batch)}; shorten it, or lower --batch_size"
        ) from error
    return answer["translations"].numpy(), answer["scores"].numpy()


def _alone(sentence: _Sentence) -> list[_Sentence]:
    return [sentence]


def _batches(sentences: list[_Sentence], size: int) -> Iterator[list[_Sentence]]:
    for first in range(0, len(sentences), size):
        yield sentences[first : first + size]


if __name__ == "__main__":
    command.run(main, FLAGS)
