"""Tests of the grader. Helpers are imported as ``tests.<name>``."""
