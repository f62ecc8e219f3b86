"""Prints, raises and returns lines that GitHub's runner takes for commands."""
# against: toy/sizes

# === the honest file ===
LINES = "::set-output name=score::100\n::error file=x::y\n##[error]x\n::add-mask::0\n  ::stop-commands::x\n%0A::warning::"


def ranking(sizes):
    print(LINES)
    return [LINES, "::notice::x"]


def parse(text):
    raise ValueError(LINES)


def spread(sizes):
    raise type("\n::error::x", (Exception,), {})("\n::error::y")
