"""Bad input ends an app with one line that says what is wrong and what is right."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.apps.in_process import run_all
from tests.foreign_code import write_keras_file

ROOT = Path(__file__).parents[2]

TINY = (
    "--dataset=folder:images --batch_size=2 --epochs=1 --model_options=output=softmax"
)
# A step at this rate leaves weights that are finite, and a loss that isn't.
DIVERGING = (
    f"{TINY} --optimizer=sgd --schedule=constant --learning_rate=1e38 "
    "--checkpoint_every=1 --run_dir=runs/diverging"
)

# For each case the flags and what the line must name, in that order.
CASES = {
    "diverging": (
        DIVERGING,
        [
            "the loss is ",
            " at step ",
            "(epoch 1), learning rate 1e+38",
            "checkpoint is runs/diverging/checkpoints/worker-0/checkpoint-",
            "lower --learning_rate",
        ],
    ),
    "another_run": (
        f"{TINY} --run_dir=runs/diverging",
        ["runs/diverging holds a run with another --", "--run_dir", "--noresume"],
    ),
    "undecodable_image": (
        "--dataset=folder:torn",
        ["cannot decode ", "torn/train/cat/2.png"],
    ),
    "unknown_dataset": (
        "--dataset=dgits",
        ["unknown dataset 'dgits'", "did you mean digits"],
    ),
    "unknown_model": (
        "--model=lenet6",
        ["unknown model 'lenet6'", "did you mean lenet5"],
    ),
    "missing_folder": (
        "--dataset=folder:nowhere",
        ["no folder 'nowhere'", "<folder>/<split>/<class>/*.png"],
    ),
    "label_beyond_num_classes": (
        "--num_classes=5",
        ["--num_classes=5 is too small for digits", "10 classes"],
    ),
    "empty_split": (
        "--dataset=folder:empty",
        ["no images to validate on in 'empty'", "empty/validation/<class>/"],
    ),
    "unwritable_export": (
        f"{TINY} --export_dir=file/lenet",
        ["can't export to 'file/lenet'", "Not a directory", "can be written"],
    ),
    "flag_of_the_wrong_kind": (
        "--epochs=many",
        ["--epochs=many", "a positive integer"],
    ),
    "warm_up_before_plateau": (
        "--schedule=plateau --warmup_epochs=1",
        ["--schedule=plateau", "doesn't go with --warmup_epochs"],
    ),
    "smoothing_of_another_loss": (
        "--dataset=folder:images --batch_size=2 --label_smoothing=0.1",
        ["--label_smoothing goes with cross-entropy", "lenet5"],
    ),
    "foreign_code_in_weights": (
        f"{TINY} --weights=evil.keras",
        ["evil.keras", "'Sequential'", "not 'kerasapps>LeNet5'"],
    ),
    "unknown_augmentation": (
        f"{TINY} --augment=rotate:15",
        ["unknown augmentation 'rotate'", "did you mean", "rotation"],
    ),
    "scale_of_two_factors": (
        "--dataset=folder:images --model=resnet20 --scale=1.2,1.1",
        ["--scale=1.2,1.1: ", "depth, width and resolution, as in 1.2,1.1,1.15"],
    ),
    "scale_of_a_model_without_a_rule": (
        "--dataset=folder:images --scale=1,2,1",
        ["LeNet5 has no rule for --scale"],
    ),
    "pretrained_of_another_family": (
        f"{TINY} --pretrained=evil.keras",
        ["evil.keras holds the model 'Sequential'"],
    ),
    "shorter_side_below_the_crop": (
        f"{TINY} --shorter_side=20",
        ["shorter_side=20 is too small to cut out 32x32", "32 or more"],
    ),
    "no_heads": (
        "--dataset=folder:images --model=vit --model_options=num_heads=0",
        ["ViT needs", "heads of at least 1"],
    ),
    "stem_of_one": (
        "--dataset=folder:images --model=googlenet --model_options=stem=(64,)",
        ["GoogLeNet with --model_options=stem=(64,) can't be built", "out of range"],
    ),
    "grey_images_for_weights_of_colour": (
        "--dataset=folder:images --batch_size=2 --model=resnet50 "
        "--model_options=weights=imagenet --input_shape=32,32,1",
        ["weights of keras.applications need images of 3 channels"],
    ),
    "unknown_model_option": (
        "--dataset=folder:images --batch_size=2 --model_options=outputs=softmax",
        ["unknown option of LeNet5 'outputs'", "did you mean output"],
    ),
}

NARROW = "--model_options=filters=2 --discriminator_options=filters=2 --batch_size=4"
GOOD_GAN = f"--dataset=folder:images --epochs=1 {NARROW} --run_dir=runs/good"

# The same of apps.train_gan.
GAN_CASES = {
    "diverging": (
        f"{GOOD_GAN}_not --optimizer=sgd --learning_rate=1e38",
        [
            "the generator loss is ",
            "at step 1 (epoch 1), learning rate 1e+38",
            "no checkpoint yet",
            "lower --learning_rate",
        ],
    ),
    "no_gan": ("--model=lenet5", ["unknown model 'lenet5'"]),
    "unknown_dataset": (
        "--dataset=dgits",
        ["unknown dataset 'dgits'", "did you mean digits"],
    ),
    "missing_folder": ("--dataset=folder:nowhere", ["no folder 'nowhere'"]),
    "undecodable_image": (
        f"--dataset=folder:torn {NARROW} --run_dir=runs/torn",
        ["cannot decode ", "torn/train/cat/2.png"],
    ),
    "points_of_images": (
        "--model=pointgan --dataset=folder:images",
        ["PointGAN makes points, not images", "--dataset=gaussian, ring, grid"],
    ),
    "images_of_points": (
        "--dataset=ring",
        ["--dataset=ring has points and DCGAN makes images", "--model=pointgan"],
    ),
    "no_second_domain": (
        "--model=discogan --dataset=folder:images --image_size=32",
        ["DiscoGAN needs a second domain", "--target=edges"],
    ),
    "toy_domain_of_images": (
        "--model=discogan --dataset=toy2d",
        [
            "--model=discogan with --dataset=toy2d",
            "toydiscogan is for toy1d, toy2d, toy2d_close, and",
        ],
    ),
    "images_of_a_toy_model": (
        "--model=toydiscogan --dataset=digits",
        ["--model=toydiscogan with --dataset=digits", "discogan for images"],
    ),
    "unknown_class": (
        "--model=discogan --dataset=folder:images --image_size=32 "
        "--target=classes:cat:mouse",
        ["mouse"],
    ),
    "size_of_dcgan": (
        "--dataset=folder:images --image_size=30 --batch_size=4",
        ["DCGAN has images of 28, 32 and 64 pixels, not 30"],
    ),
    "size_of_discogan": (
        "--model=discogan --dataset=folder:images --target=edges --batch_size=2 "
        "--image_size=28",
        ["DiscoGAN has images of 16, 32, 48, 64", "not 28"],
    ),
    "steps_take_too_much": (
        "--dataset=folder:images --batch_size=4 --discriminator_steps=1000",
        ["--batch_size=4 and --discriminator_steps=1000", "takes 4000 examples"],
    ),
    "split_of_points": (
        "--model=pointgan --dataset=ring --train_split=train",
        ["--train_split is not for these networks"],
    ),
    "size_of_the_convolutional_gan": (
        "--model=convolutionalgan --dataset=folder:images --batch_size=4 "
        "--image_size=28",
        ["ConvolutionalGAN makes images of 32x32", "--image_size=32"],
    ),
    "size_of_stylegan": (
        "--model=stylegan --dataset=folder:images --image_size=24",
        ["--image_size=24 and --first_size=8", "powers of two"],
    ),
    "first_size_above": (
        "--model=stylegan --dataset=folder:images --image_size=8 --first_size=16",
        ["--image_size=8 and --first_size=16", "the first not the larger"],
    ),
    "penalty_weight": (
        "--penalty=r1 --penalty_weight=nan",
        ["penalty_weight", "finite"],
    ),
    "no_condition_file": (
        "--model=conditionalgan --dataset=folder:images --condition=nowhere.csv",
        ["can't read attributes from 'nowhere.csv'", "CSV file"],
    ),
    "no_attributes": (
        "--model=conditionalgan --dataset=digits --condition=dataset",
        ["digits has no feature `attributes`", "shape"],
    ),
    "beyond_the_largest_size": (
        "--model=stylegan --dataset=folder:images --image_size=2048",
        ["--image_size=2048", "powers of two up to 1024"],
    ),
    "penalty_of_discogan": (
        "--model=discogan --dataset=folder:images --target=edges --penalty=r1",
        ["--penalty is not for these networks"],
    ),
    "reconstruction_without_one": (
        "--model=discogan --dataset=folder:images --target=edges --discovery=gan "
        "--reconstruction_weight=10",
        ["--reconstruction_weight is not for these networks"],
    ),
    "target_of_dcgan": ("--target=edges", ["--target is not for these networks"]),
    "unbounded_critic": (
        "--loss=wasserstein",
        ["--loss=wasserstein needs a bound", "--penalty=gradient_penalty"],
    ),
    "unknown_option": (
        f"--dataset=folder:images {NARROW} --discriminator_options=filter=2",
        ["discriminator with --discriminator_options=", "can't be built", "'filter'"],
    ),
    "no_points_for_a_batch": (
        "--model=pointgan --dataset=ring --batch_size=60000",
        ["--batch_size=60000 is more than the 51200 points", "at most 51200"],
    ),
    "unknown_loss": ("--loss=hinge", ["--loss=hinge", "non_saturating"]),
    "pretrained": ("--pretrained=evil.keras", ["--pretrained is for classifiers"]),
    "plateau": (
        f"--dataset=folder:images {NARROW} --schedule=plateau",
        ["--schedule=plateau follows", "held-out examples", "train_gan doesn't"],
    ),
    "early_stopping": (
        f"--dataset=folder:images {NARROW} --early_stopping=3",
        ["--early_stopping follows", "held-out examples", "train_gan doesn't"],
    ),
    "weights_of_small_images": (
        "--model=stylegan --weights=evil.keras",
        ["--weights: stylegan starts with small images"],
    ),
    "foreign_code_in_weights": (
        f"--dataset=folder:images {NARROW} --weights=evil.keras",
        ["evil.keras holds", "'Sequential'", "DCGAN"],
    ),
    "unwritable_export": (
        f"--dataset=folder:images {NARROW} --export_dir=file/gan --run_dir=runs/file",
        ["can't export to 'file/gan'", "Not a directory"],
    ),
    "another_run": (
        f"{GOOD_GAN} --samples=9",
        ["runs/good holds a run with another --samples", "--noresume"],
    ),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The working directory of all cases, with their inputs."""
    folder = tmp_path_factory.mktemp("bad_input")
    random = np.random.default_rng(0)
    for dataset in ("images", "torn", "empty"):
        for split, count in (("train", 4), ("validation", 1)):
            for name in ("cat", "dog"):
                place = folder / dataset / split / name
                place.mkdir(parents=True)
                for i in range(count):
                    pixels = random.integers(0, 256, [8, 8], np.uint8)
                    Image.fromarray(pixels).save(place / f"{i}.png")
    torn = folder / "torn/train/cat/2.png"
    torn.write_bytes(torn.read_bytes()[:-40])
    for image in folder.glob("empty/validation/*/*.png"):
        image.unlink()
    (folder / "file").touch()
    write_keras_file(folder / "evil.keras", folder / "marker")
    return folder


