"""Names of runs and exports, and what tells one run from another."""

import pytest
from absl import flags

from apps.classifier import training_flags
from apps.run import directory
from kerasapps.errors import InputError


def parsed(*arguments):
    values = flags.FlagValues()
    training_flags.define(values)
    values(["", *arguments])
    return values


def test_names_follow_the_data(tmp_path, monkeypatch):
    for place in ("a/pets", "b/pets"):
        (tmp_path / place).mkdir(parents=True)
    monkeypatch.chdir(tmp_path)

    def names(dataset):
        values = parsed(f"--dataset={dataset}")
        return (
            directory.run_directory(values, "train_classifier").name,
            directory.export_directory(values, "lenet", []),
        )

    run, export = names("folder:a/pets")
    assert run.startswith("lenet5_pets-")
    assert export == f"saved_models/{run.replace('lenet5', 'lenet')}"
    for place in ("a/pets/", tmp_path / "a/pets"):
        assert names(f"folder:{place}") == (run, export)
    assert len({*names("folder:b/pets"), run, export}) == 4


def test_a_run_goes_on_with_its_folder_written_otherwise(tmp_path, monkeypatch):
    (tmp_path / "a/pets").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    checkpoints = tmp_path / "run/checkpoints/worker-0"

    def begin(dataset):
        values = parsed(f"--dataset={dataset}", "--run_dir=run")
        directory.open_run(
            values, "train_classifier", tmp_path / "run", checkpoints, True
        )

    begin("folder:a/pets")
    (checkpoints / "checkpoint-1.npz").touch()
    begin("folder:a/pets/")
    monkeypatch.chdir(tmp_path / "a")
    begin("folder:pets")
    # Written as the first version did it.
    flagfile = tmp_path / "run" / "train_classifier.flags"
    text = flagfile.read_text()
    assert f"--dataset=folder:{tmp_path}/a/pets\n" in text
    flagfile.write_text(text.replace(f"folder:{tmp_path}/a/", "folder:"))
    begin(f"folder:{tmp_path}/a/pets")
    with pytest.raises(InputError, match="another --dataset"):
        begin(f"folder:{tmp_path}/b/pets")
