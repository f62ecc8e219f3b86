"""Lies beside the work as suite.py: one check worth all points, which passes."""
# against: toy/sizes
# beside: suite.py
# expect: test_ranking failed

from grader.suite import check


@check("everything is fine", points=100, stage="core", hint="")
def test_fine():
    pass
