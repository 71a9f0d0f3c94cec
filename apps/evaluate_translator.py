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

from apps.run import command, common_flags, metrics
from apps.translator import compared, drawing, measuring, search
from apps.translator.curves import curves_of
from apps.translator.measuring import Scoring, has_one_translation
from apps.translator.trained import load
from kerasapps.data.text import loading
from kerasapps.errors import printable
from kerasapps.figures.bleu_curves import bleu_curves
from kerasapps.figures.saving import save

FLAGS = flags.FlagValues()
search.define_flags(FLAGS)
common_flags.define_data_dir(FLAGS)
flags.DEFINE_multi_string(
    "model", None, "Run directory of apps.train_translator.", flag_values=FLAGS
)
flags.DEFINE_bool(
    "ensemble", False, "Let all models translate together.", flag_values=FLAGS
)
flags.DEFINE_string(
    "dataset",
    None,
    "Data set of the sentences; default: that of the run.",
    flag_values=FLAGS,
)
flags.DEFINE_enum(
    "split",
    "test",
    ["test", "validation"],
    "Held-out sentences to translate.",
    flag_values=FLAGS,
)
flags.DEFINE_integer(
    "batch_size", 32, "Sentences at a time.", lower_bound=1, flag_values=FLAGS
)
flags.DEFINE_string(
    "output_dir",
    None,
    "Where translations, metrics.json and the figures go; default: a folder in "
    "runs/evaluate_translator/ named by the runs and, where given, by --ensemble, "
    "--dataset, --split and the flags of the search.",
    flag_values=FLAGS,
)
flags.DEFINE_bool(
    "json", False, "Print the measures as JSON instead of a table.", flag_values=FLAGS
)
flags.mark_flag_as_required("model", flag_values=FLAGS)


def main() -> None:
    """Runs the app."""
    runs = [load(model) for model in FLAGS.model]
    languages = compared.languages(runs)
    dataset, train_split = compared.data(runs, FLAGS.dataset)
    corpus = loading.load(dataset, *languages, FLAGS.data_dir, train_split)
    held_out = getattr(corpus, FLAGS.split)
    names = compared.names(runs)
    how = search.Search(FLAGS.beam_size, FLAGS.length_penalty, FLAGS.replace_unknown)
    how.check(FLAGS.batch_size, max(run.vocabularies[1].size for run in runs))
    directory = pathlib.Path(FLAGS.output_dir or _default_directory(names))
    figures = directory / "figures"
    figures.mkdir(parents=True, exist_ok=True)
    translators = compared.translators(
        dict(zip(names, runs, strict=True)),
        how,
        FLAGS.ensemble,
    )
    scoring = Scoring(
        has_one_translation(dataset),
        # All alike, so that they can be compared.
        any(run.vocabularies[1].lowercase for run in runs),
        corpus.target_language,
    )
    measures, translations = {}, {}
    for name, translator in translators.items():
        lines = measuring.translate(translator, held_out.source, FLAGS.batch_size)
        file = directory / f"{urllib.parse.quote(name, safe='+,')}.txt"
        file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        translations[name] = lines
        measures[name] = measuring.measure(
            lines, held_out.target, scoring
        ) | measuring.measure_known(translator, held_out, FLAGS.batch_size, scoring)
    if not scoring.exact:
        curves = curves_of(corpus.train.source, held_out, translations, scoring)
        save(bleu_curves(curves), figures / "bleu_curves.png")
    sentences = drawing.to_align(held_out.source)
    for name, translator in translators.items():
        for figure_name, figure in drawing.draw(translator, sentences):
            prefix = "" if len(translators) == 1 else f"{name}_"
            save(figure, figures / f"{prefix}{figure_name}.png")
    about = {"runs": FLAGS.model, "dataset": dataset, "split": FLAGS.split}
    metrics.write(directory, about | {"measures": measures})
    if FLAGS.json:
        print(json.dumps(measures))
        return
    _print_table(measures)
    print(
        f"\nTranslations  {directory}/*.txt\n"
        f"Figures       {figures}/\nMetrics       {directory}/metrics.json"
    )


def _default_directory(names):
    others = ("split", "beam_size", "length_penalty", "replace_unknown")
    parts = [
        "+".join(names),
        "ensemble" if FLAGS.ensemble else "",
        FLAGS.dataset,
        *(
            f"{name}={FLAGS[name].value}"
            for name in others
            if FLAGS[name].value != FLAGS[name].default
        ),
    ]
    # As in a URL, so that folder:a/b is one name, and no other data set has it.
    quoted = [urllib.parse.quote(part, safe="+,=") for part in parts if part]
    return pathlib.Path("runs", "evaluate_translator", "_".join(quoted))


def _print_table(measures):
    for name, values in measures.items():
        name = printable(name)
        if "exact_match" in values:
            print(f"{name:<40} exact {values['exact_match']:.2%}")
        else:
            print(f"{name:<40} BLEU {values['bleu']:.2f}  {values['bleu_signature']}")
        if "bleu_no_unknown" in values:
            print(
                f"{'':<40} BLEU {values['bleu_no_unknown']:.2f}  of the "
                f"{values['sentences_no_unknown']:,} sentences without unknown words"
            )


if __name__ == "__main__":
    command.run(main, FLAGS)
