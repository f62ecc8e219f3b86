"""Hidden suite of week1/refcounts. The driver holds objects and counts; what must come out is said here."""

from decimal import Decimal
from fractions import Fraction

from hypothesis import example, given, settings
from hypothesis import strategies as st

from grader.suite import check, raises

HOLDS = {
    "a list": 1,
    "a list that has it three times": 3,
    "a tuple that has it twice": 2,
    "a dict value": 1,
    "a dict key and its value": 2,
    "a set": 1,
    "a deque": 1,
    "an attribute": 1,
    "a closure": 1,
    "two closures over one variable": 1,
    "a default argument": 1,
    "a partial": 1,
    "a bound method": 1,
    "an exception's arguments": 1,
    "a weak reference": 0,
}
CONTAINERS = list(HOLDS)[:7]
holders = st.lists(st.sampled_from(list(HOLDS)), max_size=6)
trees = st.lists(st.integers(0, 5), max_size=7).map(
    lambda numbers: [number % place for place, number in enumerate(numbers, 1)]
)


@check(
    "refcount counts each reference of a container, and none of its own",
    points=10,
    stage="core",
    hint="The argument is a reference too, and so may be what sys.getrefcount is given. What is left for object()?",
)
def test_containers(driver):
    got = driver.count_unheld()
    assert got == 0, f"refcount(object()) is 0: nobody holds the object; got {got}"
    for times in (1, 2, 3, 40):
        got = driver.count_in_list(times)
        assert got == times, f"a list holds the object {times} times and nobody else does; got {got}"
    for name in CONTAINERS:
        held_by(driver, [name])


@check(
    "refcount sees attributes, closures and other holders, and when they let go",
    points=8,
    stage="core",
    hint="Who can reach the object, and through how many references? A weak reference is none.",
)
@given(names=holders)
@example(names=list(HOLDS))
@settings(max_examples=25)
def test_holders(driver, names):
    held_by(driver, names)


@check(
    "trace gives the change since the start after each action",
    points=10,
    stage="core",
    hint="One count before the first action; after each action, the count less that one.",
)
@given(choices=st.lists(st.tuples(st.booleans(), st.sampled_from(list(HOLDS))), max_size=10))
@example(choices=[(True, "a list"), (True, "a tuple that has it twice"), (False, "a list"), (False, "a list")])
@settings(max_examples=25)
def test_trace(driver, choices):
    held, steps, expected = [], [], []
    for hold, name in choices:
        if not hold and name not in held:
            hold = True
        steps.append(["hold" if hold else "let go", name])
        held.append(name) if hold else held.remove(name)
        expected.append(sum(HOLDS[each] for each in held))
    seen = driver.trace(steps)
    story = "".join(f" {what} {name}," for what, name in steps)
    assert seen["given"] == [True] * len(steps), f"{len(steps)} actions: each is called once, with obj itself"
    got = seen["counts"]
    assert got == expected, f"starting from 0:{story} gives {expected}; got {got!r}"


@check(
    "a tree knows its parents and its children",
    points=6,
    stage="core",
    hint="add() makes both links, down and up, and returns the child.",
)
def test_links(subject):
    root, left, right, leaf = (subject.TreeNode(value) for value in ("root", "left", 0, None))
    assert [node.value for node in (root, left, right, leaf)] == ["root", "left", 0, None]
    assert list(root.children) == [], "a new node has no children"
    assert root.parent is None, "a new node has no parent"
    assert root.add(left) == left, "add() returns the child"
    root.add(right)
    assert left.add(leaf) == leaf, "add() returns the child"
    assert list(root.children) == [left, right], "root.add(left); root.add(right): root.children are [left, right]"
    assert list(left.children) == [leaf]
    assert list(leaf.children) == []
    assert left.parent == root, "the parent of what was added to root is root itself"
    assert right.parent == root, "the parent of what was added to root is root itself"
    assert leaf.parent == left
    assert root.parent is None


