"""The other ends of the benchmarks: who sends and who reads, most of them in a process of their own."""
