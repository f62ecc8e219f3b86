"""Half right: does all the work itself."""


def run(fn, items, workers):
    return [fn(item) for item in items]
