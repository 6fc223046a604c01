/* libcurl, loaded on first use: linked, its 33 libraries cost every start of a program 8 to 10 ms and 9 MB.
 *
 * libcurl's headers are needed for the types and constants alone. The functions come in a table, which libcurl fills;
 * those with variable arguments, which Swift cannot call, have a typed wrapper for each kind of argument. */
#pragma once
#include <curl/curl.h>

#pragma clang assume_nonnull begin

/* What is used of libcurl. See the manual page of each function: curl_easy_init(3) and so on. */
struct tsl_curl {
    CURL *_Nullable (*_Nonnull easy_init)(void);
    void (*easy_cleanup)(CURL *easy);
    CURLcode (*easy_setopt)(CURL *easy, CURLoption option, ...);
    CURLcode (*easy_getinfo)(CURL *easy, CURLINFO info, ...);
    const char *_Nonnull (*_Nonnull easy_strerror)(CURLcode code);
    struct curl_slist *_Nullable (*_Nonnull slist_append)(struct curl_slist *_Nullable list, const char *text);
    void (*slist_free_all)(struct curl_slist *_Nullable list);
    CURLM *_Nullable (*_Nonnull multi_init)(void);
    CURLMcode (*multi_add_handle)(CURLM *multi, CURL *easy);
    CURLMcode (*multi_remove_handle)(CURLM *multi, CURL *easy);
    CURLMcode (*multi_perform)(CURLM *multi, int *running);
    CURLMcode (*multi_poll)(CURLM *multi, struct curl_waitfd *_Nullable more, unsigned int count, int milliseconds,
                            int *_Nullable ready);
    CURLMcode (*multi_wakeup)(CURLM *multi);
    CURLMsg *_Nullable (*_Nonnull multi_info_read)(CURLM *multi, int *left);
};

/* The table; NULL when this host has no libcurl, or one older than 7.68. Any thread may call it, any number of times. */
const struct tsl_curl *_Nullable tsl_curl_load(void);

typedef size_t (*tsl_curl_receive)(char *bytes, size_t size, size_t count, void *_Nullable context);

static inline CURLcode tsl_curl_set_long(const struct tsl_curl *curl, CURL *easy, CURLoption option, long value) {
    return curl->easy_setopt(easy, option, value);
}

static inline CURLcode tsl_curl_set_offset(const struct tsl_curl *curl, CURL *easy, CURLoption option,
                                           curl_off_t value) {
    return curl->easy_setopt(easy, option, value);
}

static inline CURLcode tsl_curl_set_string(const struct tsl_curl *curl, CURL *easy, CURLoption option,
                                           const char *value) {
    return curl->easy_setopt(easy, option, value);
}

static inline CURLcode tsl_curl_set_pointer(const struct tsl_curl *curl, CURL *easy, CURLoption option,
                                            const void *_Nullable value) {
    return curl->easy_setopt(easy, option, value);
}

static inline CURLcode tsl_curl_set_receive(const struct tsl_curl *curl, CURL *easy, CURLoption option,
                                            tsl_curl_receive value) {
    return curl->easy_setopt(easy, option, value);
}

static inline CURLcode tsl_curl_get_long(const struct tsl_curl *curl, CURL *easy, CURLINFO info, long *value) {
    return curl->easy_getinfo(easy, info, value);
}

#pragma clang assume_nonnull end
