"""One check a file: what a platform team would otherwise look up in AWS's troubleshooting guides, decided from facts that were read."""
