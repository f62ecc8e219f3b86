"""Real parts that the trusted side offers to a cell: HTTP back ends and Redis, watched and controlled.

They all live in one thread with one event loop (:mod:`grader.services.loop`), and every delay of theirs
passes on the check's clock (:mod:`grader.services.clock`), real or virtual. A suite imports from here only
what it answers with.
"""

from grader.services.answers import Answer, Hang, Reset

__all__ = ["Answer", "Hang", "Reset"]
