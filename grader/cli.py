"""The command line: finds the command, runs it, and turns whatever happens into an exit status."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from grader.arguments import parse
from grader.commands.exit_status import AT_FAULT, INTERRUPTED, OK
from grader.errors import GraderError


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return the exit status.

    0 graded, and at least ``--min-score``; 1 below it; 2 wrong usage; 3 an exercise or the grader at fault.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a narrow locale must not stop a report
    try:
        run, arguments = parse(sys.argv[1:] if argv is None else argv)
        status = run(arguments)
        sys.stdout.flush()
    except GraderError as error:
        print(f"grader: {error}", file=sys.stderr)
        return error.exit_status
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # whoever read the output has gone
        return OK
    except KeyboardInterrupt:
        print("grader: interrupted", file=sys.stderr)
        return INTERRUPTED
    except Exception:  # noqa: BLE001 - nothing stands above this to catch it
        sys.excepthook(*sys.exc_info())
        print("grader: this is a fault of the grader; please report it", file=sys.stderr)
        return AT_FAULT  # Python's own status for this, 1, would say "below --min-score"
    return status
