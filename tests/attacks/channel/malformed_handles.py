"""Answers with handles that have true, negative and fractional numbers, and no type."""
# against: toy/sizes
# expect: test_ranking crashed, test_spread crashed, test_no_spread crashed

from grader.cell.inside import objects

honest = objects.Objects.pack
ODD = [[16, True, "list", 1], [16, 1.5, "list", 1], [16, 1], [16, -1, None, 2], [18, 1, "Spread", 1, True, ["low"], []]]


def pack(self, value):
    if value == "odd":
        ODD.append(ODD.pop(0))
        return [0, *ODD]
    return honest(self, value)


def attack():
    objects.Objects.pack = pack


attack()
# === the honest file ===
ranking = spread = lambda sizes: "odd"

def attacking(function):
    def run(*arguments):
        attack()
        return function(*arguments)

    return run


parse, spread, ranking = attacking(parse), attacking(spread), attacking(ranking)
