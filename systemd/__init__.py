"""The units and what goes with them, as files; ``argusd install-systemd`` puts them in place."""
