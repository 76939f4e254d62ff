"""Importers of other programs' networks; nothing in a file is ever run. No torch here."""
