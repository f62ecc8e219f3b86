"""Grading on other machines: what travels, the broker that carries it, and what a worker does with it."""
