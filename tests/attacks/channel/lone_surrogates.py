"""Answers, raises and prints halves of surrogate pairs, which no encoding carries."""
# against: toy/sizes

# === the honest file ===
def ranking(sizes):
    print("\ud800\udfff\udc80")
    return ["\ud800", "\udc80", "c"]


def parse(text):
    raise ValueError("\ud800 not a siz\udcff")
