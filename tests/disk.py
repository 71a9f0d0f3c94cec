"""A disk that is full, as the system tells it."""

import contextlib
import resource


@contextlib.contextmanager
def full_disk(size):
    """Within it, this process can't write files beyond a size in bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    # Python ignores the signal that would come then.
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
