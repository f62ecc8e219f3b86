"""Answers with dates, zones, decimals and identifiers that no encoder makes."""
# against: toy/sizes
# expect: test_ranking crashed, test_spread crashed, test_no_spread crashed

from grader.cell.inside import objects

honest = objects.Objects.pack
SENT = {
    "ranking": [10, "2020-01-01T00:00:00", 0, "../../../../etc/passwd"],
    "spread": [11, 10**12, 0, 0],
}


def pack(self, value):
    return SENT[value] if type(value) is str and value in SENT else honest(self, value)


def attack():
    objects.Objects.pack = pack


attack()
# === the honest file ===
ranking = lambda sizes: "ranking"
spread = lambda sizes: "spread"

def attacking(function):
    def run(*arguments):
        attack()
        return function(*arguments)

    return run


parse, spread, ranking = attacking(parse), attacking(spread), attacking(ranking)
