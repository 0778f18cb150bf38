/* Every scenario, three times: by the functions that block, by a call that a thread waits for, and by callbacks. */

#define _GNU_SOURCE
#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "support.h"

enum way { BLOCKING, WAITING, CALLBACKS };
static const char *const ways[] = {"blocking", "waiting", "callbacks"};

/* As many run at once. */
#define RUNNERS 16
/* As many where a tool makes this program slow. */
#define SLOW_RUNNERS 8

/* How many times as slow as by itself; NULL where no tool does. */
static const char *slowed(void) { return getenv("SPARK_T2I_TEST_SLOWED"); }

struct run {
  enum way way;
  const json_t *call;
  char folder[64];
  spark_t2i_client *client;
};

/* One of the copies of a call. */
struct copy {
  const struct run *run;
  pthread_t thread;
  json_t *outcome;
  /* What callbacks have told. */
  pthread_mutex_t lock;
  pthread_cond_t changed;
  bool done;
  spark_t2i_outcome told;
  json_t *items;
  /* What there is to cancel. */
  spark_t2i_call *call;
  bool cancelled;
};

static json_t *field(const json_t *of, const char *name) { return json_object_get(of, name); }

static void on_event(void *user_data, const spark_t2i_event_fields *event) {
  struct copy *copy = user_data;
  json_array_append_new(copy->items, event_form(event));
}

static json_t *generated_form(const spark_t2i_generated *generated) {
  json_t *form = json_pack("{s:o}", "index", json_integer((json_int_t)generated->index));
  if (generated->result == SPARK_T2I_OK) json_object_set_new(form, "result", image_form(generated->image));
  else json_object_set_new(form, "error", error_form(spark_t2i_error_get(generated->error)));
  spark_t2i_image_free(generated->image);
  spark_t2i_error_free(generated->error);
  return form;
}

static void on_generated(void *user_data, const spark_t2i_generated *generated) {
  struct copy *copy = user_data;
  json_array_append_new(copy->items, generated_form(generated));
}

static void on_done(void *user_data, const spark_t2i_outcome *outcome) {
  struct copy *copy = user_data;
  pthread_mutex_lock(&copy->lock);
  if (copy->done) fail("a call was told as done twice");
  copy->told = *outcome;
  copy->done = true;
  pthread_cond_signal(&copy->changed);
  pthread_mutex_unlock(&copy->lock);
}

static double cancel_after(const struct copy *copy) {
  const json_t *seconds = field(copy->run->call, "cancel_after_seconds");
  return seconds == NULL ? -1 : json_number_value(seconds);
}

static spark_t2i_callbacks callbacks_of(struct copy *copy) {
  spark_t2i_callbacks callbacks = SPARK_T2I_CALLBACKS_INIT;
  callbacks.user_data = copy;
  callbacks.on_event = on_event;
  callbacks.on_generated = on_generated;
  callbacks.on_done = on_done;
  copy->done = false;
  return callbacks;
}

/* Cancels the call that is under way when its time has come. */
static void *cancel_later(void *argument) {
  struct copy *copy = argument;
  const double after = cancel_after(copy);
  const struct timespec time = {(time_t)after, (long)((after - (double)(time_t)after) * 1e9)};
  nanosleep(&time, NULL);
  pthread_mutex_lock(&copy->lock);
  copy->cancelled = true;
  spark_t2i_call_cancel(copy->call);
  pthread_mutex_unlock(&copy->lock);
  return NULL;
}

/* What the canceller finds; NULL for nothing. */
static void under_way(struct copy *copy, spark_t2i_call *call) {
  pthread_mutex_lock(&copy->lock);
  copy->call = call;
  if (copy->cancelled) spark_t2i_call_cancel(call);
  pthread_mutex_unlock(&copy->lock);
}