@check(
    "a dropped tree is freed at once, with the collector off",
    points=10,
    stage="core",
    hint="Two objects that refer to each other never reach a count of 0. Which of the two links may be weak?",
)
@given(parents=trees, kept=st.none() | st.integers(0, 7))
@example(parents=[0, 0, 1], kept=None)
@example(parents=[0, 1, 2, 1], kept=2)
@settings(max_examples=25)
def test_freed(driver, parents, kept):
    kept = None if kept is None else kept % (len(parents) + 1)
    seen = driver.drop_tree(parents, kept)
    assert seen["grew"], "a node that is still in use, or hangs below one in use, was lost"
    below = subtree(parents, kept)
    tree = f"a tree of {len(parents) + 1} nodes, parents of 1, 2, ...: {parents}; all dropped"
    if kept is None:
        assert seen["alive"] == [], f"{tree}: nodes {seen['alive']} are still alive"
    else:
        alive = seen["alive"]
        assert alive == below, f"{tree} but node {kept}: {below} stay alive with it, but alive are {alive}"
        assert seen["orphaned"], f"{tree} but node {kept}: its parent has gone, so its parent is None"
    assert seen["collections"] == 0, "the garbage collector was called; without a cycle there is nothing to collect"


@check(
    "two calls of collect share nothing",
    points=8,
    stage="core",
    hint="When is the default of an argument evaluated, and how often?",
)
@given(items=st.lists(st.integers() | st.none() | st.text(max_size=2), min_size=1, max_size=5))
@example(items=[1, 2])
@settings(max_examples=20)
def test_collect(subject, driver, items):
    seen = driver.collect_apart(items)
    assert seen["lists"] == [[item] for item in items]
    assert seen["different"] == len(items), f"{len(items)} calls gave {seen['different']} different lists"
    assert subject.collect(items[0], [None]) == [None, items[0]]


@check(
    "interned keeps one object per equal value",
    points=8,
    stage="core",
    hint="Remember the first of each value in a dict, and look the later ones up.",
)
@given(
    values=st.lists(
        st.sampled_from([10**6, -(10**9), 2.5, "a word", "another", b"bytes", ("a", "b"), frozenset({1, 2}), None, 3]),
        max_size=12,
    )
)
@example(values=["a word", 10**6, ("a", "b"), "another", ("a", "b"), 10**6, "a word"])
@settings(max_examples=25)
def test_interned(driver, values):
    seen = driver.places(values)
    assert seen["values"] == values, f"equal values in the same order are expected: {values!r}; got {seen['values']!r}"
    expected = [values.index(value) for value in values]
    got = seen["places"]
    assert got == expected, f"interned({values!r}): the objects at places {expected} of the input; got {got}"


@check(
    "trace drops what an action returns before it counts",
    points=5,
    stage="robust",
    hint="A result that is bound to a name lives until the name is bound again.",
)
def test_results(driver):
    for names in (
        ["a list"],
        ["a tuple that has it twice", "a closure"],
        ["a bound method", "a set", "a weak reference"],
    ):
        got = driver.trace_results(names)
        expected = [0] * len(names) + [1] * (len(names) + 1)
        story = f"actions that only return {', '.join(names)}, then one that holds it, then the first again"
        assert got == expected, f"{story}: expected {expected}, got {got!r}"


@check(
    "a node moves to its new parent, and never hangs below itself",
    points=6,
    stage="robust",
    hint="Before linking: walk up from the new parent, and unlink from the old one.",
)
def test_moves(subject):
    root, left, right, leaf = (subject.TreeNode(value) for value in ("root", "left", "right", "leaf"))
    root.add(left)
    root.add(right)
    left.add(leaf)
    for node, child in ((root, root), (left, root), (leaf, root), (leaf, left), (leaf, leaf)):
        with raises(ValueError):
            node.add(child)
    shape = [list(root.children), list(left.children), list(leaf.children), leaf.parent, left.parent, root.parent]
    assert shape == [[left, right], [leaf], [], left, root, None], "a refused add() changes nothing"
    right.add(leaf)
    assert (leaf.parent, list(right.children)) == (right, [leaf]), "a node that moves belongs to its new parent"
    assert list(left.children) == [], "a node that moves leaves its old parent"
    root.add(left)
    assert list(root.children) == [right, left], "adding a child again makes it the last, and there once"
    leaf.add(left)
    assert list(root.children) == [right]
    assert (list(leaf.children), left.parent) == ([left], leaf), (
        "what is neither the node itself nor above it may be added"
    )


