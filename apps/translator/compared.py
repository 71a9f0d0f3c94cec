"""Runs that are compared: what they have in common, and what translates."""

from collections.abc import Mapping, Sequence

from apps.translator.search import Search
from apps.translator.trained import TrainedTranslator
from kerasapps.errors import InputError
from kerasapps.evaluation.translator.translator import Translator


def languages(runs: Sequence[TrainedTranslator]) -> tuple[str, str]:
    """Returns the languages that all runs translate from and to.

    Args:
        runs: The runs.

    Raises:
        InputError: If these differ.
    """
    different = {run.languages for run in runs}
    if len(different) > 1:
        raise InputError(
            "the runs translate between different languages: "
            + "; ".join("-".join(pair) for pair in sorted(different)),
            argument="model",
        )
    return runs[0].languages


def data(
    runs: Sequence[TrainedTranslator], dataset: str | None
) -> tuple[str, str | None]:
    """Returns the data set to evaluate on, and its split for training.

    Args:
        runs: The runs.
        dataset: The data set that is asked for; None for that of the runs.

    Raises:
        InputError: If none is asked for, and the runs learned from different ones.
    """
    if dataset:
        return dataset, None
    learned = {run.metrics["dataset"] for run in runs}
    if len(learned) > 1:
        raise InputError(
            f"the runs learned from {', '.join(sorted(learned))}; give one of them",
            argument="dataset",
        )
    return runs[0].metrics["dataset"], runs[0].metrics["train_split"]


def names(runs: Sequence[TrainedTranslator]) -> list[str]:
    """Returns the name of each run's folder; of those alike with a number behind.

    Args:
        runs: The runs.
    """
    folders = [run.directory.resolve().name for run in runs]
    return [
        name if folders.count(name) == 1 else f"{name}-{folders[: i + 1].count(name)}"
        for i, name in enumerate(folders)
    ]


def translators(
    runs: Mapping[str, TrainedTranslator], search: Search, ensemble: bool
) -> dict[str, Translator]:
    """Returns what translates by its name: each run, or all together.

    Args:
        runs: The runs by their names.
        search: How translations are searched for.
        ensemble: Whether all translate together.

    Raises:
        InputError: If they are to translate together and have other vocabularies.
    """
    if not ensemble:
        return {
            name: search.translator([run.network], run.vocabularies)
            for name, run in runs.items()
        }
    pairs = [run.vocabularies for run in runs.values()]
    configs = [[vocabulary.get_config() for vocabulary in pair] for pair in pairs]
    if any(config != configs[0] for config in configs):
        raise InputError(
            "an ensemble needs runs with the same vocabularies: train them on the same "
            "data with the same kind and size of vocabulary and the same case",
            argument="ensemble",
        )
    networks = [run.network for run in runs.values()]
    return {"+".join(runs): search.translator(networks, pairs[0])}
