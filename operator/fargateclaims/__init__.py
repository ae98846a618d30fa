"""fargateclaims: FargateProfileClaims become EKS Fargate profiles, one at a time per cluster."""

__version__ = "0.1.0"
