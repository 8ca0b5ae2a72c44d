"""The program: command line, configuration, supervision."""
