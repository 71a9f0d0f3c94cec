"""Where a model comes from."""

from typing import NamedTuple


class Paper(NamedTuple):
    """The paper that a model of `kerasapps.models` implements.

    Every model has it as its attribute `paper`, and as `task` what it is for, named as
    the app that trains it: the task "classifier" belongs to `apps.train_classifier`.

    Attributes:
        title: Title of the paper.
        authors: Authors, by last name.
        year: Year of publication.
        url: Where to read it.
    """

    title: str
    authors: str
    year: int
    url: str
