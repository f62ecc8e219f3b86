"""An exception of the submission as a plain tree: names, message, arguments, its own traceback."""

from __future__ import annotations

import builtins
import importlib
import itertools
import os
import traceback
from typing import Any

from grader.cell.inside.objects import Objects
from grader.cell.inside.values import Tree, ValueTooLarge

MAX_TEXT = 4_000  # characters of a message or of a traceback
MAX_FRAMES = 8

_HERE = os.path.dirname(os.path.abspath(__file__)) + os.sep
_SIMPLE = (str, int, float, bool, bytes, type(None))


def describe(error: BaseException, objects: Objects, folder: str) -> list[Tree]:
    """``[[class name, is builtin] by method resolution order, message, arguments, traceback, handle, cause]``."""
    classes = [[_text(kind.__name__), _is_builtin(kind)] for kind in type(error).__mro__[:12]]
    arguments = [value for value in error.args[:8] if type(value) in _SIMPLE]
    try:
        packed = objects.pack(arguments)
    except (ValueTooLarge, RecursionError):
        packed = objects.pack([])
    cause = error.__cause__
    return [
        classes,
        _message(error),
        packed,
        own_traceback(error, folder),
        objects.handle(error),
        None if cause is None else _text(type(cause).__name__),
    ]


def own_traceback(error: BaseException, folder: str, *, packages: bool = True) -> str:
    """The traceback without the grader's frames, with paths below the submission's folder made short; without those of
    ``packages``, if others are left.
    """
    try:
        shown = traceback.TracebackException.from_exception(error, limit=None, compact=True)
        _strip(shown, 0, "" if packages else folder + os.sep)
        text = "".join(shown.format(chain=True))
    except Exception:  # a __str__ or __repr__ of the submission's that raises
        text = f"{type(error).__name__} (its text could not be made)\n"
    text = _text(text.replace(folder + os.sep, ""), limit=len(text))
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT // 2] + "\n...\n" + text[-MAX_TEXT // 2 :]


def _strip(shown: traceback.TracebackException, depth: int, below: str) -> None:
    own = [frame for frame in shown.stack if not frame.filename.startswith((_HERE, "<frozen", "<onspot"))]
    own = list(itertools.dropwhile(lambda frame: frame.filename == importlib.__file__, own))  # it was told to import
    own = [frame for frame in own if frame.filename.startswith(below)] or own
    shown.stack[:] = own[-MAX_FRAMES:]
    for other in (shown.__cause__, shown.__context__, *(shown.exceptions or ())):
        if other is not None and depth < 4:
            _strip(other, depth + 1, below)


def _is_builtin(kind: type) -> bool:
    return getattr(builtins, kind.__name__, None) is kind


def _message(error: BaseException) -> str:
    try:
        return _text(str(error))
    except BaseException:
        return "(its text could not be made)"


def _text(value: Any, limit: int = MAX_TEXT) -> str:
    """Text that UTF-8 can carry."""
    return str(value)[:limit].encode("utf-8", "backslashreplace").decode()
