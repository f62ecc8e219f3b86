"""Hidden suite of toy/tally: a Redis that the suite looks into by itself."""

from grader.suite import check


@check("names are counted in the sorted set tally", points=30, stage="core", hint="Where is it kept?")
def test_counts(subject, services):
    redis = services.redis()
    tally = subject.Tally(redis.url)
    assert [tally.add(name) for name in "aab"] == [1, 2, 1]
    assert redis.client.zrange("tally", 0, -1, withscores=True) == [("b", 1.0), ("a", 2.0)]


@check("the most counted come first", points=20, stage="core", hint="Which end of the set?")
def test_top(subject, services):
    redis = services.redis()
    tally = subject.Tally(redis.url)
    for name in "cabab":
        tally.add(name)
    tally.add("a")
    assert tally.top(2) == ["a", "b"]


@check("clearing leaves other keys alone", points=25, stage="robust", hint="Whose keys are there?")
def test_clear(subject, services):
    redis = services.redis()
    tally = subject.Tally(redis.url)
    redis.client.set("other", "stays")
    tally.add("a")
    tally.clear()
    assert redis.client.exists("tally") == 0
    assert redis.client.get("other") == "stays"


@check("counting is one command", points=25, stage="production", hint="What happens between two commands?")
def test_one_command(subject, services):
    redis = services.redis()
    tally = subject.Tally(redis.url)
    tally.add("a")
    before = len(redis.commands)
    assert tally.add("a") == 2
    assert redis.client.zscore("tally", "a") == 2.0
    assert len(redis.commands) - before == 1, "add() sent more than one command"
