#pragma once
// The header declares the hook only for those who name the option their library was built with.
#ifndef SQLITE_ENABLE_PREUPDATE_HOOK
#define SQLITE_ENABLE_PREUPDATE_HOOK 1
#endif
#include <sqlite3.h>

// SQLITE_STATIC and SQLITE_TRANSIENT are casts, which the importer drops.
static inline int capSQLiteBindBlobStatic(sqlite3_stmt *statement, int index, const void *bytes, int count) {
    return sqlite3_bind_blob(statement, index, bytes, count, SQLITE_STATIC);
}
static inline int capSQLiteBindBlobTransient(sqlite3_stmt *statement, int index, const void *bytes, int count) {
    return sqlite3_bind_blob(statement, index, bytes, count, SQLITE_TRANSIENT);
}
static inline int capSQLiteBindTextTransient(sqlite3_stmt *statement, int index, const char *text, int count) {
    return sqlite3_bind_text(statement, index, text, count, SQLITE_TRANSIENT);
}
// sqlite3_db_config takes a variable argument, which Swift does not import.
static inline int capSQLiteCheckpointOnClose(sqlite3 *connection, int isOn) {
    return sqlite3_db_config(connection, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, isOn ? 0 : 1, (int *)0);
}
