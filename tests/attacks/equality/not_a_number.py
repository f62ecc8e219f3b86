"""Answers NaN, infinities and signalling decimals, which break comparisons and orderings."""
# against: toy/sizes

import decimal

# === the honest file ===
parse = lambda text: decimal.Decimal("sNaN")
spread = lambda sizes: (float("nan"), float("inf"))
ranking = lambda sizes: [float("nan")] * 3
