import importlib

import numpy as np
import pytest
import tensorflow_datasets as tfds

from apps.classifier.network import input_shape
from apps.run import models
from apps.run.options import Options
from kerasapps.data.images import augmentation
from kerasapps.data.images.preprocessing import Preprocessing
from kerasapps.data.points.mixtures import MIXTURES, TOY_DOMAINS
from kerasapps.training.optimizers import make_optimizer
from kerasapps.training.schedules import learning_rate_schedule
from kerasapps.weights.blueprint import blueprint
from tests.apps.in_process import assert_bad_input, run, run_main
from tests.checks import ROOT

FLAGFILES = {
    folder.name: sorted(folder.glob("*.flags"))
    for folder in sorted((ROOT / "apps/flags").iterdir())
}
ALL = [path for paths in FLAGFILES.values() for path in paths]


def find(values, task):
    """Returns the constructor that the flags name, and the model's options."""
    constructor = models.find(values.model, models.of_task(task))
    return constructor, Options("model_options", values.model_options)


def check_classifier(values):
    """Raises an error where apps.train_classifier would."""
    constructor, options = find(values, "classifier")
    shape = input_shape(constructor, values.input_shape)
    options.arguments(constructor, {"num_classes", "input_shape"})
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
    from apps.gan.networks import usual_size

    constructor, options = find(values, "gan")
    given = {}
    if models.has_argument("image_size")(constructor):
        given["image_size"] = values.image_size or usual_size(constructor)
    generator = blueprint(options.build, constructor=constructor, **given)
    options = Options("discriminator_options", values.discriminator_options)
    blueprint(options.build, constructor=generator.discriminator)
    if (values.target is None) == (constructor.__name__ == "DiscoGAN"):
        raise ValueError(f"--target={values.target} of {constructor.__name__}")
    known = ["digits", *MIXTURES, *TOY_DOMAINS, *tfds.list_builders()]
    if values.dataset not in known and not values.dataset.startswith("folder:"):
        raise ValueError(f"no dataset {values.dataset}")


def check_translator(values):
    """Raises an error where apps.train_translator would."""
    constructor, options = find(values, "translator")
    names = ("source_vocabulary", "target_vocabulary")
    sizes = dict.fromkeys(names, values.vocabulary_size)
    blueprint(options.build, constructor=constructor, **sizes)
    of_tfds = values.dataset.partition("/")[0] in tfds.list_builders()
    if not of_tfds and not values.dataset.startswith(("folder:", "numbers")):
        raise ValueError(f"no dataset {values.dataset}")


CHECKS = {
    "train_classifier": check_classifier,
    "train_gan": check_gan,
    "train_translator": check_translator,
}


def check(app, path, folder):
    """Returns the result of what the app would do until it reads the data."""
    values = importlib.import_module(f"apps.{app}").FLAGS

    def main():
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

    return run_main(main, values, f"--flagfile={path}", folder)


# For each app flagfiles that are wrong, and what must be said of them.
BAD = {
    "train_classifier": {
        "flag": ("--no_such_flag=1", "'no_such_flag'"),
        "validator": ("--ema=1", "--ema=1.0: needs a number"),
        "model": ("--model=lenet6", "did you mean lenet5"),
        "option": ("--model_options=outputs=softmax", "did you mean output"),
        "augment": ("--augment=reflexion", "did you mean reflection"),
        "crop": ("--augment=random_crop:16:16", "needs 32 <= smallest"),
        "side": ("--shorter_side=16", "give 32 or more"),
        "dataset": ("--dataset=imagenet", "no dataset imagenet"),
        "optimizer": ("--optimizer=rmsprop\n--nesterov", "nesterov is for sgd"),
    },
    "train_gan": {
        "flag": ("--no_such_flag=1", "'no_such_flag'"),
        "validator": ("--beta_1=1", "--beta_1=1.0: needs a number"),
        "loss": ("--loss=hinge", "--loss=hinge: "),
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
        "flag": ("--no_such_flag=1", "'no_such_flag'"),
        "validator": ("--label_smoothing=1", "--label_smoothing=1.0: needs a number"),
        "model": ("--model=rnnsearching", "did you mean rnnsearch"),
        "no_translator": ("--model=lenet5", "unknown model 'lenet5'"),
        "option": ("--model_options=unit=4", "did you mean units"),
        "heads": ("--model=transformer\n--model_options=num_heads=7", "7 heads"),
        "dataset": ("--dataset=multi30k", "no dataset multi30k"),
    },
}


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_the_app_takes_every_flagfile(path, tmp_path):
    result = check(path.parent.name, path, tmp_path)
    assert result.code == 0, result.errors


@pytest.mark.parametrize(
    ("app", "name"), [(app, name) for app, cases in BAD.items() for name in cases]
)
def test_a_wrong_one_is_told(app, name, tmp_path):
    text, says = BAD[app][name]
    path = tmp_path / "wrong.flags"
    path.write_text(text)
    result = check(app, path, tmp_path)
    assert result.code == 1
    assert says in result.errors


@pytest.mark.parametrize("form", ["--flagfile=", "-flagfile "])
def test_one_is_found_by_its_bare_name_from_anywhere(form, tmp_path):
    flags = f"{form}resnet20_cifar10 --dataset=folder:nowhere"
    result = run("train_classifier", flags, tmp_path)
    # The flagfile's model, and the data of the flag that came after it.
    assert result.output.startswith("Run runs/train_classifier/resnet20_nowhere-")
    assert_bad_input(result, ["no folder 'nowhere'"])


def test_an_unknown_name_gets_the_nearest(tmp_path):
    result = run("train_classifier", "--flagfile=lenet5_mnst", tmp_path)
    assert_bad_input(result, ["no flagfile 'lenet5_mnst'", "did you mean lenet5_mnist"])


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
