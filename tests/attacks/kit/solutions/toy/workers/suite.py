"""Hidden suite of toy/workers: child processes of the submission."""

from grader.suite import check, raises


@check("results come in order", points=30, stage="core", hint="Which item does a result belong to?", needs=("processes",))
def test_results(subject, driver):
    assert subject.run(driver.square, [1, 2, 3], 2) == [1, 4, 9]


@check("the work is done in other processes", points=40, stage="core", hint="Who does it?", needs=("processes",))
def test_elsewhere(driver):
    seen = driver.where([1, 2, 3], 2)
    assert len(seen["theirs"]) == 3
    assert seen["own"] not in seen["theirs"], "the work was done by the calling process"
    assert driver.children() == 0


@check("no workers are refused", points=30, stage="robust", hint="What can nobody do?", needs=("processes",))
def test_refuses(subject, driver):
    assert subject.run(driver.square, [2], 1) == [4]
    with raises(ValueError):
        subject.run(driver.square, [1], 0)
