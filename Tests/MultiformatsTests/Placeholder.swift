import Testing

@Suite struct MultiformatsPlaceholder {}
