"""Runs of apps.train_gan that the tests of both of the GANs' apps look at."""

import json

import keras
import numpy as np
import pytest
from PIL import Image

from kerasapps.data.images.preprocessing import Preprocessing
from kerasapps.models import LeNet5
from kerasapps.weights import keras_file
from tests.apps.in_process import run_all

IMAGES = "--batch_size=8 --samples=9"
NARROW = "--model_options=filters=2 --discriminator_options=filters=2"
# Ten steps an epoch.
POINTS = "--batch_size=5120 --learning_rate=1e-3"

GAN_RUNS = {
    "dcgan": "--epochs=2 --samples=64 --batch_size=96 --ema=0.9 --gif "
    "--learning_rate=2e-3 --model_options=filters=8 --discriminator_options=filters=8",
    "labels": f"{IMAGES} --model=conditionalgan --dataset=folder:classes "
    "--image_size=8 --model_options=units=16 --discriminator_steps=2 --batch_size=4",
    "labels_decayed": f"{IMAGES} --model=conditionalgan --dataset=folder:classes "
    "--image_size=8 --model_options=units=16 --discriminator_steps=2 --batch_size=4 "
    "--schedule=step --decay_epochs=1 --export_dir=",
    "attributes": f"{IMAGES} --model=convolutionalconditionalgan "
    f"--dataset=folder:classes --condition=classes/attributes.csv {NARROW}",
    "shape": f"{IMAGES} --model=conditionalgan --dataset=folder:flat --image_size=8 "
    "--condition=shape --export_dir= --epochs=2",
    "colours": f"{IMAGES} --model=gan --dataset=folder:colours --image_size=8 "
    "--loss=wasserstein --penalty=gradient_penalty --model_options=units=16",
    # Nine steps for each of two sizes; killed and started again too.
    "stylegan": "--samples=9 --batch_size=4 --model=stylegan --dataset=folder:flat "
    "--image_size=8 --first_size=4 --model_options=latent_size=8 "
    "--model_options=mapping_layers=2 "
    "--model_options=fmap_base=32 --model_options=fmap_max=8 --checkpoint_every=3 "
    "--ema=0.9 --deterministic --mirror --last_epochs=2",
    "edges": "--batch_size=8 --model=discogan --dataset=folder:flat --target=edges "
    f"--gif --image_size=16 --weight_decay=1e-4 {NARROW}",
    "two_folders": "--batch_size=8 --model=discogan --dataset=folder:colours "
    f"--target=folder:flat --discovery=gan --image_size=16 {NARROW}",
    "ring": f"{POINTS} --model=pointgan --dataset=ring --model_options=latent_size=3 "
    "--gif --export_dtype=bfloat16",
    "gaussian": f"{POINTS} --model=pointgan --dataset=gaussian --epochs=2 --gif "
    "--penalty=r1",
    "toy": f"{POINTS} --model=toydiscogan --dataset=toy2d --gif",
    "toy_gan": f"{POINTS} --model=toydiscogan --dataset=toy2d --discovery=gan",
    "toy_reconstruction": f"{POINTS} --model=toydiscogan --dataset=toy2d "
    "--discovery=gan_with_reconstruction --export_dir=",
    "toy1d": f"{POINTS} --model=toydiscogan --dataset=toy1d --export_dir=",
}


def gan_flags(name):
    """Returns the flags of a run, which is in `runs/<name>`."""
    places = f"--run_dir=runs/{name} --export_dir=exported/{name}"
    return f"--epochs=1 {places} {GAN_RUNS[name]}"


def draw_images(folder, count, channels=1, first=0):
    """Writes bright strokes on black, 8x8; returns their files and lengths."""
    folder.mkdir(parents=True)
    random = np.random.default_rng(first)
    found = []
    for number in range(first, first + count):
        pixels = np.zeros([8, 8, channels], np.uint8)
        length, column = random.integers(3, 8), random.integers(1, 6)
        pixels[:length, column : column + 2] = random.integers(100, 256, channels)
        path = folder / f"{number}.png"
        Image.fromarray(pixels[..., 0] if channels == 1 else pixels).save(path)
        found.append((path, length))
    return found


@pytest.fixture(scope="session")
def gan_folder(tmp_path_factory):
    """A working directory with images, and a run of a classifier of their classes."""
    folder = tmp_path_factory.mktemp("gans")
    lines = ["image,length,twice"]
    for number, name in enumerate("abc"):
        place = folder / "classes" / name
        for path, length in draw_images(place, 12, first=20 * number):
            image = path.relative_to(folder / "classes")
            lines.append(f"{image},{length},{2 * length}")
    (folder / "classes/attributes.csv").write_text("\n".join(lines))
    for name in ("toy1d", "toy_gan"):
        samples = folder / "runs" / name / "samples"
        samples.mkdir(parents=True)
        (samples / "00099.npz").write_bytes(b"of before")
    # That alone tells an earlier run from a folder of anything else.
    (folder / "runs/toy_gan/train_gan.flags").write_text("--epochs=99\n")
    draw_images(folder / "flat", 40)
    draw_images(folder / "colours", 40, channels=3)
    keras.utils.set_random_seed(0)
    for classes in ("abc", "0123456789"):
        place = folder / f"classifier_{classes}"
        place.mkdir()
        model = LeNet5(num_classes=len(classes), output="softmax")
        keras_file.save(model, place / "model.keras")
        metrics = {
            "dataset": "flat",
            "class_accuracy": dict.fromkeys(classes, 1.0),
            "preprocessing": Preprocessing((32, 32, 1), 90, 100).to_config(),
        }
        (place / "metrics.json").write_text(json.dumps(metrics))
    return folder


@pytest.fixture(scope="session")
def gan_runs(gan_folder):
    """The folder with the runs, `runs/<name>`, and what they printed by their names."""
    cases = {name: gan_flags(name) for name in GAN_RUNS}
    return gan_folder, run_all("train_gan", cases, gan_folder)
