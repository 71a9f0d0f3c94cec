"""Trains a network that translates, evaluates it, draws it and exports it.

With no flag at all, RNNsearch learns to say numbers in German that it reads in English.
Where no flag says otherwise, numbers are learned by a small network with --epochs=10
--vocabulary_size=150 --tokens_per_batch=1024 --learning_rate=3e-3 --schedule=cosine.
Other data:

    --dataset=numbers --source_language=fr --target_language=en
    --dataset=folder:PATH                PATH/<language>.<split>.txt, a sentence a line
    --dataset=wmt14_translate/fr-en      any translation set of TensorFlow Datasets

A killed run goes on where it stopped when the same command is given again.
"""

# isort: off
import apps.run.quiet_tensorflow  # noqa: F401
# isort: on

import pathlib

import keras
import numpy as np
import tensorflow as tf
from absl import flags

from apps.run import common_flags as common
from apps.run.models import has_argument
from apps.run.run import Run
from apps.translator import report
from kerasapps.data.text import loading as translation
from kerasapps.data.text import vocabularies as tokenization
from kerasapps.data.text.pairs import SentencePairs
from kerasapps.errors import InputError
from kerasapps.evaluation.parameters import trainable_parameters
from kerasapps.serving.digest import digest
from kerasapps.tokens import BEGIN, PADDING
from kerasapps.training.last_epochs import LastEpochs
from kerasapps.training.sequence_losses import (
    Perplexity,
    SequenceCrossentropy,
    TokenAccuracy,
)
from kerasapps.weights import keras_file

FLAGS = flags.FLAGS
flags.adopt_module_key_flags(common)
flags.adopt_module_key_flags(report)
FLAGS.set_default("model", "rnnsearch")
FLAGS.set_default("dataset", "numbers")

_SIDES = ("source", "target")

# Sizes that fit the words of numbers: those of the papers would take hours.
_SMALL = {
    "seq2seqlstm": ("embedding_size=64", "units=128", "num_layers=2"),
    "rnnencdec": ("embedding_size=64", "units=96", "maxout_units=64"),
    "rnnsearch": (
        *("embedding_size=64", "units=96", "maxout_units=64"),
        "alignment_units=64",
    ),
    "transformer": ("num_layers=2", "d_model=64", "d_ff=256", "num_heads=4"),
}

flags.DEFINE_string("source_language", "en", "Language to translate from.")
flags.DEFINE_string("target_language", "de", "Language to translate to.")
flags.DEFINE_string(
    "train_split",
    None,
    "Split of TensorFlow Datasets to train on, as in train[:5%].",
)
flags.DEFINE_enum(
    "tokens",
    "subwords",
    list(tokenization.KINDS),
    "What sentences are split into: words; characters; or subwords, by SentencePiece.",
)
flags.DEFINE_integer("vocabulary_size", 8000, "Tokens of a vocabulary at most.", 8)
flags.DEFINE_bool("shared_vocabulary", False, "One vocabulary for both languages.")
flags.DEFINE_bool("lowercase", False, "Put all sentences in lower case.")
flags.DEFINE_integer(
    "tokens_per_batch",
    4096,
    "Tokens of a training step on either side, padding included, over all devices; "
    "--batch_size is that of evaluation, in sentences.",
    lower_bound=1,
)
flags.DEFINE_integer(
    "max_length", 100, "Longer sentences, in tokens, aren't trained on.", 2
)
flags.DEFINE_float("label_smoothing", 0.0, "Label smoothing of cross-entropy.", 0, 1)
flags.DEFINE_integer(
    "average_epochs",
    1,
    "What is kept is the mean of the weights after so many of the last epochs.",
    lower_bound=1,
)
flags.register_validator(
    "label_smoothing",
    lambda smoothing: smoothing < 1,
    "needs a number from 0 to below 1",
)


@flags.multi_flags_validator(
    ["average_epochs", "ema"], "--average_epochs and --ema: give one of them"
)
def _one_average(values):
    return values["average_epochs"] == 1 or values["ema"] is None


