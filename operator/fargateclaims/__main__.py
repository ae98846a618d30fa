"""The entry point: `fargateclaims` and `python -m fargateclaims`."""

import signal
import sys


def main() -> None:
    """Run the command line."""
    # The first process of a container gets no signal that it has no handler for, and what follows takes a second to load:
    # without this one, the kubelet would wait for its whole grace period. Commands that run for long put their own in its place.
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    from fargateclaims.cli.app import app  # noqa: PLC0415

    app()


if __name__ == "__main__":
    main()
