"""Repro files: what a failed check did, as a program that shows the same fault with plain Python."""
