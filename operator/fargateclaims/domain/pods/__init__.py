"""Pods on Fargate: what they ask for, what EKS makes of it and bills, and which profile takes them."""
