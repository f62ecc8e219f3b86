"""Hidden suite of week1/cpu_vs_io.

No check compares computing with the wall clock of the machine, which may be busy: kinds are decided by clocks that
tasks move, executors by virtual time, and what the CPU has done by the kernel's own account of it.
"""

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from grader.suite import check, raises

NOISE_S = 0.05  # what the README allows cpu_seconds() to be off
HAIR = 2**-20
shares = st.sampled_from([0, 1 / 8, 1 / 4 - HAIR, 1 / 4, 1 / 4 + HAIR, 1 / 2, 3 / 4 - HAIR, 3 / 4, 3 / 4 + HAIR, 1])
walls = st.sampled_from([1 / 8, 1.0, 4.0, 1024.0])
starts = st.sampled_from([0.0, 1000.0, 2.0**20])


@check(
    "cpu_seconds counts user and system time of all threads, and no waiting",
    points=10,
    stage="core",
    hint="time.thread_time() knows one thread, a wall clock knows waiting; and the kernel works for you as well.",
)
def test_cpu_seconds(driver):
    for work in ("a Python loop", "hashing", "system calls", "two threads that hash", "time.sleep"):
        accounted(driver, work, 2 * NOISE_S)


@check(
    "profile reads both clocks before and after the task",
    points=8,
    stage="core",
    hint="wall_s and cpu_s are differences of readings of the clocks that were handed in.",
)
@given(wall_s=walls, share=shares, start=starts)
@settings(max_examples=20)
def test_differences(driver, wall_s, share, start):
    seen = driver.profile_scripted(wall_s, share * wall_s, start)
    got = seen["wall_s"], seen["cpu_s"]
    expected = wall_s, share * wall_s
    assert got == expected, f"both clocks began at {start}: (wall_s, cpu_s) is {expected}, got {got}"


@check(
    "kind follows the share of CPU time, its bounds included",
    points=10,
    stage="core",
    hint="io up to a quarter, cpu from three quarters, mixed between: with <= and >=.",
)
@given(wall_s=walls, share=shares)
@example(wall_s=4.0, share=1 / 4)
@example(wall_s=4.0, share=1 / 4 + HAIR)
@example(wall_s=4.0, share=3 / 4 - HAIR)
@example(wall_s=4.0, share=3 / 4)
@settings(max_examples=30)
def test_kind(driver, wall_s, share):
    got = driver.profile_scripted(wall_s, share * wall_s, 1000.0)["kind"]
    expected = "io" if share <= 1 / 4 else "cpu" if share >= 3 / 4 else "mixed"
    assert got == expected, f"{share * wall_s} s of CPU in {wall_s} s are a share of {share}: {expected}, got {got!r}"


@check(
    "waiting is io, computing is cpu, half of each is mixed",
    points=10,
    stage="core",
    hint="The default clocks: time.perf_counter for the wall, cpu_seconds for the CPU.",
)
def test_real_work(driver):
    for wait in ("time.sleep", "a socket"):
        seen = driver.profile_wait(wait, 0.2)
        got = seen["kind"]
        assert got == "io", f"0.2 s of waiting ({wait}): io, got {got!r}"
        wall_s, in_all = seen["wall_s"], seen["in all"]
        assert 0.19 <= wall_s <= in_all + 0.01, f"0.2 s of waiting ({wait}): wall_s is {wall_s}, in all it was {in_all}"
    for work, waits_s, cores, expected in (
        ("a Python loop", 0.0, 1, "cpu"),
        ("two threads that hash", 0.0, 2, "cpu"),
        ("hashing", 0.08, 1, "mixed"),
        ("system calls", 0.8, 1, "io"),
    ):
        got = driver.profile_work(work, 0.1, waits_s, cores)["kind"]
        assert got == expected, f"0.1 s of CPU ({work}) and {waits_s} s of waiting: {expected}, got {got!r}"


