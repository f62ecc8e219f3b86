"""Answers with an awaitable that yields rubbish to the loop, and one that raises StopIteration with the answer."""
# against: toy/relay


class Odd:
    def __await__(self):
        yield "rubbish"
        raise StopIteration([0, 1, 2, 3])


# === the honest file ===
def run_all(jobs, limit):
    return Odd()


def first(jobs):
    return Odd()
