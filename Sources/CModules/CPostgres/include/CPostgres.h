/* libpq, loaded on first use: only what has to do with databases needs it, and it brings OpenSSL, Kerberos and LDAP along.
 *
 * Its header is needed for the types alone. The functions come in a table; see chapter "libpq" of PostgreSQL's manual. */
#pragma once
#include <postgresql/libpq-fe.h>

#pragma clang assume_nonnull begin

struct tsl_pq {
    PGconn *_Nullable (*_Nonnull connectdbParams)(const char *_Nullable const *_Nonnull keywords,
                                                  const char *_Nullable const *_Nonnull values, int expand);
    ConnStatusType (*status)(const PGconn *connection);
    void (*finish)(PGconn *connection);
    char *_Nonnull (*_Nonnull errorMessage)(const PGconn *connection);
    PGresult *_Nullable (*_Nonnull execParams)(PGconn *connection, const char *command, int count,
                                               const Oid *_Nullable types,
                                               const char *_Nullable const *_Nullable values,
                                               const int *_Nullable lengths, const int *_Nullable formats, int format);
    ExecStatusType (*resultStatus)(const PGresult *result);
    char *_Nullable (*_Nonnull resultErrorField)(const PGresult *result, int field);
    int (*ntuples)(const PGresult *result);
    int (*nfields)(const PGresult *result);
    char *_Nonnull (*_Nonnull getvalue)(const PGresult *result, int row, int column);
    void (*clear)(PGresult *result);
    char *_Nullable (*_Nonnull encryptPasswordConn)(PGconn *connection, const char *password, const char *user,
                                                    const char *algorithm);
    void (*freemem)(void *memory);
};

/* The table; NULL when this host has no libpq, or one older than PostgreSQL 10. Any thread may call it. */
const struct tsl_pq *_Nullable tsl_pq_load(void);

/* Macros of characters, which Swift does not see. */
static inline int tsl_pq_sqlstate_field(void) { return PG_DIAG_SQLSTATE; }
static inline int tsl_pq_message_field(void) { return PG_DIAG_MESSAGE_PRIMARY; }

#pragma clang assume_nonnull end
