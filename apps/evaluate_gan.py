r"""Evaluates what apps.train_gan trained, and draws the papers' figures.

    python -m apps.evaluate_gan --model=runs/train_gan/dcgan_digits
    python -m apps.evaluate_gan --model=RUN \
        --classifier=runs/train_classifier/lenet5_mnist
    python -m apps.evaluate_gan --model=RUN --features=inception
    python -m apps.evaluate_gan --model=GAN --model=RECONSTRUCTION --model=DISCOGAN

A classifier, trained by apps.train_classifier on the same classes, tells how often
conditional samples are of the class that was asked for. Its last hidden layer gives the
features of the Fréchet distance, and of the perceptual path lengths of StyleGAN, unless
--features names others: inception, those of FID; or the folder of a SavedModel.

Several models are drawn side by side where they map between toy domains.
"""

# isort: off
import apps.run.quiet_tensorflow  # noqa: F401
# isort: on

import json
import pathlib
import urllib.parse

from absl import flags

from apps.gan import (
    drawing,
    image_mapping,
    measuring,
    point_mapping,
    points,
    styles,
)
from apps.gan.trained import load
from apps.run import command, common_flags, metrics
from kerasapps.errors import InputError, printable
from kerasapps.evaluation.gan import features
from kerasapps.figures.saving import save
from kerasapps.serving import checksums

FLAGS = flags.FlagValues()
common_flags.define_data_dir(FLAGS)
flags.DEFINE_multi_string(
    "model",
    None,
    "Run directory of apps.train_gan; given again, models of one toy domain are drawn "
    "side by side.",
    flag_values=FLAGS,
)
flags.DEFINE_string(
    "classifier",
    None,
    "Run directory of apps.train_classifier, of the same classes.",
    flag_values=FLAGS,
)
flags.DEFINE_string(
    "features",
    None,
    "Features of the Fréchet distance: inception, or inception:FILE with its weights; "
    "or a SavedModel, FOLDER or FOLDER:SIGNATURE:OUTPUT. Default: the classifier's.",
    flag_values=FLAGS,
)
flags.DEFINE_integer(
    "samples",
    10_000,
    "Examples that are generated for the measures.",
    100,
    1_000_000,
    flag_values=FLAGS,
)
flags.DEFINE_integer(
    "paths",
    2_000,
    "Paths of each perceptual path length of StyleGAN.",
    10,
    flag_values=FLAGS,
)
flags.DEFINE_string(
    "arithmetic",
    None,
    "Samples whose mean z's are subtracted and added, as in 3,8,12-1,5,7+2,4,9; they "
    "are counted from 0 along the rows of the figure samples. Default: by the "
    "thickness and slant of bright drawings.",
    flag_values=FLAGS,
)
flags.DEFINE_string(
    "turn",
    None,
    "Samples from whose mean z to that of the others the turn vector leads, as in "
    "3,8,12,20:1,5,7,9. Default: from leaning left to leaning right.",
    flag_values=FLAGS,
)
flags.DEFINE_string(
    "output_dir",
    None,
    "Where metrics.json and the figures go; default: a folder in runs/evaluate_gan/ "
    "named by the runs and by how they are measured.",
    flag_values=FLAGS,
)
flags.DEFINE_integer(
    "seed", 0, "Seed of what is drawn.", 0, 2**31 - 1, flag_values=FLAGS
)
flags.DEFINE_bool(
    "json",
    False,
    "Print the measures as JSON instead of a table.",
    flag_values=FLAGS,
)
flags.mark_flag_as_required("model", flag_values=FLAGS)

# What metrics.json tells of how it was measured.
_MEASURED_BY = ("classifier", "features", "paths", "seed")


