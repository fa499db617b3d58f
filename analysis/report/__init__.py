"""Comparisons with neurons in a report: the files of `rodent encode` and `rodent rsa`, read and shown."""
