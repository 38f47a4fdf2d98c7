// The module's own files replace this one.
