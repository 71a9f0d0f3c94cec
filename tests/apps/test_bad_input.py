"""Bad input ends an app with one line that says what is wrong and what is right."""

import numpy as np
import pytest
from PIL import Image

from tests.apps import processes
from tests.apps.in_process import assert_bad_input, run, run_well
from tests.foreign_code import write_keras_file

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
    "a_version_of_other_classes": (
        "--dataset=folder:images --export_dir=exported",
        ["newest version in 'exported' is of other classes: 'bee' where", "'cat'"],
    ),
    "missing_folder": (
        "--dataset=folder:nowhere",
        ["no folder 'nowhere'", "<folder>/<split>/<class>/*.png"],
    ),
    "label_beyond_num_classes": (
        "--num_classes=5",
        ["num_classes=5 is too small for digits", "10 classes"],
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
        ["--epochs=many", "an integer in the range"],
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
        ["--scale=1.2,1.1: ", "depth, width and resolution", "as in 1.2,1.1,1.15"],
    ),
    "scale_of_a_model_without_a_rule": (
        "--dataset=folder:images --scale=1,2,1",
        ["LeNet5 has no rule for --scale"],
    ),
    "pretrained_of_another_family": (
        f"{TINY} --pretrained=evil.keras",
        ["evil.keras holds the model 'Sequential'"],
    ),
    "shorter_side_beyond_all_images": (
        f"{TINY} --shorter_side=100000000",
        ["shorter_side=100000000 makes", "at most 8192", "(--shorter_side)"],
    ),
    "input_beyond_all_images": (
        f"{TINY} --input_shape=100000,100000,1",
        ["--input_shape=100000,100000,1: images have at most 67108864 pixels"],
    ),
    "more_padding_than_image": (
        f"{TINY} --augment=pad_and_crop:100000",
        ["'pad_and_crop:100000': padding can be at most the 32 pixels", "(--augment)"],
    ),
    "shorter_side_below_the_crop": (
        f"{TINY} --shorter_side=20",
        ["shorter_side=20 is too small to cut out 32x32", "32 or more"],
    ),
    "no_heads": (
        "--dataset=folder:images --model=vit --model_options=num_heads=0",
        ["ViT: num_heads is an integer from 1 to"],
    ),
    "more_classes_than_memory": (
        "--dataset=folder:images --num_classes=100000000",
        ["confusion matrix of 100,000,000 classes would take", "(--num_classes)"],
    ),
    "images_larger_than_memory": (
        "--dataset=folder:images --model=resnet20 --input_shape=8000,8000,1",
        ["training resnet20 with batch_size=32 would take", "GB of memory"],
    ),
    "layers_without_end": (
        "--dataset=folder:images --model=vit --model_options=num_layers=99999999999",
        ["ViT: num_layers is an integer from 1 to", "not 99999999999"],
    ),
    "scaled_to_nothing": (
        "--dataset=folder:images --model=resnet20 --scale=1e-9,1,1",
        ["--scale=1e-9,1,1", "each from 0.01 to 100"],
    ),
    "an_option_that_is_no_value": (
        "--dataset=folder:images --model_options=output={[]}",
        ["LeNet5: output is 'rbf' or 'softmax', not '{[]}'"],
    ),
    "stem_of_one": (
        "--dataset=folder:images --model=googlenet --model_options=stem=(64,)",
        ["GoogLeNet: stem is a list of an integer from 1"],
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
            "try a lower learning rate (--learning_rate)",
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
    "no_latents": (
        f"--dataset=folder:images {NARROW} --model_options=latent_size=0",
        ["DCGAN: latent_size is an integer from 1 to", "not 0"],
    ),
    "a_discriminator_larger_than_memory": (
        f"--dataset=folder:images {NARROW} --discriminator_options=filters=200000",
        ["the weights of discriminator with", "TB of memory", "choose less"],
    ),
    "more_samples_than_memory": ("--samples=10000000", ["--samples=10000000", "10000"]),
    "unknown_option": (
        f"--dataset=folder:images {NARROW} --discriminator_options=filter=2",
        ["unknown argument of DCGANDiscriminator 'filter'; did you mean filters?"],
    ),
    "no_points_for_a_batch": (
        "--model=pointgan --dataset=ring --batch_size=60000",
        ["batch_size=60000 is more than the 51200 points", "at most 51200"],
    ),
    "unknown_loss": ("--loss=hinge", ["--loss=hinge", "non_saturating"]),
    "pretrained": ("--pretrained=evil.keras", ["--pretrained is for classifiers"]),
    "plateau": (
        f"{GOOD_GAN}_not --schedule=plateau",
        ["--schedule=plateau follows a measure of held-out examples", "train_gan"],
    ),
    "early_stopping": (
        f"{GOOD_GAN}_not --early_stopping=1",
        ["--early_stopping follows a measure of held-out examples", "train_gan"],
    ),
    "keep_best": (
        f"{GOOD_GAN}_not --keep_best",
        ["--keep_best follows a measure of held-out examples", "train_gan"],
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
    (folder / "exported/1/assets.extra").mkdir(parents=True)
    (folder / "exported/1/saved_model.pb").touch()
    names = folder / "exported/1/assets.extra/class_names.json"
    names.write_text('["bee", "dog"]')
    write_keras_file(folder / "evil.keras", folder / "marker")
    return folder


@pytest.fixture(scope="module")
def diverged(folder):
    """The result of a run whose loss ended as no number."""
    return run("train_classifier", DIVERGING, folder)


@pytest.mark.parametrize("name", CASES)
def test_one_line_and_exit_code(name, folder):
    flags, words = CASES[name]
    assert_bad_input(run("train_classifier", flags, folder), words)
    assert not (folder / "marker").exists()


def test_a_loss_that_is_no_number(diverged, folder):
    assert_bad_input(
        diverged,
        [
            "the loss is ",
            " at step ",
            "(epoch 1), learning rate 1e+38",
            "checkpoint is runs/diverging/checkpoints/worker-0/checkpoint-",
            "try a lower learning rate (--learning_rate)",
        ],
    )
    checkpoint = next(w for w in diverged.errors.split() if ".npz" in w).rstrip(";")
    assert (folder / checkpoint).is_file()


def test_the_folder_of_another_run(diverged, folder):
    result = run("train_classifier", f"{TINY} --run_dir=runs/diverging", folder)
    words = ["runs/diverging holds a run with another --", "--run_dir", "--noresume"]
    assert_bad_input(result, words)


@pytest.fixture(scope="module")
def good_gan(folder):
    """Trains a GAN as it should be."""
    run_well("train_gan", GOOD_GAN, folder)


@pytest.mark.parametrize("name", GAN_CASES)
def test_one_line_and_exit_code_of_a_gan(name, folder):
    flags, words = GAN_CASES[name]
    assert_bad_input(run("train_gan", flags, folder), words)
    assert not (folder / "marker").exists()


def test_the_folder_of_another_gan(good_gan, folder):
    result = run("train_gan", f"{GOOD_GAN} --samples=9", folder)
    words = ["runs/good holds a run with another --samples", "--noresume"]
    assert_bad_input(result, words)


UNEVEN = "--num_devices=2 --batch_size=3 --discriminator_steps=2"


@pytest.mark.parametrize("model", ["dcgan", "stylegan"])
def test_a_batch_that_the_devices_can_not_share(model, folder):
    result = run("train_gan", f"--model={model} {UNEVEN}", folder)
    assert_bad_input(result, ["batch_size=3 does not divide by the 2 replicas"])


@pytest.mark.parametrize(
    ("app", "flags", "words"),
    [
        ("train_classifier", f"{DIVERGING}_elsewhere", ["the loss is "]),
        ("train_gan", UNEVEN, ["batch_size=3 does not divide"]),
    ],
)
def test_tensorflow_says_nothing_beside_it(app, flags, words, folder):
    """In a process of its own, where all that is written comes together."""
    assert_bad_input(processes.run(app, folder, flags), words)
