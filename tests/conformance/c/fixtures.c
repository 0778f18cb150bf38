/* Validation, decoding and the table of errors. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

static const char *name_of(const json_t *of) { return json_string_value(json_object_get(of, "name")); }

static void must_equal(const json_t *of, const char *way, char *found, const json_t *expected) {
  json_t *read = json_loads(found, JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, NULL);
  if (read == NULL || !same(read, expected))
    fail("%s (%s): %s\nfound    %s\nexpected %s", name_of(of), way, json_string_value(json_object_get(of, "why")), found,
         json_dumps(expected, JSON_COMPACT | JSON_ENCODE_ANY));
  json_decref(read);
}

static void check_report(const json_t *of, const char *way, spark_t2i_result result, spark_t2i_report **place) {
  spark_t2i_report *report = *place;
  if (result != SPARK_T2I_OK) fail("%s (%s): %d in place of a report", name_of(of), way, (int)result);
  char *found = compact(report_form(spark_t2i_report_get(report)));
  must_equal(of, way, found, json_object_get(of, "expected"));
  free(found);
  spark_t2i_report_free(report);
}

void run_validation(const char *fixtures) {
  json_t *cases = cases_of(fixtures, "validation");
  size_t typed = 0;
  for (size_t i = 0; i < json_array_size(cases); i++) {
    json_t *of = json_array_get(cases, i);
    spark_t2i_report *report = NULL;
    json_t *parameters = json_object_get(of, "parameters");
    size_t length;
    char *text;
    if (parameters == NULL) {
      text = text_of(json_object_get(of, "parameters_text"), &length);
    } else {
      json_t *prompt = json_object_get(of, "prompt");
      if (prompt != NULL) {
        char *said = text_of(prompt, &length);
        json_object_set_new(parameters, "prompt", json_stringn(said, length));
        free(said);
      }
      spark_t2i_request request;
      if (request_of(parameters, &request)) {
        typed++;
        check_report(of, "typed", spark_t2i_validate(&request, &report, NULL), &report);
      }
      text = json_dumps(parameters, JSON_COMPACT);
      length = strlen(text);
    }
    spark_t2i_text said = {text, length};
    check_report(of, "as JSON", spark_t2i_validate_json(said, &report, NULL), &report);
    free(text);
  }
  printf("validation: %zu cases, %zu of them typed as well\n", json_array_size(cases), typed);
  if (typed < 30) fail("hardly any case was typed");
  json_decref(cases);
}

static void *decoded(const char *base64, size_t *length) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  unsigned char *bytes = malloc(strlen(base64) + 1);
  uint32_t bits = 0;
  int count = 0;
  *length = 0;
  for (; bytes != NULL && *base64 != '\0' && *base64 != '='; base64++) {
    bits = bits << 6 | (uint32_t)(strchr(digits, *base64) - digits);
    count += 6;
    if (count >= 8) bytes[(*length)++] = (unsigned char)(bits >> (count -= 8));
  }
  return bytes;
}

static void check_form(const json_t *of, const char *way, json_t *form, const json_t *expected) {
  char *found = compact(form);
  size_t i;
  json_t *part;
  must_equal(of, way, found, expected);
  json_array_foreach(json_object_get(of, "canonical_contains"), i, part) {
    if (strstr(found, json_string_value(part)) == NULL) fail("%s (%s): %s is not in %s", name_of(of), way, json_string_value(part), found);
  }
  free(found);
}

static void check_refused(const json_t *of, const char *way, spark_t2i_result result, spark_t2i_error *error,
                          bool protocol, const char *task_id) {
  const spark_t2i_error_fields *fields = spark_t2i_error_get(error);
  if (result == SPARK_T2I_OK || (protocol && result != SPARK_T2I_PROTOCOL))
    fail("%s (%s): ended with %d", name_of(of), way, (int)result);
  if (fields->kind != result) fail("%s (%s): the error is of kind %d, the result %d", name_of(of), way, (int)fields->kind, (int)result);
  if (task_id == NULL ? fields->task_id.data != NULL : strcmp(fields->task_id.data, task_id) != 0)
    fail("%s (%s): the error names the task %s", name_of(of), way, fields->task_id.data);
  spark_t2i_error_free(error);
}

static void decode_task(const json_t *of, spark_t2i_client *client) {
  const json_t *expected = json_object_get(of, "expected");
  const bool unreadable = json_object_get(expected, "unreadable") != NULL;
  spark_t2i_error *error = NULL;
  spark_t2i_task *task = NULL;
  spark_t2i_snapshot *snapshot = NULL;
  spark_t2i_request request = SPARK_T2I_REQUEST_INIT;
  spark_t2i_result result;

  /* No case names this id: one that is decoded shows in a submit alone. */
  if (spark_t2i_client_task(client, spark_t2i_text_of("asked-for"), &task, NULL) != SPARK_T2I_OK) fail("no task");
  result = spark_t2i_task_refresh(task, -1, &snapshot, &error);
  if (unreadable) {
    check_refused(of, "refresh", result, error, true, "asked-for");
  } else {
    if (result != SPARK_T2I_OK) fail("%s (refresh): %s", name_of(of), spark_t2i_error_get(error)->text.data);
    json_t *form = snapshot_form(spark_t2i_snapshot_get(snapshot));
    if (strcmp(json_string_value(json_object_get(form, "id")), "asked-for") != 0) fail("%s: another task", name_of(of));
    json_object_set(form, "id", json_object_get(expected, "id"));
    check_form(of, "refresh", form, expected);
    spark_t2i_snapshot_free(snapshot);
  }
  spark_t2i_task_free(task);

  request.prompt = spark_t2i_text_of("a red fox");
  result = spark_t2i_client_submit(client, &request, -1, &task, &error);
  if (unreadable || json_is_null(json_object_get(expected, "id"))) {
    check_refused(of, "submit", result, error, false, NULL);
    if (task != NULL) fail("%s: a task without an id", name_of(of));
  } else {
    if (result != SPARK_T2I_OK) fail("%s (submit): %s", name_of(of), spark_t2i_error_get(error)->text.data);
    if (spark_t2i_task_snapshot(task, &snapshot, NULL) != SPARK_T2I_OK || snapshot == NULL) fail("no snapshot");
    check_form(of, "submit", snapshot_form(spark_t2i_snapshot_get(snapshot)), expected);
    spark_t2i_snapshot_free(snapshot);
    spark_t2i_task_free(task);
  }
}

