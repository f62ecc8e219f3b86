"""What a submission changes of the standard library is put back before a driver looks."""

from __future__ import annotations

import pytest

from tests.toy_suites import Suites

DRIVER = """
    import gc, os, sys, threading, time, weakref

    def seen():
        thread = threading.Thread(target=int)
        thread.start()
        thread.join()
        return [os.getpid(), sys.getallocatedblocks() > 100, time.monotonic(), weakref.ref(seen)() is seen]

    def slept():
        before = time.monotonic()
        time.sleep(60)
        return time.monotonic() - before
"""


@pytest.mark.parametrize("virtual", [False, True])
def test_changes_at_import_and_in_a_call_are_put_back(suites: Suites, virtual: bool) -> None:
    """Functions, and methods of classes; in virtual time it is that time which is put back."""
    liar = """
        import builtins, os, sys, threading, time, weakref
        from grader.cell.inside import server
        def lie():
            os.getpid = lambda: -1
            sys.getallocatedblocks = lambda: 0
            time.monotonic = lambda: -1
            time.sleep = lambda seconds: None
            weakref.ref = lambda *_: lambda: None
            threading.Thread.start = lambda self: 1 / 0
            builtins.zip = builtins.setattr = builtins.all = lambda *_, **__: 1 / 0
            server.Server._load = lambda *_: None
            sys.setswitchinterval(100)
            return sys.getswitchinterval()
        lie()
        def look(): return [os.getpid(), sys.getswitchinterval()]
    """
    clock = ", virtual_time" if virtual else ""
    time = "assert driver.slept() == 60" if virtual else "pass"
    suite = f"""
        @check(10)
        def test_x(subject, driver{clock}):
            assert subject.look() == [-1, 0.005]
            for _ in range(2):
                pid, blocks, now, alive = driver.seen()
                assert (pid > 0, blocks, now > 0, alive) == (True, True, True, True)
                assert subject.look() == [pid, 0.005]
                {time}
                assert subject.lie() == 100
    """
    assert suites.check(suite, liar, driver=DRIVER).message == ""


def test_a_submissions_own_names_are_its_own(suites: Suites) -> None:
    """Nor is anything put back that is no function: settings stay as they were made."""
    submission = """
        import logging, sys, tempfile, threading
        tempfile.tempdir = "/somewhere"
        sys.mine = lambda: 1
        threading.mine = 2
        class Thread(threading.Thread):
            start = None
    """
    driver = """
        import sys, tempfile, threading
        import toy
        def seen(): return [tempfile.tempdir, sys.mine(), threading.mine, toy.Thread.start]
    """
    suite = "@check(10)\ndef test_x(subject, driver): assert driver.seen() == ['/somewhere', 1, 2, None]"
    assert suites.check(suite, submission, driver=driver).message == ""
