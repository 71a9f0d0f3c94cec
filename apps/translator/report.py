"""What a training of a translator leaves."""

import json

import numpy as np
import tensorflow as tf
from absl import flags

from apps.run import metrics
from apps.translator import decoding, drawing
from apps.translator.curves import curves_of
from kerasapps.evaluation.parameters import trainable_parameters
from kerasapps.figures.bleu_curves import bleu_curves
from kerasapps.figures.learning_curves import learning_curves
from kerasapps.figures.learning_rate import learning_rate
from kerasapps.serving.translator import export_text_translator
from kerasapps.training.schedules import learning_rate_schedule

FLAGS = flags.FLAGS
flags.adopt_module_key_flags(decoding)

# Translations that are printed.
_SHOWN = 5
# Translations of a sentence that the export returns at most.
_N_BEST = 4


def report(run, constructor, model, corpus, vocabularies, history, steps) -> None:
    """Translates the test sentences, exports, draws and says where everything is.

    Args:
        run: The run.
        constructor: The model's.
        model: The trained model.
        corpus: The corpus.
        vocabularies: Those of the source and of the target.
        history: The history of the training.
        steps: Steps of an epoch.
    """
    translator = decoding.translator([model], vocabularies)
    source, target = corpus.test.source, corpus.test.target
    translations = decoding.translate(translator, source, FLAGS.batch_size)
    (run.directory / "translations.txt").write_text(
        "".join(f"{line}\n" for line in translations), encoding="utf-8"
    )
    exact = FLAGS.dataset.startswith("numbers")
    lowercase = vocabularies[1].lowercase
    language = corpus.target_language
    measures = decoding.measure(translations, target, exact, lowercase, language)
    if not exact:
        measures |= decoding.measure_known(
            translator, corpus.test, FLAGS.batch_size, lowercase, language
        )
    n_best = min(_N_BEST, FLAGS.beam_size)
    exported = run.export_dir and export_text_translator(
        decoding.translator([model], vocabularies, n_best),
        run.export_dir,
        FLAGS.export_dtype,
    )
    name = constructor.__name__
    metrics.write(
        run.directory,
        {
            "model": name.lower(),
            "parameters": trainable_parameters(model),
            "dataset": FLAGS.dataset,
            "train_split": FLAGS.train_split,
            "source_language": FLAGS.source_language,
            "target_language": FLAGS.target_language,
            "epochs": FLAGS.epochs,
            "test_sentences": len(source),
            "beam_size": FLAGS.beam_size,
            "length_penalty": FLAGS.length_penalty,
            **measures,
            "history": history,
            "export": exported or None,
        },
    )
    run.save_figure("learning_curves", learning_curves(history))
    if FLAGS.schedule != "constant":
        run.save_figure("learning_rate", _rates(history, steps))
    if not exact:
        curves = curves_of(
            corpus.train.source,
            corpus.test,
            {name: translations},
            lowercase,
            language,
        )
        run.save_figure("bleu_curves", bleu_curves(curves))
    shown = [source[row] for row in drawing.chosen(source)]
    for figure_name, figure in drawing.draw(translator, shown):
        run.save_figure(figure_name, figure)
    for sentence, translation, right in list(
        zip(source, translations, target, strict=True)
    )[:_SHOWN]:
        run.say(f"\n  {sentence}\n  {translation}\n  ({right})")
    run.say("\n" + json.dumps(measures, indent=2))
    run.say(
        f"""
Figures       {run.directory}/figures/
Translations  {run.directory}/translations.txt
Metrics       {run.directory}/metrics.json
TensorBoard   tensorboard --logdir={run.directory}/tensorboard"""
    )
    if exported:
        run.say(f"SavedModel    {exported}")
    run.say("\nTry next:")
    if exported:
        run.say(f'  python -m apps.translate --model={exported} "{source[0]}"')
    run.say(f"  python -m apps.evaluate_translator --model={run.directory}")
    run.say("  python -m apps.zoo")


def _rates(history, steps):
    """Draws the learning rate of each step; of a plateau that of each epoch's end."""
    if FLAGS.schedule == "plateau":
        rates = np.repeat(history["learning_rate"], steps)
    else:
        schedule = learning_rate_schedule(
            FLAGS.schedule,
            FLAGS.learning_rate,
            steps,
            FLAGS.epochs,
            FLAGS.warmup_epochs,
            [float(e) for e in FLAGS.decay_epochs],
            FLAGS.decay_rate,
            FLAGS.warmup_rate,
        )
        rates = np.asarray(
            tf.map_fn(
                tf.function(schedule),
                tf.range(FLAGS.epochs * steps),
                fn_output_signature=tf.float32,
            )
        )
    return learning_rate({FLAGS.schedule: rates})
