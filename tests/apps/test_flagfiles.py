import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FLAGFILES = {
    folder.name: sorted(folder.glob("*.flags"))
    for folder in sorted((ROOT / "apps/flags").iterdir())
}
ALL = [path for paths in FLAGFILES.values() for path in paths]


def check_classifier(values):
    """Raises an error where apps.train_classifier would."""
    import inspect

    import numpy as np
    import tensorflow_datasets as tfds

    from apps.run import common_flags as common
    from kerasapps.data.images import augmentation
    from kerasapps.data.images.preprocessing import Preprocessing

    constructor = common.find_model("classifier")
    defaults = inspect.signature(constructor).parameters
    shape = values.input_shape or defaults["input_shape"].default
    common.model_arguments(constructor, num_classes=10, input_shape=shape)
    preprocessing = Preprocessing(shape, shorter_side=values.shorter_side)
    augmentation.parse(
        values.augment,
        preprocessing=preprocessing,
        covariance=np.eye(preprocessing.image_shape[-1]),
    )
    if values.dataset not in ["digits", *tfds.list_builders()]:
        raise ValueError(f"no dataset {values.dataset}")


def check_gan(values):
    """Raises an error where apps.train_gan would."""
    import tensorflow_datasets as tfds

    from apps.gan.start import usual_size
    from apps.run import common_flags as common
    from apps.run.models import has_argument
    from kerasapps.data.points.mixtures import MIXTURES, TOY_DOMAINS
    from kerasapps.weights.blueprint import blueprint

    constructor = common.find_model("gan")
    given = {}
    if has_argument("image_size")(constructor):
        given["image_size"] = values.image_size or usual_size(constructor)
    arguments = common.model_arguments(constructor, **given)
    generator = blueprint(lambda: common.build_model(constructor, **arguments))
    options = common.options("discriminator_options", generator.discriminator)
    blueprint(lambda: generator.discriminator(**options))
    if (values.target is None) == (constructor.__name__ == "DiscoGAN"):
        raise ValueError(f"--target={values.target} of {constructor.__name__}")
    known = ["digits", *MIXTURES, *TOY_DOMAINS, *tfds.list_builders()]
    if values.dataset not in known and not values.dataset.startswith("folder:"):
        raise ValueError(f"no dataset {values.dataset}")


def check_translator(values):
    """Raises an error where apps.train_translator would."""
    import tensorflow_datasets as tfds

    from apps.run import common_flags as common
    from kerasapps.weights.blueprint import blueprint

    constructor = common.find_model("translator")
    sizes = dict.fromkeys(
        ("source_vocabulary", "target_vocabulary"), values.vocabulary_size
    )
    arguments = common.model_arguments(constructor, **sizes)
    blueprint(lambda: common.build_model(constructor, **arguments))
    of_tfds = values.dataset.partition("/")[0] in tfds.list_builders()
    if not of_tfds and not values.dataset.startswith(("folder:", "numbers")):
        raise ValueError(f"no dataset {values.dataset}")


CHECKS = {
    "train_classifier": check_classifier,
    "train_gan": check_gan,
    "train_translator": check_translator,
}


def check(app, path):
    """Raises an error unless the app would take the flagfile at `path`."""
    from absl import flags

    from kerasapps.training.optimizers import make_optimizer
    from kerasapps.training.schedules import learning_rate_schedule

    values = flags.FLAGS
    values([app, f"--flagfile={path}"])
    CHECKS[app](values)
    rate = learning_rate_schedule(
        values.schedule,
        values.learning_rate,
        100,
        values.epochs,
        decay_epochs=[float(e) for e in values.decay_epochs],
    )
    make_optimizer(
        values.optimizer, rate, nesterov=values.nesterov, epsilon=values.epsilon
    )


def check_all():
    """Prints what is wrong with each flagfile, as JSON; runs in its own process."""
    import importlib

    from absl.testing import flagsaver

    app, *paths = sys.argv[1:]
    importlib.import_module(f"apps.{app}")
    wrong = {}
    for path in map(Path, paths):
        with flagsaver.flagsaver():
            try:
                check(app, path)
            except Exception as error:
                wrong[path.name] = f"{type(error).__name__}: {error}"
    print(json.dumps(wrong))


