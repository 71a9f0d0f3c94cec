import pytest

import kerasapps.models
from apps.run.models import export_name, find, has_argument, models, of_task
from kerasapps.errors import InputError


def test_all_exports_have_their_lower_case_names():
    assert models()["resnet50"] is kerasapps.models.ResNet50
    assert set(models(has_argument("output"))) == {"lenet5"}


def test_a_model_is_found_in_whatever_case():
    found = find("ResNet50", of_task("classifier"))
    assert found is kerasapps.models.ResNet50


def test_another_name_gets_the_nearest_ones_that_suit():
    with pytest.raises(InputError, match=r"with weights .resnet18.; did.* resnet"):
        find("resnet18", has_argument("weights"), "model with weights")


def test_an_export_has_the_name_of_its_file_where_that_holds_one_model():
    assert export_name(kerasapps.models.LeNet5) == "lenet"
    assert export_name(kerasapps.models.ResNet50) == "resnet50"
