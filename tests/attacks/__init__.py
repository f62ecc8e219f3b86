"""Hostile submissions, one file each, in folders by what they try; what they are tried on lies in ``kit/``."""
