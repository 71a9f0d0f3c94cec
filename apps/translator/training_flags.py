"""The flags of training a translator."""

from absl import flags

from apps.run import common_flags
from apps.translator import search
from kerasapps.data.text.vocabularies import KINDS


def define(values: flags.FlagValues) -> None:
    """Defines the flags of apps.train_translator.

    Args:
        values: The app's flags.
    """
    common_flags.define(values, model="rnnsearch", dataset="numbers")
    search.define_flags(values)
    _define_sentences(values)
    _define_training(values)


def _define_sentences(values):
    flags.DEFINE_string(
        "source_language", "en", "Language to translate from.", flag_values=values
    )
    flags.DEFINE_string(
        "target_language", "de", "Language to translate to.", flag_values=values
    )
    flags.DEFINE_string(
        "train_split",
        None,
        "Split of TensorFlow Datasets to train on, as in train[:5%].",
        flag_values=values,
    )
    flags.DEFINE_enum(
        "tokens",
        "subwords",
        list(KINDS),
        "What sentences are split into: words; characters; or subwords, by "
        "SentencePiece.",
        flag_values=values,
    )
    flags.DEFINE_integer(
        "vocabulary_size",
        8000,
        "Tokens of a vocabulary at most.",
        lower_bound=8,
        upper_bound=10_000_000,
        flag_values=values,
    )
    flags.DEFINE_bool(
        "shared_vocabulary",
        False,
        "One vocabulary for both languages.",
        flag_values=values,
    )
    flags.DEFINE_integer(
        "longest_source",
        None,
        "Characters of a sentence that the exported model takes at most; default: "
        "twice as many as the longest sentence that is trained on has.",
        lower_bound=1,
        upper_bound=1_000_000,
        flag_values=values,
    )
    flags.DEFINE_bool(
        "cut_source",
        False,
        "Let the exported model cut longer sentences there; it refuses them otherwise.",
        flag_values=values,
    )
    flags.DEFINE_bool(
        "lowercase", False, "Put all sentences in lower case.", flag_values=values
    )


def _define_training(values):
    flags.DEFINE_integer(
        "tokens_per_batch",
        4096,
        "Tokens of a training step on either side, padding included, over all devices; "
        "--batch_size is that of evaluation, in sentences.",
        lower_bound=1,
        flag_values=values,
    )
    flags.DEFINE_integer(
        "max_length",
        100,
        "Longer sentences, in tokens, aren't trained on.",
        lower_bound=2,
        flag_values=values,
    )
    flags.DEFINE_float(
        "label_smoothing",
        0.0,
        "Label smoothing of cross-entropy.",
        0,
        1,
        flag_values=values,
    )
    flags.DEFINE_integer(
        "average_epochs",
        1,
        "What is kept is the mean of the weights after so many of the last epochs.",
        lower_bound=1,
        flag_values=values,
    )
    flags.register_validator(
        "label_smoothing",
        lambda smoothing: smoothing < 1,
        "needs a number from 0 to below 1",
        flag_values=values,
    )
    for other in ("ema", "early_stopping", "keep_best"):
        flags.register_multi_flags_validator(
            ["average_epochs", other],
            lambda given, other=other: given["average_epochs"] == 1 or not given[other],
            f"--average_epochs and --{other}: give one of them",
            flag_values=values,
        )