/* What comes of a call that was begun. */
static spark_t2i_outcome ended(struct copy *copy, spark_t2i_result begun, spark_t2i_call *call, spark_t2i_error *error) {
  spark_t2i_outcome outcome = {.result = begun, .error = error};
  if (begun != SPARK_T2I_OK) return outcome;
  under_way(copy, call);
  if (copy->run->way == CALLBACKS) {
    pthread_mutex_lock(&copy->lock);
    while (!copy->done) pthread_cond_wait(&copy->changed, &copy->lock);
    outcome = copy->told;
    pthread_mutex_unlock(&copy->lock);
  } else {
    spark_t2i_event *event = NULL;
    spark_t2i_result step;
    if (strcmp(json_string_value(field(copy->run->call, "do")), "generate_many") == 0) {
      spark_t2i_generated generated;
      while ((step = spark_t2i_call_next_generated(call, -1, &generated, NULL)) == SPARK_T2I_OK)
        json_array_append_new(copy->items, generated_form(&generated));
    } else {
      while ((step = spark_t2i_call_next_event(call, -1, &event, NULL)) == SPARK_T2I_OK) {
        json_array_append_new(copy->items, event_form(spark_t2i_event_get(event)));
        spark_t2i_event_free(event);
      }
    }
    if (step != SPARK_T2I_END) fail("a call gives %d before its end", (int)step);
    spark_t2i_call_wait(call, -1, &outcome);
  }
  under_way(copy, NULL);
  spark_t2i_call_free(call);
  return outcome;
}

/* One function, by the way of the run. A call that is to be cancelled does not block. */
#define MAKE(copy, outcome, member, function, ...)                                                             \
  do {                                                                                                         \
    if ((copy)->run->way == BLOCKING && cancel_after(copy) < 0) {                                              \
      (outcome).result = function(__VA_ARGS__, -1, &(outcome).member, &(outcome).error);                       \
    } else {                                                                                                   \
      spark_t2i_callbacks callbacks = callbacks_of(copy);                                                      \
      spark_t2i_call *call = NULL;                                                                             \
      spark_t2i_error *error = NULL;                                                                           \
      spark_t2i_result begun = function##_start(                                                               \
          __VA_ARGS__, -1, (copy)->run->way == CALLBACKS ? &callbacks : NULL, &call, &error);                  \
      (outcome) = ended(copy, begun, call, error);                                                             \
    }                                                                                                          \
  } while (0)

static bool next_request(void *user_data, size_t index, spark_t2i_request *request) {
  const struct copy *copy = user_data;
  const json_t *parameters = json_array_get(field(copy->run->call, "requests"), index);
  if (parameters == NULL) return false;
  if (!request_of(parameters, request)) fail("a request that is not typed");
  return true;
}

static int by_index(const void *one, const void *other) {
  json_int_t a = json_integer_value(field(*(json_t *const *)one, "index"));
  json_int_t b = json_integer_value(field(*(json_t *const *)other, "index"));
  return (a > b) - (a < b);
}

static json_t *sorted(json_t *items) {
  size_t count = json_array_size(items);
  json_t **all = calloc(count + 1, sizeof *all);
  json_t *list = json_array();
  for (size_t i = 0; i < count; i++) all[i] = json_array_get(items, i);
  qsort(all, count, sizeof *all, by_index);
  for (size_t i = 0; i < count; i++) json_array_append(list, all[i]);
  free(all);
  return list;
}

/* The image of a scenario that needs one first. */
static void finish(struct copy *copy, spark_t2i_outcome *outcome, const char *word) {
  if (outcome->result != SPARK_T2I_OK) return;
  spark_t2i_image *image = outcome->image;
  outcome->image = NULL;
  if (strcmp(word, "bytes") == 0) {
    MAKE(copy, *outcome, bytes, spark_t2i_image_bytes, image);
  } else {
    char path[512];
    const spark_t2i_text target = {path, (size_t)snprintf(path, sizeof path, "%s/%s", copy->run->folder,
                                                          json_string_value(field(copy->run->call, "file")))};
    const uint32_t flags = json_is_true(field(copy->run->call, "overwrite")) ? SPARK_T2I_OVERWRITE : 0;
    MAKE(copy, *outcome, saved, spark_t2i_image_save, image, target, flags);
  }
  spark_t2i_image_free(image);
}

