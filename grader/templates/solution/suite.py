"""Hidden suite of track_name/exercise_name. Everything it checks is said in the exercise's README.md."""

from hypothesis import given
from hypothesis import strategies as st

from grader.suite import check, raises

intervals = st.tuples(st.integers(0, 30), st.integers(0, 6)).map(lambda pair: (pair[0], pair[0] + pair[1]))


@check("overlapping intervals become one", points=12, stage="core", hint="When do two intervals meet?")
def test_overlapping_intervals_join(subject):
    assert subject.merge([(1, 4), (2, 6), (8, 9)]) == [(1, 6), (8, 9)]


@check("intervals that share an end become one", points=10, stage="core", hint="Is it < or <= ?")
def test_touching_intervals_join(subject):
    assert subject.merge([(1, 3), (3, 5)]) == [(1, 5)]


@check("intervals with a gap between them stay apart", points=10, stage="core", hint="Look at (1, 2) and (4, 5).")
def test_gaps_stay(subject):
    assert subject.merge([(1, 2), (4, 5), (8, 9)]) == [(1, 2), (4, 5), (8, 9)]
    assert subject.merge([(8, 9), (1, 2), (4, 5)]) == [(1, 2), (4, 5), (8, 9)]


@check("an interval inside another leaves no trace", points=8, stage="core", hint="Which of the two ends is greater?")
def test_contained_interval_vanishes(subject):
    assert subject.merge([(1, 9), (2, 3)]) == [(1, 9)]


@check(
    "the result covers what the input covers, in the fewest intervals",
    points=20,
    stage="core",
    hint="Draw the intervals of the example on a line of numbers.",
)
@given(given_intervals=st.lists(intervals, max_size=8))
def test_covers_the_same(subject, given_intervals):
    assert subject.merge(given_intervals) == slowly_merged(given_intervals)


@check("the argument is left as it was", points=10, stage="robust", hint="What does list.sort() change?")
def test_argument_is_left_alone(subject, cell):
    mine = cell.keep([(5, 6), (1, 2), (2, 3)])
    assert subject.merge(mine) == [(1, 3), (5, 6)]
    assert cell.fetch(mine) == [(5, 6), (1, 2), (2, 3)]


@check("a reversed interval is refused by name", points=10, stage="robust", hint="Is start <= end checked for each?")
def test_reversed_interval_is_refused(subject):
    assert subject.merge([(3, 3)]) == [(3, 3)]
    with raises(ValueError, match=r"\(5, 3\)"):
        subject.merge([(1, 9), (5, 3)])


@check("any iterable will do", points=5, stage="robust", hint="What can you do with a tuple or a set?")
def test_any_iterable(subject):
    assert subject.merge(((4, 6), (1, 5))) == [(1, 6)]
    assert subject.merge({(1, 5), (4, 6)}) == [(1, 6)]


@check("the cost grows like that of sorting", points=15, stage="production", hint="How often is each one looked at?")
def test_cost_grows_like_sorting(subject, cell):
    assert subject.merge([(1, 4), (2, 6)]) == [(1, 6)]
    few, many = (cell.keep([(start, start + 2) for start in range(size)]) for size in (1_000, 6_000))
    small = cell.cpu(lambda: subject.merge(few))
    large = cell.cpu(lambda: subject.merge(many))
    assert large < 4 * small + 0.03, f"1,000 intervals cost {small:.3f} s of CPU, 6,000 cost {large:.3f} s"


def slowly_merged(given_intervals):
    """The same by brute force. Half numbers are points between neighbours: (1, 2) and (3, 4) do not meet."""
    covered = sorted({point for start, end in given_intervals for point in range(2 * start, 2 * end + 1)})
    firsts = [point for point in covered if point - 1 not in covered]
    lasts = [point for point in covered if point + 1 not in covered]
    return [(first // 2, last // 2) for first, last in zip(firsts, lasts, strict=True)]
