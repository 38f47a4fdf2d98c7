#pragma once
#include <microhttpd.h>
#include <sys/socket.h>

// An enumerator that the importer loses in optimized builds.
static const int capMessageDontWait = MSG_DONTWAIT;

// The variadic calls of the library, made plain so that Swift can see them.

/// Starts one single-threaded epoll loop without a listening socket; connections are handed over to it.
///
/// The library's own strictness stays off: its few checks would answer before the server's, which include them, and
/// partly by closing without a word. Its time-out stays off too, for the watchdog sees more and costs requests nothing.
static inline struct MHD_Daemon *capg_http_start(
    unsigned int connections, size_t pool_bytes, void *context, MHD_AccessHandlerCallback handler,
    void *(*request_line)(void *, const char *, struct MHD_Connection *), MHD_RequestCompletedCallback completed,
    MHD_NotifyConnectionCallback notify) {
    unsigned int flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_NO_LISTEN_SOCKET;
    return MHD_start_daemon(
        flags, 0, NULL, NULL, handler, context,
        MHD_OPTION_CONNECTION_LIMIT, connections,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, pool_bytes,
        MHD_OPTION_URI_LOG_CALLBACK, request_line, context,
        MHD_OPTION_NOTIFY_COMPLETED, completed, context,
        MHD_OPTION_NOTIFY_CONNECTION, notify, context,
        MHD_OPTION_END);
}

/// Gives the socket of a connection, or -1.
static inline int capg_http_socket(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info == NULL ? -1 : info->connect_fd;
}

/// Gives what the connection notification attached to the connection, or NULL.
static inline void *capg_http_context(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info == NULL ? NULL : info->socket_context;
}

/// Gives the size in bytes of the request head, from the method up to the first byte after the empty line.
static inline size_t capg_http_head_size(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    return info == NULL ? 0 : info->header_size;
}

/// Makes a response whose body of unknown length is read from a callback.
static inline struct MHD_Response *capg_http_stream(
    size_t block, MHD_ContentReaderCallback read, void *context, MHD_ContentReaderFreeCallback release) {
    return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, block, read, context, release);
}

// Not declared for Swift by the C library's module.
struct sockaddr;
extern int accept4(int listener, struct sockaddr *address, socklen_t *length, int flags);
