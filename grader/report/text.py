"""Making text from a submission safe to print: the only file that knows how each format can be misled.

Messages and transcripts hold what a submission printed, raised and returned. Unescaped, that text could move
a terminal's cursor, forge a line of the report, end an XML element, ping people on GitHub or give commands to
the machine that runs a workflow.
"""

from __future__ import annotations

import re

TAB = "    "


def plain(text: str, *, max_lines: int = 0) -> str:
    r"""``text`` with every character that is not printed as itself written as an escape, such as ``\x1b``.

    New lines stay. Of more than ``max_lines`` lines (0: no limit) the last ones are left out, and counted.
    What GitHub reads as a workflow command is broken up: ``::`` at the start of a line, ``##[`` anywhere.
    """
    lines = [_plain_line(line) for line in text.replace("\r\n", "\n").rstrip("\n").split("\n")]
    if max_lines and len(lines) > max_lines:
        left_out = len(lines) - max_lines + 1
        lines[max_lines - 1 :] = [f"... {left_out} more lines"]
    return "\n".join(lines)


def one_line(text: str) -> str:
    """``text`` as :func:`plain`, on a single line."""
    return " ".join(plain(text).split("\n"))


def xml_text(text: str) -> str:
    """``text`` as the content of an XML element."""
    return _xml(plain(text))


def xml_attribute(text: str) -> str:
    """``text`` as the value of an XML attribute, with its quotes."""
    return '"' + _xml(one_line(text)).replace('"', "&quot;") + '"'


def markdown_text(text: str) -> str:
    """Text of the kit as Markdown that shows it letter by letter, in tables too; not for a submission's."""
    return re.sub(r"([\\`*_{}\[\]<>#|~!&])", r"\\\1", one_line(text))


def markdown_code(text: str) -> str:
    """``text`` as a code span: no markup, no link and no @name in it has any effect."""
    line = one_line(text).replace("|", r"\|")
    fence = "`" * (_longest_run(line) + 1)
    room = " " if line.startswith("`") or line.endswith("`") or not line.strip() else ""
    return f"{fence}{room}{line}{room}{fence}"


def markdown_block(text: str) -> str:
    """``text`` as a fenced block, whose fence is longer than any in the text."""
    block = plain(text)
    fence = "`" * max(3, _longest_run(block) + 1)
    return f"{fence}text\n{block}\n{fence}"


def json_text(encoded: str) -> str:
    r"""Encoded JSON of the same meaning in which no line reads as a command: ``##[`` becomes ``\u0023#[``."""
    return encoded.replace("##[", "\\u0023#[").replace("\x7f", "\\u007f")


def _plain_line(line: str) -> str:
    line = line.replace("\t", TAB)
    if not line.isprintable():
        line = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in line)
    line = re.sub(r"^(\s*):(?=:)", r"\1\\x3a", line)
    return line.replace("##[", "#\\x23[")


def _longest_run(text: str) -> int:
    """The length of the longest run of backticks."""
    return max((len(run) for run in re.findall("`+", text)), default=0)


def _xml(text: str) -> str:
    """Without markup. The standard library's own function costs every start 15 ms of imports."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