static json_t *result_form(struct copy *copy, const char *word, const spark_t2i_outcome *outcome) {
  if (strcmp(word, "submit") == 0) {
    spark_t2i_snapshot *snapshot = NULL;
    spark_t2i_task_snapshot(outcome->task, &snapshot, NULL);
    json_t *form = json_pack("{s:o, s:o}", "task_id", text_value(spark_t2i_task_id(outcome->task)), "status",
                             text_value(spark_t2i_snapshot_get(snapshot)->status_word));
    spark_t2i_snapshot_free(snapshot);
    return form;
  }
  if (strcmp(word, "estimate") == 0) return estimate_form(outcome->estimate);
  if (strcmp(word, "refresh") == 0) return snapshot_form(spark_t2i_snapshot_get(outcome->snapshot));
  if (strcmp(word, "events") == 0) return json_incref(copy->items);
  if (strcmp(word, "generate_many") == 0) return sorted(copy->items);
  if (strcmp(word, "bytes") == 0) {
    spark_t2i_text bytes = spark_t2i_bytes_get(outcome->bytes);
    return json_pack("{s:I, s:I}", "bytes", (json_int_t)bytes.length, "crc32",
                     (json_int_t)crc32_of(bytes.data, bytes.length));
  }
  if (strcmp(word, "save") == 0) {
    const spark_t2i_saved_fields *saved = spark_t2i_saved_get(outcome->saved);
    return json_pack("{s:s, s:I}", "file", strrchr(saved->path.data, '/') + 1, "bytes", (json_int_t)saved->bytes);
  }
  return image_form(outcome->image);
}

static void *make_copy(void *argument) {
  struct copy *copy = argument;
  const char *word = json_string_value(field(copy->run->call, "do"));
  const json_t *task_id = field(copy->run->call, "task_id");
  spark_t2i_client *client = copy->run->client;
  spark_t2i_outcome outcome = {.result = SPARK_T2I_OK};
  spark_t2i_request request = SPARK_T2I_REQUEST_INIT;
  const json_t *parameters = field(copy->run->call, "parameters");
  if (parameters != NULL && !request_of(parameters, &request)) fail("parameters that are not typed");
  pthread_t canceller;
  const bool cancels = cancel_after(copy) >= 0;
  if (cancels && pthread_create(&canceller, NULL, cancel_later, copy) != 0) fail("no thread");

  if (strcmp(word, "generate") == 0) {
    MAKE(copy, outcome, image, spark_t2i_client_generate, client, &request);
  } else if (strcmp(word, "submit") == 0) {
    MAKE(copy, outcome, task, spark_t2i_client_submit, client, &request);
  } else if (strcmp(word, "estimate") == 0) {
    MAKE(copy, outcome, estimate, spark_t2i_client_estimate, client, &request);
  } else if (strcmp(word, "generate_many") == 0) {
    spark_t2i_callbacks callbacks = callbacks_of(copy);
    spark_t2i_call *call = NULL;
    spark_t2i_result begun = spark_t2i_client_generate_many_start(
        client, next_request, copy, -1, copy->run->way == CALLBACKS ? &callbacks : NULL, &call, &outcome.error);
    outcome = ended(copy, begun, call, outcome.error);
  } else {
    spark_t2i_task *task = NULL;
    if (task_id != NULL)
      outcome.result = spark_t2i_client_task(client, spark_t2i_text_of(json_string_value(task_id)), &task, &outcome.error);
    else outcome.result = spark_t2i_client_submit(client, &request, -1, &task, &outcome.error);
    if (outcome.result == SPARK_T2I_OK) {
      if (strcmp(word, "refresh") == 0) {
        MAKE(copy, outcome, snapshot, spark_t2i_task_refresh, task);
      } else if (strcmp(word, "events") == 0) {
        spark_t2i_callbacks callbacks = callbacks_of(copy);
        spark_t2i_call *call = NULL;
        spark_t2i_result begun = spark_t2i_task_events_start(
            task, -1, copy->run->way == CALLBACKS ? &callbacks : NULL, &call, &outcome.error);
        outcome = ended(copy, begun, call, outcome.error);
      } else {
        MAKE(copy, outcome, image, spark_t2i_task_wait, task);
        if (strcmp(word, "wait") != 0) finish(copy, &outcome, word);
      }
    }
    spark_t2i_task_free(task);
  }

  if (cancels) pthread_join(canceller, NULL);
  if (outcome.result == SPARK_T2I_OK) {
    copy->outcome = json_pack("{s:o}", "result", result_form(copy, word, &outcome));
  } else {
    if (spark_t2i_error_get(outcome.error)->kind != outcome.result) fail("the error is of another kind than the result");
    copy->outcome = json_pack("{s:o}", "error", error_form(spark_t2i_error_get(outcome.error)));
    if (outcome.result == SPARK_T2I_CANCELLED) json_object_set_new(copy->outcome, "cancelled", json_true());
  }
  spark_t2i_image_free(outcome.image);
  spark_t2i_task_free(outcome.task);
  spark_t2i_estimate_free(outcome.estimate);
  spark_t2i_snapshot_free(outcome.snapshot);
  spark_t2i_bytes_free(outcome.bytes);
  spark_t2i_saved_free(outcome.saved);
  spark_t2i_error_free(outcome.error);
  return NULL;
}

