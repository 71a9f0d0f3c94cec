"""What the training of a translator leaves."""

import json

import keras

from apps.run import metrics
from apps.run.command import invocation
from apps.run.run import Run
from apps.translator import drawing, measuring
from apps.translator.curves import curves_of
from apps.translator.measuring import Scoring
from apps.translator.search import Search
from kerasapps.data.text.corpus import Translation
from kerasapps.data.text.vocabularies import Vocabulary
from kerasapps.evaluation.parameters import trainable_parameters
from kerasapps.figures.bleu_curves import bleu_curves
from kerasapps.replacing import replacing
from kerasapps.serving.translator import export_translator

# Translations that are printed.
_EXAMPLES = 5
# Translations of a sentence that the export returns at most.
_N_BEST = 4


def report(
    run: Run,
    name: str,
    model: keras.Model,
    corpus: Translation,
    vocabularies: tuple[Vocabulary, Vocabulary],
    history: dict[str, list[float]],
    search: Search,
    scoring: Scoring,
    batch_size: int,
    export_dtype: str,
    longest_source: int,
    cut_source: bool,
    about: dict,
) -> None:
    """Translates the test sentences, exports, draws and says where everything is.

    Args:
        run: The run.
        name: The model's name.
        model: The trained model.
        corpus: The corpus.
        vocabularies: Those of the source and of the target.
        history: The history of the training.
        search: How translations are searched for.
        scoring: How they are compared with the right ones.
        batch_size: Sentences at a time.
        export_dtype: What the exported model computes in.
        longest_source: Characters of a sentence that the exported model takes at most.
        cut_source: Whether it cuts longer sentences there, and doesn't refuse them.
        about: What `metrics.json` tells of the training.
    """
    translator = search.translator([model], vocabularies)
    source, target = corpus.test.source, corpus.test.target
    translations = measuring.translate(translator, source, batch_size)
    with replacing(run.directory / "translations.txt") as partial:
        partial.write_text(
            "".join(f"{line}\n" for line in translations), encoding="utf-8"
        )
    measures = measuring.measure(translations, target, scoring)
    measures |= measuring.measure_known(translator, corpus.test, batch_size, scoring)
    n_best = min(_N_BEST, search.beam_size)
    exported = run.export_dir and export_translator(
        search.translator([model], vocabularies, n_best, longest_source, cut_source),
        run.export_dir,
        export_dtype,
    )
    metrics.write(
        run.directory,
        {
            "model": name.lower(),
            "parameters": trainable_parameters(model),
            **about,
            "test_sentences": len(source),
            "beam_size": search.beam_size,
            "length_penalty": search.length_penalty,
            "longest_source": longest_source,
            **measures,
            "history": history,
            "export": exported or None,
        },
    )
    if not scoring.exact:
        curves = curves_of(
            corpus.train.source, corpus.test, {name: translations}, scoring
        )
        run.save_figure("bleu_curves", bleu_curves(curves))
    for figure_name, figure in drawing.draw(translator, drawing.to_align(source)):
        run.save_figure(figure_name, figure)
    for sentence, translation, right in list(
        zip(source, translations, target, strict=True)
    )[:_EXAMPLES]:
        run.say(f"\n  {sentence}\n  {translation}\n  ({right})")
    run.say("\n" + json.dumps(measures, indent=2))
    run.say(
        f"""
Figures       {run.directory}/figures/
Translations  {run.directory}/translations.txt
Metrics       {run.directory}/metrics.json
TensorBoard   {run.tensorboard_command}"""
    )
    if exported:
        run.say(f"SavedModel    {exported}")
    run.say("\nTry next:")
    if exported:
        # Else one that begins with a dash would be taken for a flag.
        words = ["--", source[0]] if source[0].startswith("-") else [source[0]]
        run.say(f"  {invocation('translate', f'--model={exported}', *words)}")
    run.say(f"  {invocation('evaluate_translator', f'--model={run.directory}')}")
    run.say(f"  {invocation('zoo')}")
