"""What the conformance run is made of: independent readings of the protocol, a service to judge, and its peers."""
