/* The canonical form of what the library gives, built from its public fields and nothing else. */

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

/* Around digits that shall be printed as a number: a character of private use, which no fixture has. */
#define MARK "\xee\x80\x80"

json_t *text_value(spark_t2i_text text) {
  if (text.data == NULL) return json_null();
  if (text.data[text.length] != '\0') fail("a text does not end with NUL");
  json_t *value = json_stringn(text.data, text.length);
  if (value == NULL) fail("a text is not UTF-8");
  return value;
}

static json_t *marked(const char *digits) {
  char text[4096];
  snprintf(text, sizeof text, MARK "%s" MARK, digits);
  return json_string(text);
}

json_t *digits_value(spark_t2i_text text) { return text.data == NULL ? json_null() : marked(text.data); }

json_t *double_value(double number) {
  char digits[64];
  if (!isfinite(number)) fail("a number that is none");
  /* As short as it stays the same number, and told from a whole one. */
  for (int precision = 15; precision <= 17; precision++) {
    snprintf(digits, sizeof digits, "%.*g", precision, number);
    if (strtod(digits, NULL) == number) break;
  }
  if (strpbrk(digits, ".e") == NULL) strcat(digits, ".0");
  return marked(digits);
}

json_t *unsigned_value(uint64_t number) {
  char digits[32];
  snprintf(digits, sizeof digits, "%" PRIu64, number);
  return marked(digits);
}

json_t *optional_double(spark_t2i_optional_double number) {
  return number.known ? double_value(number.value) : json_null();
}

json_t *optional_uint64(spark_t2i_optional_uint64 number) {
  return number.known ? unsigned_value(number.value) : json_null();
}

json_t *optional_int64(spark_t2i_optional_int64 number) {
  return number.known ? json_integer(number.value) : json_null();
}

char *compact(json_t *value) {
  char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
  if (text == NULL) fail("a value that cannot be printed");
  json_decref(value);
  const size_t mark = strlen(MARK);
  char *to = text;
  for (const char *from = text; *from != '\0';) {
    if (strncmp(from, "\"" MARK, mark + 1) == 0 || strncmp(from, MARK "\"", mark + 1) == 0) from += mark + 1;
    else *to++ = *from++;
  }
  *to = '\0';
  return text;
}

bool same(const json_t *one, const json_t *other) {
  if (json_is_number(one) && json_is_number(other)) return json_number_value(one) == json_number_value(other);
  if (json_is_object(one) && json_is_object(other)) {
    const char *name;
    json_t *value;
    if (json_object_size(one) != json_object_size(other)) return false;
    json_object_foreach((json_t *)one, name, value) {
      const json_t *there = json_object_get(other, name);
      if (there == NULL || !same(value, there)) return false;
    }
    return true;
  }
  if (json_is_array(one) && json_is_array(other)) {
    if (json_array_size(one) != json_array_size(other)) return false;
    for (size_t i = 0; i < json_array_size(one); i++)
      if (!same(json_array_get(one, i), json_array_get(other, i))) return false;
    return true;
  }
  return json_equal(one, other) == 1;
}

/* An object of names and values; it takes the values. */
static json_t *object(size_t count, const char *const names[], json_t *const values[]) {
  json_t *form = json_object();
  for (size_t i = 0; i < count; i++)
    if (json_object_set_new(form, names[i], values[i]) != 0) fail("no value for %s", names[i]);
  return form;
}

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define OBJECT(names, ...) object(COUNT(names), names, (json_t *[COUNT(names)]){__VA_ARGS__})

static json_t *violations_form(const spark_t2i_violation *violations, size_t count) {
  static const char *const names[] = {"code", "field", "message"};
  json_t *all = json_array();
  for (size_t i = 0; i < count; i++)
    json_array_append_new(all, OBJECT(names, text_value(violations[i].code), text_value(violations[i].field),
                                      text_value(violations[i].message)));
  return all;
}

json_t *error_form(const spark_t2i_error_fields *error) {
  static const char *const names[] = {"kind",      "message", "code",                "violations", "http_status", "task_id",
                                      "retryable", "charged", "retry_after_seconds", "body",       "cause"};
  static const char *const charged[] = {"unknown", "no", "yes"};
  return OBJECT(names, text_value(error->kind_name), text_value(error->message), text_value(error->code),
                violations_form(error->violations, error->violation_count),
                error->http_status == 0 ? json_null() : json_integer(error->http_status), text_value(error->task_id),
                json_boolean(error->retryable), json_string(charged[error->charged]),
                optional_double(error->retry_after_seconds), text_value(error->body), text_value(error->cause));
}

static json_t *usage_form(const spark_t2i_usage *usage) {
  static const char *const names[] = {"cost", "discount", "input_tokens", "output_tokens", "total_tokens"};
  if (usage == NULL) return json_null();
  return OBJECT(names, text_value(usage->cost), digits_value(usage->discount), optional_uint64(usage->input_tokens),
                optional_uint64(usage->output_tokens), optional_uint64(usage->total_tokens));
}

json_t *image_form(const spark_t2i_image *image) {
  static const char *const names[] = {"task_id", "url", "size", "job_id", "width", "height", "usage"};
  const spark_t2i_image_fields *about = spark_t2i_image_get(image);
  return OBJECT(names, text_value(about->task_id), text_value(about->url), optional_uint64(about->size),
                text_value(about->job_id), optional_uint64(about->width), optional_uint64(about->height),
                usage_form(about->snapshot->usage));
}

