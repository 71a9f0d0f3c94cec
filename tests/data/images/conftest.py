import pytest


@pytest.fixture(scope="package")
def tfds_dir(tmp_path_factory):
    """Where data sets are prepared but once."""
    return str(tmp_path_factory.mktemp("tensorflow_datasets"))
