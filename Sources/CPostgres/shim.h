#pragma once
#include <libpq-fe.h>

// PG_DIAG_SQLSTATE is a character constant, whose type the importer gets wrong for this call.
static inline const char *capPostgresState(const PGresult *result) {
    return PQresultErrorField(result, PG_DIAG_SQLSTATE);
}
static inline const char *capPostgresMessage(const PGresult *result) {
    return PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
}
static inline const char *capPostgresSeverity(const PGresult *result) {
    return PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
}
