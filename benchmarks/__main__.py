"""`make bench`: measures the scoring kernels against the time to read the item half once."""

from benchmarks.kernels import main

if __name__ == "__main__":
    main()