def main() -> None:
    """Runs the app."""
    runs = [load(model, FLAGS.data_dir) for model in FLAGS.model]
    if len(runs) > 1 and not all(r.maps_domains and r.makes_points for r in runs):
        raise InputError("several models are compared on toy domains only")
    _check_flags(runs[0])
    numbers = {
        flag: drawing.sample_numbers(flag, FLAGS[flag].value)
        for flag in ("arithmetic", "turn")
    }
    directory = pathlib.Path(FLAGS.output_dir or _directory(runs))
    figures = directory / "figures"
    figures.mkdir(parents=True, exist_ok=True)
    measures = {}
    for name, figure in _evaluate(runs, numbers, measures):
        save(figure, figures / f"{name}.png")
    measured_by = {name: FLAGS[name].value for name in _MEASURED_BY}
    metrics.write(directory, {"models": FLAGS.model, **measured_by, **measures})
    if FLAGS.json:
        print(json.dumps(measures))
        return
    _print(measures)
    print(f"\nFigures   {figures}/\nMetrics   {directory}/metrics.json")


def _check_flags(run):
    """Checks that the flags go with the run."""
    for flag in ("classifier", "features", "arithmetic", "turn"):
        if FLAGS[flag].value is None:
            continue
        if run.maps_domains or run.makes_points:
            raise InputError(f"--{flag} is for images made of random numbers")
        if flag in ("arithmetic", "turn") and run.conditions:
            raise InputError(f"--{flag} is for generators without conditions")


def _directory(runs):
    parts = ["+".join(run.directory.resolve().name for run in runs)]
    if FLAGS.classifier:
        parts.append(f"classifier={pathlib.Path(FLAGS.classifier).resolve().name}")
    parts += [
        f"{name}={FLAGS[name].value}"
        for name in ("features", "samples", "paths", "arithmetic", "turn", "seed")
        if FLAGS[name].value != FLAGS[name].default
    ]
    # As in a URL, so that each is one name.
    name = "_".join(urllib.parse.quote(part, safe="+,=") for part in parts)
    return f"runs/evaluate_gan/{name}"


def _evaluate(runs, numbers, measures):
    """Yields figures by their names; writes into the measures."""
    run = runs[0]
    if run.maps_domains:
        if run.makes_points:
            yield from point_mapping.compare(runs, measures)
        else:
            yield from image_mapping.evaluate(run, measures)
        return
    if run.makes_points:
        yield from points.evaluate(run, FLAGS.samples, FLAGS.seed, measures)
        return
    classifier = FLAGS.classifier and features.classifier(FLAGS.classifier)
    if classifier and run.conditions and run.conditions.are_classes:
        _check_classes(run, classifier)
    chosen = _features() or (classifier and classifier.features)
    training = measuring.real_images(run, "train")
    yield from drawing.draw(run, training, FLAGS.seed, **numbers)
    measures |= measuring.measure(run, classifier, chosen, FLAGS.samples, FLAGS.seed)
    if run.network.has_styles:
        yield from styles.draw(run, FLAGS.seed)
        measures |= styles.measure(
            run, classifier, chosen, FLAGS.samples, FLAGS.paths, FLAGS.seed
        )


def _print(measures, indent=""):
    for name, value in measures.items():
        if isinstance(value, dict):
            print(f"{indent}{printable(name)}")
            _print(value, indent + "  ")
            continue
        title = indent + printable(name).replace("_", " ")
        shown = f"{value:.4g}" if isinstance(value, float) else value
        print(f"{title:<40} {shown}")


def _check_classes(run, classifier):
    own, its = run.conditions.names, classifier.class_names
    if tuple(own) != tuple(its):
        raise InputError(
            f"--classifier={FLAGS.classifier} tells {', '.join(its)} apart, and "
            f"{run.directory} makes {', '.join(own)}; give one of the same classes"
        )


def _features():
    kind, _, path = (FLAGS.features or "").partition(":")
    if not kind:
        return None
    if kind == "inception":
        return features.inception(path or "imagenet")
    for folder in (FLAGS.features, FLAGS.features.rsplit(":", 2)[0]):
        checksums.check(pathlib.Path(folder))
    return features.saved_model(FLAGS.features)


if __name__ == "__main__":
    command.run(main, FLAGS)
