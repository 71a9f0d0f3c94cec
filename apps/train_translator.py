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

import keras
import numpy as np
from absl import flags

from apps.run import command, models
from apps.run.options import Options, set_defaults
from apps.run.run import Run
from apps.translator import drawing, numbers, training_flags, vocabularies
from apps.translator.measuring import Scoring, has_one_translation
from apps.translator.report import report
from apps.translator.search import Search, check_logits
from kerasapps.data.text import loading
from kerasapps.data.text.pairs import SentencePairs, padded_pairs
from kerasapps.data.text.vocabularies import encode_all
from kerasapps.errors import InputError
from kerasapps.evaluation.parameters import trainable_parameters
from kerasapps.serving.digest import digest
from kerasapps.training.last_epochs import LastEpochs
from kerasapps.training.monitor import Monitor
from kerasapps.training.sequence_losses import (
    Perplexity,
    SequenceCrossentropy,
    TokenAccuracy,
)
from kerasapps.weights import keras_file

# The export takes sentences so many times as long as any that it learned from.
_ROOM = 2

FLAGS = flags.FlagValues()
training_flags.define(FLAGS)


def main() -> None:
    """Runs the app."""
    constructor = models.find(FLAGS.model, models.of_task("translator"))
    if FLAGS.dataset.startswith("numbers"):
        set_defaults(FLAGS, numbers.defaults(constructor.__name__.lower()))
    options = Options("model_options", FLAGS.model_options)
    _check_flags(options.arguments(constructor))
    languages = ("source_language", "target_language")
    other = any(FLAGS[name].value != FLAGS[name].default for name in languages)
    run = Run(
        FLAGS,
        "train_translator",
        constructor.__name__.lower(),
        [FLAGS[name].value for name in languages] if other else [],
    )
    run.say(f"Run {run.directory}. Reading {FLAGS.dataset}.")
    corpus = loading.load(
        FLAGS.dataset,
        FLAGS.source_language,
        FLAGS.target_language,
        FLAGS.data_dir,
        FLAGS.train_split,
    )
    vocabulary_pair = _vocabularies(run, corpus)
    source, target = vocabulary_pair
    search = Search(FLAGS.beam_size, FLAGS.length_penalty, FLAGS.replace_unknown)
    search.check(FLAGS.batch_size, target.size)
    source_ids = encode_all(source, corpus.train.source)
    target_ids = encode_all(target, corpus.train.target)
    pairs = SentencePairs(
        source_ids,
        target_ids,
        FLAGS.tokens_per_batch,
        FLAGS.seed,
        FLAGS.max_length,
        run.strategy.num_replicas_in_sync,
    )
    check_logits(
        FLAGS.tokens_per_batch,
        target.size,
        f"a step of {FLAGS.tokens_per_batch:,} tokens",
        "tokens_per_batch",
    )
    validation, validation_size = padded_pairs(
        encode_all(source, corpus.validation.source),
        encode_all(target, corpus.validation.target),
        FLAGS.max_length,
    )
    with run.strategy.scope():
        model = _model(constructor, options, vocabulary_pair)
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
        f"vocabularies of {source.size:,} and {target.size:,} tokens. {corpus.name} "
        f"has {len(corpus.train.source):,} pairs to learn from{left_out}. An epoch has "
        f"{pairs.steps_per_epoch:,} step(s), on {run.strategy.num_replicas_in_sync} "
        "device(s)."
    )
    last = LastEpochs(run.directory / "epochs", FLAGS.epochs, FLAGS.average_epochs)
    history = run.fit(
        model,
        pairs,
        {
            "training pairs": len(corpus.train.source),
            "vocabularies": digest([], source.get_config(), target.get_config()),
            "sentences": digest(
                [], np.concatenate(source_ids), np.concatenate(target_ids)
            ),
            "steps": pairs.steps_per_epoch,
        },
        validation,
        validation_size,
        # Only then is it sure that the run directory is this run's.
        callbacks=[
            keras.callbacks.LambdaCallback(
                on_train_begin=lambda logs: vocabularies.save(
                    vocabulary_pair, run.directory
                )
            ),
            *([last] if FLAGS.average_epochs > 1 else []),
        ],
        monitor=Monitor("val_accuracy", "max"),
    )
    if FLAGS.average_epochs > 1:
        last.average(model)
    run.say("Translating, exporting and drawing.")
    model = run.keep(model)
    if run.is_chief:
        about = {name: FLAGS[name].value for name in ("dataset", "train_split")}
        about |= {name: FLAGS[name].value for name in (*languages, "epochs")}
        exact = has_one_translation(FLAGS.dataset)
        report(
            run,
            constructor.__name__,
            model,
            corpus,
            vocabulary_pair,
            history,
            search,
            Scoring(exact, target.lowercase, corpus.target_language),
            FLAGS.batch_size,
            FLAGS.export_dtype,
            FLAGS.longest_source
            or _longest_source(corpus.train.source, source_ids, target_ids),
            FLAGS.cut_source,
            about,
        )
        _draw_training(run, history, pairs.steps_per_epoch)


def _check_flags(arguments):
    if FLAGS.pretrained:
        raise InputError(
            "--pretrained is for classifiers; --weights=RUN/model.keras starts from a "
            "run of the same network, with its vocabularies"
        )
    if arguments.get("shared_embeddings") and not FLAGS.shared_vocabulary:
        raise InputError(
            "--model_options=shared_embeddings=True needs one vocabulary for both "
            "languages; give --shared_vocabulary too"
        )


def _vocabularies(run, corpus):
    """Returns those of the source and of the target."""
    place = vocabularies.before(run.directory, FLAGS.resume, FLAGS.weights)
    if not place:
        return vocabularies.train(
            corpus,
            FLAGS.shared_vocabulary,
            FLAGS.tokens,
            FLAGS.vocabulary_size,
            FLAGS.lowercase,
        )
    run.say(f"With the vocabularies in {place}.")
    pair = vocabularies.load(place)
    if FLAGS.shared_vocabulary and not vocabularies.are_same(pair):
        raise InputError(
            f"{place} holds a vocabulary for each language; leave out "
            "--shared_vocabulary"
        )
    return pair


def _model(constructor, options, vocabulary_pair):
    source, target = vocabulary_pair
    arguments = {"source_vocabulary": source.size, "target_vocabulary": target.size}
    own = options.arguments(constructor, arguments)
    shares = models.has_argument("shared_embeddings")(constructor)
    if shares and "shared_embeddings" not in own:
        arguments["shared_embeddings"] = FLAGS.shared_vocabulary
    model = options.build(constructor, **arguments)
    if FLAGS.weights:
        keras_file.load_weights(model, FLAGS.weights)
    if FLAGS.replace_unknown and not model.aligns:
        raise InputError(
            f"--replace_unknown: {constructor.__name__} doesn't tell what it looks "
            "at; leave it out, or choose RNNsearch or a Transformer"
        )
    return model


def _longest_source(sentences, source_ids, target_ids):
    """Returns the characters of a sentence that the export takes at most.

    Twice as many as that of the longest sentence that was trained on.
    """
    return _ROOM * max(
        len(sentence)
        for sentence, *pair in zip(sentences, source_ids, target_ids, strict=True)
        if max(map(len, pair)) <= FLAGS.max_length
    )


def _draw_training(run, history, steps):
    figures = drawing.draw_training(
        history, FLAGS.schedule, run.learning_rate(steps), steps
    )
    for name, figure in figures:
        run.save_figure(name, figure)


if __name__ == "__main__":
    command.run(main, FLAGS)
