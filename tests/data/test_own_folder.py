import hashlib

import pytest

from kerasapps.data import own_folder


def test_one_folder_has_one_name(tmp_path, monkeypatch):
    folder = tmp_path / "my pets"
    folder.mkdir()
    (tmp_path / "link").symlink_to(folder)
    monkeypatch.chdir(tmp_path)
    digest = hashlib.sha256(str(folder).encode()).hexdigest()[:6]
    for path in ("my pets", "my pets/", "./link/../my pets", "link", str(folder)):
        assert own_folder.resolved(f"folder:{path}") == f"folder:{folder}"
        assert own_folder.unique_name(f"folder:{path}") == f"my_pets-{digest}"
    monkeypatch.chdir(folder)
    assert own_folder.unique_name("folder:.") == f"my_pets-{digest}"


@pytest.mark.parametrize("dataset", ["digits", "mnist:3.0.1", "folder:", "folder:a\0b"])
def test_what_is_no_folder_stays(dataset):
    assert own_folder.resolved(dataset) == dataset


def test_folders_of_one_name_differ(tmp_path):
    names = {own_folder.unique_name(f"folder:{tmp_path}/{p}/pets") for p in "ab"}
    assert len(names) == 2
    assert own_folder.unique_name("folder:/").startswith("folder-")
