"""``python -m claqueur``."""

from claqueur.cli import main

main()
