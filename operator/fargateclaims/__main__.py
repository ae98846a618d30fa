"""The entry point: `fargateclaims` and `python -m fargateclaims`."""

from fargateclaims.cli.app import app


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
