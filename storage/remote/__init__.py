"""Objects in a store that several machines share: snapshots, and artifacts to build them from."""