def main():
    """Runs the app."""
    constructor = common.find_model("translator")
    _check_flags(constructor)
    if FLAGS.dataset.startswith("numbers"):
        _set_defaults_for_numbers(constructor)
    languages = ("source_language", "target_language")
    other = any(FLAGS[name].value != FLAGS[name].default for name in languages)
    run = Run(
        "train_translator",
        constructor.__name__.lower(),
        [FLAGS[name].value for name in languages] if other else [],
    )
    run.say(f"Run {run.directory}. Reading {FLAGS.dataset}.")
    corpus = translation.load(
        FLAGS.dataset,
        FLAGS.source_language,
        FLAGS.target_language,
        FLAGS.data_dir,
        FLAGS.train_split,
    )
    vocabularies = _vocabularies(run, corpus)
    encoded = _encoded(corpus.train, vocabularies)
    pairs = _pairs(run, encoded)
    arguments = common.model_arguments(
        constructor,
        source_vocabulary=vocabularies[0].size,
        target_vocabulary=vocabularies[1].size,
    )
    if has_argument("shared_embeddings")(constructor):
        arguments.setdefault("shared_embeddings", FLAGS.shared_vocabulary)
    with run.strategy.scope():
        model = common.build_model(constructor, **arguments)
        if FLAGS.weights:
            keras_file.load_weights(model, FLAGS.weights)
        if FLAGS.replace_unknown and not model.aligns:
            raise InputError(
                f"--replace_unknown: {constructor.__name__} doesn't tell what it looks "
                "at; leave it out, or choose RNNsearch or a Transformer"
            )
        run.compile(
            model,
            pairs.steps_per_epoch,
            loss=SequenceCrossentropy(FLAGS.label_smoothing),
            metrics=[TokenAccuracy(), Perplexity()],
        )
    left_out = (
        f" ({pairs.too_long:,} longer than {FLAGS.max_length} tokens left out)"
        if pairs.too_long
        else ""
    )
    run.say(
        f"{constructor.__name__} has {trainable_parameters(model):,} parameters, and "
        f"vocabularies of {vocabularies[0].size:,} and {vocabularies[1].size:,} "
        f"tokens. {corpus.name} has {len(corpus.train.source):,} pairs to "
        f"learn from{left_out}. An epoch has {pairs.steps_per_epoch:,} step(s), on "
        f"{run.strategy.num_replicas_in_sync} device(s)."
    )
    validation, size = _validation(corpus, vocabularies)
    last = LastEpochs(run.directory / "epochs", FLAGS.epochs, FLAGS.average_epochs)
    history = run.fit(
        model,
        pairs,
        {
            "training pairs": len(corpus.train.source),
            "vocabularies": digest([], *_configs(vocabularies)),
            "sentences": digest([], *map(np.concatenate, encoded)),
            "steps": pairs.steps_per_epoch,
        },
        validation,
        size,
        # Only then is it sure that the run directory is this run's.
        callbacks=[
            keras.callbacks.LambdaCallback(
                on_train_begin=lambda logs: _save(vocabularies, run.directory)
            ),
            *([last] if FLAGS.average_epochs > 1 else []),
        ],
    )
    if FLAGS.average_epochs > 1:
        last.average(model)
    run.say("Translating, exporting and drawing.")
    model = run.keep(model)
    if run.is_chief:
        steps = pairs.steps_per_epoch
        report.report(run, constructor, model, corpus, vocabularies, history, steps)


def _check_flags(constructor):
    if FLAGS.pretrained:
        raise InputError(
            "--pretrained is for classifiers; --weights=RUN/model.keras starts from a "
            "run of the same network, with its vocabularies"
        )
    options = common.options("model_options", constructor)
    if options.get("shared_embeddings") and not FLAGS.shared_vocabulary:
        raise InputError(
            "--model_options=shared_embeddings=True needs one vocabulary for both "
            "languages; give --shared_vocabulary too"
        )


