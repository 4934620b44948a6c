"""Finished runs that the slow tests share."""

import pytest

from trees import SMALLEST, copy_of_a_finished, finished_tree


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """A tree in which the workflow has run, and what it printed; not to be changed."""
    return finished_tree(tmp_path_factory, "config/tiny.yaml")


@pytest.fixture
def tree(finished, tmp_path):
    """A copy of that tree, to be changed at will."""
    return copy_of_a_finished(finished[0], tmp_path / "tree")


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory):
    """A tree in which the smallest configuration has run; not to be changed."""
    return finished_tree(tmp_path_factory, SMALLEST)[0]


@pytest.fixture
def small(undisturbed, tmp_path):
    """A copy of that tree, to be changed at will."""
    return copy_of_a_finished(undisturbed, tmp_path / "tree")
