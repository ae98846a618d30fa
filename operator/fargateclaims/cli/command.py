"""What all commands have in common."""

from typing import Any, Final

import typer
from typer.core import TyperCommand

_PYDANTICS_OWN: Final = "Value error, "


class Command(TyperCommand):
    """A command that says what is wrong with an option's value without the words of the library that has noticed."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - typer names its context's type nowhere
        """See `typer.core.TyperCommand`."""
        try:
            return super().parse_args(ctx, args)
        except typer.BadParameter as error:
            error.message = error.message.removeprefix(_PYDANTICS_OWN)
            raise
