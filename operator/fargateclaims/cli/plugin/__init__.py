"""`kubectl fargate …`: what a person asks about pods and claims, with their own rights."""