def _set_defaults_for_numbers(constructor):
    """Sets what fits for the words of numbers, a few dozen."""
    FLAGS.set_default("vocabulary_size", 150)
    FLAGS.set_default("tokens_per_batch", 1024)
    FLAGS.set_default("epochs", 10)
    name = constructor.__name__.lower()
    if name not in _SMALL:
        return
    if name != "transformer":
        FLAGS.set_default("learning_rate", 3e-3)
    FLAGS.set_default("schedule", "cosine")
    given = FLAGS.model_options
    names = {option.partition("=")[0] for option in given}
    sizes = [size for size in _SMALL[name] if size.partition("=")[0] not in names]
    FLAGS.set_default("model_options", sizes)
    if given:
        FLAGS.model_options = [*sizes, *given]


def _vocabularies(run, corpus):
    """Returns those of the source and of the target; one where they are shared.

    A run that goes on keeps its own, and one that starts from the weights of another
    takes those beside them.
    """
    begun = any((run.directory / "checkpoints").rglob("checkpoint-*.npz"))
    places = [run.directory] if FLAGS.resume and begun else []
    if FLAGS.weights:
        places.append(pathlib.Path(FLAGS.weights).parent)
    for place in places:
        folders = [place / f"{side}_vocabulary" for side in _SIDES]
        if all(folder.is_dir() for folder in folders):
            run.say(f"With the vocabularies in {place}.")
            loaded = tuple(map(tokenization.load, folders))
            one, other = _configs(loaded)
            if FLAGS.shared_vocabulary and one != other:
                raise InputError(
                    f"{place} holds a vocabulary for each language; leave out "
                    "--shared_vocabulary"
                )
            return loaded
    if FLAGS.weights:
        raise InputError(
            f"--weights={FLAGS.weights}: the vocabularies that belong to it aren't "
            "beside it; give the model.keras of a run of this app"
        )
    source, target = corpus.train.source, corpus.train.target

    def train(sentences):
        return tokenization.train(
            FLAGS.tokens, sentences, FLAGS.vocabulary_size, FLAGS.lowercase
        )

    if FLAGS.shared_vocabulary:
        shared = train([*source, *target])
        return shared, shared
    return train(source), train(target)


def _configs(vocabularies):
    return [vocabulary.get_config() for vocabulary in vocabularies]


def _save(vocabularies, directory):
    for side, vocabulary in zip(_SIDES, vocabularies, strict=True):
        tokenization.save(vocabulary, directory / f"{side}_vocabulary")


def _encoded(sentences, vocabularies):
    """Returns the ids of each source, and those of each target."""
    return [
        tokenization.encode_all(vocabulary, getattr(sentences, side))
        for side, vocabulary in zip(_SIDES, vocabularies, strict=True)
    ]


def _pairs(run, encoded):
    return SentencePairs(
        *encoded,
        FLAGS.tokens_per_batch,
        FLAGS.seed,
        FLAGS.max_length,
        run.strategy.num_replicas_in_sync,
    )


def _validation(corpus, vocabularies):
    """Returns the held-out pairs one by one, padded alike, and their number."""
    source, target = _encoded(corpus.validation, vocabularies)
    pairs = [
        (s, t)
        for s, t in zip(source, target, strict=True)
        if max(len(s), len(t)) <= FLAGS.max_length
    ]
    if not pairs:
        raise InputError(
            f"no pair of {corpus.name} to validate on has at most {FLAGS.max_length} "
            "tokens; give a larger --max_length"
        )
    source, target = zip(*pairs, strict=True)
    target_in = [np.concatenate([[BEGIN], t[:-1]]) for t in target]
    weight = np.float32(len(target) / sum(map(len, target)))
    data = tf.data.Dataset.from_tensor_slices(
        (
            (_padded(source), _padded(target_in)),
            _padded(target),
            np.full(len(target), weight),
        )
    )
    return data, len(pairs)


def _padded(ids):
    width = max(map(len, ids))
    return np.stack(
        [np.pad(i, (0, width - len(i)), constant_values=PADDING) for i in ids]
    ).astype(np.int32)


if __name__ == "__main__":
    common.run_app(main)
