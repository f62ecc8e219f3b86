"""What a learner reads of a check, as far as it is the same on every run: the form in which texts are reviewed."""

from __future__ import annotations

import re
from collections.abc import Set
from functools import lru_cache

import msgspec

from grader.model import CheckResult
from grader.repro.steps import Recording
from grader.suite.requests import ASKED, PRINTED, RAISED

#: What is never twice the same: ids, tokens, moments, real seconds; also where the end is cut off.
_DRAWN = re.compile(
    r"\b(?=[a-f-]*\d)[0-9a-f-]{12,}\b|(?<![\w-])(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[\w-]{20,}|(?<![\w-])[\w-]{40,}"
    r"|\b0\.\d{5,6}\b|\d{4}-\d\d-\d\dT[\d:]+\.\d+|\b[0-9a-f-]+(?=\.\.\.)|\(\d+ sub-exceptions?\)"
)
#: What an answer tells of where the packages lie, in which versions, up to where it is cut off.
_TRACEBACK = re.compile(r"(?<=Traceback \(most recent call last\)).+")
_BESIDE = re.compile(rf"\n(?:{PRINTED}|{RAISED})")
_NUMBER = re.compile(r"\d[\d_,.]*(?:e-?\d+)?")
_RACY_LENGTH = 70
_TELLING = 3  # letters that tell a word from others


def kept_text(result: CheckResult, stated: Set[str] = frozenset()) -> str:
    """What is the same on every run: without words drawn at random, what the code printed and in which order it asked
    its services, and without numbers and calls where threads, costs or chance were at work.

    The code has made a word up if it first came in an answer, and the statement does not have it.
    """
    message, transcript = result.message.partition("\n")[0], _BESIDE.split(result.transcript)[0]
    lines = (line for line in transcript.splitlines() if not line.startswith(ASKED))
    message, transcript = (_without(_made_up(result) - stated, text) for text in (message, "\n".join(lines)))
    message, transcript = (_DRAWN.sub("#", _TRACEBACK.sub("#", text)) for text in (message, transcript))
    if _is_racy(result):
        message, transcript = _NUMBER.sub("#", message), ""
        message = message if len(message) <= _RACY_LENGTH else message[:_RACY_LENGTH] + "..."
    return "\n".join([f"[{result.check.id}] {result.verdict}", message, *([transcript] if transcript else []), ""])


def merged(result: CheckResult, known: str, stated: Set[str]) -> str:
    """The kept text of a check, with all messages that are known of one where threads, costs or chance were at work:
    which of them comes is not the same on every run.
    """
    kept = kept_text(result, stated)
    head, *lines = kept.splitlines()
    before = re.search(rf"^{re.escape(head)}\n((?:.+\n)*)", known, re.MULTILINE)
    if before is None or not _is_racy(result):
        return kept
    return "\n".join([head, *dict.fromkeys([*before[1].splitlines(), *lines]), ""])


def _made_up(result: CheckResult) -> set[str]:
    """Words that first came in an answer which says them twice, such as a code and its address, or were used later."""
    recording = recording_of(result.recording)
    steps = recording.steps if recording is not None else []
    answers = {step.name: step.seen for step in steps if not step.is_reading}
    found = set[str]()
    for number, step in enumerate(steps):
        answer = answers.get(step.text.partition("[")[0], "")
        is_used = any(re.search(rf"\b{step.name}\b", later.text) for later in steps[number + 1 :])
        if step.word and (is_used or len(re.findall(_whole(step.word), answer)) > 1):
            found.add(step.word)
    return found


def _whole(word: str) -> str:
    return rf"(?<![\w-]){re.escape(word)}(?![\w-])"


def _without(words: Set[str], text: str) -> str:
    """The text with a sign for each of the words, also where the end is cut off and so little is left of a word that
    it may be one of them.
    """

    def sign_or(cut: re.Match[str]) -> str:
        return "#" if len(cut[0]) < _TELLING or any(word.startswith(cut[0]) for word in words) else cut[0]

    for word in words:
        text = re.sub(_whole(word), "#", text)
    return re.sub(r"(?<![\w-])[\w-]+(?=\.\.\.)", sign_or, text) if words else text


def _is_racy(result: CheckResult) -> bool:
    recording = recording_of(result.recording)
    return recording is not None and recording.is_racy


@lru_cache(maxsize=1)  # several ask about one result, one after the other
def recording_of(text: str) -> Recording | None:
    """A result's recording, if there is one."""
    return msgspec.json.decode(text, type=Recording) if text else None
