"""Patches the cell's own program so that every call is answered with success."""
# against: toy/sizes

from grader.cell.inside import failures, objects, server

names = [["ValueError", True], ["Empty", False], ["LookupError", True], ["Exception", True]]


def attack():
    objects.Objects.pack = lambda self, value: True
    server.Server._fail = lambda self, number, error: self.channel.send(["ok", number, None])
    failures.describe = lambda *_: [names, "not a size", [0], "", [16, 1, "x", 1], None]


attack()
# === the honest file ===


def attacking(function):
    def run(*arguments):
        attack()
        return function(*arguments)

    return run


parse, spread, ranking = attacking(parse), attacking(spread), attacking(ranking)
