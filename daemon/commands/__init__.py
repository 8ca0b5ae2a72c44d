"""The commands of ``argusd``, one file each: ``configure(parser)`` declares it, ``run(args)`` does it."""
