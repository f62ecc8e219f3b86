GIL = {}
REFCOUNTS = METACLASSES = DICTS = IMPORTS = FASTAPI = []
Celsius = Point = float


def mro(classes, name):
    return []


loop_order = counted = common = workers = find_users = lambda *args: []


async def overlap(fn, items):
    return []
