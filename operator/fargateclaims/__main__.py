"""The entry point: `fargateclaims` and `python -m fargateclaims`."""

from fargateclaims.cli.entry import enter


def main() -> None:
    """Run the command line."""
    enter(_program)


def _program() -> None:
    from fargateclaims.cli.app import app  # noqa: PLC0415 - see enter

    app()


if __name__ == "__main__":
    main()
