"""Answers with the suite's own functions, and with methods and handles of objects that do not exist."""
# against: toy/jobs

# === the honest file ===
JobQueue.run = lambda self, fn: [fn, self.take, fn]
JobQueue.take = lambda self: self._jobs.pop() and self.add
parse = lambda line: (parse, parse)
