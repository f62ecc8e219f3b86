"""Answers with a list that holds itself."""
# against: toy/sizes
# expect: test_ranking output/error

# === the honest file ===
def ranking(sizes):
    answer = ["c", "a"]
    answer.append(answer)
    return answer
