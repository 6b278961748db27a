"""``python bundles/deploy``, and what a packaged application runs."""

from app import main

main()
