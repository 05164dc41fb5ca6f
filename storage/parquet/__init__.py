"""Tables as parquet: one file or a folder of parts, and how large they may be."""
