"""Commands and their handlers, one module per area. A handler is pure: (state, command, actor, at) to an outcome."""
