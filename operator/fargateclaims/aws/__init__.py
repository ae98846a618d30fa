"""AWS I/O: sessions, the gateway to EKS, what its errors mean, and reads of the account."""