static json_t *make_call(const struct run *run) {
  const json_t *copies = field(run->call, "copies");
  size_t count = copies == NULL ? 1 : (size_t)json_integer_value(copies);
  struct copy *all = calloc(count, sizeof *all);
  for (size_t i = 0; i < count; i++) {
    all[i].run = run;
    all[i].items = json_array();
    pthread_mutex_init(&all[i].lock, NULL);
    pthread_cond_init(&all[i].changed, NULL);
    if (pthread_create(&all[i].thread, NULL, make_copy, &all[i]) != 0) fail("no thread");
  }
  json_t *each = json_array();
  for (size_t i = 0; i < count; i++) {
    pthread_join(all[i].thread, NULL);
    json_array_append_new(each, all[i].outcome);
    json_decref(all[i].items);
    pthread_cond_destroy(&all[i].changed);
    pthread_mutex_destroy(&all[i].lock);
  }
  free(all);
  if (copies != NULL) return json_pack("{s:o}", "each", each);
  json_t *outcome = json_incref(json_array_get(each, 0));
  json_decref(each);
  return outcome;
}

static double seconds_of(const json_t *options, const char *name) {
  const json_t *value = field(options, name);
  return value == NULL ? -1 : json_number_value(value);
}

static spark_t2i_text option(const json_t *options, const char *name) {
  return spark_t2i_text_of(json_string_value(field(options, name)));
}

static spark_t2i_result client_of(struct run *run, const json_t *said, spark_t2i_error **error) {
  static const char *const known[] = {"api_key",         "base_url",
                                      "ca_bundle_pem",   "connect_timeout_seconds",
                                      "request_timeout_seconds", "wait_timeout_seconds",
                                      "poll_interval_seconds",   "max_retries",
                                      "max_requests_per_second", "max_in_flight",
                                      "headers",         "user_agent_suffix",
                                      "on_outcome_unknown"};
  spark_t2i_options options = SPARK_T2I_OPTIONS_INIT;
  spark_t2i_header headers[16];
  char bundle[96];
  const char *name;
  json_t *value;
  json_object_foreach((json_t *)said, name, value) {
    size_t i = 0;
    while (i < sizeof known / sizeof *known && strcmp(known[i], name) != 0) i++;
    if (i == sizeof known / sizeof *known) fail("this runner knows no option %s", name);
  }
  options.api_key = option(said, "api_key");
  options.base_url = option(said, "base_url");
  options.user_agent_suffix = option(said, "user_agent_suffix");
  options.connect_timeout_seconds = seconds_of(said, "connect_timeout_seconds");
  options.request_timeout_seconds = seconds_of(said, "request_timeout_seconds");
  options.wait_timeout_seconds = seconds_of(said, "wait_timeout_seconds");
  options.poll_interval_seconds = seconds_of(said, "poll_interval_seconds");
  options.max_requests_per_second = seconds_of(said, "max_requests_per_second");
  options.max_retries = (int64_t)seconds_of(said, "max_retries");
  options.max_in_flight = (int64_t)seconds_of(said, "max_in_flight");
  if ((value = field(said, "on_outcome_unknown")) != NULL)
    options.on_outcome_unknown =
        strcmp(json_string_value(value), "resubmit") == 0 ? SPARK_T2I_RESUBMIT : SPARK_T2I_FAIL;
  options.headers = headers;
  json_object_foreach(field(said, "headers"), name, value) {
    headers[options.header_count].name = spark_t2i_text_of(name);
    headers[options.header_count++].value = spark_t2i_text_of(json_string_value(value));
  }
  if ((value = field(said, "ca_bundle_pem")) != NULL) {
    snprintf(bundle, sizeof bundle, "%s.pem", run->folder);
    write_file(bundle, json_string_value(value));
    options.ca_bundle = spark_t2i_text_of(bundle);
  }
  return spark_t2i_client_new(&options, &run->client, error);
}

