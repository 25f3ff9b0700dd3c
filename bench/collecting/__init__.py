"""What `bench/collect.py` is made of: machines to ask, contenders that ask them, and the reckoning."""
