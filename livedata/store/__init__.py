"""What is kept: a write-ahead log of fresh rows, and the Parquet files it is sealed into."""
