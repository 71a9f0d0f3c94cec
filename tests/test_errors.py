import pytest

from kerasapps.errors import InputError, unknown_name


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("lenet6", "did you mean lenet5 or lenet1989"),
        ("LENET_5", "did you mean lenet5"),
        ("resnet50", "did you mean ResNet50"),
        ("quux", "there are: ResNet50, VGG16, lenet1989, lenet5"),
    ],
)
def test_the_nearest_names_or_all(name, hint):
    choices = ["lenet5", "lenet1989", "ResNet50", "VGG16"]
    error = unknown_name("model", name, choices)
    assert isinstance(error, InputError)
    assert str(error).startswith(f"unknown model {name!r}; {hint}")


def test_at_most_three_near_names():
    error = unknown_name("dataset", "mnst", ["mnist", "kmnist", "emnist", "mnist_c"])
    assert str(error).count(" or ") == 2


def test_many_names_do_not_flood_the_line():
    error = unknown_name("dataset", "?", (f"name{i:03}" for i in range(100)))
    assert "name019, ..." in str(error)
    assert "name020" not in str(error)


def test_it_is_one_line():
    assert "\n" not in str(unknown_name("model", "a\nb", ["c"]))


def test_an_error_is_one_line_whatever_is_in_it():
    error = InputError("no folder a\nb\x1b[31m\u202e\udcffé\u3000c")
    assert str(error) == r"no folder a\nb\x1b[31m\u202e\udcffé" + "\u3000c"
