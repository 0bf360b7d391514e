"""Where her face is shown: one module for each kind of output, made as other people's are."""
