import Testing

@Suite struct CapabilityGraphPlaceholder {}
