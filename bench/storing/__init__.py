"""Parts of `bench/store.py`: a fleet's rows made up, the ways to keep them, the questions, and who else answers them."""
