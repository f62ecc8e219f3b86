"""Grading a whole course: who handed in what, a ledger that survives everything, and what is written from it."""
