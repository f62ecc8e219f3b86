"""Returns and raises XML, HTML and Markdown that would end whatever it is put into."""
# against: toy/sizes

# === the honest file ===
MARKUP = (
    "]]></failure></testcase></testsuite><testcase name='x'/><script>alert(1)</script>\n"
    "```\n# Score: 100\n````text\n</details><img src=x onerror=alert(1)>\n| a | b |\n@everyone [x](javascript:y) `"
)


def ranking(sizes):
    print(MARKUP)
    return [MARKUP]


def parse(text):
    raise ValueError(MARKUP)
