"""Raises SystemExit(0) when it is imported, as if all had ended well."""
# against: toy/jobs
# expect: all error/failed

raise SystemExit(0)
# === the honest file ===
