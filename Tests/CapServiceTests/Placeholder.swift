import Testing

@Suite struct CapServicePlaceholder {}