static json_t *folder_form(const char *folder) {
  struct dirent **names;
  json_t *files = json_array();
  int count = scandir(folder, &names, NULL, alphasort);
  for (int i = 0; i < count; i++) {
    const char *name = names[i]->d_name;
    if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0) {
      char path[512];
      size_t length = 0;
      struct stat about;
      snprintf(path, sizeof path, "%s/%s", folder, name);
      char *content = lstat(path, &about) == 0 && S_ISREG(about.st_mode) ? read_file(path, &length) : NULL;
      json_array_append_new(files, json_pack("{s:s, s:o, s:o}", "name", name, "bytes",
                                             content == NULL ? json_null() : json_integer((json_int_t)length), "crc32",
                                             content == NULL ? json_null() : json_integer(crc32_of(content, length))));
      free(content);
    }
    free(names[i]);
  }
  free(names);
  return files;
}

static void prepare(const struct run *run) {
  const json_t *existing = field(run->call, "existing");
  char path[512];
  if (existing == NULL) return;
  snprintf(path, sizeof path, "%s/%s", run->folder, json_string_value(field(run->call, "file")));
  if (json_is_string(existing)) write_file(path, json_string_value(existing));
  else mkdir(path, 0777);
}

/* Removes the folder with what is in it, of which a folder is empty, and the certificates beside it. */
static void clear(const char *folder) {
  struct dirent **names;
  char path[512];
  int count = scandir(folder, &names, NULL, NULL);
  for (int i = 0; i < count; i++) {
    const char *name = names[i]->d_name;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && remove(path) != 0) fail("%s cannot be removed", path);
    free(names[i]);
  }
  if (count >= 0) free(names);
  if (rmdir(folder) != 0) fail("%s cannot be removed", folder);
  snprintf(path, sizeof path, "%s.pem", folder);
  unlink(path);
}

/* What is being done, by all runners. */
struct work {
  const char *url;
  const json_t *names;
  const char *only;
  unsigned label;
  pthread_mutex_t lock;
  size_t next;
  size_t failed;
  size_t done;
  json_t *keys;
  /* Numbers of runs to be made once more. */
  json_t *again;
};

static bool run_one(struct work *work, const char *name, enum way way) {
  char path[512];
  struct run run = {.way = way, .folder = "/tmp/spark-t2i-XXXXXX"};
  spark_t2i_error *error = NULL;
  if (mkdtemp(run.folder) == NULL) fail("no folder");
  snprintf(path, sizeof path, "/scenarios/%s@c-%s-%u?slowed=%s", name, ways[way], work->label,
           slowed() == NULL ? "1" : slowed());
  char *said = http(work->url, path, NULL);
  json_t *of = json_loads(said, JSON_ALLOW_NUL, NULL);
  if (of == NULL) fail("%s cannot be read: %s", path, said);
  free(said);
  run.call = field(of, "call");
  const json_t *options = field(of, "options");
  prepare(&run);

  const double begin = now();
  json_t *outcome;
  if (client_of(&run, options, &error) != SPARK_T2I_OK) {
    outcome = json_pack("{s:o}", "error", error_form(spark_t2i_error_get(error)));
    spark_t2i_error_free(error);
  } else {
    outcome = make_call(&run);
    json_object_set_new(outcome, "stats", stats_form(run.client));
  }
  json_object_set_new(outcome, "seconds", double_value(now() - begin));
  json_object_set_new(outcome, "folder", folder_form(run.folder));
  spark_t2i_client_free(run.client);

  snprintf(path, sizeof path, "/scenarios/%s@c-%s-%u/verdict", name, ways[way], work->label);
  char *text = compact(outcome);
  said = http(work->url, path, text);
  json_t *verdict = json_loads(said, JSON_ALLOW_NUL, NULL);
  pthread_mutex_lock(&work->lock);
  json_array_append(work->keys, field(options, "api_key"));
  work->done++;
  const bool passed = json_is_true(field(verdict, "passed"));
  if (!passed) {
    char *differences = json_dumps(field(verdict, "differences"), JSON_INDENT(2));
    char *requests = json_dumps(field(verdict, "requests"), JSON_INDENT(2));
    fprintf(stderr, "%s (%s): %s\n%s\n%s\n%s\n", name, ways[way], json_string_value(field(of, "about")), differences,
            requests, text);
    free(differences);
    free(requests);
  }
  pthread_mutex_unlock(&work->lock);
  json_decref(verdict);
  json_decref(of);
  free(said);
  free(text);
  clear(run.folder);
  return passed;
}

