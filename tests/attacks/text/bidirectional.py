"""Names and returns things with characters that turn the order of a line round or show as nothing."""
# against: toy/sizes

# === the honest file ===
TURNED = "\u202edessap\u2066\u200b\u2028\u2029\ufeff\u00ad\u0085\u001c"
Turned = type(TURNED, (Exception,), {})


def ranking(sizes):
    print(TURNED)
    raise Turned(TURNED)


def parse(text):
    return TURNED
