"""Lies beside the work as sitecustomize.py: leaves every interpreter that starts there with status 0."""
# against: toy/sizes
# beside: sitecustomize.py
# expect: test_ranking failed

import os

os._exit(0)
