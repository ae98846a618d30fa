"""The demo: real programs, real API calls over loopback, and a verdict from EKS's side that it cannot flatter."""