@check(
    "speedup is the time one after another over the time on the executor",
    points=10,
    stage="core",
    hint="Hand in all n before you wait for the first, and read the clock when the last has ended.",
)
@given(durations=st.lists(st.integers(1, 9), min_size=1, max_size=4), workers=st.sampled_from([1, 4]))
@example(durations=[1, 1, 1, 1], workers=2)
@example(durations=[5, 1, 2], workers=4)
@settings(max_examples=12)
def test_speedup(driver, virtual_time, durations, workers):
    assume(workers != 2 or len(set(durations)) == 1)
    if workers == 2:
        there = -(-len(durations) // 2) * durations[0]
    else:
        there = sum(durations) if workers == 1 else max(durations)
    expected = sum(durations) / there
    got = driver.speed_up(durations, workers)["factor"]
    story = f"tasks of {durations} s take {sum(durations)} s one after another and {there} s on {workers} threads"
    assert isinstance(got, float), f"a float is expected, got {got!r}"
    assert abs(got - expected) < 1e-6, f"{story}: {expected}, got {got}"


@check(
    "threads for what waits, processes for what computes",
    points=6,
    stage="core",
    hint="Threads of one process share a GIL, so they overlap waiting and not computing. The answer is a class.",
)
def test_choice(driver):
    for kind, expected in (
        ("io", "ThreadPoolExecutor"),
        ("cpu", "ProcessPoolExecutor"),
        ("mixed", "ProcessPoolExecutor"),
    ):
        got = driver.chosen(kind)
        assert got == expected, f"for {kind}: the class {expected}, got {got}"


@check(
    "explain says what it cost and what to use, in one line",
    points=6,
    stage="core",
    hint="Format specifications: .3f for the seconds, .0% for the share.",
)
@given(
    kind=st.sampled_from(["cpu", "io", "mixed"]),
    wall_ms=st.integers(1, 5_000),
    cpu_ms=st.integers(0, 12_000),
)
@example(kind="io", wall_ms=1_250, cpu_ms=4)
@example(kind="cpu", wall_ms=1_000, cpu_ms=1_900)
@example(kind="mixed", wall_ms=3, cpu_ms=2)
@settings(max_examples=25)
def test_explain(subject, kind, wall_ms, cpu_ms):
    assume(1_000 * cpu_ms // wall_ms % 10 != 5)  # half a percent may be rounded either way
    executor = "ThreadPoolExecutor" if kind == "io" else "ProcessPoolExecutor"
    share = round(100 * cpu_ms / wall_ms)
    got = subject.explain(subject.Profile(kind, wall_ms / 1000, cpu_ms / 1000))
    assert got == f"{kind}: {cpu_ms / 1000:.3f} s of CPU in {wall_ms / 1000:.3f} s ({share}%), use {executor}"


@check(
    "the task is called once, by the caller's thread, and its own error comes out",
    points=7,
    stage="robust",
    hint="No warm-up, no thread of your own, no except: a measurement must not change what is measured.",
)
def test_call(driver):
    seen = driver.profile_scripted(2.0, 0.5, 0.0)
    assert seen["kind"] == "io"
    assert seen["calls"] == 1, f"the task was called {seen['calls']} times"
    assert seen["here"], "the task was called on another thread than the caller's"
    for name in ("ValueError", "KeyboardInterrupt", "Cancelled"):
        seen = driver.profile_failure(name)
        assert seen["came"] == name, f"the task raised {name}, and out came {seen['came']}"
        assert seen["same"], f"the task raised a {name}, and another one came out"
        assert seen["calls"] == 1, f"the task, which raises {name}, was called {seen['calls']} times"


@check(
    "speedup makes n calls here, one after another, and n on the executor",
    points=6,
    stage="robust",
    hint="One call times n is a guess: no two calls need take the same time.",
)
def test_calls(driver, virtual_time):
    for n, workers in ((1, 1), (4, 2), (3, 8)):
        seen = driver.speed_up([1] * n, workers)
        calls = seen["here"], seen["there"]
        assert calls == (n, n), f"n = {n}: {n} calls here and {n} on the executor, got {calls[0]} and {calls[1]}"
        most = [1, min(n, workers)]
        assert seen["most"] == most, f"n = {n}, {workers} workers: at one moment ran (here, there) {seen['most']}"
        assert seen["ended"], f"n = {n}: speedup returned while a call was running"


@check(
    "what takes no time is cpu, and so is what uses several cores",
    points=6,
    stage="robust",
    hint="The share may be 1.9. And a coarse clock may say that nothing has passed: what would you divide by?",
)
def test_edges(driver, subject):
    for wall_s, cpu_s in ((0.0, 0.0), (0.0, 0.5), (1.0, 1.9375), (2.0, 64.0)):
        got = driver.profile_scripted(wall_s, cpu_s, 1000.0)["kind"]
        assert got == "cpu", f"{cpu_s} s of CPU in {wall_s} s: cpu, got {got!r}"
    got = subject.explain(subject.Profile("cpu", 0.0, 0.0))
    assert got == "cpu: 0.000 s of CPU in 0.000 s (100%), use ProcessPoolExecutor"


@check(
    "n below 1 and an unknown kind are a ValueError",
    points=6,
    stage="robust",
    hint="Look at the arguments before the first call. A dict raises KeyError, which is not a ValueError.",
)
def test_senseless(driver, subject):
    assert driver.speed_up_by_clock(1, 2.0, 1.0) == 2.0
    for n in (0, -1, -100):
        seen = driver.calls_of_senseless(n)
        assert seen["came"] == "ValueError", f"n = {n}: a ValueError, got {seen['came']}"
        assert seen["calls"] == 0, f"n = {n}: the task was called {seen['calls']} times before the ValueError"
    for kind in ("gpu", "", "IO"):
        with raises(ValueError):
            subject.choose_executor(subject.Profile(kind, 1.0, 0.5))


@check(
    "the CPU time of child processes is counted",
    points=6,
    stage="production",
    hint="time.process_time() stops at the process. os.times() and resource.getrusage() know of ended children.",
    needs=("processes",),
)
def test_children(driver):
    accounted(driver, "a child process", 3 * NOISE_S)  # of which half is system time
    got = driver.profile_work("a child process", 0.1, 0.0, 1)["kind"]
    assert got == "cpu", f"a task that lets a child process compute, and waits for it: cpu, got {got!r}"


@check(
    "speedup reads the clock it is given, and works with an executor that pickles",
    points=5,
    stage="production",
    hint="A process pool pickles what is submitted: a lambda around the task cannot be. Who closes the executor?",
)
def test_executors(driver):
    for n, here_s, there_s, expected in ((4, 2.0, 0.5, 4.0), (3, 1.0, 1.0, 1.0), (1, 1.0, 4.0, 0.25)):
        got = driver.speed_up_by_clock(n, here_s, there_s)
        story = f"{n} calls take {n * here_s} s here and {n * there_s} s on the executor, by the clock given"
        assert got == expected, f"{story}: {expected}, got {got!r}"
    seen = driver.speed_up_pickled(3)
    assert seen["factor"] == 3.0
    assert seen["open"], "the executor takes no work after speedup(): it is the caller's, who will close it"


@check(
    "an error on the executor is not lost",
    points=4,
    stage="production",
    hint="wait() says that futures are done; only result() and exception() say how they ended.",
)
def test_lost_errors(driver):
    for where, place in (("here", "in the caller's thread"), ("there", "on the executor")):
        got = driver.speed_up_failure(where)
        assert got == "the error", f"the task raises {place}: its error comes out, got: {got}"


def accounted(driver, work, seconds):
    """cpu_seconds() agrees with the kernel about a work of some seconds, at most NOISE_S off."""
    seen = driver.cpu_used(work, seconds)
    said, least, most = seen["said"], seen["least"], seen["most"]
    story = f"{work} for {seconds:.2f} s: the kernel counted {least:.3f} s of CPU, cpu_seconds() {said:.3f} s"
    assert least - NOISE_S <= said <= most + NOISE_S, story
