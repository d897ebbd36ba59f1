"""Let ``python -m sco_pipeline.cli`` be the sco command."""

from .app import main

main()
