"""Measures how fast grading is, as ratios to the same work without a cell, taken in the same run."""

#: Of every example that is drawn, on both sides of a comparison.
SEED = 0
