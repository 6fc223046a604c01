#include "CPostgres.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define SONAME "libpq.so.5"

/* Tells packagers' tools of the library, which no DT_NEEDED entry shows.
 * https://uapi-group.org/specifications/specs/elf_dlopen_metadata/ */
#define NOTE                                                                                                           \
    "[{\"feature\":\"postgresql\",\"description\":\"Databases of apps\",\"priority\":\"recommended\","                  \
    "\"soname\":[\"" SONAME "\"]}]"
static const struct {
    uint32_t name_size, content_size, type;
    char name[4], content[(sizeof NOTE + 3) & ~(size_t)3];
} note __attribute__((used, retain, aligned(4), section(".note.dlopen"))) = {
    .name_size = sizeof "FDO", .content_size = sizeof NOTE, .type = 0x407c0c0a, .name = "FDO", .content = NOTE,
};

static struct tsl_pq table;
static bool complete;

static void load(void) {
    void *library = dlopen(SONAME, RTLD_NOW | RTLD_LOCAL);
    if (!library)
        return;
    complete = true;
#define TAKE(name, symbol) complete = (table.name = (__typeof__(table.name))dlsym(library, symbol)) && complete
    TAKE(connectdbParams, "PQconnectdbParams");
    TAKE(status, "PQstatus");
    TAKE(finish, "PQfinish");
    TAKE(errorMessage, "PQerrorMessage");
    TAKE(execParams, "PQexecParams");
    TAKE(resultStatus, "PQresultStatus");
    TAKE(resultErrorField, "PQresultErrorField");
    TAKE(ntuples, "PQntuples");
    TAKE(nfields, "PQnfields");
    TAKE(getvalue, "PQgetvalue");
    TAKE(clear, "PQclear");
    TAKE(encryptPasswordConn, "PQencryptPasswordConn");
    TAKE(freemem, "PQfreemem");
#undef TAKE
}

const struct tsl_pq *tsl_pq_load(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load);
    return complete ? &table : NULL;
}