static void *run_some(void *argument) {
  struct work *work = argument;
  for (;;) {
    pthread_mutex_lock(&work->lock);
    size_t next = work->next++;
    pthread_mutex_unlock(&work->lock);
    const char *name = json_string_value(json_array_get(work->names, next / 3));
    if (name == NULL) return NULL;
    if ((work->only == NULL || strstr(name, work->only) != NULL) && !run_one(work, name, (enum way)(next % 3))) {
      pthread_mutex_lock(&work->lock);
      json_array_append_new(work->again, json_integer((json_int_t)next));
      pthread_mutex_unlock(&work->lock);
    }
  }
}

/* Where a tool makes this program slow, one run may keep the library's thread from another for longer than that has time:
   what failed is made once more, alone. */
static void run_again(struct work *work) {
  work->failed = json_array_size(work->again);
  if (slowed() == NULL) return;
  work->label++;
  for (size_t i = 0; i < json_array_size(work->again); i++) {
    size_t number = (size_t)json_integer_value(json_array_get(work->again, i));
    const char *name = json_string_value(json_array_get(work->names, number / 3));
    fprintf(stderr, "%s (%s), once more, alone\n", name, ways[number % 3]);
    if (run_one(work, name, (enum way)(number % 3))) work->failed--;
  }
}

/* What was logged. */
struct log {
  pthread_mutex_t lock;
  char *text;
  size_t length;
  size_t records;
};

static void on_log(void *user_data, int32_t level, spark_t2i_text target, spark_t2i_text message) {
  struct log *log = user_data;
  (void)level;
  pthread_mutex_lock(&log->lock);
  log->text = realloc(log->text, log->length + target.length + message.length + 3);
  if (log->text == NULL) fail("out of memory");
  log->length += (size_t)sprintf(log->text + log->length, "%s %s\n", target.data, message.data);
  log->records++;
  pthread_mutex_unlock(&log->lock);
}

void run_scenarios(const char *url, const char *only) {
  struct log log = {.lock = PTHREAD_MUTEX_INITIALIZER};
  char *said = http(url, "/scenarios", NULL);
  json_t *names = json_loads(said, 0, NULL);
  free(said);
  if (json_array_size(names) == 0) fail("there are no scenarios");
  struct work work = {
      .url = url, .names = names, .only = only, .label = (unsigned)getpid(), .lock = PTHREAD_MUTEX_INITIALIZER};
  work.keys = json_array();
  work.again = json_array();
  if (spark_t2i_log_to(SPARK_T2I_LOG_TRACE, on_log, &log, NULL) != SPARK_T2I_OK) fail("no log");
  pthread_t runners[RUNNERS];
  const int count = slowed() == NULL ? RUNNERS : SLOW_RUNNERS;
  for (int i = 0; i < count; i++)
    if (pthread_create(&runners[i], NULL, run_some, &work) != 0) fail("no thread");
  for (int i = 0; i < count; i++) pthread_join(runners[i], NULL);
  run_again(&work);

  /* All that is still to be told is told then. */
  spark_t2i_shut_down(10);
  spark_t2i_log_to(SPARK_T2I_LOG_OFF, NULL, NULL, NULL);
  for (size_t i = 0; i < json_array_size(work.keys); i++) {
    const char *key = json_string_value(json_array_get(work.keys, i));
    if (strlen(key) > 3 && memmem(log.text, log.length, key, strlen(key)) != NULL) fail("a key is in the log");
  }
  if (log.records < work.done) fail("only %zu log records", log.records);
  printf("scenarios: %zu runs, %zu failed; %zu log records without a key\n", work.done, work.failed, log.records);
  if (work.failed > 0 || work.done == 0) exit(1);
  json_decref(work.keys);
  json_decref(work.again);
  json_decref(names);
  free(log.text);
}
