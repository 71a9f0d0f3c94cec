"""A folder with data, runs and exports of each kind, small, and what uses them."""

import contextlib
import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

_NARROW = "--model_options=filters=2 --discriminator_options=filters=2 --batch_size=4"
_CLASSIFIER = (
    "--dataset=folder:images --batch_size=2 --epochs=1 --model_options=output=softmax"
)
_IMAGES = f"--dataset=folder:images --epochs=1 --samples=4 {_NARROW}"
_POINTS = (
    "--model=pointgan --dataset=ring --batch_size=5120 --epochs=1 --samples=64 "
    "--learning_rate=1e-3"
)
_TRANSLATOR = (
    "--dataset=folder:corpus --tokens=words --epochs=1 --tokens_per_batch=64 "
    "--beam_size=1 --model_options=embedding_size=8 --model_options=units=8 "
    "--model_options=maxout_units=8 --model_options=alignment_units=8"
)

# What the material's runs are of: their folders, apps and flags.
RUNS = {
    "classifier": ("train_classifier", _CLASSIFIER),
    "gan": ("train_gan", _IMAGES),
    "points": ("train_gan", _POINTS),
    "translator": ("train_translator", _TRANSLATOR),
}

# Further trainings, of which none has a run in the material.
TRAININGS = {
    **RUNS,
    "attributes": (
        "train_gan",
        "--model=conditionalgan --image_size=8 --condition=images/attributes.csv "
        "--dataset=folder:images --epochs=1 --samples=4 --batch_size=4 "
        "--model_options=units=4",
    ),
    "weights": (
        "train_classifier",
        f"{_CLASSIFIER} --weights=runs/classifier/model.keras",
    ),
}

# What looks at them: an app with its flags, and the folders that it reads.
USES = [
    ("evaluate_classifier", "--model=runs/classifier --json", ["runs/classifier"]),
    ("evaluate_gan", "--model=runs/gan --samples=100 --json", ["runs/gan"]),
    ("evaluate_gan", "--model=runs/points --samples=100 --json", ["runs/points"]),
    ("evaluate_translator", "--model=runs/translator --json", ["runs/translator"]),
    (
        "compare_classifiers",
        "--output=compared.png one=runs/classifier other=runs/classifier",
        ["runs/classifier"],
    ),
    (
        "predict",
        "--model=exported/classifier images/train/cat/0.png images/train/dog/1.jpg",
        ["exported/classifier", "images"],
    ),
    ("translate", "--model=exported/translator a.dog red.cat", ["exported/translator"]),
]

# What needs nothing and is done in a moment.
OTHERS = [
    ("zoo", ""),
    ("scale_classifier", "--multiply_adds=3e8 --alpha=1.2 --beta=1.1 --gamma=1.15"),
    (
        "benchmark_translator",
        "--model=seq2seqlstm --vocabulary=8 --length=2 --repeats=1",
    ),
    ("benchmark", "--models=resnet50 --what=inference --batch_size=1 --repeats=1"),
]


def training(name: str, folder: str) -> list[str]:
    """Returns the flags of a training whose run and export lie in a folder each."""
    _, flags = TRAININGS[name]
    return [*flags.split(), *places(folder)]


def places(folder: str) -> list[str]:
    """Returns the flags of a training that say where its run and export lie."""
    return [f"--run_dir=runs/{folder}", f"--export_dir=exported/{folder}"]


@contextlib.contextmanager
def undone(folder: Path) -> Iterator[None]:
    """Undoes, at its end, what was done in the folder. Runs know the folder's path."""
    with tempfile.TemporaryDirectory(dir=folder.parent) as place:
        kept = Path(shutil.copytree(folder, Path(place, "kept")))
        try:
            yield
        finally:
            shutil.rmtree(folder)
            kept.rename(folder)


def make(folder: Path, forks) -> None:
    """Makes the data and trains the runs."""
    data(folder)
    for name, (app, _) in RUNS.items():
        ended = forks.run(app, training(name, name), folder, seconds=600)
        assert ended.code == 0, ended.errors


def data(folder: Path) -> None:
    """Makes the data."""
    random = np.random.default_rng(0)
    lines = ["image,width,height"]
    for split, count in (("train", 4), ("validation", 2)):
        for name in ("cat", "dog"):
            place = folder / "images" / split / name
            place.mkdir(parents=True)
            for number in range(count):
                pixels = random.integers(0, 256, [32, 32, 3], np.uint8)
                path = place / f"{number}.{'jpg' if number % 2 else 'png'}"
                Image.fromarray(pixels).save(path)
                lines.append(f"{path.relative_to(folder / 'images')},1.5,{number}")
    (folder / "images/attributes.csv").write_text("\n".join(lines))
    words = {"a": "ein", "dog": "Hund", "cat": "Katze", "runs": "läuft", "red": "rot"}
    (folder / "corpus").mkdir()
    for split, count in (("train", 40), ("validation", 5), ("test", 5)):
        rows = random.choice([*words], [count, 4]).tolist()
        for language in ("en", "de"):
            spoken = {word: word for word in words} if language == "en" else words
            text = [" ".join(spoken[word] for word in row) for row in rows]
            path = folder / "corpus" / f"{language}.{split}.txt"
            path.write_text("\n".join(text) + "\n", encoding="utf-8")
    (folder / "nested.json").write_text("[" * 2000 + "]" * 2000)
    (folder / "numbers.json").write_text(json.dumps({"classes": [1e308, None]}))
    (folder / "bytes").write_bytes(random.bytes(3000))
    (folder / "empty").touch()
    (folder / "no folder").mkdir()
