"""What the operator may mend in an EKS cluster where the class allows it: each a plan, with the command that a person would type else."""
