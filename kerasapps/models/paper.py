"""Where a model comes from."""

from typing import NamedTuple


class Paper(NamedTuple):
    """The paper that a module of `kerasapps.models` implements.

    Every model file names its own as the module constant `PAPER`.

    Attributes:
        title: Title of the paper.
        authors: Authors, by last name.
        year: Year of publication.
        url: Where to read it.
        task: What the models are for, named as the app that trains them:
            the task "classifier" belongs to `apps.train_classifier`.
    """

    title: str
    authors: str
    year: int
    url: str
    task: str
