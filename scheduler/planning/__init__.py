"""When which model runs, on whose frames. Pure: no clock, no device, no I/O."""
