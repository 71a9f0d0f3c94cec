"""A user's own sentences, in one file per language and split."""

import re
from collections.abc import Iterable
from pathlib import Path

from absl import logging

from kerasapps.data import split_names
from kerasapps.data.text.corpus import Sentences, Translation
from kerasapps.data.text.held_out import hold_out
from kerasapps.errors import InputError, unknown_name

_LAYOUT = "expected <folder>/<language>.<split>.txt, as en.train.txt and de.train.txt"


def load(path: str, source_language: str, target_language: str) -> Translation:
    """Loads `path/<language>.<split>.txt`, one sentence a line, in UTF-8.

    So is the layout of `tfds.folder_dataset.TranslateFolder`. The splits are "train",
    "validation" and "test", or go by other names of `split_names`, both languages by
    the same; of the last two each may be missing, see `hold_out`. A line ends with a
    line feed, with or without a carriage return before it. Files of the two languages
    that are none of these splits are passed over, and counted in one warning.

    Args:
        path: The folder.
        source_language: The language to translate from.
        target_language: The language to translate to.

    Raises:
        InputError: The folder or a file is missing, isn't UTF-8 or is empty, or two
            files that belong together have different numbers of lines.
    """
    root = Path(path).expanduser()
    if not path or not root.is_dir():
        raise InputError(f"there is no folder {path!r}; {_LAYOUT}", "dataset")
    there = {
        tuple(parts)
        for file in root.glob("*.txt")
        if len(parts := file.name.removesuffix(".txt").split(".")) == 2
        and file.is_file()
    }
    languages = {
        language for language, split in there if split_names.own_name(split) == "train"
    }
    if not languages:
        raise InputError(
            f"no training sentences in {str(root)!r}; {_LAYOUT}", argument="dataset"
        )
    pair = (source_language, target_language)
    for argument, language in zip(
        ("source_language", "target_language"), pair, strict=True
    ):
        if language not in languages and any(language == other for other, _ in there):
            raise InputError(f"there is no {language}.train.txt in {root}; add it")
        if language not in languages:
            raise unknown_name("language", language, languages, str(root), argument)
    splits, taken = {}, set()
    for own in split_names.SPLIT_NAMES:
        split = _split(own, pair, there)
        if not split:
            continue
        files = [root / f"{language}.{split}.txt" for language in pair]
        found = [file.is_file() for file in files]
        if not all(found):
            raise InputError(
                f"{files[found.index(True)]} is there, but not "
                f"{files[found.index(False)].name}; add it"
            )
        splits[own] = _pairs(*files)
        taken |= {(language, split) for language in pair}
    _warn(".".join(x) for x in there - taken if x[0] in pair)
    name = re.sub(r"[^\w.-]+", "_", root.resolve().name) or "folder"
    return Translation(
        name=f"{name}_{source_language}_{target_language}",
        source_language=source_language,
        target_language=target_language,
        **hold_out(splits, str(root)),
    )


def _split(own, pair, there) -> str | None:
    """Returns the name of a split: one that both languages have comes first."""

    def of(enough):
        return split_names.find(
            own, lambda name: enough((language, name) in there for language in pair)
        )

    return of(all) or of(any)


def _warn(passed_over: Iterable[str]) -> None:
    names = sorted(passed_over)
    if names:
        logging.warning(
            "passed over: %d files of the two languages that are none of the splits "
            "taken (the first is %s.txt)",
            len(names),
            names[0],
        )


def _pairs(source: Path, target: Path) -> Sentences:
    pairs = Sentences(_lines(source), _lines(target))
    if len(pairs.source) != len(pairs.target):
        raise InputError(
            f"{source} has {len(pairs.source)} lines and {target.name} has "
            f"{len(pairs.target)}; each line must be the translation of the other's"
        )
    return pairs


def _lines(path: Path) -> list[str]:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} can't be read: {error.strerror}") from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError(f"{path}, line {line} isn't UTF-8; convert the file") from None
    if not text.strip():
        raise InputError(f"{path} is empty; write a sentence in each line")
    # Not `splitlines`, which would also part lines at rare signs within a sentence.
    return text.removesuffix("\n").replace("\r\n", "\n").removesuffix("\r").split("\n")
