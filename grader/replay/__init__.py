"""What repro files take from the kit: the real parts of a check, without its suite."""

from grader.replay.parts import App, Parts, asked, play, printed

__all__ = ["App", "Parts", "asked", "play", "printed"]
