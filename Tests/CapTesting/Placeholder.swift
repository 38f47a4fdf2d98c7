// Builders, clocks and the reference evaluator shared by the tests.
