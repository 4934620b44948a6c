"""What tests share: finished runs, and a browser."""

import pytest
from hypothesis import settings

from chromium import CHROMIUM, FLAGS
from trees import SMALLEST, copy_of_a_finished, copy_of_the_tree, finish, made_once

# The same inputs in every run; `pytest --hypothesis-profile=default` draws new ones.
settings.register_profile("repeatable", derandomize=True, database=None)
settings.load_profile("repeatable")


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """A tree in which the workflow has run, and what it printed; not to be changed."""
    return made_once(tmp_path_factory, "finished", lambda folder: finish(copy_of_the_tree(folder)).stdout)


@pytest.fixture
def tree(finished, tmp_path):
    """A copy of that tree, to be changed at will."""
    return copy_of_a_finished(finished[0], tmp_path / "tree")


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory):
    """A tree in which the smallest configuration has run; not to be changed."""
    return made_once(tmp_path_factory, "smallest", lambda folder: finish(copy_of_the_tree(folder), SMALLEST).stdout)[0]


@pytest.fixture
def small(undisturbed, tmp_path):
    """A copy of that tree, to be changed at will."""
    return copy_of_a_finished(undisturbed, tmp_path / "tree")


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 -- takes half a second

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()