json_t *snapshot_form(const spark_t2i_snapshot_fields *task) {
  static const char *const names[] = {"id",     "status", "model", "created_at", "progress",
                                      "output", "usage",  "error", "metadata"};
  static const char *const of_content[] = {"type", "url", "size", "jobId"};
  static const char *const of_error[] = {"code", "message"};
  static const char *const of_metadata[] = {"in_queue_at", "upload_at", "completed_at"};
  static const char *const words[] = {NULL, "queued", "running", "completed", "failed"};
  json_t *output = json_array();
  for (size_t i = 0; i < task->output_count; i++) {
    json_t *all = json_array();
    for (size_t j = 0; j < task->output[i].content_count; j++) {
      const spark_t2i_content *content = &task->output[i].content[j];
      json_array_append_new(all, OBJECT(of_content, text_value(content->type), text_value(content->url),
                                        optional_uint64(content->size), text_value(content->job_id)));
    }
    json_array_append_new(output, json_pack("{s:o}", "content", all));
  }
  if (task->status != SPARK_T2I_STATUS_OTHER && strcmp(words[task->status], task->status_word.data) != 0)
    fail("status %d is called %s", (int)task->status, task->status_word.data);
  return OBJECT(names, text_value(task->id), text_value(task->status_word), text_value(task->model),
                optional_int64(task->created_unix), optional_double(task->progress), output, usage_form(task->usage),
                task->error == NULL
                    ? json_null()
                    : OBJECT(of_error, text_value(task->error->code), text_value(task->error->message)),
                OBJECT(of_metadata, optional_double(task->in_queue_unix), optional_double(task->upload_unix),
                       optional_double(task->completed_unix)));
}

json_t *estimate_form(const spark_t2i_estimate *estimate) {
  static const char *const names[] = {"cost",  "currency",     "discount",  "billing_model",
                                      "model", "sample_count", "updated_at"};
  if (estimate == NULL) return json_null();
  const spark_t2i_estimate_fields *fields = spark_t2i_estimate_get(estimate);
  return OBJECT(names, text_value(fields->cost), text_value(fields->currency), digits_value(fields->discount),
                text_value(fields->billing_model), text_value(fields->model), optional_uint64(fields->sample_count),
                optional_uint64(fields->updated_unix_ms));
}

json_t *event_form(const spark_t2i_event_fields *event) {
  static const char *const names[] = {"event", "task_id", "elapsed_seconds", "progress", "delay_seconds", "error", "task"};
  return OBJECT(names, text_value(event->kind_name), text_value(event->task_id), double_value(event->elapsed_seconds),
                optional_double(event->progress), optional_double(event->delay_seconds),
                event->error == NULL ? json_null() : error_form(event->error),
                event->snapshot == NULL ? json_null() : snapshot_form(event->snapshot));
}

json_t *report_form(const spark_t2i_report_fields *report) {
  static const char *const names[] = {"valid", "violations", "warnings"};
  static const char *const of_warning[] = {"field", "message"};
  json_t *warnings = json_array();
  for (size_t i = 0; i < report->warning_count; i++)
    json_array_append_new(warnings, OBJECT(of_warning, text_value(report->warnings[i].field),
                                           text_value(report->warnings[i].message)));
  return OBJECT(names, json_boolean(report->valid),
                violations_form(report->violations, report->violation_count), warnings);
}

json_t *stats_form(const spark_t2i_client *client) {
  static const char *const names[] = {
      "create_requests", "status_requests", "estimate_requests", "download_requests",
      "retries",         "submitted",       "outcomes_unknown",  "completed",
      "failed",          "waiting",         "queued",            "running",
      "lag_seconds",     "poll_price",      "requests_per_second_allowed", "requests_per_second_used",
      "downloaded_bytes", "cost"};
  static const char *const of_lag[] = {"count", "mean", "p95"};
  spark_t2i_stats *handle = NULL;
  if (spark_t2i_client_stats(client, &handle, NULL) != SPARK_T2I_OK) fail("no counters");
  const spark_t2i_stats_fields *stats = spark_t2i_stats_get(handle);
  json_t *form = OBJECT(
      names, unsigned_value(stats->create_requests), unsigned_value(stats->status_requests),
      unsigned_value(stats->estimate_requests), unsigned_value(stats->download_requests), unsigned_value(stats->retries),
      unsigned_value(stats->submitted), unsigned_value(stats->outcomes_unknown), unsigned_value(stats->completed),
      unsigned_value(stats->failed), unsigned_value(stats->waiting), unsigned_value(stats->queued),
      unsigned_value(stats->running),
      OBJECT(of_lag, unsigned_value(stats->lag_count), optional_double(stats->lag_mean_seconds),
             optional_double(stats->lag_p95_seconds)),
      double_value(stats->poll_price), optional_double(stats->requests_per_second_allowed),
      double_value(stats->requests_per_second_used), unsigned_value(stats->downloaded_bytes), text_value(stats->cost));
  spark_t2i_stats_free(handle);
  return form;
}

bool request_of(const json_t *parameters, spark_t2i_request *request) {
  const spark_t2i_request unset = SPARK_T2I_REQUEST_INIT;
  const char *name;
  json_t *value;
  *request = unset;
  json_object_foreach((json_t *)parameters, name, value) {
    int64_t *number = strcmp(name, "seed") == 0     ? &request->seed
                      : strcmp(name, "width") == 0  ? &request->width
                      : strcmp(name, "height") == 0 ? &request->height
                                                    : NULL;
    if (strcmp(name, "prompt") == 0 && json_is_string(value))
      request->prompt = (spark_t2i_text){json_string_value(value), json_string_length(value)};
    else if (strcmp(name, "use_pre_llm") == 0 && json_is_boolean(value))
      request->use_pre_llm = json_is_true(value) ? 1 : 0;
    else if (number != NULL && json_is_integer(value)) *number = json_integer_value(value);
    else if (!json_is_null(value) || (number == NULL && strcmp(name, "prompt") != 0 && strcmp(name, "use_pre_llm") != 0))
      return false;
  }
  return true;
}
