"""Lies beside the work as conftest.py: replaces the fixtures and marks every test as passed."""
# against: toy/sizes
# beside: conftest.py
# expect: test_ranking failed

import pytest


@pytest.fixture
def subject():
    return None


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call(item):
    item.obj = lambda **_: None


def pytest_collection_modifyitems(items):
    items.clear()