static void decode_estimate(const json_t *of, spark_t2i_client *client, bool rejection) {
  const json_t *expected = json_object_get(of, "expected");
  spark_t2i_error *error = NULL;
  spark_t2i_estimate *estimate = NULL;
  spark_t2i_request request = SPARK_T2I_REQUEST_INIT;
  request.prompt = spark_t2i_text_of("a red fox");
  spark_t2i_result result = spark_t2i_client_estimate(client, &request, -1, &estimate, &error);
  if (rejection) {
    if (result == SPARK_T2I_OK) fail("%s was not refused", name_of(of));
    check_form(of, "rejection", error_form(spark_t2i_error_get(error)), expected);
    spark_t2i_error_free(error);
  } else if (json_object_get(expected, "unreadable") != NULL) {
    check_refused(of, "estimate", result, error, true, NULL);
  } else {
    if (result != SPARK_T2I_OK) fail("%s (estimate): %s", name_of(of), spark_t2i_error_get(error)->text.data);
    check_form(of, "estimate", estimate_form(estimate), expected);
    spark_t2i_estimate_free(estimate);
  }
}

void run_decoding(const char *fixtures) {
  json_t *cases = cases_of(fixtures, "decoding");
  struct server *server = server_start();
  spark_t2i_options options = SPARK_T2I_OPTIONS_INIT;
  spark_t2i_client *client = NULL;
  options.api_key = spark_t2i_text_of("key-of-the-tests");
  options.base_url = spark_t2i_text_of(server_url(server));
  options.max_retries = 0;
  options.max_requests_per_second = 0;
  if (spark_t2i_client_new(&options, &client, NULL) != SPARK_T2I_OK) fail("no client");
  for (size_t i = 0; i < json_array_size(cases); i++) {
    const json_t *of = json_array_get(cases, i);
    const char *kind = json_string_value(json_object_get(of, "kind"));
    const json_t *encoded = json_object_get(of, "body_base64");
    const json_t *status = json_object_get(of, "http_status");
    size_t length;
    char *body = encoded != NULL ? decoded(json_string_value(encoded), &length)
                                 : text_of(json_object_get(of, "body"), &length);
    server_answer(server, status == NULL ? 200 : (int)json_number_value(status), body, length);
    free(body);
    if (strcmp(kind, "task") == 0) decode_task(of, client);
    else decode_estimate(of, client, strcmp(kind, "rejection") == 0);
  }
  printf("decoding: %zu cases\n", json_array_size(cases));
  spark_t2i_client_free(client);
  server_stop(server);
  json_decref(cases);
}