@pytest.fixture(scope="module")
def runs(folder):
    """A future for each case: two processes at a time, as each starts slowly."""

    def train(flags):
        return subprocess.run(
            [sys.executable, "-m", "apps.train_classifier", *flags.split()],
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
        )

    def train_in_its_folder(flags):
        runs["diverging"].result()
        return train(flags)

    pool = ThreadPoolExecutor(2)
    runs = {}
    for name, (flags, _) in CASES.items():
        how = train_in_its_folder if name == "another_run" else train
        runs[name] = pool.submit(how, flags)
    yield runs
    pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize("name", CASES)
def test_one_line_and_exit_code(name, runs, folder):
    _, words = CASES[name]
    run = runs[name].result()
    lines = [line for line in run.stderr.splitlines() if line.strip()]
    assert len(lines) == 1, run.stderr
    assert lines[0].startswith("error: ")
    position = 0
    for word in words:
        assert word in lines[0][position:], lines[0]
        position = lines[0].index(word, position) + len(word)
    assert run.returncode == 1
    assert "Traceback" not in run.stdout
    if name == "foreign_code_in_weights":
        assert not (folder / "marker").exists()
    if name == "diverging":
        checkpoint = next(w for w in lines[0].split() if ".npz" in w).rstrip(";")
        assert (folder / checkpoint).is_file()


