"""Every path of the api, a module for each room."""
