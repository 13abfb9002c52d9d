"""Feeds: what is stored, then what comes, on one channel and without a seam."""
