import functools
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import tensorflow as tf
from google.protobuf import text_format
from tensorflow_serving.config import model_server_config_pb2

from kerasapps.errors import InputError
from kerasapps.serving.versions import check_writable, remove_unfinished, write_version
from tests.disk import full_disk

ROOT = Path(__file__).parents[2]


def write(folder):
    Path(folder, "saved_model.pb").write_text("a model")


def models_config(parent):
    config = text_format.Parse(
        (parent / "models.config").read_text(),
        model_server_config_pb2.ModelServerConfig(),
    )
    return [
        (model.name, model.base_path, model.model_platform)
        for model in config.model_config_list.config
    ]


def test_versions_count_up_from_the_highest_there(tmp_path):
    export_dir = tmp_path / "saved_models" / "lenet"
    assert write_version(str(export_dir), write) == str(export_dir / "1")
    assert write_version(str(export_dir), write) == str(export_dir / "2")
    (export_dir / "10").mkdir()
    (export_dir / "99.old").mkdir()
    assert write_version(str(export_dir), write) == str(export_dir / "11")
    assert (export_dir / "11" / "saved_model.pb").read_text() == "a model"


def test_models_config_lists_the_models_that_have_a_version(tmp_path):
    (tmp_path / "README.md").touch()
    (tmp_path / "empty").mkdir()
    write_version(str(tmp_path / "vgg"), write)
    write_version(str(tmp_path / "lenet"), write)
    assert models_config(tmp_path) == [
        ("lenet", "/models/lenet", "tensorflow"),
        ("vgg", "/models/vgg", "tensorflow"),
    ]


def test_a_relative_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert write_version("lenet", write) == "lenet/1"
    assert models_config(tmp_path) == [("lenet", "/models/lenet", "tensorflow")]


def test_a_version_in_the_making_has_no_number(tmp_path):
    def look(folder):
        write(folder)
        assert not Path(folder).name.isdigit()
        assert not (tmp_path / "lenet" / "1").exists()

    write_version(str(tmp_path / "lenet"), look)


def test_a_failing_export_leaves_nothing(tmp_path):
    def fail(folder):
        write(folder)
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        write_version(str(tmp_path / "lenet"), fail)
    assert list((tmp_path / "lenet").iterdir()) == []
    assert not (tmp_path / "models.config").exists()


def test_an_export_to_a_full_disk_names_the_folder(tmp_path):
    module = tf.Module()
    module.variable = tf.Variable(tf.zeros([10_000]))
    with full_disk(20_000), pytest.raises(OSError, match=r"File too large: '.*/lenet'"):
        write_version(
            str(tmp_path / "lenet"), functools.partial(tf.saved_model.save, module)
        )
    assert not list((tmp_path / "lenet").iterdir())


def test_a_training_clears_what_a_killed_export_left(tmp_path):
    (tmp_path / "lenet" / ".unfinished-1").mkdir(parents=True)
    (tmp_path / "lenet" / "1").mkdir()
    remove_unfinished(str(tmp_path / "lenet"))
    assert [path.name for path in (tmp_path / "lenet").iterdir()] == ["1"]


def test_what_a_killed_export_left_is_removed(tmp_path):
    killed = """
import os, pathlib, signal, sys
from kerasapps.serving.versions import write_version
def write(folder):
    pathlib.Path(folder, "variables").mkdir()
    os.kill(os.getpid(), signal.SIGKILL)
write_version(sys.argv[1], write)
"""
    export_dir = tmp_path / "lenet"
    process = subprocess.run([sys.executable, "-c", killed, export_dir], cwd=ROOT)
    assert process.returncode == -9
    (leftover,) = export_dir.iterdir()
    assert not leftover.name.isdigit()
    write_version(str(export_dir), write)
    assert [entry.name for entry in export_dir.iterdir()] == ["1"]


def test_exports_at_the_same_time_get_versions_of_their_own(tmp_path):
    under_way = []

    def alone(folder):
        under_way.append(folder)
        write(folder)
        assert under_way == [folder]
        under_way.remove(folder)

    with ThreadPoolExecutor(8) as pool:
        versions = list(
            pool.map(write_version, [str(tmp_path / "lenet")] * 16, [alone] * 16)
        )
    assert sorted(int(Path(version).name) for version in versions) == [*range(1, 17)]


@pytest.mark.parametrize("export", [check_writable, lambda d: write_version(d, write)])
@pytest.mark.parametrize("place", ["a_file/lenet", "a_file", "/proc/lenet"])
def test_a_folder_that_cannot_be_written(tmp_path, export, place):
    (tmp_path / "a_file").write_text("mine")
    with pytest.raises(InputError) as error:
        export(str(tmp_path / place))
    assert place in str(error.value)
    assert "\n" not in str(error.value)
    assert (tmp_path / "a_file").read_text() == "mine"


def test_checking_leaves_no_version(tmp_path):
    check_writable(str(tmp_path / "saved_models" / "lenet"))
    assert [path.name for path in tmp_path.rglob("*")] == ["saved_models", "lenet"]


def test_what_has_been_exported_is_not_exported_again(tmp_path):
    folder = str(tmp_path / "lenet")
    assert write_version(folder, write, "one") == f"{folder}/1"
    assert write_version(folder, write, "other") == f"{folder}/2"
    (tmp_path / "lenet" / ".unfinished-1").mkdir()
    assert write_version(folder, write, "one") == f"{folder}/1"
    assert sorted(p.name for p in (tmp_path / "lenet").iterdir()) == ["1", "2"]
