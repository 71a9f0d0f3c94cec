"""Training what turns examples of one domain into those of another."""

import json

from absl import flags

from apps.gan import conversions, report
from apps.gan.examples import EPOCH_POINTS, in_bounds
from apps.gan.fitting import fit
from apps.gan.start import start
from apps.run import common_flags as common
from apps.run import metrics
from apps.run.run import Run
from kerasapps.data.images import domains
from kerasapps.data.pipeline import ShuffledExamples
from kerasapps.data.points.mixtures import TOY_DOMAINS, PointData
from kerasapps.errors import InputError
from kerasapps.figures.learning_curves import learning_curves
from kerasapps.figures.pixels import pixels
from kerasapps.figures.tiling import tile
from kerasapps.serving.domain_mapping import export_points, export_translator
from kerasapps.training.gan import snapshots
from kerasapps.training.gan.discogan_trainer import Discovery

FLAGS = flags.FLAGS

# Images that are shown after each epoch; epochs in the figure of them.
_IMAGES, _EPOCHS = 12, 8
# Of these in a row of the animation.
_COLUMNS = 4


def train(constructor) -> None:
    """Trains the generators and leaves everything that a run leaves.

    Raises:
        InputError: If the flags don't go together, or the data can't be had.
    """
    toy = constructor.example_bounds is None
    if toy != (FLAGS.dataset in TOY_DOMAINS):
        raise InputError(
            f"--model={FLAGS.model} with --dataset={FLAGS.dataset}: toydiscogan is for "
            f"{', '.join(TOY_DOMAINS)}, and discogan for images"
        )
    target = [FLAGS.target] if FLAGS.target else []
    run = Run("train_gan", constructor.__name__.lower(), target)
    run.say(f"Run {run.directory}. Reading {FLAGS.dataset}.")
    (_train_points if toy else _train_images)(run, constructor)


def _train_points(run, constructor):
    a, b = TOY_DOMAINS[FLAGS.dataset]
    data = domains.UnpairedData(
        *(PointData(m, EPOCH_POINTS, FLAGS.batch_size, FLAGS.seed) for m in (a, b))
    )
    model = _model(run, constructor, data, {"dimensions": a.means.shape[1]})
    history = fit(
        run,
        model,
        (model.generators, model.discriminators),
        data,
        {"points": EPOCH_POINTS},
        lambda: conversions.map_points(
            model.a_to_b, model.b_discriminator, FLAGS.dataset
        ),
        _point_frame,
    )
    networks = _kept(run, model)
    if not run.is_chief:
        return
    panel = conversions.map_points(
        networks["a_to_b"], networks["b_discriminator"], FLAGS.dataset
    )
    measures = conversions.measure_points(panel["mapped"], FLAGS.dataset)
    figure = conversions.draw_points({FLAGS.discovery: panel}, FLAGS.dataset)
    run.save_figure("mapping", figure)
    report.animate(run, _point_frame)
    exported = run.export_dir and export_points(
        _directions(networks), run.export_dir, FLAGS.export_dtype
    )
    _report(run, constructor, networks, history, exported, measures, {})


