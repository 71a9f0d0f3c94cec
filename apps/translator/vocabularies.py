"""The vocabularies of a training: those of before, or new ones."""

import pathlib

from kerasapps.data.text import vocabularies
from kerasapps.data.text.corpus import Translation
from kerasapps.data.text.vocabularies import Vocabulary
from kerasapps.errors import InputError

SIDES = ("source", "target")


def before(
    directory: pathlib.Path, resume: bool, weights: str | None
) -> pathlib.Path | None:
    """Returns the folder with the vocabularies that a training takes, if there is one.

    A run that goes on keeps its own, and one that starts from the weights of another
    takes those beside them.

    Args:
        directory: The run directory.
        resume: Whether a run in it goes on.
        weights: The file with the weights at the start, or None.

    Raises:
        InputError: If there are none beside the weights.
    """
    begun = any((directory / "checkpoints").rglob("checkpoint-*.npz"))
    places = [directory] if resume and begun else []
    if weights:
        places.append(pathlib.Path(weights).parent)
    for place in places:
        if all((place / f"{side}_vocabulary").is_dir() for side in SIDES):
            return place
    if weights:
        raise InputError(
            f"the vocabularies that belong to {weights} aren't beside it; give the "
            "model.keras of a run of apps.train_translator",
            argument="weights",
        )
    return None


def load(directory: pathlib.Path) -> tuple[Vocabulary, Vocabulary]:
    """Returns the vocabularies of a run, that of the source and that of the target.

    Args:
        directory: The run directory.
    """
    source, target = (
        vocabularies.load(directory / f"{side}_vocabulary") for side in SIDES
    )
    return source, target


def save(pair: tuple[Vocabulary, Vocabulary], directory: pathlib.Path) -> None:
    """Writes the vocabularies of a run.

    Args:
        pair: Those of the source and of the target.
        directory: The run directory.
    """
    for side, vocabulary in zip(SIDES, pair, strict=True):
        vocabularies.save(vocabulary, directory / f"{side}_vocabulary")


def train(
    corpus: Translation, shared: bool, kind: str, vocabulary_size: int, lowercase: bool
) -> tuple[Vocabulary, Vocabulary]:
    """Returns new vocabularies; the same one twice where it is shared.

    Args:
        corpus: What is learned from.
        shared: Whether both languages share one.
        kind: "words", "characters" or "subwords".
        vocabulary_size: Tokens of a vocabulary at most.
        lowercase: Whether sentences are put in lower case.

    Raises:
        InputError: If `vocabulary_size` doesn't fit to the corpus.
    """

    def made_of(sentences):
        return vocabularies.train(kind, sentences, vocabulary_size, lowercase)

    source, target = corpus.train.source, corpus.train.target
    if shared:
        both = made_of([*source, *target])
        return both, both
    return made_of(source), made_of(target)


def are_same(pair: tuple[Vocabulary, Vocabulary]) -> bool:
    """Returns whether source and target have the same vocabulary.

    Args:
        pair: Those of the source and of the target.
    """
    source, target = pair
    return source.get_config() == target.get_config()
