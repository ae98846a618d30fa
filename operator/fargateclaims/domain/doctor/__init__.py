"""`fargateclaims doctor`: all that can be wrong around one EKS cluster, as a tree, from facts that were read once."""
