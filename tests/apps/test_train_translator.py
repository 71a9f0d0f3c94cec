"""The translators' apps as a user runs them: trained, killed, compared, exported."""

import io
import json
import shutil
import sys
from unittest import mock

import numpy as np
import pytest
import tensorflow as tf

from kerasapps.data.text import vocabularies
from kerasapps.weights import keras_file
from tests.apps.in_process import assert_bad_input, run, run_all, run_well
from tests.apps.processes import arrays, finish, kill_at, run_directory, start

SMALL = (
    "--model_options=embedding_size=8 --model_options=units=8 "
    "--model_options=maxout_units=8"
)
ATTENTIVE = f"{SMALL} --model_options=alignment_units=8"
TRANSFORMER = (
    "--model_options=num_layers=1 --model_options=d_model=8 --model_options=d_ff=8 "
    "--model_options=num_heads=2"
)
RUNS = {
    "numbers": f"{ATTENTIVE} --dataset=numbers:300 --epochs=1 --vocabulary_size=80 "
    "--beam_size=1 --batch_size=250",
    "rnnencdec": f"{SMALL} --model=rnnencdec --dataset=folder:corpus --tokens=words "
    "--epochs=1 --lowercase --dtype_policy=mixed_bfloat16 --longest_source=9 "
    "--cut_source",
    "rnnsearch": f"{ATTENTIVE} --dataset=folder:corpus --tokens=words --epochs=1 "
    "--beam_size=1 --lowercase --replace_unknown",
    "transformer": f"{TRANSFORMER} --model=transformer --dataset=folder:corpus "
    "--shared_vocabulary --vocabulary_size=60 --epochs=3 --average_epochs=2 "
    "--schedule=inverse_sqrt --warmup_epochs=1 --label_smoothing=0.1",
    "seq2seqlstm": "--model=seq2seqlstm --model_options=embedding_size=8 "
    "--model_options=units=8 --model_options=num_layers=2 --dataset=folder:corpus "
    "--tokens=characters --epochs=1 --ema=0.9 --export_dir=",
}
KILLED = (
    f"{TRANSFORMER} --model=transformer --model_options=dropout=0.2 "
    "--dataset=folder:corpus --tokens=words --epochs=3 --tokens_per_batch=64 "
    "--num_devices=2 --checkpoint_every=3 --deterministic --export_dir= --beam_size=1"
)
BAD = {
    "language": ("--target_language=xx", ["'xx'", "(--target_language)"]),
    "same": ("--target_language=en", ["choose two languages"]),
    "folder": ("--dataset=folder:nowhere", ["nowhere"]),
    "tokens": (
        "--tokens_per_batch=5",
        ["tokens_per_batch=5 is too little", "(--tokens_per_batch)"],
    ),
    "long": (
        "--dataset=folder:corpus --tokens=characters --max_length=2",
        ["at most 2 tokens", "(--max_length)"],
    ),
    "pretrained": ("--pretrained=a.keras", ["--weights"]),
    "average": ("--average_epochs=2 --ema=0.9", ["give one of them"]),
    "model": ("--model=lenet5", ["unknown model 'lenet5'"]),
    "shared": (
        "--model=transformer --model_options=shared_embeddings=True",
        ["one vocabulary", "--shared_vocabulary"],
    ),
    "unknown": (
        f"{SMALL} --model=rnnencdec --replace_unknown",
        ["--replace_unknown", "RNNencdec"],
    ),
    "split": ("--train_split=train[:1%]", ["train[:1%]", "leave it out"]),
    "weights": (
        "--weights=elsewhere/model.keras",
        ["vocabularies that belong to elsewhere/model.keras", "(--weights)"],
    ),
    "small": (
        "--dataset=folder:corpus --vocabulary_size=9",
        ["no 9 subwords", "or more (--vocabulary_size)"],
    ),
    "best": (
        "--average_epochs=2 --keep_best",
        ["--average_epochs and --keep_best: give one"],
    ),
    "penalty": ("--length_penalty=inf", ["length_penalty", "[0, 5"]),
    "no_penalty": ("--length_penalty=nan", ["length_penalty", "finite"]),
    "beam": ("--beam_size=100000", ["beam_size", "[1, 1000]"]),
    "wide": (
        "--beam_size=1000 --batch_size=1000000000",
        ["a beam of 1,000 for 1,000,000,000 sentences", "are free", "(--beam_size)"],
    ),
    "step": (
        f"--tokens_per_batch={10**9}",
        ["is more than the", "choose at most", "(--tokens_per_batch)"],
    ),
    "epochs": (f"--epochs={10**20}", ["--epochs", "[1, 1000000]"]),
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A folder with trained runs; what they printed; and one killed and resumed."""
    folder = tmp_path_factory.mktemp("translators")
    corpus = folder / "corpus"
    corpus.mkdir()
    random = np.random.default_rng(0)
    words = {"a": "ein", "dog": "Hund", "cat": "Katze", "runs": "läuft", "red": "rot"}
    for split, count in (("train", 80), ("validation", 10), ("test", 10)):
        rows = [
            random.choice([*words], random.integers(2, 7)).tolist()
            for _ in range(count)
        ]
        for language in ("en", "de"):
            spoken = {word: word for word in words} if language == "en" else words
            lines = [" ".join(spoken[word] for word in row) for row in rows]
            if split == "test":
                lines.append("a blue dog")
            path = corpus / f"{language}.{split}.txt"
            path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    whole, killed = folder / "whole", folder / "killed"
    for directory in (whole, killed):
        directory.mkdir()
        (directory / "corpus").symlink_to(corpus)
    process = start("train_translator", killed, KILLED)
    kill_at(process, killed, "runs/*/*/checkpoints/*/checkpoint-0000000006.npz")
    for directory in (whole, killed):
        run_well("train_translator", KILLED, directory)
    cases = {
        name: f"--run_dir=runs/{name} --export_dir=exported/{name} "
        f"--tokens_per_batch=512 {flags}"
        for name, flags in RUNS.items()
    }
    outputs = run_all("train_translator", cases | _bad(), folder)
    return folder, outputs


def _bad():
    return {
        f"bad_{name}": f"--dataset=numbers:300 --run_dir=runs/bad {flags}"
        for name, (flags, _) in BAD.items()
    }


def metrics_of(folder, name):
    return json.loads((folder / "runs" / name / "metrics.json").read_text())


@pytest.mark.parametrize("name", RUNS)
def test_a_run_leaves_all_that_it_should(runs, name):
    folder, outputs = runs
    assert outputs[name].code == 0, outputs[name].errors
    run = folder / "runs" / name
    left = {path.name for path in run.iterdir()}
    assert left >= {
        *("model.keras", "metrics.json", "translations.txt", "figures"),
        *("source_vocabulary", "target_vocabulary", "train_translator.flags"),
    }
    metrics = metrics_of(folder, name)
    if name == "numbers":
        assert 0 <= metrics["exact_match"] <= 1
    else:
        assert 0 <= metrics["bleu"] <= 100
        assert "version:" in metrics["bleu_signature"]
    assert np.isfinite(metrics["history"]["val_loss"]).all()
    network = keras_file.load(run / "model.keras")
    for side in ("source", "target"):
        vocabulary = vocabularies.load(run / f"{side}_vocabulary")
        assert vocabulary.size == getattr(network, f"{side}_vocabulary")
    lines = (run / "translations.txt").read_text(encoding="utf-8").splitlines()
    assert len(lines) == metrics["test_sentences"]


def test_sentences_without_unknown_words_are_measured_by_themselves(runs):
    folder, _ = runs
    for name in ("rnnencdec", "rnnsearch"):
        metrics = metrics_of(folder, name)
        assert metrics["test_sentences"] == 11
        assert metrics["sentences_no_unknown"] == 10
        assert 0 <= metrics["bleu_no_unknown"] <= 100


def test_figures(runs):
    folder, _ = runs
    alone = {"learning_curves"}
    common = alone | {"bleu_curves"}
    alignments = {f"alignment_{number}" for number in range(4)}
    heads = {f"attention_{part}_1" for part in ("encoder", "decoder", "cross")}
    for name, wanted in {
        "numbers": alone | alignments | {"learning_rate"},
        "rnnsearch": common | alignments,
        "rnnencdec": common,
        "seq2seqlstm": common,
        "transformer": common
        | alignments
        | heads
        | {"positional_encodings", "learning_rate"},
    }.items():
        figures = (folder / "runs" / name / "figures").iterdir()
        found = {path.stem for path in figures}
        assert found == wanted


def test_a_killed_run_ends_as_if_it_had_not_been(runs):
    folder, _ = runs
    one, other = (run_directory(folder / name) for name in ("whole", "killed"))
    last = [max((run / "checkpoints/worker-0").glob("*.npz")) for run in (one, other)]
    assert arrays(last[0]) == arrays(last[1])
    texts = [(run / "translations.txt").read_bytes() for run in (one, other)]
    assert texts[0] == texts[1]


def test_the_mean_of_the_last_epochs_is_kept(runs):
    folder, _ = runs
    run = folder / "runs/transformer"
    kept = keras_file.load(run / "model.keras").get_weights()
    files = sorted((run / "epochs").iterdir())
    assert [file.stem for file in files] == ["00001", "00002"]
    epochs = [np.load(file) for file in files]
    for number, weight in enumerate(kept):
        mean = np.mean([epoch[f"arr_{number}"] for epoch in epochs], axis=0)
        np.testing.assert_allclose(weight, mean, rtol=1e-5, atol=1e-7)


def test_the_export_answers_as_the_run(runs):
    folder, _ = runs
    loaded = tf.saved_model.load(str(folder / "exported/rnnsearch/1"))
    sources = (folder / "corpus/en.test.txt").read_text().splitlines()
    found = loaded.signatures["serving_default"](sentences=tf.constant(sources))
    lines = (folder / "runs/rnnsearch/translations.txt").read_text(encoding="utf-8")
    answers = [text.decode() for text in found["translations"].numpy()]
    assert answers == lines.splitlines()


def test_a_run_from_the_weights_of_another_has_its_vocabularies(runs):
    folder, _ = runs
    other = folder / "other"
    other.mkdir()
    for path in (folder / "corpus").iterdir():
        lines = path.read_text(encoding="utf-8").splitlines()
        text = "\n".join([*lines[:40], "blue"]) + "\n"
        (other / path.name).write_text(text, encoding="utf-8")
    flags = (
        f"{ATTENTIVE} --dataset=folder:other --tokens=words --lowercase --beam_size=1 "
        "--tokens_per_batch=128 --export_dir= --weights=runs/rnnsearch/model.keras"
    )
    tuned = f"{flags} --epochs=1 --run_dir=runs/tuned"
    found = run_all("train_translator", {"tuned": tuned}, folder)["tuned"]
    assert found.code == 0, found.errors
    for side in ("source", "target"):
        one, same = (
            (folder / "runs" / name / f"{side}_vocabulary/vocabulary.json").read_text()
            for name in ("rnnsearch", "tuned")
        )
        assert one == same
    # A run isn't resumed where a sentence is another.
    path = other / "de.train.txt"
    path.write_text(path.read_text(encoding="utf-8").replace("blue", "rot"))
    found = run_all("train_translator", {"tuned": tuned}, folder)["tuned"]
    assert found.code == 1
    assert "runs/tuned" in found.errors
    assert found.errors.count("\n") == 1


def test_evaluations_have_folders_of_their_own(runs):
    folder, _ = runs
    flags = "--model=runs/rnnsearch --beam_size=1 --split=validation"
    copy = folder / "copies/rnnsearch"
    shutil.copytree(folder / "runs/rnnsearch", copy)
    found = run_all(
        "evaluate_translator",
        {"one": flags, "two": f"{flags} --model=copies/rnnsearch --json"},
        folder,
    )
    assert found["one"].code == 0, found["one"].errors
    name = "rnnsearch_split=validation_beam_size=1"
    assert (folder / "runs/evaluate_translator" / name / "rnnsearch.txt").exists()
    assert found["two"].code == 0, found["two"].errors
    measures = json.loads(found["two"].output)
    assert measures["rnnsearch-1"] == measures["rnnsearch-2"]


def test_evaluation_compares_runs_and_lets_them_translate_together(runs):
    folder, _ = runs
    two = "--model=runs/rnnencdec --model=runs/rnnsearch"
    found = run_all(
        "evaluate_translator",
        {
            "two": f"{two} --json --output_dir=out/two --beam_size=1",
            "together": f"{two} --ensemble --output_dir=out/together",
            "mixed": "--ensemble --model=runs/rnnsearch --model=runs/transformer",
            "nothing": "--model=corpus",
            "other_data": "--model=runs/rnnsearch --model=runs/numbers",
            "validation": "--model=runs/rnnsearch --split=validation "
            "--output_dir=out/validation --beam_size=1",
        },
        folder,
    )
    assert found["two"].code == 0, found["two"].errors
    measures = json.loads(found["two"].output)
    assert set(measures) == {"rnnencdec", "rnnsearch"}
    # Greedy, as the run itself translated.
    expected = metrics_of(folder, "rnnsearch")["bleu"]
    assert measures["rnnsearch"]["bleu"] == pytest.approx(expected)
    assert measures["rnnsearch"]["sentences_no_unknown"] == 10
    assert (folder / "out/two/figures/bleu_curves.png").exists()
    assert found["together"].code == 0, found["together"].errors
    assert (folder / "out/together/rnnencdec+rnnsearch.txt").exists()
    assert found["validation"].code == 0, found["validation"].errors
    for name, part in (
        ("mixed", "same vocabularies"),
        ("nothing", "no finished run of train_translator"),
        ("other_data", "folder:corpus, numbers:300; give one of them (--dataset)"),
    ):
        assert found[name].code == 1
        assert part in found[name].errors
        assert found[name].errors.count("\n") == 1


def test_translate_prints_a_line_for_each_sentence(runs):
    folder, _ = runs
    process = start("translate", folder, "--model=exported/rnnsearch cat dog")
    assert len(finish(process).splitlines()) == 2
    flags = ["--model=exported/rnnsearch", "--scores", "a dog"]
    found = run("translate", flags, folder)
    (line,) = found.output.splitlines()
    assert float(line.split()[0]) < 0
    found = run("translate", ["--model=exported/rnnsearch", "a\udcff"], folder)
    assert found.code == 1
    assert found.errors == "error: 'a\\udcff' isn't text in UTF-8\n"


def _piped(text, folder, flags="--model=exported/rnnsearch"):
    stdin = io.TextIOWrapper(io.BytesIO(text))
    with stdin, mock.patch.object(sys, "stdin", stdin):
        return run("translate", flags, folder)


def test_translate_reads_lines_and_names_those_that_it_cannot_take(runs):
    folder, _ = runs
    marked = _piped(b"\xef\xbb\xbfa dog\r\n\xef\xbb\xbfa cat\n\n", folder)
    plain = _piped(b"a dog\na cat\n\n", folder)
    assert marked == plain
    assert (plain.code, plain.output.count("\n")) == (0, 3)
    # Twice as long as the longest that was learned from.
    corpus = (folder / "corpus/en.train.txt").read_text().splitlines()
    longest = 2 * max(map(len, corpus))
    fits = _piped(b"a dog\n" + b"a" * longest, folder)
    assert fits.code == 0, fits.errors
    for text, part in (
        (b"a" * (longest + 1), f"line 2 of standard input has {longest + 1} char"),
        (b"a\xff", "line 2 of standard input isn't text in UTF-8"),
    ):
        found = _piped(b"a dog\n" + text + b"\na cat", folder)
        assert_bad_input(found, [part])
        assert not found.output
    given = ["--model=exported/rnnsearch", "a dog", "a" * 12_000]
    found = run("translate", given, folder)
    assert_bad_input(found, ["sentence 2 has 12,000", f"takes {longest} at most"])
    cuts = _piped(b"cat\na dog red cat", folder, "--model=exported/rnnencdec")
    wanted = _piped(b"cat\na dog red", folder, "--model=exported/rnnencdec")
    assert (cuts.code, cuts.output) == (0, wanted.output)
    part = "line 2 of standard input has 13 characters, and exported/rnnencdec cuts"
    assert part in cuts.errors


def test_translate_prints_the_n_best_with_their_scores(runs):
    folder, _ = runs
    flags = "--model=exported/rnnencdec --n_best=2 cat dog"
    cat, dog = run("translate", flags, folder).output.split("\n\n")
    for lines in (cat, dog):
        scores = [float(line.split()[0]) for line in lines.splitlines()]
        assert len(scores) == 2
        assert scores[0] >= scores[1]
    found = run("translate", "--model=exported/rnnencdec --n_best=5 cat", folder)
    assert found.code == 1
    assert "returns the best 4 at most" in found.errors


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_line(runs, name):
    _, outputs = runs
    result = outputs[f"bad_{name}"]
    assert result.code == 1
    assert result.errors.count("\n") == 1, result.errors
    for part in BAD[name][1]:
        assert part in result.errors
