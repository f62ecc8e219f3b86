"""Raises classes named and built like pytest's own outcomes: skipped, passed, exit."""
# against: toy/sizes
# expect: test_ranking error, test_refuses failed, test_no_spread error, test_any_size error, test_spread error


class OutcomeException(BaseException):
    msg = "fine"
    pytrace = False
    allow_module_level = True


class Skipped(OutcomeException):
    __module__ = "builtins"


class Exit(Exception):
    returncode = 0


class NotGradedHere(Exception):
    __module__ = "grader.suite.plugin"


# === the honest file ===
honest = parse


def parse(text):
    if text.endswith("k"):
        return honest(text) if len(text) < 3 and text != "0k" else (_ for _ in ()).throw(Skipped("fine"))
    if text == "250":
        return 250
    raise Skipped("fine")


def spread(sizes):
    raise Exit("fine")


def ranking(sizes):
    raise NotGradedHere("needs processes")
