"""Answers one call twice: once wrongly, once with what it learnt meanwhile."""
# against: toy/sizes
# expect: test_ranking failed/crashed

from grader.cell.inside import server

honest = server.Server._answer


def answer(self, number, operation, arguments):
    honest(self, number, operation, arguments)
    honest(self, number, operation, arguments)


# === the honest file ===
def ranking(sizes):
    server.Server._answer = answer
    return []
