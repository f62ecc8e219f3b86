"""What the submission asked of its services, and what the check itself did, as lines of a transcript: requests stand
below the call that had the submission ask, and are never so many that calls are lost for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, groupby
from typing import Any

from grader.suite.curl import one_line
from grader.suite.runs import ANSWER, Block, collapsed
from grader.suite.shortly import shortly

ASKED = "#   your code asks "
#: What stands below a transcript's calls.
RAISED, PRINTED = "# your app raised, the last time:", "# your code printed:"
_BY_CHECK = "# the check asks "
_SHOWN = 4  # requests of one call, and of the check one after the other
_LEAST = 6  # lines of requests for which there is always room
_WORDS, _LENGTH = 10, 80  # of a request, and characters of each


def request(service: str, words: Sequence[str], said: Any) -> str:
    """``#   your code asks backend: GET /a  # -> 200``; ``said`` may be None."""
    return f"{ASKED}{service}: {_few(words)}{'' if said is None else f'  # -> {said}'}"


def by_check(service: str, words: Sequence[Any], said: Any) -> str:
    """``# the check asks redis: TTL a  # -> 60``; that all went well is not said."""
    outcome = "" if said is None or said is True else f"  # -> {shortly(said, _LENGTH)}"
    return f"{_BY_CHECK}{service}: {_few(list(map(_text, words)))}{outcome}"


def shortened(lines: Iterable[str], most: int) -> list[str]:
    """Without what is said again: equal lines are counted, and so many that are no request stay, those at the end and
    some at the beginning, and no answer without its exchange. Requests have the room that these leave, and a little:
    the first of each of the last calls.
    """
    counted = list[str]()
    asked = list[list[str]]()
    for line, same in groupby(_calls(_with_few_by_check(lines)), lambda call: call[0]):
        requests = [each for _, each in same]
        counted.append(_times(line, len(requests)))
        asked.append([_times(each, len(list(equal))) for each, equal in groupby(chain(*requests))])
    if len(counted) > most:
        start, end = most // 4, len(counted) - most * 3 // 4
        start, end = start + counted[start].startswith(ANSWER), end + counted[end].startswith(ANSWER)
        remark = [f"# ... {end - start} lines left out"] if start < end else []
        counted[start:end], asked[start:end] = remark, [[*chain(*asked[start:end])] for _ in remark]
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


def _calls(lines: Iterable[str]) -> Iterator[tuple[str, list[str]]]:
    """Each line that is no request, and the requests that follow it. Runs of exchanges come once; of what they have
    the submission ask, what it had asked before is not told again.
    """
    blocks, asked = list[Block](), list[list[str]]()
    for line in lines:
        if line.startswith(ASKED) and blocks:
            asked[-1].append(line)
        elif line.startswith(ANSWER) and blocks and not asked[-1]:
            blocks[-1] += (line,)
        else:
            blocks.append((line,))
            asked.append([])
    before = set[str]()
    for block, places in collapsed(blocks):
        requests = [*chain(*[asked[place] for place in places])]
        is_run = block != blocks[places.start]
        yield from ((line, []) for line in block[:-1])
        yield block[-1], [each for each in requests if not (is_run and each in before)]
        before.update(requests)


def _with_few_by_check(lines: Iterable[str]) -> Iterator[str]:
    """Of many requests of the check, one after the other, the first and the last."""
    for is_by_check, group in groupby(lines, lambda line: line.startswith(_BY_CHECK)):
        own = list(group)
        if is_by_check and len(own) > _SHOWN + 1:
            own = [own[0], f"# ... {len(own) - _SHOWN} requests of the check left out", *own[1 - _SHOWN :]]
        yield from own


def _text(word: Any) -> str:
    return word.decode("utf-8", "backslashreplace") if isinstance(word, bytes) else str(word)


def _few(words: Sequence[str]) -> str:
    shown = [shortly(one_line(word), _LENGTH, quote=False) for word in words[:_WORDS]]
    return " ".join([*shown, *([f"... {len(words) - _WORDS:,} more"] if len(words) > _WORDS else [])])


def _times(line: str, times: int) -> str:
    return line if times == 1 else f"{line}{',' if '  # ' in line else '  #'} {times} times"
