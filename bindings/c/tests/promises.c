/* What the header promises, and what a program may do wrong: promises [PART-OF-A-NAME]. */

#define _GNU_SOURCE
#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifdef __has_include
#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#endif
#endif

#include "spark_t2i.h"

static const char *running;

#define CHECK(condition, ...)                                                        \
  do {                                                                               \
    if (!(condition)) {                                                              \
      fprintf(stderr, "%s, line %d: not so: %s. ", running, __LINE__, #condition);   \
      fprintf(stderr, __VA_ARGS__);                                                  \
      fputc('\n', stderr);                                                           \
      exit(1);                                                                       \
    }                                                                                \
  } while (0)
#define IS(expected, result)                                                                          \
  do {                                                                                                \
    spark_t2i_result found = (result);                                                                \
    CHECK(found == (expected), "%s gave %d", #result, (int)found);                                    \
  } while (0)
#define OK(result) IS(SPARK_T2I_OK, result)
#define REFUSED(result) IS(SPARK_T2I_INVALID_REQUEST, result)

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void pause_ms(long ms) {
  const struct timespec time = {ms / 1000, ms % 1000 * 1000000};
  nanosleep(&time, NULL);
}

static spark_t2i_text t(const char *text) { return spark_t2i_text_of(text); }

static spark_t2i_emulator *emulator_with(const char *latency) {
  spark_t2i_emulator_options options = SPARK_T2I_EMULATOR_OPTIONS_INIT;
  spark_t2i_emulator *emulator = NULL;
  options.latency = t(latency);
  OK(spark_t2i_emulator_new(&options, &emulator, NULL));
  return emulator;
}

static spark_t2i_client *client_with(const spark_t2i_emulator *emulator, int64_t max_in_flight) {
  spark_t2i_options options = SPARK_T2I_OPTIONS_INIT;
  spark_t2i_client *client = NULL;
  options.api_key = t("key-of-the-tests");
  options.base_url = spark_t2i_emulator_url(emulator);
  options.poll_interval_seconds = 0.05;
  options.max_requests_per_second = 0;
  options.max_in_flight = max_in_flight;
  OK(spark_t2i_client_new(&options, &client, NULL));
  return client;
}

static spark_t2i_request fox(void) {
  spark_t2i_request request = SPARK_T2I_REQUEST_INIT;
  request.prompt = t("a red fox in the snow");
  request.width = request.height = 512;
  return request;
}

/* The number at the end of a path of names in the emulator's counters. */
static long counter(const spark_t2i_emulator *emulator, const char *object, const char *name) {
  spark_t2i_bytes *json = NULL;
  OK(spark_t2i_emulator_stats(emulator, &json, NULL));
  const char *at = strstr(spark_t2i_bytes_get(json).data, object);
  CHECK(at != NULL && (at = strstr(at, name)) != NULL, "there is no %s in %s", name, object);
  long number = strtol(at + strlen(name), NULL, 10);
  OK(spark_t2i_bytes_free(json));
  return number;
}

static long charges(const spark_t2i_emulator *emulator) { return counter(emulator, "\"charges\"", "\"count\":"); }

static spark_t2i_emulator *quick;
static spark_t2i_emulator *slow;
static spark_t2i_client *client;
static spark_t2i_client *slow_client;

/* ---- NULL, freed, wrong ---- */

#define EVERY_HANDLE(X) \
  X(client) X(task) X(image) X(call) X(error) X(report) X(snapshot) X(event) X(estimate) X(bytes) X(saved) X(stats) X(emulator)

static void every_function_takes_null(void) {
  const spark_t2i_request request = fox();
  spark_t2i_error *error = NULL;
  spark_t2i_image *image = NULL;
  spark_t2i_task *task = NULL;
  spark_t2i_estimate *estimate = NULL;
  spark_t2i_snapshot *snapshot = NULL;
  spark_t2i_bytes *bytes = NULL;
  spark_t2i_call *call = NULL;
  spark_t2i_stats *stats = NULL;
  spark_t2i_event *event = NULL;
  spark_t2i_report *report = NULL;
  spark_t2i_generated generated;
  spark_t2i_outcome outcome;
  spark_t2i_request unset = SPARK_T2I_REQUEST_INIT;

#define FREE(kind) OK(spark_t2i_##kind##_free(NULL));
  EVERY_HANDLE(FREE)
#undef FREE

  REFUSED(spark_t2i_client_generate(NULL, &request, -1, &image, &error));
  CHECK(strcmp(spark_t2i_error_get(error)->message.data, "the client is NULL") == 0, "%s",
        spark_t2i_error_get(error)->message.data);
  CHECK(spark_t2i_error_get(error)->kind == SPARK_T2I_INVALID_REQUEST, "another kind");
  OK(spark_t2i_error_free(error));
  REFUSED(spark_t2i_client_new(NULL, NULL, NULL));
  REFUSED(spark_t2i_client_generate(client, NULL, -1, &image, NULL));
  REFUSED(spark_t2i_client_generate(client, &request, -1, NULL, NULL));
  REFUSED(spark_t2i_client_generate_start(NULL, NULL, -1, NULL, NULL, NULL));
  REFUSED(spark_t2i_client_generate_start(client, &request, -1, NULL, NULL, NULL));
  REFUSED(spark_t2i_client_submit(NULL, NULL, -1, &task, NULL));
  REFUSED(spark_t2i_client_submit_start(NULL, NULL, -1, NULL, &call, NULL));
  REFUSED(spark_t2i_client_estimate(NULL, NULL, -1, &estimate, NULL));
  REFUSED(spark_t2i_client_estimate_start(NULL, NULL, -1, NULL, &call, NULL));
  REFUSED(spark_t2i_client_generate_many_start(client, NULL, NULL, -1, NULL, &call, NULL));
  REFUSED(spark_t2i_client_task(NULL, t("id"), &task, NULL));
  REFUSED(spark_t2i_client_task(client, t(NULL), &task, NULL));
  REFUSED(spark_t2i_client_task(client, t("id"), NULL, NULL));
  REFUSED(spark_t2i_client_stats(NULL, &stats, NULL));
  REFUSED(spark_t2i_client_stats(client, NULL, NULL));
  REFUSED(spark_t2i_validate(NULL, &report, NULL));
  REFUSED(spark_t2i_validate(&request, NULL, NULL));
  REFUSED(spark_t2i_validate_json(t("{}"), NULL, NULL));
  REFUSED(spark_t2i_request_set_size(NULL, t("16:9"), NULL));
  REFUSED(spark_t2i_request_set_size(&unset, t(NULL), NULL));
  REFUSED(spark_t2i_task_snapshot(NULL, &snapshot, NULL));
  REFUSED(spark_t2i_task_image(NULL, 0, &image, NULL));
  REFUSED(spark_t2i_task_wait(NULL, -1, &image, NULL));
  REFUSED(spark_t2i_task_wait_start(NULL, -1, NULL, &call, NULL));
  REFUSED(spark_t2i_task_events_start(NULL, -1, NULL, &call, NULL));
  REFUSED(spark_t2i_task_refresh(NULL, -1, &snapshot, NULL));
  REFUSED(spark_t2i_task_refresh_start(NULL, -1, NULL, &call, NULL));
  REFUSED(spark_t2i_image_bytes(NULL, -1, &bytes, NULL));
  REFUSED(spark_t2i_image_bytes_start(NULL, -1, NULL, &call, NULL));
  REFUSED(spark_t2i_image_save(NULL, t("x.png"), 0, -1, NULL, NULL));
  REFUSED(spark_t2i_image_save_start(NULL, t("x.png"), 0, -1, NULL, &call, NULL));
  REFUSED(spark_t2i_call_wait(NULL, 0, &outcome));
  CHECK(outcome.result == SPARK_T2I_INVALID_REQUEST && outcome.error != NULL, "the outcome tells nothing");
  OK(spark_t2i_error_free(outcome.error));
  REFUSED(spark_t2i_call_wait(NULL, 0, NULL));
  REFUSED(spark_t2i_call_next_event(NULL, 0, &event, NULL));
  REFUSED(spark_t2i_call_next_generated(NULL, 0, &generated, NULL));
  REFUSED(spark_t2i_call_next_generated(NULL, 0, NULL, NULL));
  REFUSED(spark_t2i_call_task_ids(NULL, &bytes, NULL));
  OK(spark_t2i_call_cancel(NULL));
  REFUSED(spark_t2i_emulator_new(NULL, NULL, NULL));
  REFUSED(spark_t2i_emulator_stats(NULL, &bytes, NULL));
  REFUSED(spark_t2i_emulator_set_faults(NULL, NULL, 0, NULL));
  REFUSED(spark_t2i_emulator_set_faults(quick, NULL, 3, NULL));
  REFUSED(spark_t2i_log_to(17, NULL, NULL, NULL));

  CHECK(spark_t2i_error_get(NULL)->kind == SPARK_T2I_OK && spark_t2i_error_get(NULL)->message.data == NULL, "an error");
  CHECK(!spark_t2i_report_get(NULL)->valid, "what is no report says that a request is valid");
  CHECK(spark_t2i_snapshot_get(NULL)->status == SPARK_T2I_STATUS_OTHER, "a status");
  CHECK(spark_t2i_event_get(NULL)->kind == SPARK_T2I_EVENT_OTHER, "an event");
  CHECK(spark_t2i_image_get(NULL)->url.data == NULL, "a URL");
  CHECK(spark_t2i_estimate_get(NULL)->cost.data == NULL, "a cost");
  CHECK(spark_t2i_saved_get(NULL)->path.data == NULL, "a path");
  CHECK(spark_t2i_stats_get(NULL)->cost.data == NULL, "a cost");
  CHECK(spark_t2i_bytes_get(NULL).data == NULL, "bytes");
  CHECK(spark_t2i_task_id(NULL).data == NULL && !spark_t2i_task_lag_seconds(NULL).known, "a task");
  CHECK(spark_t2i_emulator_url(NULL).data == NULL, "a URL");
  CHECK(spark_t2i_text_of(NULL).data == NULL && spark_t2i_text_of("").data != NULL, "NULL and nothing are the same");
  CHECK(strcmp(spark_t2i_version(), SPARK_T2I_VERSION) == 0, "header %s, library %s", SPARK_T2I_VERSION, spark_t2i_version());
}

static void a_handle_freed_twice_or_used_after_is_reported(void) {
  const spark_t2i_request request = fox();
  spark_t2i_client *mine = client_with(quick, -1);
  spark_t2i_task *task = NULL;
  spark_t2i_image *image = NULL;
  spark_t2i_snapshot *snapshot = NULL;
  spark_t2i_report *report = NULL;
  spark_t2i_error *error = NULL;
  spark_t2i_stats *stats = NULL;
  spark_t2i_bytes *bytes = NULL;
  spark_t2i_saved *saved = NULL;
  spark_t2i_estimate *estimate = NULL;
  spark_t2i_event *event = NULL;
  spark_t2i_call *call = NULL;
  spark_t2i_emulator *emulator = emulator_with("1ms");
  char path[] = "/tmp/spark-t2i-XXXXXX";
  close(mkstemp(path));
  OK(spark_t2i_client_submit(mine, &request, -1, &task, NULL));
  OK(spark_t2i_task_events_start(task, -1, NULL, &call, NULL));
  OK(spark_t2i_call_next_event(call, -1, &event, NULL));
  OK(spark_t2i_task_wait(task, -1, &image, NULL));
  OK(spark_t2i_task_snapshot(task, &snapshot, NULL));
  OK(spark_t2i_validate(&request, &report, NULL));
  OK(spark_t2i_client_stats(mine, &stats, NULL));
  OK(spark_t2i_image_bytes(image, -1, &bytes, NULL));
  IS(SPARK_T2I_IO, spark_t2i_image_save(image, t(path), 0, -1, &saved, &error));
  OK(spark_t2i_image_save(image, t(path), SPARK_T2I_OVERWRITE, -1, &saved, NULL));
  OK(spark_t2i_client_estimate(mine, &request, -1, &estimate, NULL));
  unlink(path);

  const size_t before = spark_t2i_handle_count();
#define TWICE(kind)                                                         \
  {                                                                         \
    spark_t2i_##kind *of_another = (spark_t2i_##kind *)(void *)the_##kind;  \
    OK(spark_t2i_##kind##_free(of_another));                                \
    REFUSED(spark_t2i_##kind##_free(of_another));                           \
    REFUSED(spark_t2i_##kind##_free(of_another));                           \
  }
  void *the_client = mine, *the_task = task, *the_image = image, *the_call = call, *the_error = error,
       *the_report = report, *the_snapshot = snapshot, *the_event = event, *the_estimate = estimate,
       *the_bytes = bytes, *the_saved = saved, *the_stats = stats, *the_emulator = emulator;
  EVERY_HANDLE(TWICE)
#undef TWICE
  CHECK(spark_t2i_handle_count() == before - 13, "%zu handles are left of %zu", spark_t2i_handle_count(), before);

  REFUSED(spark_t2i_client_generate(mine, &request, -1, &image, &error));
  CHECK(strcmp(spark_t2i_error_get(error)->message.data, "the client was freed, or is no handle") == 0, "%s",
        spark_t2i_error_get(error)->message.data);
  OK(spark_t2i_error_free(error));
  CHECK(spark_t2i_error_get(error)->message.data == NULL, "a freed error goes on talking");
  REFUSED(spark_t2i_task_wait(task, -1, &image, NULL));
  REFUSED(spark_t2i_image_bytes(the_image, -1, &bytes, NULL));
  REFUSED(spark_t2i_call_cancel(call));
  REFUSED(spark_t2i_emulator_stats(emulator, &bytes, NULL));
  CHECK(spark_t2i_task_id(task).data == NULL, "a freed task has an id");
  CHECK(!spark_t2i_report_get(report)->valid, "a freed report is valid");
}

static void a_stale_handle_is_not_the_next_one(void) {
  /* The same place in the table, over and over. */
  spark_t2i_report *old[1000];
  const spark_t2i_request request = fox();
  for (size_t i = 0; i < 1000; i++) {
    OK(spark_t2i_validate(&request, &old[i], NULL));
    OK(spark_t2i_report_free(old[i]));
  }
  spark_t2i_report *new = NULL;
  OK(spark_t2i_validate(&request, &new, NULL));
  for (size_t i = 0; i < 1000; i++) {
    CHECK(old[i] != new, "handle number %zu came again", i);
    REFUSED(spark_t2i_report_free(old[i]));
  }
  CHECK(spark_t2i_report_get(new)->valid, "the new one was freed with an old one");
  OK(spark_t2i_report_free(new));
}

static void what_is_no_handle_is_told(void) {
  int on_the_stack = 0;
  void *on_the_heap = malloc(64);
  spark_t2i_error *error = NULL;
  spark_t2i_image *image = NULL;
  REFUSED(spark_t2i_client_free((spark_t2i_client *)(void *)&on_the_stack));
  REFUSED(spark_t2i_client_free(on_the_heap));
  for (uintptr_t bits = 1; bits != 0; bits <<= 1) {
    REFUSED(spark_t2i_error_free((spark_t2i_error *)(bits)));
    REFUSED(spark_t2i_error_free((spark_t2i_error *)(bits | 1)));
    REFUSED(spark_t2i_error_free((spark_t2i_error *)(~bits)));
  }
  /* One of another kind, by way of void. */
  REFUSED(spark_t2i_task_wait((spark_t2i_task *)(void *)client, -1, &image, &error));
  CHECK(strcmp(spark_t2i_error_get(error)->message.data, "the task is a handle of something else") == 0, "%s",
        spark_t2i_error_get(error)->message.data);
  OK(spark_t2i_error_free(error));
  REFUSED(spark_t2i_task_free((spark_t2i_task *)(void *)client));
  free(on_the_heap);
}

struct race {
  spark_t2i_bytes *handle;
  pthread_barrier_t start;
  atomic_int freed;
  atomic_int odd;
};

static void *free_once(void *argument) {
  struct race *race = argument;
  for (int i = 0; i < 200; i++) {
    pthread_barrier_wait(&race->start);
    spark_t2i_text text = spark_t2i_bytes_get(race->handle);
    if (text.data != NULL && text.length == 0) atomic_fetch_add(&race->odd, 1);
    spark_t2i_result result = spark_t2i_bytes_free(race->handle);
    if (result == SPARK_T2I_OK) atomic_fetch_add(&race->freed, 1);
    else if (result != SPARK_T2I_INVALID_REQUEST) atomic_fetch_add(&race->odd, 1);
    pthread_barrier_wait(&race->start);
  }
  return NULL;
}

static void of_threads_that_free_the_same_one_does(void) {
  struct race race = {.handle = NULL};
  pthread_t threads[8];
  pthread_barrier_init(&race.start, NULL, 9);
  for (int i = 0; i < 8; i++) pthread_create(&threads[i], NULL, free_once, &race);
  for (int i = 0; i < 200; i++) {
    OK(spark_t2i_emulator_stats(quick, &race.handle, NULL));
    pthread_barrier_wait(&race.start);
    pthread_barrier_wait(&race.start);
  }
  for (int i = 0; i < 8; i++) pthread_join(threads[i], NULL);
  pthread_barrier_destroy(&race.start);
  CHECK(race.freed == 200 && race.odd == 0, "200 handles were freed %d times, and %d times oddly", race.freed, race.odd);
}

static void what_is_not_utf_8_is_refused(void) {
  static const char *const broken[] = {"\xff", "a\xc3", "\xed\xa0\x80", "\xc0\x80", "\xf4\x90\x80\x80"};
  spark_t2i_error *error = NULL;
  for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
    spark_t2i_request request = fox();
    spark_t2i_image *image = NULL;
    spark_t2i_task *task = NULL;
    spark_t2i_client *mine = NULL;
    spark_t2i_options options = SPARK_T2I_OPTIONS_INIT;
    request.prompt = t(broken[i]);
    REFUSED(spark_t2i_client_generate(client, &request, -1, &image, &error));
    CHECK(strcmp(spark_t2i_error_get(error)->code.data, "003001002") == 0 ||
              strcmp(spark_t2i_error_get(error)->code.data, "003001001") == 0,
          "%s", spark_t2i_error_get(error)->text.data);
    OK(spark_t2i_error_free(error));
    request = fox();
    request.model = t(broken[i]);
    REFUSED(spark_t2i_client_generate(client, &request, -1, &image, &error));
    CHECK(strstr(spark_t2i_error_get(error)->message.data, "request.model is not UTF-8") != NULL, "%s",
          spark_t2i_error_get(error)->message.data);
    OK(spark_t2i_error_free(error));
    REFUSED(spark_t2i_client_task(client, t(broken[i]), &task, NULL));
    options.api_key = t("key");
    options.ca_bundle = t(broken[i]);
    REFUSED(spark_t2i_client_new(&options, &mine, &error));
    CHECK(strstr(spark_t2i_error_get(error)->message.data, "ca_bundle is not UTF-8") != NULL, "%s",
          spark_t2i_error_get(error)->message.data);
    OK(spark_t2i_error_free(error));
  }
  spark_t2i_request request = fox();
  spark_t2i_report *report = NULL;
  request.prompt = (spark_t2i_text){NULL, 7};
  REFUSED(spark_t2i_validate(&request, &report, &error));
  CHECK(strstr(spark_t2i_error_get(error)->message.data, "NULL") != NULL, "%s", spark_t2i_error_get(error)->message.data);
  OK(spark_t2i_error_free(error));
  request.prompt = (spark_t2i_text){"a", SIZE_MAX};
  REFUSED(spark_t2i_validate(&request, &report, NULL));
  /* A length may end in the middle of a C string, and a NUL is a character like any other. */
  request.prompt = (spark_t2i_text){"a fox\xff", 5};
  OK(spark_t2i_validate(&request, &report, NULL));
  CHECK(spark_t2i_report_get(report)->valid, "the length was not looked at");
  OK(spark_t2i_report_free(report));
  request.prompt = (spark_t2i_text){"a\0fox", 5};
  OK(spark_t2i_validate(&request, &report, NULL));
  OK(spark_t2i_report_free(report));
}

static const char *verdict(spark_t2i_request request) {
  static char code[16];
  spark_t2i_report *report = NULL;
  OK(spark_t2i_validate(&request, &report, NULL));
  const spark_t2i_report_fields *fields = spark_t2i_report_get(report);
  CHECK(fields->valid == (fields->violation_count == 0), "valid and broken");
  snprintf(code, sizeof code, "%s", fields->valid ? "valid" : fields->violations[0].code.data);
  OK(spark_t2i_report_free(report));
  return code;
}

static void numbers_are_judged_exactly(void) {
  static const struct {
    int64_t seed;
    const char *code;
  } seeds[] = {{SPARK_T2I_UNSET, "valid"}, {-1, "valid"}, {1, "valid"}, {INT64_MAX, "valid"}, {INT64_C(9007199254740993), "valid"},
               {0, "003001004"}, {-2, "003001004"}, {INT64_MIN + 1, "003001004"}};
  for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++) {
    spark_t2i_request request = fox();
    request.seed = seeds[i].seed;
    CHECK(strcmp(verdict(request), seeds[i].code) == 0, "seed %lld: %s", (long long)seeds[i].seed, verdict(request));
  }
  spark_t2i_request request = fox();
  request.width = INT64_C(4294967296) + 512;
  CHECK(strcmp(verdict(request), "valid") != 0, "a width was cut to 32 bits");
  request = fox();
  request.height = SPARK_T2I_UNSET;
  CHECK(strcmp(verdict(request), "003001007") == 0, "a width alone: %s", verdict(request));
  request = fox();
  request.use_pre_llm = 2;
  CHECK(strcmp(verdict(request), "003001003") == 0, "neither true nor false: %s", verdict(request));
  request = fox();
  request.prompt = t("");
  CHECK(strcmp(verdict(request), "valid") != 0, "an empty prompt");
  OK(spark_t2i_request_set_size(&request, t("16:9-2k"), NULL));
  CHECK(request.width == 2560 && request.height == 1440, "%lld x %lld", (long long)request.width, (long long)request.height);
  REFUSED(spark_t2i_request_set_size(&request, t("16:9-9k"), NULL));

  static const double odd[] = {0.0 / 0.0 * 1.0};
  spark_t2i_image *image = NULL;
  request = fox();
  REFUSED(spark_t2i_client_generate(client, &request, odd[0], &image, NULL));
  spark_t2i_options options = SPARK_T2I_OPTIONS_INIT;
  spark_t2i_client *mine = NULL;
  spark_t2i_error *error = NULL;
  options.api_key = t("key");
  options.max_retries = INT64_C(1) << 40;
  REFUSED(spark_t2i_client_new(&options, &mine, &error));
  CHECK(strstr(spark_t2i_error_get(error)->message.data, "max_retries") != NULL, "%s",
        spark_t2i_error_get(error)->message.data);
  OK(spark_t2i_error_free(error));
  options.max_retries = -1;
  options.on_outcome_unknown = 7;
  REFUSED(spark_t2i_client_new(&options, &mine, NULL));
  options.on_outcome_unknown = SPARK_T2I_FAIL;
  options.api_key = t("two\r\nlines");
  IS(SPARK_T2I_AUTHENTICATION, spark_t2i_client_new(&options, &mine, &error));
  CHECK(strstr(spark_t2i_error_get(error)->text.data, "lines") == NULL, "the key is told");
  OK(spark_t2i_error_free(error));
}

static void structs_of_other_versions(void) {
  spark_t2i_request request = fox();
  spark_t2i_report *report = NULL;
  spark_t2i_error *error = NULL;
  memset(&request, 0, sizeof request);
  REFUSED(spark_t2i_validate(&request, &report, &error));
  CHECK(strstr(spark_t2i_error_get(error)->message.data, "_INIT") != NULL, "%s", spark_t2i_error_get(error)->message.data);
  OK(spark_t2i_error_free(error));
  request = fox();
  request.size = sizeof request + 8;
  REFUSED(spark_t2i_validate(&request, &report, &error));
  CHECK(strstr(spark_t2i_error_get(error)->message.data, "newer") != NULL, "%s", spark_t2i_error_get(error)->message.data);
  OK(spark_t2i_error_free(error));
  /* An older program knows no use_pre_llm; what lies behind its struct is not looked at. */
  request = fox();
  request.size = offsetof(spark_t2i_request, use_pre_llm);
  request.use_pre_llm = 99;
  OK(spark_t2i_validate(&request, &report, NULL));
  CHECK(spark_t2i_report_get(report)->valid, "what an older program does not know was read");
  OK(spark_t2i_report_free(report));
}

/* ---- Calls ---- */

struct told {
  pthread_mutex_t lock;
  pthread_cond_t changed;
  int events;
  int done;
  spark_t2i_result result;
  char task_id[64];
  pthread_t thread;
  spark_t2i_call *call;
  int after_free;
  bool freed;
  long hold_ms;
  bool free_within;
};

static void told_event(void *user_data, const spark_t2i_event_fields *event) {
  struct told *told = user_data;
  pthread_mutex_lock(&told->lock);
  if (told->freed) told->after_free++;
  told->events++;
  told->thread = pthread_self();
  snprintf(told->task_id, sizeof told->task_id, "%s", event->task_id.data);
  pthread_cond_broadcast(&told->changed);
  pthread_mutex_unlock(&told->lock);
  if (told->hold_ms > 0) pause_ms(told->hold_ms);
  if (told->free_within && told->call != NULL) {
    spark_t2i_call *call = told->call;
    told->call = NULL;
    OK(spark_t2i_call_free(call));
    pthread_mutex_lock(&told->lock);
    told->freed = true;
    pthread_cond_broadcast(&told->changed);
    pthread_mutex_unlock(&told->lock);
  }
}

static void told_done(void *user_data, const spark_t2i_outcome *outcome) {
  struct told *told = user_data;
  pthread_mutex_lock(&told->lock);
  if (told->freed) told->after_free++;
  told->done++;
  told->result = outcome->result;
  if (outcome->error != NULL) {
    spark_t2i_text id = spark_t2i_error_get(outcome->error)->task_id;
    snprintf(told->task_id, sizeof told->task_id, "%s", id.data == NULL ? "" : id.data);
  }
  OK(spark_t2i_error_free(outcome->error));
  OK(spark_t2i_image_free(outcome->image));
  pthread_cond_broadcast(&told->changed);
  pthread_mutex_unlock(&told->lock);
}

static struct told *telling(void) {
  struct told *told = calloc(1, sizeof *told);
  pthread_mutex_init(&told->lock, NULL);
  pthread_cond_init(&told->changed, NULL);
  return told;
}

static spark_t2i_callbacks to(struct told *told) {
  spark_t2i_callbacks callbacks = SPARK_T2I_CALLBACKS_INIT;
  callbacks.user_data = told;
  callbacks.on_event = told_event;
  callbacks.on_done = told_done;
  return callbacks;
}

#define UNTIL(told, condition)                                                              \
  do {                                                                                      \
    struct timespec end;                                                                    \
    clock_gettime(CLOCK_REALTIME, &end);                                                    \
    end.tv_sec += 60;                                                                       \
    pthread_mutex_lock(&(told)->lock);                                                      \
    while (!(condition))                                                                    \
      CHECK(pthread_cond_timedwait(&(told)->changed, &(told)->lock, &end) == 0, "not within 60 s"); \
    pthread_mutex_unlock(&(told)->lock);                                                    \
  } while (0)

static void callbacks_come_from_one_thread(void) {
  const spark_t2i_request request = fox();
  struct told *one = telling(), *other = telling();
  spark_t2i_callbacks to_one = to(one), to_other = to(other);
  spark_t2i_call *call = NULL;
  OK(spark_t2i_client_generate_start(client, &request, -1, &to_one, &call, NULL));
  /* Without a handle it looks after itself. */
  OK(spark_t2i_client_generate_start(client, &request, -1, &to_other, NULL, NULL));
  UNTIL(one, one->done == 1);
  UNTIL(other, other->done == 1);
  CHECK(one->result == SPARK_T2I_OK && other->result == SPARK_T2I_OK, "%d, %d", (int)one->result, (int)other->result);
  CHECK(one->events >= 2 && other->events >= 2, "%d and %d events", one->events, other->events);
  CHECK(pthread_equal(one->thread, other->thread) && !pthread_equal(one->thread, pthread_self()), "other threads");
  spark_t2i_outcome outcome;
  REFUSED(spark_t2i_call_wait(call, 0, &outcome));
  OK(spark_t2i_error_free(outcome.error));
  OK(spark_t2i_call_free(call));
  free(one);
  free(other);
}

static void freeing_waits_for_a_callback_that_runs(void) {
  const spark_t2i_request request = fox();
  struct told *told = telling();
  told->hold_ms = 400;
  spark_t2i_callbacks callbacks = to(told);
  spark_t2i_call *call = NULL;
  OK(spark_t2i_client_generate_start(slow_client, &request, -1, &callbacks, &call, NULL));
  UNTIL(told, told->events == 1);
  const double begin = now();
  OK(spark_t2i_call_free(call));
  CHECK(now() - begin > 0.2, "it did not wait: %.3f s", now() - begin);
  pthread_mutex_lock(&told->lock);
  told->freed = true;
  pthread_mutex_unlock(&told->lock);
  pause_ms(300);
  CHECK(told->after_free == 0 && told->done == 0, "%d callbacks after the call was freed", told->after_free);
  REFUSED(spark_t2i_call_free(call));
  free(told);
}

static void a_callback_may_free_its_own_call(void) {
  const spark_t2i_request request = fox();
  struct told *told = telling();
  spark_t2i_callbacks callbacks = to(told);
  told->free_within = true;
  pthread_mutex_lock(&told->lock);
  OK(spark_t2i_client_generate_start(slow_client, &request, -1, &callbacks, &told->call, NULL));
  pthread_mutex_unlock(&told->lock);
  UNTIL(told, told->freed);
  pause_ms(200);
  CHECK(told->after_free == 0 && told->done == 0, "%d callbacks after the call was freed", told->after_free);
  free(told);
}

static void cancelling_ends_a_call_at_once_and_names_its_task(void) {
  const spark_t2i_request request = fox();
  struct told *told = telling();
  spark_t2i_callbacks callbacks = to(told);
  spark_t2i_call *call = NULL;
  OK(spark_t2i_client_generate_start(slow_client, &request, -1, &callbacks, &call, NULL));
  UNTIL(told, told->events >= 1);
  char id[64];
  snprintf(id, sizeof id, "%s", told->task_id);
  spark_t2i_bytes *ids = NULL;
  OK(spark_t2i_call_task_ids(call, &ids, NULL));
  CHECK(strstr(spark_t2i_bytes_get(ids).data, id) != NULL, "%s is not in %s", id, spark_t2i_bytes_get(ids).data);
  OK(spark_t2i_bytes_free(ids));
  const double begin = now();
  OK(spark_t2i_call_cancel(call));
  OK(spark_t2i_call_cancel(call));
  UNTIL(told, told->done == 1);
  CHECK(now() - begin < 1, "it took %.3f s", now() - begin);
  CHECK(told->result == SPARK_T2I_CANCELLED && strcmp(told->task_id, id) == 0, "%d, %s", (int)told->result, told->task_id);
  OK(spark_t2i_call_free(call));
  free(told);
}

static void a_thread_waits_with_a_deadline(void) {
  const spark_t2i_request request = fox();
  spark_t2i_call *call = NULL;
  spark_t2i_outcome outcome;
  spark_t2i_image *image = NULL;
  spark_t2i_error *error = NULL;
  double begin = now();
  IS(SPARK_T2I_TIMEOUT, spark_t2i_client_generate(slow_client, &request, 0.3, &image, &error));
  CHECK(now() - begin > 0.29 && now() - begin < 3 && image == NULL, "%.3f s", now() - begin);
  CHECK(spark_t2i_error_get(error)->task_id.data != NULL, "the task is lost");
  OK(spark_t2i_error_free(error));

  OK(spark_t2i_client_generate_start(slow_client, &request, -1, NULL, &call, NULL));
  begin = now();
  IS(SPARK_T2I_PENDING, spark_t2i_call_wait(call, 0.2, &outcome));
  CHECK(now() - begin > 0.19 && now() - begin < 2, "%.3f s", now() - begin);
  IS(SPARK_T2I_PENDING, spark_t2i_call_wait(call, 0, &outcome));
  spark_t2i_generated generated;
  REFUSED(spark_t2i_call_next_generated(call, 0, &generated, NULL));
  OK(spark_t2i_call_cancel(call));
  IS(SPARK_T2I_CANCELLED, spark_t2i_call_wait(call, -1, &outcome));
  CHECK(outcome.image == NULL && spark_t2i_error_get(outcome.error)->retryable, "not as cancelled");
  OK(spark_t2i_error_free(outcome.error));
  REFUSED(spark_t2i_call_wait(call, -1, &outcome));
  OK(spark_t2i_error_free(outcome.error));
  OK(spark_t2i_call_free(call));

  OK(spark_t2i_client_generate_start(client, &request, -1, NULL, &call, NULL));
  OK(spark_t2i_call_wait(call, -1, &outcome));
  CHECK(outcome.image != NULL && outcome.task == NULL && outcome.error == NULL, "another outcome");
  CHECK(spark_t2i_image_get(outcome.image)->width.value == 512, "another width");
  OK(spark_t2i_image_free(outcome.image));
  OK(spark_t2i_call_free(call));
}

static void *wait_for_a_call(void *argument) {
  spark_t2i_outcome outcome;
  struct told *told = argument;
  told->result = spark_t2i_call_wait(told->call, -1, &outcome);
  OK(spark_t2i_error_free(outcome.error));
  return NULL;
}

static void *generate_and_see(void *argument) {
  const spark_t2i_request request = fox();
  struct told *told = argument;
  spark_t2i_image *image = NULL;
  told->result = spark_t2i_client_generate((spark_t2i_client *)(void *)told->call, &request, -1, &image, NULL);
  OK(spark_t2i_image_free(image));
  return NULL;
}

static void handles_freed_while_calls_run(void) {
  const spark_t2i_request request = fox();
  struct told *told = telling();
  pthread_t thread;
  /* A call that another thread waits for: it ends as cancelled. */
  OK(spark_t2i_client_generate_start(slow_client, &request, -1, NULL, &told->call, NULL));
  pthread_create(&thread, NULL, wait_for_a_call, told);
  pause_ms(200);
  OK(spark_t2i_call_free(told->call));
  pthread_join(thread, NULL);
  CHECK(told->result == SPARK_T2I_CANCELLED, "%d", (int)told->result);
  /* A client that a call is made on: the call goes on. */
  spark_t2i_emulator *emulator = emulator_with("700ms");
  spark_t2i_client *mine = client_with(emulator, -1);
  told->call = (spark_t2i_call *)(void *)mine;
  pthread_create(&thread, NULL, generate_and_see, told);
  while (charges(emulator) == 0) pause_ms(5);
  OK(spark_t2i_client_free(mine));
  pthread_join(thread, NULL);
  CHECK(told->result == SPARK_T2I_OK, "%d", (int)told->result);
  OK(spark_t2i_emulator_free(emulator));
  free(told);
}

static atomic_int at_the_end;

static void resubmit(void *user_data, const spark_t2i_outcome *outcome) {
  CHECK(outcome->result == SPARK_T2I_CANCELLED || outcome->result == SPARK_T2I_OK, "%d", (int)outcome->result);
  OK(spark_t2i_error_free(outcome->error));
  OK(spark_t2i_image_free(outcome->image));
  (void)user_data;
  atomic_fetch_add(&at_the_end, 1);
}

static void shut_down_within(void *user_data, const spark_t2i_outcome *outcome) {
  resubmit(user_data, outcome);
  spark_t2i_shut_down(5);
}

static void callbacks_during_shutdown(void) {
  const spark_t2i_request request = fox();
  spark_t2i_callbacks callbacks = SPARK_T2I_CALLBACKS_INIT;
  callbacks.on_done = resubmit;
  for (int round = 0; round < 3; round++) {
    spark_t2i_call *calls[50];
    atomic_store(&at_the_end, 0);
    for (int i = 0; i < 50; i++)
      OK(spark_t2i_client_generate_start(slow_client, &request, -1, &callbacks, i % 2 ? &calls[i] : NULL, NULL));
    pause_ms(round * 150);
    const double begin = now();
    spark_t2i_shut_down(10);
    CHECK(now() - begin < 5, "it took %.3f s", now() - begin);
    CHECK(atomic_load(&at_the_end) == 50, "%d of 50 calls were told of their end", at_the_end);
    for (int i = 1; i < 50; i += 2) OK(spark_t2i_call_free(calls[i]));
    /* What is begun afterwards starts anew. */
    spark_t2i_image *image = NULL;
    OK(spark_t2i_client_generate(client, &request, -1, &image, NULL));
    OK(spark_t2i_image_free(image));
  }
  atomic_store(&at_the_end, 0);
  callbacks.on_done = shut_down_within;
  OK(spark_t2i_client_generate_start(client, &request, -1, &callbacks, NULL, NULL));
  while (atomic_load(&at_the_end) == 0) pause_ms(5);
  spark_t2i_shut_down(10);
  spark_t2i_shut_down(10);
}

/* ---- Many ---- */

struct source {
  size_t count;
  size_t given;
  size_t bad;
};

static bool next_of(void *user_data, size_t index, spark_t2i_request *request) {
  struct source *source = user_data;
  CHECK(index == source->given, "number %zu in place of %zu", index, source->given);
  if (index >= source->count) return false;
  source->given++;
  *request = fox();
  if (index == source->bad) request->seed = 0;
  return true;
}

static void many_in_the_order_of_completion(void) {
  struct source source = {40, 0, 7};
  spark_t2i_client *mine = client_with(quick, 4);
  spark_t2i_call *call = NULL;
  spark_t2i_generated generated;
  spark_t2i_result result;
  bool seen[40] = {false};
  size_t count = 0;
  OK(spark_t2i_client_generate_many_start(mine, next_of, &source, -1, NULL, &call, NULL));
  CHECK(source.given == 0, "nobody asked for anything yet");
  spark_t2i_event *event = NULL;
  REFUSED(spark_t2i_call_next_event(call, 0, &event, NULL));
  while ((result = spark_t2i_call_next_generated(call, -1, &generated, NULL)) == SPARK_T2I_OK) {
    CHECK(generated.index < 40 && !seen[generated.index], "number %zu again", generated.index);
    CHECK(source.given <= count + 4, "%zu at once where 4 may be", source.given - count);
    seen[generated.index] = true;
    count++;
    CHECK((generated.index == 7) == (generated.result == SPARK_T2I_INVALID_REQUEST), "number %zu: %d", generated.index,
          (int)generated.result);
    CHECK((generated.image == NULL) == (generated.index == 7), "no image, or one too many");
    OK(spark_t2i_image_free(generated.image));
    OK(spark_t2i_error_free(generated.error));
  }
  CHECK(result == SPARK_T2I_END && count == 40, "%zu of 40, then %d", count, (int)result);
  spark_t2i_outcome outcome;
  OK(spark_t2i_call_wait(call, -1, &outcome));
  OK(spark_t2i_call_free(call));
  OK(spark_t2i_client_free(mine));
}

static void many_that_are_cancelled_ask_for_no_more(void) {
  struct source source = {1000000, 0, SIZE_MAX};
  const long before = charges(slow);
  spark_t2i_client *mine = client_with(slow, 5);
  spark_t2i_call *call = NULL;
  spark_t2i_generated generated;
  size_t cancelled = 0, told = 0;
  OK(spark_t2i_client_generate_many_start(mine, next_of, &source, -1, NULL, &call, NULL));
  for (uint64_t waiting = 0; waiting < 5;) {
    spark_t2i_stats *stats = NULL;
    IS(SPARK_T2I_PENDING, spark_t2i_call_next_generated(call, 0.05, &generated, NULL));
    OK(spark_t2i_client_stats(mine, &stats, NULL));
    waiting = spark_t2i_stats_get(stats)->waiting;
    OK(spark_t2i_stats_free(stats));
  }
  OK(spark_t2i_call_cancel(call));
  while (spark_t2i_call_next_generated(call, -1, &generated, NULL) == SPARK_T2I_OK) {
    CHECK(generated.result == SPARK_T2I_CANCELLED, "%d", (int)generated.result);
    told++;
    cancelled += spark_t2i_error_get(generated.error)->task_id.data != NULL;
    OK(spark_t2i_error_free(generated.error));
  }
  CHECK(charges(slow) - before == 5, "%ld were charged where 5 were under way", charges(slow) - before);
  CHECK(cancelled == 5 && told == 5 && source.given == 5, "%zu of 5 name their task; %zu were told, %zu given", cancelled, told,
        source.given);
  spark_t2i_outcome outcome;
  IS(SPARK_T2I_CANCELLED, spark_t2i_call_wait(call, -1, &outcome));
  OK(spark_t2i_error_free(outcome.error));
  OK(spark_t2i_call_free(call));
  OK(spark_t2i_client_free(mine));
}

struct counting {
  struct source source;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  size_t ended;
  int done;
  spark_t2i_result expected;
};

static bool next_counted(void *user_data, size_t index, spark_t2i_request *request) {
  return next_of(&((struct counting *)user_data)->source, index, request);
}

static void count_generated(void *user_data, const spark_t2i_generated *generated) {
  struct counting *counting = user_data;
  counting->ended += generated->result == SPARK_T2I_OK;
  OK(spark_t2i_image_free(generated->image));
  OK(spark_t2i_error_free(generated->error));
}

static void count_done(void *user_data, const spark_t2i_outcome *outcome) {
  struct counting *counting = user_data;
  CHECK(outcome->result == counting->expected, "%d", (int)outcome->result);
  OK(spark_t2i_error_free(outcome->error));
  pthread_mutex_lock(&counting->lock);
  counting->done++;
  pthread_cond_broadcast(&counting->changed);
  pthread_mutex_unlock(&counting->lock);
}

static void many_by_callbacks(void) {
  struct counting counting = {.source = {40, 0, SIZE_MAX}, .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
  spark_t2i_callbacks callbacks = SPARK_T2I_CALLBACKS_INIT;
  callbacks.user_data = &counting;
  callbacks.on_generated = count_generated;
  callbacks.on_done = count_done;
  OK(spark_t2i_client_generate_many_start(client, next_counted, &counting, -1, &callbacks, NULL, NULL));
  UNTIL(&counting, counting.done == 1);
  CHECK(counting.ended == 40, "%zu of 40", counting.ended);

  /* The end of the library's threads is theirs as well. */
  counting.source = (struct source){1000000, 0, SIZE_MAX};
  counting.done = 0;
  counting.expected = SPARK_T2I_CANCELLED;
  const long before = charges(slow);
  OK(spark_t2i_client_generate_many_start(slow_client, next_counted, &counting, -1, &callbacks, NULL, NULL));
  while (charges(slow) - before < 64) pause_ms(5);
  spark_t2i_shut_down(10);
  CHECK(counting.done == 1 && charges(slow) - before == 64, "%ld were charged", charges(slow) - before);
}

/* ---- Threads, processes, memory ---- */

static void *one_of_64(void *argument) {
  spark_t2i_request request = fox();
  spark_t2i_image *image = NULL;
  const int64_t width = 512 + 8 * (int64_t)(intptr_t)argument;
  request.width = width;
  request.height = 1024;
  OK(spark_t2i_client_generate(client, &request, -1, &image, NULL));
  CHECK(spark_t2i_image_get(image)->width.value == (uint64_t)width, "answers were mixed up");
  OK(spark_t2i_image_free(image));
  return NULL;
}

static void sixty_four_threads_on_one_client(void) {
  pthread_t threads[64];
  const long before = charges(quick);
  for (int i = 0; i < 64; i++) pthread_create(&threads[i], NULL, one_of_64, (void *)(intptr_t)i);
  for (int i = 0; i < 64; i++) pthread_join(threads[i], NULL);
  CHECK(charges(quick) - before == 64, "%ld were charged", charges(quick) - before);
}

static int status_of(pid_t child) {
  int status = 0;
  const double end = now() + 60;
  while (waitpid(child, &status, WNOHANG) == 0) {
    if (now() > end) {
      kill(child, SIGKILL);
      CHECK(false, "the child hangs");
    }
    pause_ms(10);
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void a_forked_child_goes_on(void) {
  const spark_t2i_request request = fox();
  spark_t2i_call *call = NULL;
  spark_t2i_task *task = NULL;
  spark_t2i_image *image = NULL;
  spark_t2i_outcome outcome;
  OK(spark_t2i_client_submit(client, &request, -1, &task, NULL));
  OK(spark_t2i_client_generate_start(slow_client, &request, -1, NULL, &call, NULL));
  for (int round = 0; round < 3; round++) {
    pid_t child = fork();
    if (child == 0) {
      alarm(50);
#ifdef VALGRIND_CLO_CHANGE
      /* What was its parent's alone, a child leaves where it is, which looks like a leak. All else counts. */
      VALGRIND_CLO_CHANGE("--leak-check=no");
#endif
      /* What was under way stays with the parent. */
      IS(SPARK_T2I_CANCELLED, spark_t2i_call_wait(call, -1, &outcome));
      OK(spark_t2i_error_free(outcome.error));
      OK(spark_t2i_call_free(call));
      OK(spark_t2i_task_wait(task, -1, &image, NULL));
      OK(spark_t2i_image_free(image));
      struct told *told = telling();
      spark_t2i_callbacks callbacks = to(told);
      OK(spark_t2i_client_generate_start(client, &request, -1, &callbacks, NULL, NULL));
      UNTIL(told, told->done == 1);
      CHECK(told->result == SPARK_T2I_OK, "%d", (int)told->result);
      spark_t2i_shut_down(5);
      _exit(17);
    }
    CHECK(status_of(child) == 17, "the child ended otherwise");
  }
  IS(SPARK_T2I_PENDING, spark_t2i_call_wait(call, 0, &outcome));
  OK(spark_t2i_call_free(call));
  OK(spark_t2i_client_generate(client, &request, -1, &image, NULL));
  OK(spark_t2i_image_free(image));
  OK(spark_t2i_task_free(task));
}

static long of_status(const char *file, const char *name) {
  char line[256];
  long value = -1;
  FILE *status = fopen(file, "r");
  if (status == NULL) return -1;
  while (fgets(line, sizeof line, status) != NULL)
    if (strncmp(line, name, strlen(name)) == 0) value = strtol(line + strlen(name), NULL, 10);
  fclose(status);
  return value;
}

static size_t entries(const char *folder) {
  size_t count = 0;
  DIR *listing = opendir(folder);
  while (listing != NULL && readdir(listing) != NULL) count++;
  if (listing != NULL) closedir(listing);
  return count;
}

static void memory_stays_flat(void) {
  /* The same work in an instrumented program says nothing about memory, and takes long. */
  const char *scale = getenv("SPARK_T2I_TEST_CALLS");
  const long calls = scale == NULL ? 10000 : strtol(scale, NULL, 10);
  const spark_t2i_request request = fox();
  spark_t2i_task *task = NULL;
  long early = 0;
  OK(spark_t2i_client_submit(client, &request, -1, &task, NULL));
  for (long i = 0; i < calls; i++) {
    spark_t2i_snapshot *snapshot = NULL;
    spark_t2i_error *error = NULL;
    spark_t2i_image *image = NULL;
    if (i == calls / 5) early = of_status("/proc/self/status", "VmRSS:");
    OK(spark_t2i_task_refresh(task, -1, &snapshot, NULL));
    OK(spark_t2i_snapshot_free(snapshot));
    REFUSED(spark_t2i_task_wait(NULL, -1, &image, &error));
    OK(spark_t2i_error_free(error));
  }
  const long late = of_status("/proc/self/status", "VmRSS:");
  printf("    memory after %ld calls over that after %ld: %+ld KB\n", calls, calls / 5, late - early);
  if (scale == NULL) CHECK(late - early < 4096, "%ld KB more", late - early);
  OK(spark_t2i_task_free(task));
}

static void clients_come_and_go(void) {
  const spark_t2i_request request = fox();
  size_t threads = 0, files = 0;
  for (int i = 0; i < 50; i++) {
    spark_t2i_client *mine = client_with(quick, -1);
    spark_t2i_estimate *estimate = NULL;
    OK(spark_t2i_client_estimate(mine, &request, -1, &estimate, NULL));
    OK(spark_t2i_estimate_free(estimate));
    OK(spark_t2i_client_free(mine));
    if (i == 4) {
      pause_ms(100);
      threads = entries("/proc/self/task");
      files = entries("/proc/self/fd");
    }
  }
  pause_ms(500);
  CHECK(entries("/proc/self/task") <= threads, "%zu threads in place of %zu", entries("/proc/self/task"), threads);
  CHECK(entries("/proc/self/fd") <= files + 4, "%zu files in place of %zu", entries("/proc/self/fd"), files);
}

static void the_threads_of_the_library_take_no_signals(void) {
  sigset_t mine;
  struct dirent *entry;
  const spark_t2i_request request = fox();
  spark_t2i_task *task = NULL;
  struct told *told = telling();
  spark_t2i_callbacks callbacks = to(told);
  OK(spark_t2i_client_generate_start(client, &request, -1, &callbacks, NULL, NULL));
  UNTIL(told, told->done == 1);
  OK(spark_t2i_client_submit(client, &request, -1, &task, NULL));
  OK(spark_t2i_task_free(task));
  pthread_sigmask(SIG_SETMASK, NULL, &mine);
  CHECK(!sigismember(&mine, SIGPIPE) && !sigismember(&mine, SIGINT), "the caller's own signals are blocked");
  DIR *listing = opendir("/proc/self/task");
  size_t looked_at = 0;
  while ((entry = readdir(listing)) != NULL) {
    char path[512], line[256];
    if (entry->d_name[0] == '.' || atoi(entry->d_name) == getpid()) continue;
    snprintf(path, sizeof path, "/proc/self/task/%s/status", entry->d_name);
    FILE *status = fopen(path, "r");
    while (status != NULL && fgets(line, sizeof line, status) != NULL) {
      if (strncmp(line, "SigBlk:", 7) == 0) {
        unsigned long long blocked = strtoull(line + 7, NULL, 16);
        CHECK((blocked >> (SIGPIPE - 1) & 1) && (blocked >> (SIGINT - 1) & 1), "thread %s: %s", entry->d_name, line);
        looked_at++;
      }
    }
    if (status != NULL) fclose(status);
  }
  closedir(listing);
  CHECK(looked_at >= 2, "only %zu threads", looked_at);
  free(told);
}

/* ---- The rest of the surface ---- */

static void the_emulator_breaks_on_demand(void) {
  const spark_t2i_request request = fox();
  spark_t2i_emulator *emulator = emulator_with("10ms");
  spark_t2i_client *mine = client_with(emulator, -1);
  spark_t2i_task *task = NULL;
  spark_t2i_error *error = NULL;
  spark_t2i_text fault = t("reset-after-accept@create");
  OK(spark_t2i_emulator_set_faults(emulator, &fault, 1, NULL));
  IS(SPARK_T2I_OUTCOME_UNKNOWN, spark_t2i_client_submit(mine, &request, -1, &task, &error));
  CHECK(spark_t2i_error_get(error)->charged == SPARK_T2I_CHARGED_UNKNOWN && task == NULL, "it is known");
  OK(spark_t2i_error_free(error));
  CHECK(charges(emulator) == 1, "%ld charges", charges(emulator));
  fault = t("no-such-fault");
  REFUSED(spark_t2i_emulator_set_faults(emulator, &fault, 1, NULL));
  OK(spark_t2i_emulator_set_faults(emulator, NULL, 0, NULL));
  OK(spark_t2i_client_submit(mine, &request, -1, &task, NULL));
  spark_t2i_image *image = NULL;
  OK(spark_t2i_task_wait(task, -1, &image, NULL));
  OK(spark_t2i_image_free(image));
  OK(spark_t2i_task_image(task, 0, &image, NULL));
  OK(spark_t2i_image_free(image));
  IS(SPARK_T2I_END, spark_t2i_task_image(task, 1, &image, NULL));
  spark_t2i_stats *stats = NULL;
  OK(spark_t2i_client_stats(mine, &stats, NULL));
  CHECK(strcmp(spark_t2i_stats_get(stats)->cost.data, "0.035714285714") == 0, "%s", spark_t2i_stats_get(stats)->cost.data);
  CHECK(spark_t2i_stats_get(stats)->outcomes_unknown == 1, "not counted");
  OK(spark_t2i_stats_free(stats));
  OK(spark_t2i_task_free(task));
  OK(spark_t2i_client_free(mine));
  OK(spark_t2i_emulator_free(emulator));
}

static atomic_int records;

static void count_record(void *user_data, int32_t level, spark_t2i_text target, spark_t2i_text message) {
  CHECK(level >= SPARK_T2I_LOG_ERROR && level <= SPARK_T2I_LOG_TRACE, "%d", (int)level);
  CHECK(strncmp(target.data, "spark_t2i", 9) == 0 && strlen(message.data) == message.length, "%s", target.data);
  CHECK(strstr(message.data, "key-of-the-tests") == NULL, "the key");
  atomic_fetch_add((atomic_int *)user_data, 1);
}

static void log_records_until_they_are_not_wanted(void) {
  const spark_t2i_request request = fox();
  spark_t2i_image *image = NULL;
  OK(spark_t2i_log_to(SPARK_T2I_LOG_DEBUG, count_record, &records, NULL));
  OK(spark_t2i_client_generate(client, &request, -1, &image, NULL));
  OK(spark_t2i_image_free(image));
  for (int i = 0; i < 1000 && atomic_load(&records) < 2; i++) pause_ms(5);
  OK(spark_t2i_log_to(SPARK_T2I_LOG_OFF, NULL, NULL, NULL));
  const int before = atomic_load(&records);
  CHECK(before >= 2, "%d records", before);
  OK(spark_t2i_client_generate(client, &request, -1, &image, NULL));
  OK(spark_t2i_image_free(image));
  pause_ms(50);
  CHECK(atomic_load(&records) == before, "records that nobody wants");
}

int main(int count, char **arguments) {
#define TEST(name) {#name, name}
  static const struct {
    const char *name;
    void (*run)(void);
  } tests[] = {
      TEST(every_function_takes_null),
      TEST(a_handle_freed_twice_or_used_after_is_reported),
      TEST(a_stale_handle_is_not_the_next_one),
      TEST(what_is_no_handle_is_told),
      TEST(of_threads_that_free_the_same_one_does),
      TEST(what_is_not_utf_8_is_refused),
      TEST(numbers_are_judged_exactly),
      TEST(structs_of_other_versions),
      TEST(callbacks_come_from_one_thread),
      TEST(freeing_waits_for_a_callback_that_runs),
      TEST(a_callback_may_free_its_own_call),
      TEST(cancelling_ends_a_call_at_once_and_names_its_task),
      TEST(a_thread_waits_with_a_deadline),
      TEST(handles_freed_while_calls_run),
      TEST(callbacks_during_shutdown),
      TEST(many_in_the_order_of_completion),
      TEST(many_that_are_cancelled_ask_for_no_more),
      TEST(many_by_callbacks),
      TEST(sixty_four_threads_on_one_client),
      TEST(a_forked_child_goes_on),
      TEST(memory_stays_flat),
      TEST(clients_come_and_go),
      TEST(the_threads_of_the_library_take_no_signals),
      TEST(the_emulator_breaks_on_demand),
      TEST(log_records_until_they_are_not_wanted),
  };
  setvbuf(stdout, NULL, _IOLBF, 0);
  for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
    if (count > 1 && strstr(tests[i].name, arguments[1]) == NULL) continue;
    running = tests[i].name;
    printf("%s\n", running);
    quick = emulator_with("50ms");
    slow = emulator_with("3600s");
    client = client_with(quick, -1);
    slow_client = client_with(slow, -1);
    tests[i].run();
    OK(spark_t2i_client_free(client));
    OK(spark_t2i_client_free(slow_client));
    OK(spark_t2i_emulator_free(quick));
    OK(spark_t2i_emulator_free(slow));
    spark_t2i_shut_down(10);
    CHECK(spark_t2i_handle_count() == 0, "%zu handles were not freed", spark_t2i_handle_count());
  }
  return 0;
}