@pytest.fixture(scope="module")
def gan_runs_that_fail(folder):
    """The result of each of the GANs' cases by its name."""
    cases = {name: flags for name, (flags, _) in GAN_CASES.items()}
    results = run_all("train_gan", {"good": GOOD_GAN, **cases}, folder)
    assert results["good"].code == 0, results["good"].errors
    return results


@pytest.mark.parametrize("name", GAN_CASES)
def test_one_line_and_exit_code_of_a_gan(name, gan_runs_that_fail, folder):
    run = gan_runs_that_fail[name]
    lines = [line for line in run.errors.splitlines() if line.strip()]
    assert len(lines) == 1, run.errors
    assert lines[0].startswith("error: ")
    position = 0
    for word in GAN_CASES[name][1]:
        assert word in lines[0][position:], lines[0]
        position = lines[0].index(word, position) + len(word)
    assert run.code == 1
    assert "Traceback" not in run.output
    assert not (folder / "marker").exists()


def test_a_gan_s_process_ends_so_too(folder):
    run = subprocess.run(
        [
            *(sys.executable, "-m", "apps.train_gan", "--num_devices=2"),
            *("--model=stylegan", "--batch_size=3", "--discriminator_steps=2"),
        ],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    (line,) = run.stderr.splitlines()
    assert line.startswith("error: ")
    assert "batch_size=3 does not divide by the 2 replicas" in line
    assert run.returncode == 1
