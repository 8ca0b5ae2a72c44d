"""The other ends of the benchmarks: who sends, who reads, each a process of its own."""
