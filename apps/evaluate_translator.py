r"""Evaluates what apps.train_translator trained, and draws the papers' figures.

    python -m apps.evaluate_translator --model=runs/train_translator/rnnsearch_numbers
    python -m apps.evaluate_translator --model=RNNENCDEC --model=RNNSEARCH
    python -m apps.evaluate_translator --ensemble --model=ONE --model=ANOTHER

Several runs are compared: BLEU against the length of the sentences and against the
rarity of their words. With --ensemble they translate together, which needs the same
vocabularies.
"""

# isort: off
import apps.run.quiet_tensorflow  # noqa: F401
# isort: on

import json
import pathlib
import urllib.parse

from absl import flags

from apps.run import command, metrics
from apps.translator import decoding, drawing
from apps.translator.curves import curves_of
from apps.translator.trained import load
from kerasapps.data.text import loading as translation
from kerasapps.errors import InputError
from kerasapps.figures.bleu_curves import bleu_curves
from kerasapps.figures.saving import save

FLAGS = flags.FLAGS
flags.adopt_module_key_flags(decoding)
flags.DEFINE_multi_string("model", None, "Run directory of apps.train_translator.")
flags.DEFINE_bool("ensemble", False, "Let all models translate together.")
flags.DEFINE_string(
    "dataset", None, "Data set of the sentences; default: that of the run."
)
flags.DEFINE_enum(
    "split", "test", ["test", "validation"], "Held-out sentences to translate."
)
flags.DEFINE_integer("batch_size", 32, "Sentences at a time.", 1)
flags.DEFINE_string(
    "data_dir",
    None,
    "Where TensorFlow Datasets keeps its data; default: $TFDS_DATA_DIR, "
    "else ~/tensorflow_datasets.",
)
flags.DEFINE_string(
    "output_dir",
    None,
    "Where translations, metrics.json and the figures go; default: a folder in "
    "runs/evaluate_translator/ named by the runs and, where given, by --ensemble, "
    "--dataset, --split and the flags of the search.",
)
flags.DEFINE_bool("json", False, "Print the measures as JSON instead of a table.")
flags.mark_flag_as_required("model")


def main():
    """Runs the app."""
    runs = [load(model) for model in FLAGS.model]
    languages = {run.languages for run in runs}
    if len(languages) > 1:
        raise InputError(
            "the runs translate between different languages: "
            + "; ".join("-".join(pair) for pair in sorted(languages))
        )
    dataset, train_split = FLAGS.dataset, None
    if not dataset:
        learned = {run.metrics["dataset"] for run in runs}
        if len(learned) > 1:
            raise InputError(
                f"the runs learned from {', '.join(sorted(learned))}; give one with "
                "--dataset"
            )
        dataset, train_split = (
            runs[0].metrics[key] for key in ("dataset", "train_split")
        )
    corpus = translation.load(dataset, *runs[0].languages, FLAGS.data_dir, train_split)
    held_out = getattr(corpus, FLAGS.split)
    directory = _directory(runs)
    figures = directory / "figures"
    figures.mkdir(parents=True, exist_ok=True)
    measures, translations = {}, {}
    exact = dataset.startswith("numbers")
    translators = _translators(runs)
    # All alike, so that they can be compared.
    lowercase = any(run.vocabularies[1].lowercase for run in runs)
    for name, translator in translators.items():
        made = decoding.translate(translator, held_out.source, FLAGS.batch_size)
        translations[name] = made
        measures[name] = decoding.measure(
            made, held_out.target, exact, lowercase, corpus.target_language
        )
        if not exact:
            measures[name] |= decoding.measure_known(
                translator,
                held_out,
                FLAGS.batch_size,
                lowercase,
                corpus.target_language,
            )
        file = directory / f"{urllib.parse.quote(name, safe='+,')}.txt"
        file.write_text("".join(f"{line}\n" for line in made), encoding="utf-8")
    if not exact:
        curves = curves_of(
            corpus.train.source,
            held_out,
            translations,
            lowercase,
            corpus.target_language,
        )
        save(bleu_curves(curves), figures / "bleu_curves.png")
    shown = [held_out.source[row] for row in drawing.chosen(held_out.source)]
    for name, translator in translators.items():
        for figure_name, figure in drawing.draw(translator, shown):
            prefix = "" if len(translators) == 1 else f"{name}_"
            save(figure, figures / f"{prefix}{figure_name}.png")
    about = {"runs": FLAGS.model, "dataset": dataset, "split": FLAGS.split}
    metrics.write(directory, about | {"measures": measures})
    if FLAGS.json:
        print(json.dumps(measures))
        return
    for name, found in measures.items():
        if exact:
            print(f"{name:<40} exact {found['exact_match']:.2%}")
        else:
            print(f"{name:<40} BLEU {found['bleu']:.2f}  {found['bleu_signature']}")
        if "bleu_no_unknown" in found:
            print(
                f"{'':<40} BLEU {found['bleu_no_unknown']:.2f}  of the "
                f"{found['sentences_no_unknown']:,} sentences without unknown words"
            )
    print(
        f"\nTranslations  {directory}/*.txt\n"
        f"Figures       {figures}/\nMetrics       {directory}/metrics.json"
    )


def _directory(runs):
    if FLAGS.output_dir:
        return pathlib.Path(FLAGS.output_dir)
    others = ("split", "beam_size", "length_penalty", "replace_unknown")
    parts = [
        "+".join(_names(runs)),
        "ensemble" if FLAGS.ensemble else "",
        FLAGS.dataset,
        *(
            f"{name}={FLAGS[name].value}"
            for name in others
            if FLAGS[name].value != FLAGS[name].default
        ),
    ]
    # As in a URL, so that folder:a/b is one name, and no other data set has it.
    names = [urllib.parse.quote(part, safe="+,=") for part in parts if part]
    return pathlib.Path("runs", "evaluate_translator", "_".join(names))


def _names(runs):
    """Returns the name of each run's folder; of those alike with a number behind."""
    names = [run.directory.resolve().name for run in runs]
    return [
        name if names.count(name) == 1 else f"{name}-{names[: i + 1].count(name)}"
        for i, name in enumerate(names)
    ]


def _translators(runs):
    """Returns what translates by its name: each run, or all together."""
    if not FLAGS.ensemble:
        return {
            name: decoding.translator([run.network], run.vocabularies)
            for name, run in zip(_names(runs), runs, strict=True)
        }
    configs = [[v.get_config() for v in run.vocabularies] for run in runs]
    if any(config != configs[0] for config in configs):
        raise InputError(
            "--ensemble needs runs with the same vocabularies: train them on the same "
            "data with the same --tokens, --vocabulary_size and --lowercase"
        )
    name = "+".join(_names(runs))
    networks = [run.network for run in runs]
    return {name: decoding.translator(networks, runs[0].vocabularies)}


if __name__ == "__main__":
    command.run(main)
