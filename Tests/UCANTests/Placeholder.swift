import Testing

@Suite struct UCANPlaceholder {}
