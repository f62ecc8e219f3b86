"""Returns NUL, noncharacters and private characters, which XML cannot hold."""
# against: toy/sizes

# === the honest file ===
ODD = "".join(map(chr, [0, 1, 8, 0xB, 0xC, 0x1F, 0xFFFE, 0xFFFF, 0xE000, 0x10FFFF, 0xFDD0]))


def ranking(sizes):
    print(ODD)
    return [ODD, ODD.encode(), {ODD: ODD}]


def parse(text):
    raise ValueError(ODD)
