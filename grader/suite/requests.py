"""What the submission asked of its services, as lines of a transcript: below the call that had it ask, and never so
many that calls are lost for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain, groupby
from typing import Any

from grader.suite.curl import one_line
from grader.suite.shortly import shortly

ASKED = "#   your code asks "
_SHOWN = 4  # requests of one call
_LEAST = 6  # lines of requests for which there is always room
_WORDS, _LENGTH = 10, 80  # of a request, and characters of each


def request(service: str, words: Sequence[str], said: Any) -> str:
    """``#   your code asks backend: GET /a  # -> 200``; ``said`` may be None."""
    shown = [shortly(one_line(word), _LENGTH, quote=False) for word in words[:_WORDS]]
    more = [f"... {len(words) - _WORDS:,} more"] if len(words) > _WORDS else []
    return f"{ASKED}{service}: {' '.join([*shown, *more])}{'' if said is None else f'  # -> {said}'}"


def shortened(lines: Iterable[str], most: int) -> list[str]:
    """Without what is said again: equal lines are counted, and so many that are no request stay, those at the end and
    some at the beginning. Requests have the room that these leave, and a little: the first of each of the last calls.
    """
    calls: list[tuple[str, list[str]]] = []  # each line that is no request, and the requests that follow it
    for line in lines:
        if line.startswith(ASKED) and calls:
            calls[-1][1].append(line)
        else:
            calls.append((line, []))
    counted = list[str]()
    asked = list[list[str]]()
    for line, same in groupby(calls, lambda call: call[0]):
        requests = [each for _, each in same]
        counted.append(_times(line, len(requests)))
        asked.append([_times(each, len(list(equal))) for each, equal in groupby(chain(*requests))])
    if len(counted) > most:
        middle = slice(most // 4, len(counted) - most * 3 // 4)
        counted[middle], asked[middle] = [f"# ... {len(counted) - most} lines left out"], [[*chain(*asked[middle])]]
    room = max(most - len(counted), _LEAST)
    shown = list[str]()
    for place in reversed(range(len(counted))):
        own = asked[place]
        own = [*own[:_SHOWN], f"{ASKED}{len(own) - _SHOWN} times more"] if len(own) > _SHOWN else own
        room -= len(own)
        if own and room < 0:
            unshown = sum(map(len, asked[: place + 1]))
            return [*counted[: place + 1], f"{ASKED}{unshown} times up to here", *shown]
        shown = [counted[place], *own, *shown]
    return shown


def _times(line: str, times: int) -> str:
    return line if times == 1 else f"{line}{',' if '  # ' in line else '  #'} {times} times"
