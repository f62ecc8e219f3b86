"""Raises what would be the suite's own fault, so that the points it loses do not count."""
# against: toy/sizes
# expect: test_ranking error, test_no_spread error, test_spread error


class MisuseError(Exception):
    pass


class CellUnavailable(Exception):
    pass


# === the honest file ===
def spread(sizes):
    raise ImportError("no module named suite") if len(sizes) == 1 else NameError("name 'suite' is not defined")


def ranking(sizes):
    raise MisuseError("the suite is at fault") from CellUnavailable("no cell")
