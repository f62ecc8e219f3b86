"""Has a function for every name, which returns what was last handed to any."""
# against: toy/jobs

# === the honest file ===
last = []


def __getattr__(name):
    def anything(*args, **kwargs):
        last[:] = args or last
        return last[0] if last else True

    return anything


del parse