def _train_images(run, constructor):
    if not FLAGS.target:
        raise InputError(
            f"{constructor.__name__} needs a second domain: give --target=edges, "
            "halves, classes:A:B, or another data set"
        )
    pair = domains.load(FLAGS.dataset, FLAGS.target, FLAGS.data_dir, FLAGS.train_split)
    size = FLAGS.image_size
    channels = {name: 1 if d.channels == 1 else 3 for name, d in _named(pair)}
    preprocessing = {
        name: in_bounds(constructor, (size, size, channels[name])) for name in "ab"
    }

    def training(name, data):
        return ShuffledExamples(
            data.train.examples,
            data.train.size,
            FLAGS.batch_size,
            lambda image, seed: image,
            FLAGS.seed,
            prepare=lambda example: preprocessing[name](data.decode(example)["image"]),
        )

    data = domains.UnpairedData(*(training(*named) for named in _named(pair)))
    arguments = {
        "image_size": size,
        "channels": channels["a"],
        "target_channels": channels["b"],
    }
    with pair.a.naming_undecodable(), pair.b.naming_undecodable():
        model = _model(run, constructor, data, arguments)
        shown = conversions.held_out(pair, preprocessing, _IMAGES)
        history = fit(
            run,
            model,
            (model.generators, model.discriminators),
            data,
            {f"images of {name}": d.train.size for name, d in _named(pair)},
            lambda: conversions.snapshot(model, shown["a"], preprocessing["b"]),
            _image_frame,
        )
    networks = _kept(run, model)
    if not run.is_chief:
        return
    for name, figure in conversions.draw(networks, shown, preprocessing).items():
        run.save_figure(name, figure)
    frames = snapshots.read(run.directory / "samples", _EPOCHS)
    run.save_figure("samples_over_training", conversions.draw_frames(frames))
    report.animate(run, _image_frame)
    exported = run.export_dir and export_translator(
        _directions(networks), preprocessing, run.export_dir, FLAGS.export_dtype
    )
    more = {name: p.to_config() for name, p in preprocessing.items()}
    measures = conversions.measure(networks, pair, preprocessing, FLAGS.target)
    _report(
        run,
        constructor,
        networks,
        history,
        exported,
        measures,
        {"target": FLAGS.target, "preprocessing": more},
    )


def _point_frame(epoch, arrays):
    figure = conversions.draw_points({f"epoch {epoch}": arrays}, FLAGS.dataset)
    return pixels(figure)


def _image_frame(_, arrays):
    return tile(arrays["samples"], _COLUMNS)


def _named(pair):
    return zip("ab", pair, strict=True)


def _model(run, constructor, data, arguments):
    arguments = common.model_arguments(constructor, **arguments)
    with run.strategy.scope():
        a_to_b = common.build_model(constructor, **arguments)
        b_to_a = a_to_b.inverse(name="inverse")
        discriminators = [
            common.build_model(
                generator.discriminator,
                options_flag="discriminator_options",
                name=f"{domain}_discriminator",
                **common.options("discriminator_options", generator.discriminator),
            )
            for domain, generator in (("a", b_to_a), ("b", a_to_b))
        ]
        start(
            {
                "model": a_to_b,
                "b_to_a": b_to_a,
                "discriminator": discriminators[1],
                "a_discriminator": discriminators[0],
            }
        )
        model = Discovery(
            a_to_b,
            b_to_a,
            *discriminators,
            FLAGS.discovery,
            FLAGS.reconstruction_weight,
        )
        steps = data.steps_per_epoch
        run.compile(
            model, steps, discriminator_optimizer=run.make_optimizer(steps, ema=False)
        )
    return model


def _kept(run, model):
    """Writes the networks and returns copies of them by their names."""
    run.say("Evaluating, drawing and exporting.")
    files = {
        "a_to_b": (model.a_to_b, "model"),
        "b_discriminator": (model.b_discriminator, "discriminator"),
    }
    if model.kind != "gan":
        files["b_to_a"] = (model.b_to_a, "b_to_a")
    if model.kind == "discogan":
        files["a_discriminator"] = (model.a_discriminator, "a_discriminator")
    return {name: run.keep(network, file) for name, (network, file) in files.items()}


def _directions(networks):
    return {n: network for n, network in networks.items() if "_to_" in n}


def _report(run, constructor, networks, history, exported, measures, more):
    run.save_figure("learning_curves", learning_curves(history))
    generators = _directions(networks)
    discriminators = [n for name, n in networks.items() if name not in generators]
    metrics.write(
        run.directory,
        {
            **report.common_metrics(constructor, generators.values(), discriminators),
            "discovery": FLAGS.discovery,
            **more,
            **measures,
            "history": history,
            "export": exported or None,
        },
    )
    if measures:
        run.say("\n" + json.dumps(measures, indent=2))
    report.say_where(run, exported)
