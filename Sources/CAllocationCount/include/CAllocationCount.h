#pragma once

// Counts what the whole process allocates, by standing in front of the C library's allocator.
unsigned long capAllocationCount(void);
