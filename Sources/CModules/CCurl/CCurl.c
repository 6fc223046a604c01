#include "CCurl.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define SONAME "libcurl.so.4"

/* Tells packagers' tools of the library, which no DT_NEEDED entry shows.
 * https://uapi-group.org/specifications/specs/elf_dlopen_metadata/ */
#define NOTE                                                                                                           \
    "[{\"feature\":\"http\",\"description\":\"HTTP over Unix sockets\",\"priority\":\"required\","                     \
    "\"soname\":[\"" SONAME "\"]}]"
static const struct {
    uint32_t name_size, content_size, type;
    char name[4], content[(sizeof NOTE + 3) & ~(size_t)3];
} note __attribute__((used, retain, aligned(4), section(".note.dlopen"))) = {
    .name_size = sizeof "FDO", .content_size = sizeof NOTE, .type = 0x407c0c0a, .name = "FDO", .content = NOTE,
};

static struct tsl_curl table;
static bool complete;

static void load(void) {
    /* Never closed: libcurl cannot be cleaned up safely while other threads run (curl_global_cleanup(3)). */
    void *library = dlopen(SONAME, RTLD_NOW | RTLD_LOCAL);
    if (!library)
        return;
    CURLcode (*global_init)(long) = (CURLcode(*)(long))dlsym(library, "curl_global_init");
    complete = global_init != NULL;
#define TAKE(name) complete = (table.name = (__typeof__(table.name))dlsym(library, "curl_" #name)) && complete
    TAKE(easy_init);
    TAKE(easy_cleanup);
    TAKE(easy_setopt);
    TAKE(easy_getinfo);
    TAKE(easy_strerror);
    TAKE(slist_append);
    TAKE(slist_free_all);
    TAKE(multi_init);
    TAKE(multi_add_handle);
    TAKE(multi_remove_handle);
    TAKE(multi_perform);
    TAKE(multi_poll);
    TAKE(multi_wakeup);
    TAKE(multi_info_read);
#undef TAKE
    complete = complete && global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
}

const struct tsl_curl *tsl_curl_load(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load);
    return complete ? &table : NULL;
}