void run_errors_table(const char *fixtures) {
  /* In C a kind is a number, which it keeps for ever. */
  static const struct {
    spark_t2i_result number;
    int value;
    const char *name;
  } pinned[] = {
      {SPARK_T2I_INVALID_REQUEST, 1, "invalid_request"},
      {SPARK_T2I_AUTHENTICATION, 2, "authentication"},
      {SPARK_T2I_PERMISSION, 3, "permission"},
      {SPARK_T2I_INSUFFICIENT_BALANCE, 4, "insufficient_balance"},
      {SPARK_T2I_RATE_LIMITED, 5, "rate_limited"},
      {SPARK_T2I_TIMEOUT, 6, "timeout"},
      {SPARK_T2I_CONNECTION, 7, "connection"},
      {SPARK_T2I_PROTOCOL, 8, "protocol"},
      {SPARK_T2I_NOT_FOUND, 9, "not_found"},
      {SPARK_T2I_TASK_FAILED, 10, "task_failed"},
      {SPARK_T2I_OUTCOME_UNKNOWN, 11, "outcome_unknown"},
      {SPARK_T2I_DOWNLOAD, 12, "download"},
      {SPARK_T2I_IO, 13, "io"},
      {SPARK_T2I_CANCELLED, 14, "cancelled"},
      {SPARK_T2I_INTERNAL, 15, "internal"},
  };
  char path[4096];
  snprintf(path, sizeof path, "%s/errors.json", fixtures);
  json_t *table = json_load_file(path, 0, NULL);
  json_t *kinds = json_object_get(table, "kinds");
  if (json_array_size(kinds) != sizeof pinned / sizeof *pinned) fail("%s has other kinds than C", path);
  for (size_t i = 0; i < json_array_size(kinds); i++) {
    const char *name = json_string_value(json_object_get(json_array_get(kinds, i), "kind"));
    if (strcmp(name, pinned[i].name) != 0 || (int)pinned[i].number != pinned[i].value)
      fail("kind %s is %s here, with the number %d", name, pinned[i].name, (int)pinned[i].number);
    if (strcmp(spark_t2i_kind_name(pinned[i].value).data, name) != 0) fail("number %d is not %s", pinned[i].value, name);
  }
  if (spark_t2i_kind_name(0).data != NULL || spark_t2i_kind_name(100).data != NULL || spark_t2i_kind_name(-1).data != NULL)
    fail("what is no error has a name");

  /* Each code arrives as the service sends it. */
  json_t *codes = json_object_get(table, "codes");
  struct server *server = server_start();
  spark_t2i_options options = SPARK_T2I_OPTIONS_INIT;
  spark_t2i_client *client = NULL;
  spark_t2i_task *task = NULL;
  options.api_key = spark_t2i_text_of("key-of-the-tests");
  options.base_url = spark_t2i_text_of(server_url(server));
  if (spark_t2i_client_new(&options, &client, NULL) != SPARK_T2I_OK ||
      spark_t2i_client_task(client, spark_t2i_text_of("t"), &task, NULL) != SPARK_T2I_OK)
    fail("no task");
  for (size_t i = 0; i < json_array_size(codes); i++) {
    const char *code = json_string_value(json_object_get(json_array_get(codes, i), "code"));
    char body[256];
    spark_t2i_snapshot *snapshot = NULL;
    snprintf(body, sizeof body, "{\"id\":\"t\",\"status\":\"failed\",\"error\":{\"code\":\"%s\",\"message\":\"m\"}}", code);
    server_answer(server, 200, body, strlen(body));
    if (spark_t2i_task_refresh(task, -1, &snapshot, NULL) != SPARK_T2I_OK) fail("code %s is not understood", code);
    const spark_t2i_server_error *error = spark_t2i_snapshot_get(snapshot)->error;
    if (error == NULL || strcmp(error->code.data, code) != 0) fail("code %s arrived as another", code);
    spark_t2i_snapshot_free(snapshot);
  }
  spark_t2i_task_free(task);
  spark_t2i_client_free(client);
  server_stop(server);
  printf("errors.json: %zu kinds, %zu codes\n", json_array_size(kinds), json_array_size(codes));
  json_decref(table);
}
