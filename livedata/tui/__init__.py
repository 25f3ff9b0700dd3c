"""The screen: the fleet as it is, or was at any kept moment, read from the store on disk."""
