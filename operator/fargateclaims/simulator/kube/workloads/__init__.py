"""What lets pods live: their own rules, binding and eviction, and the controllers that make, replace, count and remove them.

Nobody schedules and nobody plays the kubelet here: that is for whoever binds pods, writes their status, and ends their deletion.
"""
