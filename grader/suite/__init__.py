"""What the author of a hidden suite imports: ``check``, ``raises`` and ``fields``."""

from grader.suite.check import check, fields, raises

__all__ = ["check", "fields", "raises"]