@check(
    "nodes with equal values are different nodes",
    points=4,
    stage="robust",
    hint="What does `child in children` or `children.remove(child)` compare?",
)
def test_twins(subject):
    home, away = subject.TreeNode("same"), subject.TreeNode("same")
    first, second, third = (subject.TreeNode("same") for _ in range(3))
    for twin in (first, second, third):
        home.add(twin)
    assert list(home.children) == [first, second, third]
    away.add(second)
    assert list(home.children) == [first, third], "the second of three twins moved; the first and the third stay"
    assert list(away.children) == [second]


@check(
    "a bucket that is given is used, even an empty one",
    points=5,
    stage="robust",
    hint="Is an empty list the same as no list?",
)
def test_bucket(driver):
    for start in ([], ["old"], [None]):
        for by_name in (False, True):
            seen = driver.collect_into(start, [1, 2], by_name)
            assert seen["bucket"] == [*start, 1, 2], (
                f"collect(1, b); collect(2, b) with b = {start}: b is {seen['bucket']}"
            )
            assert seen["same"] == 2, f"collect(1, b) returns b itself, with b = {start} too"


@check(
    "interned keeps values of different types apart",
    points=5,
    stage="robust",
    hint="1 == 1.0 == True, and they have one hash. What must the key of your dict tell apart?",
)
@given(values=st.permutations([1, 1.0, True, Decimal(1), Fraction(1), 0, 0.0, False, 1.0, True, "1"]))
@example(values=[1, True, 1.0, True, 1.0])
@settings(max_examples=20)
def test_types(driver, values):
    seen = driver.places(values)
    got = seen["values"]
    assert type(got) is list, f"expected a list, got {got!r}"
    assert list(map(repr, got)) == list(map(repr, values)), f"interned({values!r}) gave {got!r}"
    expected = [list(map(repr, values)).index(repr(value)) for value in values]
    for number, (place, first) in enumerate(zip(seen["places"], expected)):
        assert place == first, f"item {number} of the result is item {first} of {values!r}, got item {place}"


@check(
    "nothing is kept when a call is over",
    points=6,
    stage="production",
    hint="A cache in the module lives for ever. And a variable that holds an exception closes a cycle: why?",
)
def test_nothing_kept(driver):
    expected = {
        "refcount": True,
        "trace": [0, 0],
        "trace with an action that raises": "LookupError: no such action",
        "collect": 1,
        "interned": 3,
    }
    for name, (outcome, kept) in driver.what_is_kept().items():
        assert outcome == expected[name], f"{name}: expected {expected[name]!r}, got {outcome!r}"
        assert not kept, f"{name}: what it was given is still held after the call, with the result dropped"


@check(
    "a tree may be deeper than Python's stack",
    points=4,
    stage="production",
    hint="Walk up or down with a loop: the limit for recursion is 1,000 calls.",
)
def test_deep(driver):
    seen = driver.deep_tree(1_500)
    assert seen["linked"] == 1_499, f"of 1,499 nodes in one line {seen['linked']} have the one above as parent"
    assert seen["refused"] == "ValueError", f"hanging the first below the last: a ValueError; got {seen['refused']}"
    assert seen["alive"] == 0, f"the line was dropped, and {seen['alive']} of its 1,500 nodes are still alive"


@check(
    "interned compares a value with few others",
    points=5,
    stage="production",
    hint="A search through a list compares with everything. What does a dict compare with?",
)
def test_comparisons(driver):
    seen = driver.comparisons(300)
    assert (seen["length"], seen["objects"]) == (600, 300), (
        f"600 values, each there twice: 600 results that are 300 objects; got {seen['length']} and {seen['objects']}"
    )
    assert seen["comparisons"] <= 2_400, f"600 values were compared {seen['comparisons']:,} times; 2,400 are plenty"


def held_by(driver, names):
    """The count of a thing in a list and held as `names` say, then while the holders go, the last first."""
    got = driver.count_held(names)
    expected = [1 + sum(HOLDS[name] for name in names[:left]) for left in range(len(names), -1, -1)]
    story = ", ".join(["a list of one", *names])
    assert got == expected, f"held by {story}; then they go, the last first: expected {expected}, got {got!r}"


def subtree(parents, root):
    """The numbers of `root` and of all nodes below it."""
    found = set() if root is None else {root}
    for number, parent in enumerate(parents, 1):
        if parent in found:
            found.add(number)
    return sorted(found)
