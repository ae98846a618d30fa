"""``python -m fargateclaims.simulator.eks``: the command ``fargateclaims simulate eks`` without the rest of the program."""

import typer

from fargateclaims.cli.simulate_eks import simulate_eks

if __name__ == "__main__":
    typer.run(simulate_eks)
