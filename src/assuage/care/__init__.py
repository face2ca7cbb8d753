"""The work of a service: commands, which may be refused, and views, which never write."""
