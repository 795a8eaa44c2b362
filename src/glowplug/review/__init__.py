"""Known hazards as code: one file a rule, run over every statement with the schema before it."""