def wrong_ones(app, paths):
    """What is wrong with flagfiles, by their names; one process for an app's."""
    command = "from tests.apps.test_flagfiles import check_all; check_all()"
    result = subprocess.run(
        [sys.executable, "-c", command, app, *map(str, paths)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout.splitlines()[-1])


# For each app flagfiles that are wrong, and what must be said of them.
BAD = {
    "train_classifier": {
        "flag": ("--no_such_flag=1", "UnrecognizedFlagError"),
        "validator": ("--ema=1", "IllegalFlagValueError"),
        "model": ("--model=lenet6", "did you mean lenet5"),
        "option": ("--model_options=outputs=softmax", "did you mean output"),
        "augment": ("--augment=reflexion", "did you mean reflection"),
        "crop": ("--augment=random_crop:16:16", "needs 32 <= smallest"),
        "side": ("--shorter_side=16", "give 32 or more"),
        "dataset": ("--dataset=imagenet", "no dataset imagenet"),
        "optimizer": ("--optimizer=rmsprop\n--nesterov", "nesterov is for sgd"),
    },
    "train_gan": {
        "flag": ("--no_such_flag=1", "UnrecognizedFlagError"),
        "validator": ("--beta_1=1", "IllegalFlagValueError"),
        "loss": ("--loss=hinge", "IllegalFlagValueError"),
        "model": ("--model=dcgam", "did you mean dcgan"),
        "no_gan": ("--model=lenet5", "unknown model 'lenet5'"),
        "option": ("--model_options=filter=4", "did you mean filters"),
        "discriminator": ("--discriminator_options=filter=4", "'filter'"),
        "size": ("--image_size=30", "28, 32 and 64"),
        "target": ("--model=discogan\n--image_size=32", "--target=None of DiscoGAN"),
        "dataset": ("--dataset=celeba", "no dataset celeba"),
        "optimizer": ("--optimizer=rmsprop\n--nesterov", "nesterov is for sgd"),
    },
    "train_translator": {
        "flag": ("--no_such_flag=1", "UnrecognizedFlagError"),
        "validator": ("--label_smoothing=1", "IllegalFlagValueError"),
        "model": ("--model=rnnsearching", "did you mean rnnsearch"),
        "no_translator": ("--model=lenet5", "unknown model 'lenet5'"),
        "option": ("--model_options=unit=4", "did you mean units"),
        "heads": ("--model=transformer\n--model_options=num_heads=7", "7 heads"),
        "dataset": ("--dataset=multi30k", "no dataset multi30k"),
    },
}


@pytest.mark.parametrize("app", FLAGFILES)
def test_the_app_takes_every_flagfile(app, tmp_path):
    for name, (text, _) in BAD[app].items():
        (tmp_path / f"{name}.flags").write_text(text)
    wrong = wrong_ones(app, [*FLAGFILES[app], *tmp_path.glob("*.flags")])
    for name, (_, says) in BAD[app].items():
        assert says in wrong.pop(f"{name}.flags")
    assert not wrong
    assert FLAGFILES[app]


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_a_comment_tells_the_command(path):
    lines = path.read_text().splitlines()
    head = [line for line in lines if line.startswith("#")]
    assert lines[: len(head)] == head
    name = path.relative_to(ROOT)
    app = f"apps.{path.parent.name}"
    commands = [line.split()[1:] for line in head if app in line]
    assert commands[0][:4] == ["python", "-m", app, f"--flagfile={name}"]
    # The model and the data are what the name says.
    model, data = path.stem.split("_", 1)
    assert f"--model={model}" in lines
    (dataset,) = (line[10:] for line in lines if line.startswith("--dataset="))
    dataset = dataset.removeprefix("folder:").partition("/")[0]
    assert data == dataset or data.startswith(f"{dataset}_")
