"""`python -m cds_service`: the command line, from a checkout."""

from cds_service.cli import main

if __name__ == "__main__":
    main(prog_name="cobalamin-cds")
