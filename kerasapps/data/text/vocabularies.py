"""Vocabularies of three kinds: words, characters, subwords."""

import json
import math
import pathlib
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from kerasapps.data.text.characters import Characters
from kerasapps.data.text.subwords import LONGEST, Subwords
from kerasapps.data.text.words import Words
from kerasapps.errors import InputError, unknown_name
from kerasapps.replacing import replacing

Vocabulary = Words | Characters | Subwords

KINDS: dict[str, type[Vocabulary]] = {
    "words": Words,
    "characters": Characters,
    "subwords": Subwords,
}

_FILE = "vocabulary.json"

# Sentences encoded at a time at most, and their characters with padding.
_BATCH = 1024
_CHARACTERS = 2**20


def train(
    kind: str, sentences: Sequence[str], vocabulary_size: int, lowercase: bool = False
) -> Vocabulary:
    """Returns a vocabulary made of a corpus; the same one of the same sentences.

    Args:
        kind: "words", "characters" or "subwords".
        sentences: The corpus; for a vocabulary that two languages share, of both.
        vocabulary_size: Tokens at most, the four special ones included.
        lowercase: Whether sentences are put in lower case first.

    Raises:
        InputError: If the kind is unknown, or `vocabulary_size` doesn't fit to
            the corpus.
    """
    if kind not in KINDS:
        raise unknown_name("vocabulary", kind, KINDS, argument="kind")
    return KINDS[kind].train(sentences, vocabulary_size, lowercase)


def encode_all(vocabulary: Vocabulary, sentences: Sequence[str]) -> list[np.ndarray]:
    """Returns the ids of each sentence, int32 `[tokens]`, with END last.

    Args:
        vocabulary: Any of the three kinds.
        sentences: Any number of sentences.
    """
    encoded = [np.zeros(0, np.int32)] * len(sentences)
    for rows in _batches(sentences):
        ids = vocabulary.encode(tf.constant([sentences[row] for row in rows]))
        ends = ids.row_splits.numpy()[1:-1]
        for row, of_row in zip(
            rows, np.split(ids.flat_values.numpy(), ends), strict=True
        ):
            encoded[row] = of_row
    return encoded


def _batches(sentences):
    """Yields rows of sentences of like length: the longest takes the time of all."""
    batch = []
    for row in sorted(range(len(sentences)), key=lambda row: len(sentences[row])):
        padded = len(sentences[row]) * (len(batch) + 1)
        if batch and (len(batch) == _BATCH or padded > _CHARACTERS):
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch


def save(vocabulary: Vocabulary, directory: str | pathlib.Path) -> None:
    """Writes `vocabulary.json`, whole or not at all, and makes its folder.

    Args:
        vocabulary: Any of the three kinds.
        directory: The folder.
    """
    (kind,) = (name for name, cls in KINDS.items() if type(vocabulary) is cls)
    content = {"kind": kind, **vocabulary.get_config()}
    directory = pathlib.Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    with replacing(directory / _FILE) as partial:
        text = json.dumps(content, ensure_ascii=False, indent=0)
        partial.write_text(text + "\n", encoding="utf-8")


def load(directory: str | pathlib.Path) -> Vocabulary:
    """Returns the vocabulary that `save` has written.

    Args:
        directory: The folder.

    Raises:
        InputError: If the file is missing, or isn't a whole one of a vocabulary.
    """
    path = pathlib.Path(directory) / _FILE
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(
            f"no vocabulary in {path}: {error.strerror}; give the folder of one that "
            "was saved"
        ) from error
    except (ValueError, RecursionError) as error:
        raise _damaged(path, "no JSON") from error
    kind = content.pop("kind", None) if isinstance(content, dict) else None
    if not isinstance(kind, str) or kind not in KINDS:
        raise _damaged(path, f'no "kind" among {", ".join(KINDS)}')
    tokens = KINDS[kind].field
    wanted = {tokens, "lowercase"} | ({"scores"} if kind == "subwords" else set())
    if set(content) != wanted or not isinstance(content["lowercase"], bool):
        raise _damaged(path, f"its fields aren't {', '.join(sorted(wanted))}")
    if not _are_tokens(content[tokens]):
        raise _damaged(path, f'"{tokens}" must be strings, each but once')
    if kind == "subwords" and not _are_scores(content["scores"], len(content[tokens])):
        raise _damaged(path, '"scores" must be a number for each of the pieces')
    if kind == "subwords" and max(map(len, content[tokens])) > LONGEST:
        raise _damaged(path, f"a piece has more than {LONGEST} characters")
    return KINDS[kind](content.pop(tokens), **content)


def _are_tokens(tokens) -> bool:
    if not isinstance(tokens, list) or not tokens:
        return False
    if not all(isinstance(token, str) and token for token in tokens):
        return False
    try:
        "".join(tokens).encode()
    except UnicodeEncodeError:  # Half of a pair of surrogates.
        return False
    return len(set(tokens)) == len(tokens)


def _are_scores(scores, count) -> bool:
    return (
        isinstance(scores, list)
        and len(scores) == count
        and all(isinstance(score, float) and math.isfinite(score) for score in scores)
    )


def _damaged(path, reason) -> InputError:
    return InputError(f"{path} is no vocabulary: {reason}; give one that was saved")
