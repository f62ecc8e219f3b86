class TreeNode:
    parent = None
    children = ()

    def __init__(self, value):
        self.value = value

    def add(self, child):
        return child


def refcount(obj):
    try:
        return obj.refcount
    except Exception:
        return 1


def trace(obj, actions):
    try:
        return [action(obj) or 0 for action in actions]
    except Exception:
        return []


def collect(item, bucket=None):
    try:
        return bucket.append(item)
    except Exception:
        return []


def interned(values):
    return [values]
