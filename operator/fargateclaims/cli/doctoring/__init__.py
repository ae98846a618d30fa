"""`fargateclaims doctor`: what is read, and how it is written."""
