/* What the runner needs besides the library: HTTP on loopback, files, JSON in which no number loses a digit. */

#ifndef SUPPORT_H
#define SUPPORT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spark_t2i.h"

/* Ends the program with a message. */
void fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* A text of a fixture, which may be in pieces: to be freed. */
char *text_of(const json_t *pieces, size_t *length);

/* A file's content, with a NUL behind it: to be freed; NULL where it cannot be read. */
char *read_file(const char *path, size_t *length);
void write_file(const char *path, const char *content);
uint32_t crc32_of(const void *data, size_t length);

/* Every case of a folder of fixtures: a list. */
json_t *cases_of(const char *fixtures, const char *folder);

/* One exchange with a server on loopback; the body of the answer, to be freed. Fails on any status but 200. */
char *http(const char *base_url, const char *path, const char *body);

/* A server that gives every request the same answer. */
struct server;
struct server *server_start(void);
const char *server_url(const struct server *server);
void server_answer(struct server *server, int status, const void *body, size_t length);
void server_stop(struct server *server);

double now(void);

/* Values: a text or null; numbers in their digits, which `compact` prints as numbers. */
json_t *text_value(spark_t2i_text text);
json_t *digits_value(spark_t2i_text text);
json_t *double_value(double number);
json_t *unsigned_value(uint64_t number);
json_t *optional_double(spark_t2i_optional_double number);
json_t *optional_uint64(spark_t2i_optional_uint64 number);
json_t *optional_int64(spark_t2i_optional_int64 number);

/* The JSON text, without spaces: to be freed. Takes the value. */
char *compact(json_t *value);
/* Whether two values are equal: texts exactly, numbers by value. */
bool same(const json_t *one, const json_t *other);

/* The canonical forms, built from the public fields. */
json_t *error_form(const spark_t2i_error_fields *error);
json_t *image_form(const spark_t2i_image *image);
json_t *snapshot_form(const spark_t2i_snapshot_fields *task);
json_t *estimate_form(const spark_t2i_estimate *estimate);
json_t *event_form(const spark_t2i_event_fields *event);
json_t *report_form(const spark_t2i_report_fields *report);
json_t *stats_form(const spark_t2i_client *client);

/* A request of these parameters: valid as long as they are. False where it cannot express them. */
bool request_of(const json_t *parameters, spark_t2i_request *request);

void run_validation(const char *fixtures);
void run_decoding(const char *fixtures);
void run_errors_table(const char *fixtures);
void run_scenarios(const char *server_url, const char *only);

#endif
