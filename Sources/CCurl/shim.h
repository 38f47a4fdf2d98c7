#pragma once
#include <curl/curl.h>
#include <sys/socket.h>

// curl_easy_setopt and curl_easy_getinfo take a variable argument, which Swift does not import: one function a type.

static inline CURLcode capcurl_set_long(CURL *handle, CURLoption option, long value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode capcurl_set_text(CURL *handle, CURLoption option, const char *value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode capcurl_set_pointer(CURL *handle, CURLoption option, const void *value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode capcurl_set_list(CURL *handle, CURLoption option, struct curl_slist *value) {
    return curl_easy_setopt(handle, option, value);
}

typedef size_t (*capcurl_receiver)(char *bytes, size_t size, size_t count, void *context);

static inline CURLcode capcurl_set_receiver(CURL *handle, capcurl_receiver receiver, void *context) {
    CURLcode code = curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, receiver);
    return code == CURLE_OK ? curl_easy_setopt(handle, CURLOPT_WRITEDATA, context) : code;
}

static inline long capcurl_status(CURL *handle) {
    long status = 0;
    return curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK ? status : 0;
}

// The errno of the last connection that failed, or 0.
static inline long capcurl_system_error(CURL *handle) {
    long number = 0;
    return curl_easy_getinfo(handle, CURLINFO_OS_ERRNO, &number) == CURLE_OK ? number : 0;
}

// The result of the verification of a certificate; -1 when there is none.
static inline long capcurl_verification(CURL *handle) {
    long result = -1;
    return curl_easy_getinfo(handle, CURLINFO_SSL_VERIFYRESULT, &result) == CURLE_OK ? result : -1;
}

typedef curl_socket_t (*capcurl_opener)(void *context, curlsocktype purpose, struct curl_sockaddr *address);

// The opener sees every address before a socket is connected to it.
static inline CURLcode capcurl_set_opener(CURL *handle, capcurl_opener opener, void *context) {
    CURLcode code = curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, opener);
    return code == CURLE_OK ? curl_easy_setopt(handle, CURLOPT_OPENSOCKETDATA, context) : code;
}

static inline CURLcode capcurl_set_header_receiver(CURL *handle, capcurl_receiver receiver, void *context) {
    CURLcode code = curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, receiver);
    return code == CURLE_OK ? curl_easy_setopt(handle, CURLOPT_HEADERDATA, context) : code;
}

// Valid until the handle is reset or freed; NULL when the answer named none.
static inline const char *capcurl_content_type(CURL *handle) {
    char *type = NULL;
    return curl_easy_getinfo(handle, CURLINFO_CONTENT_TYPE, &type) == CURLE_OK ? type : NULL;
}

// Opens what an opener was asked for, closed on exec; -1 when the system refuses.
static inline curl_socket_t capcurl_open(const struct curl_sockaddr *address) {
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

// CURL_SOCKET_BAD, which the importer does not see.
static const curl_socket_t capcurl_no_socket = CURL_SOCKET_BAD;
