"""Documentation; the reference pages are made from the code: ``python -m docs.build``."""
