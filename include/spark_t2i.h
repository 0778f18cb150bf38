/*
 * Spark T2I for C: the client of spark_t2i_3_0, a text-to-image service.
 *
 *     spark_t2i_client *client = NULL;
 *     spark_t2i_image *image = NULL;
 *     spark_t2i_request request = SPARK_T2I_REQUEST_INIT;
 *     request.prompt = spark_t2i_text_of("a red fox in the snow");
 *     if (spark_t2i_client_new(NULL, &client, NULL) == SPARK_T2I_OK &&
 *         spark_t2i_client_generate(client, &request, -1, &image, NULL) == SPARK_T2I_OK) {
 *         spark_t2i_image_save(image, spark_t2i_text_of("fox.png"), 0, -1, NULL, NULL);
 *     }
 *     spark_t2i_image_free(image);
 *     spark_t2i_client_free(client);
 *
 * Results. A function that may fail returns a spark_t2i_result, 0 where it is done. Its last parameter, which may be
 * NULL, is the place for an error, that is NULL then; an error belongs to the caller, like every handle that is given to
 * it. A place is overwritten without looking at what is there.
 *
 * Handles. A client, a task, an error and so on is a handle: a number in the clothes of a pointer, which is never read
 * as one. The library looks it up in a table, so that NULL, a handle that was freed (whoever has got its place by now),
 * one of another kind and a pointer to something else are told from one that is valid, and are reported as
 * SPARK_T2I_INVALID_REQUEST. Each _free does so too; NULL it takes, and returns SPARK_T2I_OK. A handle may be freed while
 * other threads use it: a function that is under way keeps what it needs.
 *
 * What a handle tells is read with its _get, as a struct of plain fields: never NULL, but with all fields absent where
 * there is no such handle. That, and every text in it, is valid until the handle is freed. New fields of these structs
 * come at their ends. A struct that the caller fills begins with its size and is begun with its _INIT, so that a program
 * works with a later library as well.
 *
 * Texts are UTF-8 with a length; {NULL, 0} is none, so look before printing `data`. One that is not UTF-8 is refused.
 * Money is a decimal number as text.
 *
 * Threads. Every function may be called by any thread at any time, also on the same handle. Callbacks are called on one
 * thread of the library, the callback thread, one after the other and under no lock. When the handle of their call was
 * freed, they are not called any more; freeing waits for one that is running, unless that is who frees.
 * The library's threads take no signals.
 * spark_t2i_shut_down ends all threads of the library; a program calls it before it ends.
 *
 * A forked child may go on with what its parent had, but for calls under way and emulators, which stay with the parent;
 * as POSIX has it, a program with other threads of its own should do nothing between fork and exec.
 */


#ifndef SPARK_T2I_H
#define SPARK_T2I_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#if UINTPTR_MAX < UINT64_MAX
#error "spark_t2i needs pointers of 64 bits: its handles take that much"
#endif

/* The version of this header: compare spark_t2i_version(). */
#define SPARK_T2I_VERSION "0.1.0"

/* What the structs that a caller fills begin with: nothing given. */
#define SPARK_T2I_REQUEST_INIT \
  {sizeof(spark_t2i_request), {NULL, 0}, {NULL, 0}, SPARK_T2I_UNSET, SPARK_T2I_UNSET, SPARK_T2I_UNSET, SPARK_T2I_UNSET}
#define SPARK_T2I_OPTIONS_INIT \
  {sizeof(spark_t2i_options), {NULL, 0}, {NULL, 0}, -1.0, -1.0, -1.0, -1, -1.0, -1.0, -1.0, {NULL, 0}, -1, NULL, 0, \
   {NULL, 0}, {NULL, 0}, {NULL, 0}, SPARK_T2I_FAIL}
#define SPARK_T2I_CALLBACKS_INIT {sizeof(spark_t2i_callbacks), NULL, NULL, NULL, NULL}
#define SPARK_T2I_EMULATOR_OPTIONS_INIT \
  {sizeof(spark_t2i_emulator_options), {NULL, 0}, -1.0, -1.0, {NULL, 0}, {NULL, 0}, SPARK_T2I_UNSET, -1, {NULL, 0}, \
   {NULL, 0}, NULL, 0}


/// In a request: not given, and not sent. (In options and timeouts any number below 0 means "not given".)
#define SPARK_T2I_UNSET INT64_MIN

/// For saving: replaces a file that is there already, at once and whole.
#define SPARK_T2I_OVERWRITE 1

/// For saving: adds the extension of the image's own format to the path.
#define SPARK_T2I_ADD_EXTENSION 2

/// How a function or a call ended: well, or with an error of this kind. A number never gets another meaning; a later
/// version may have more, which are errors, too.
typedef enum spark_t2i_result {
  /// It is done.
  SPARK_T2I_OK = 0,
  /// The request breaks a rule (found before anything was sent, or by the service: 400, 422); or an argument or an option
  /// cannot be, a handle that was freed among them.
  SPARK_T2I_INVALID_REQUEST = 1,
  /// The key is missing, malformed or refused (401).
  SPARK_T2I_AUTHENTICATION = 2,
  /// The key may not do this (403).
  SPARK_T2I_PERMISSION = 3,
  /// The account has too little balance (402 or a balance code).
  SPARK_T2I_INSUFFICIENT_BALANCE = 4,
  /// Too many requests (429), beyond the retries.
  SPARK_T2I_RATE_LIMITED = 5,
  /// A deadline passed. The task goes on.
  SPARK_T2I_TIMEOUT = 6,
  /// No connection, or a service that cannot answer now (5xx), beyond the retries.
  SPARK_T2I_CONNECTION = 7,
  /// An answer that cannot be understood.
  SPARK_T2I_PROTOCOL = 8,
  /// No such task, or no such endpoint (a wrong base URL).
  SPARK_T2I_NOT_FOUND = 9,
  /// The task ended without an image.
  SPARK_T2I_TASK_FAILED = 10,
  /// A submit of which nobody can say whether the service took (and charged) it. It was not sent again.
  SPARK_T2I_OUTCOME_UNKNOWN = 11,
  /// The image could not be fetched, or is not what it should be.
  SPARK_T2I_DOWNLOAD = 12,
  /// A file could not be read or written, or exists already.
  SPARK_T2I_IO = 13,
  /// Cancelled by the caller. The task, if there is one, goes on.
  SPARK_T2I_CANCELLED = 14,
  /// A bug of this library.
  SPARK_T2I_INTERNAL = 15,
  /// No error: nothing has come of the call yet.
  SPARK_T2I_PENDING = 100,
  /// No error: there is nothing more to come.
  SPARK_T2I_END = 101,
} spark_t2i_result;

/// What happened to a task.
typedef enum spark_t2i_event_kind {
  /// Something of a later version: see `kind_name`.
  SPARK_T2I_EVENT_OTHER = 0,
  /// The service took it.
  SPARK_T2I_EVENT_SUBMITTED = 1,
  /// It waits its turn.
  SPARK_T2I_EVENT_QUEUED = 2,
  /// It is being generated.
  SPARK_T2I_EVENT_RUNNING = 3,
  /// It could not be asked for; the next try follows after the delay.
  SPARK_T2I_EVENT_RETRYING = 4,
  /// It is done. The last event.
  SPARK_T2I_EVENT_COMPLETED = 5,
  /// It failed, or the waiting did: see the error. The last event.
  SPARK_T2I_EVENT_FAILED = 6,
} spark_t2i_event_kind;

/// Whether what failed was charged.
typedef enum spark_t2i_charged {
  /// Nobody on this side can say.
  SPARK_T2I_CHARGED_UNKNOWN = 0,
  /// Certainly not.
  SPARK_T2I_CHARGED_NO = 1,
  /// Certainly.
  SPARK_T2I_CHARGED_YES = 2,
} spark_t2i_charged;

/// The state of a task.
typedef enum spark_t2i_status {
  /// A word of a later version of the service: see `status_word`. Not the end.
  SPARK_T2I_STATUS_OTHER = 0,
  /// Waiting.
  SPARK_T2I_STATUS_QUEUED = 1,
  /// Being generated.
  SPARK_T2I_STATUS_RUNNING = 2,
  /// Done, with output.
  SPARK_T2I_STATUS_COMPLETED = 3,
  /// Done, without output.
  SPARK_T2I_STATUS_FAILED = 4,
} spark_t2i_status;

/// How much is recorded.
typedef enum spark_t2i_log_level {
  /// Nothing.
  SPARK_T2I_LOG_OFF = 0,
  /// What has gone wrong in the library itself.
  SPARK_T2I_LOG_ERROR = 1,
  /// What somebody should look at.
  SPARK_T2I_LOG_WARNING = 2,
  /// Tasks, and what became of them.
  SPARK_T2I_LOG_INFO = 3,
  /// Requests and repetitions.
  SPARK_T2I_LOG_DEBUG = 4,
  /// Everything.
  SPARK_T2I_LOG_TRACE = 5,
} spark_t2i_log_level;

/// What to do with a submit of which nobody can say whether the service took it.
typedef enum spark_t2i_on_outcome_unknown {
  /// Report it as `SPARK_T2I_OUTCOME_UNKNOWN`: nothing is ever paid twice.
  SPARK_T2I_FAIL = 0,
  /// Submit again, within the retries: an image is worth more than the risk of paying for it twice.
  SPARK_T2I_RESUBMIT = 1,
} spark_t2i_on_outcome_unknown;

/// Bytes: those of an image, or a text.
typedef struct spark_t2i_bytes spark_t2i_bytes;

/// A call under way.
typedef struct spark_t2i_call spark_t2i_call;

/// A client of the service. Any number of threads may use it.
typedef struct spark_t2i_client spark_t2i_client;

/// The service on loopback, inside this process.
typedef struct spark_t2i_emulator spark_t2i_emulator;

/// An error.
typedef struct spark_t2i_error spark_t2i_error;

/// What a request would probably cost.
typedef struct spark_t2i_estimate spark_t2i_estimate;

/// Something that happened to a task.
typedef struct spark_t2i_event spark_t2i_event;

/// A finished image. Nothing is downloaded before it is asked for.
typedef struct spark_t2i_image spark_t2i_image;

/// The verdict on a request.
typedef struct spark_t2i_report spark_t2i_report;

/// A file that was saved.
typedef struct spark_t2i_saved spark_t2i_saved;

/// What one answer of the service said about a task.
typedef struct spark_t2i_snapshot spark_t2i_snapshot;

/// What a client has done.
typedef struct spark_t2i_stats spark_t2i_stats;

/// A task at the service.
typedef struct spark_t2i_task spark_t2i_task;

/// A text in UTF-8: `length` bytes at `data`, which need not end with NUL and may hold NULs. `{NULL, 0}` is no text.
///
/// Texts that the library hands out do end with a NUL behind their last byte. They belong to the object that they were
/// read from, and are valid as long as it is.
typedef struct spark_t2i_text {
  /// The first byte.
  const char *data;
  /// How many bytes, a NUL at the end not counted.
  size_t length;
} spark_t2i_text;

/// One image to be generated. Begin with `SPARK_T2I_REQUEST_INIT`. What breaks a rule of the service is found before
/// anything is sent.
typedef struct spark_t2i_request {
  /// The size of this struct, as the caller's compiler knows it.
  size_t size;
  /// What the image shows, in Chinese or English: 1 to 800 characters, at most 120 recommended.
  struct spark_t2i_text prompt;
  /// The model; none for `spark_t2i_3_0`.
  struct spark_t2i_text model;
  /// -1 for a random image, or 1 to 2^63-1: the same seed with the same parameters very probably gives a consistent image.
  int64_t seed;
  /// Pixels, 1328 by default; only together with `height`. `width` times `height` lies in 512x512 to 2048x2048, the aspect
  /// ratio in 1:3 to 3:1.
  int64_t width;
  /// Pixels, 1328 by default; only together with `width`.
  int64_t height;
  /// 1 (the service's default) lets the service expand the prompt first, 0 does not. Recommended for short prompts.
  int64_t use_pre_llm;
} spark_t2i_request;

/// A header of HTTP.
typedef struct spark_t2i_header {
  /// Its name.
  struct spark_t2i_text name;
  /// Its value.
  struct spark_t2i_text value;
} spark_t2i_header;

/// The settings of a client. Begin with `SPARK_T2I_OPTIONS_INIT`: nothing given, so that all have their defaults. A number below
/// 0 is not given.
typedef struct spark_t2i_options {
  /// The size of this struct, as the caller's compiler knows it.
  size_t size;
  /// The API key. Default: that in the environment's `SPARK_T2I_API_KEY`.
  struct spark_t2i_text api_key;
  /// Where the service is: `https://...`, or `http://...` for a loopback address. Default: `SPARK_T2I_BASE_URL`, or the
  /// service's own.
  struct spark_t2i_text base_url;
  /// How long a connection may take to be made. Default: 10.
  double connect_timeout_seconds;
  /// How long one attempt of a request may take. Default: 30.
  double request_timeout_seconds;
  /// How long the whole of a call may take, retries and bodies included. Default: 600.
  double wait_timeout_seconds;
  /// How often one call is repeated after a failure that certainly did no harm. Default: 4.
  int64_t max_retries;
  /// How many requests a second are sent to the service at most, downloads apart; 0 for no limit. Default: 50.
  double max_requests_per_second;
  /// What one request for the state of a task is worth, in seconds of lag: above 0. Default: 0.1.
  double poll_cost_seconds;
  /// Asks at a fixed interval, of at least 0.01, instead of by what was learned. Default: none.
  double poll_interval_seconds;
  /// A file in which what was learned about how long tasks take outlives the client. Default: none.
  struct spark_t2i_text latency_profile;
  /// How many requests of `spark_t2i_client_generate_many_start` are under way at once. Default: 64.
  int64_t max_in_flight;
  /// Further headers for every request to the service.
  const struct spark_t2i_header *headers;
  /// How many.
  size_t header_count;
  /// The proxy for all requests. Default: the system's.
  struct spark_t2i_text proxy;
  /// A file of PEM certificates to trust besides the platform's.
  struct spark_t2i_text ca_bundle;
  /// What to add to the `User-Agent`, such as `my-program/1.2`.
  struct spark_t2i_text user_agent_suffix;
  /// A value of `spark_t2i_on_outcome_unknown`.
  int32_t on_outcome_unknown;
} spark_t2i_options;

/// A number that may be absent.
typedef struct spark_t2i_optional_double {
  /// The number; 0 where there is none.
  double value;
  /// Whether there is one.
  bool known;
} spark_t2i_optional_double;

/// A rule that a request breaks.
typedef struct spark_t2i_violation {
  /// The nine digits of the code; none for an unknown parameter.
  struct spark_t2i_text code;
  /// The parameter, or `size`, or `parameters` for the whole.
  struct spark_t2i_text field;
  /// What is wrong, for people.
  struct spark_t2i_text message;
} spark_t2i_violation;

/// An error. It never holds the key.
typedef struct spark_t2i_error_fields {
  /// The kind; `SPARK_T2I_OK` of no error.
  enum spark_t2i_result kind;
  /// The name of the kind, as in every language: `invalid_request`, `outcome_unknown` and so on.
  struct spark_t2i_text kind_name;
  /// All of it in one line for people: the message, with code and task where they do not stand in it.
  struct spark_t2i_text text;
  /// What happened, to what, and what to do next.
  struct spark_t2i_text message;
  /// The nine digits of the service's code, or none.
  struct spark_t2i_text code;
  /// Every rule that the request breaks.
  const struct spark_t2i_violation *violations;
  /// How many.
  size_t violation_count;
  /// The status of the HTTP answer that told the error; 0 where there was none.
  int32_t http_status;
  /// Whether the same call may succeed later without anything being changed, and without paying twice.
  bool retryable;
  /// Whether it was charged.
  enum spark_t2i_charged charged;
  /// The task, where its id is known: `spark_t2i_client_task` takes it up again.
  struct spark_t2i_text task_id;
  /// How long the service asked to wait before the next try.
  struct spark_t2i_optional_double retry_after_seconds;
  /// The body of an answer that could not be understood, cut to 4 KiB: it may hold the id of a task.
  struct spark_t2i_text body;
  /// The causes, outermost first, in one line.
  struct spark_t2i_text cause;
} spark_t2i_error_fields;

/// A whole number that may be absent.
typedef struct spark_t2i_optional_int64 {
  /// The number; 0 where there is none.
  int64_t value;
  /// Whether there is one.
  bool known;
} spark_t2i_optional_int64;

/// A whole number that may be absent.
typedef struct spark_t2i_optional_uint64 {
  /// The number; 0 where there is none.
  uint64_t value;
  /// Whether there is one.
  bool known;
} spark_t2i_optional_uint64;

/// One generated thing.
typedef struct spark_t2i_content {
  /// What it is: `image`.
  struct spark_t2i_text type;
  /// Where it can be fetched. Such addresses may expire.
  struct spark_t2i_text url;
  /// The size of the file in bytes.
  struct spark_t2i_optional_uint64 size;
  /// The identifier of the job behind the task.
  struct spark_t2i_text job_id;
} spark_t2i_content;

/// One element of a task's output.
typedef struct spark_t2i_output {
  /// What was generated.
  const struct spark_t2i_content *content;
  /// How many.
  size_t content_count;
} spark_t2i_output;

/// What a task used and cost. Money is a decimal number as text, exactly as the service wrote it.
typedef struct spark_t2i_usage {
  /// The total cost in USD.
  struct spark_t2i_text cost;
  /// The discount, as the service gave it: a decimal number.
  struct spark_t2i_text discount;
  /// Tokens that went in.
  struct spark_t2i_optional_uint64 input_tokens;
  /// Tokens that came out.
  struct spark_t2i_optional_uint64 output_tokens;
  /// All tokens.
  struct spark_t2i_optional_uint64 total_tokens;
} spark_t2i_usage;

/// The reason that the service gave for a failure.
typedef struct spark_t2i_server_error {
  /// The nine digits of the code; none where there was none, or one of another form (it stands in the message).
  struct spark_t2i_text code;
  /// What happened, in the service's words.
  struct spark_t2i_text message;
} spark_t2i_server_error;

/// What one answer of the service said about a task. What it did not send, or what cannot be read, is absent; `raw` has
/// the whole answer.
typedef struct spark_t2i_snapshot_fields {
  /// The task; none where the answer has no id.
  struct spark_t2i_text id;
  /// The state.
  enum spark_t2i_status status;
  /// The state as a word: `queued`, `running`, `completed`, `failed`, or the service's own.
  struct spark_t2i_text status_word;
  /// The model.
  struct spark_t2i_text model;
  /// When the task was created, in Unix seconds.
  struct spark_t2i_optional_int64 created_unix;
  /// How much is done, 0 to 1.
  struct spark_t2i_optional_double progress;
  /// The results, of a completed task.
  const struct spark_t2i_output *output;
  /// How many.
  size_t output_count;
  /// What it cost; NULL where that is not known.
  const struct spark_t2i_usage *usage;
  /// Why it failed; NULL where it did not.
  const struct spark_t2i_server_error *error;
  /// When it was queued, by the service's clock, in Unix seconds.
  struct spark_t2i_optional_double in_queue_unix;
  /// When the image was stored.
  struct spark_t2i_optional_double upload_unix;
  /// When it was completed.
  struct spark_t2i_optional_double completed_unix;
  /// The answer's JSON.
  struct spark_t2i_text raw;
} spark_t2i_snapshot_fields;

/// Something that happened to a task while it was waited for.
typedef struct spark_t2i_event_fields {
  /// What happened.
  enum spark_t2i_event_kind kind;
  /// The same as a word: `submitted`, `queued`, `running`, `retrying`, `completed` or `failed`.
  struct spark_t2i_text kind_name;
  /// The task.
  struct spark_t2i_text task_id;
  /// How long the task has been known here: since its submit, or since the waiting began.
  double elapsed_seconds;
  /// How much is done, 0 to 1, of a running task, where the service tells it.
  struct spark_t2i_optional_double progress;
  /// How long until the next try.
  struct spark_t2i_optional_double delay_seconds;
  /// Why the task could not be asked for, or why it or the waiting failed; else NULL.
  const struct spark_t2i_error_fields *error;
  /// What the service said of a completed task; else NULL.
  const struct spark_t2i_snapshot_fields *snapshot;
} spark_t2i_event_fields;

/// What became of one request of many. Whoever gets this owns the handle in it that is not NULL.
typedef struct spark_t2i_generated {
  /// Which request it was: how many came before it from the source.
  size_t index;
  /// How it ended.
  enum spark_t2i_result result;
  /// The image.
  struct spark_t2i_image *image;
  /// Why there is none.
  struct spark_t2i_error *error;
} spark_t2i_generated;

/// What a call has come to. Of the handles at most one is not NULL; whoever gets this owns it.
typedef struct spark_t2i_outcome {
  /// How the call ended.
  enum spark_t2i_result result;
  /// Why it failed.
  struct spark_t2i_error *error;
  /// Of `generate` and `wait`.
  struct spark_t2i_image *image;
  /// Of `submit`.
  struct spark_t2i_task *task;
  /// Of `estimate`; NULL where the service has none, which is no error.
  struct spark_t2i_estimate *estimate;
  /// Of `refresh`.
  struct spark_t2i_snapshot *snapshot;
  /// Of `bytes`.
  struct spark_t2i_bytes *bytes;
  /// Of `save`.
  struct spark_t2i_saved *saved;
} spark_t2i_outcome;

/// What is told of a call, and to whom. Begin with `SPARK_T2I_CALLBACKS_INIT`; each function may be NULL.
///
/// All are called on the library's callback thread, one after the other, under no lock: they may call any function of this
/// library, but what blocks there holds up the callbacks of all calls. They must not unwind or jump out.
typedef struct spark_t2i_callbacks {
  /// The size of this struct, as the caller's compiler knows it.
  size_t size;
  /// Handed to each of them.
  void *user_data;
  /// Something happened to the task. The event is valid until this returns.
  void (*on_event)(void *user_data, const struct spark_t2i_event_fields *event);
  /// One request of many has ended. The handle in it belongs to this function, the struct is valid until it returns.
  void (*on_generated)(void *user_data, const struct spark_t2i_generated *generated);
  /// The call has ended: the last callback, exactly once, unless the call is freed before. The handle in the outcome
  /// belongs to this function, the struct is valid until it returns.
  void (*on_done)(void *user_data, const struct spark_t2i_outcome *outcome);
} spark_t2i_callbacks;

/// What is known of an image without fetching it.
typedef struct spark_t2i_image_fields {
  /// The task that made it.
  struct spark_t2i_text task_id;
  /// Where it lies. Such addresses may expire.
  struct spark_t2i_text url;
  /// The size of the file in bytes, where the service told it.
  struct spark_t2i_optional_uint64 size;
  /// The identifier of the job behind the task.
  struct spark_t2i_text job_id;
  /// The width in pixels that was asked for; none for a task taken up by its id.
  struct spark_t2i_optional_uint64 width;
  /// The height in pixels that was asked for; none for a task taken up by its id.
  struct spark_t2i_optional_uint64 height;
  /// What the service said of the task, its cost among it. Never NULL in the fields of an image.
  const struct spark_t2i_snapshot_fields *snapshot;
} spark_t2i_image_fields;

/// Gives the next request of many: writes it to `request`, which is `SPARK_T2I_REQUEST_INIT` before, and returns true; or
/// returns false when there are no more. `index` counts up from 0. What the request points to is copied when this returns.
typedef bool (*spark_t2i_source)(void *user_data, size_t index, struct spark_t2i_request *request);

/// Something allowed that probably gives a poor image.
typedef struct spark_t2i_warning {
  /// The parameter.
  struct spark_t2i_text field;
  /// What may go wrong, for people.
  struct spark_t2i_text message;
} spark_t2i_warning;

/// The verdict on a request.
typedef struct spark_t2i_report_fields {
  /// Whether no rule is broken. (Not so of what is no report.)
  bool valid;
  /// The broken rules.
  const struct spark_t2i_violation *violations;
  /// How many.
  size_t violation_count;
  /// Advice that keeps nobody from sending.
  const struct spark_t2i_warning *warnings;
  /// How many.
  size_t warning_count;
} spark_t2i_report_fields;

/// What a request would probably cost, as the service estimates it.
typedef struct spark_t2i_estimate_fields {
  /// The cost: a decimal number, exactly as the service gave it.
  struct spark_t2i_text cost;
  /// The currency, such as `USD`.
  struct spark_t2i_text currency;
  /// The discount, as the service gave it: a decimal number.
  struct spark_t2i_text discount;
  /// How the model is billed.
  struct spark_t2i_text billing_model;
  /// The model.
  struct spark_t2i_text model;
  /// How many earlier tasks the estimate rests on.
  struct spark_t2i_optional_uint64 sample_count;
  /// When it was made, in Unix milliseconds.
  struct spark_t2i_optional_uint64 updated_unix_ms;
  /// The answer's JSON.
  struct spark_t2i_text raw;
} spark_t2i_estimate_fields;

/// A file that was saved.
typedef struct spark_t2i_saved_fields {
  /// Where it is.
  struct spark_t2i_text path;
  /// Its length.
  uint64_t bytes;
  /// What it is, as the extension of a file: `png`, `jpg`, `webp`, `gif` or `avif`.
  struct spark_t2i_text format;
  /// Its width in pixels, where its head tells it (PNG).
  struct spark_t2i_optional_uint64 width;
  /// Its height in pixels.
  struct spark_t2i_optional_uint64 height;
} spark_t2i_saved_fields;

/// What a client has done since it was made.
typedef struct spark_t2i_stats_fields {
  /// Requests sent to create a task, repetitions included.
  uint64_t create_requests;
  /// Requests sent to read a task.
  uint64_t status_requests;
  /// Requests sent to estimate a cost.
  uint64_t estimate_requests;
  /// Requests sent to image hosts, redirects and resumptions included.
  uint64_t download_requests;
  /// How many of all these repeated one that had failed.
  uint64_t retries;
  /// Tasks created.
  uint64_t submitted;
  /// Submits of which nobody can say whether the service took them.
  uint64_t outcomes_unknown;
  /// Tasks seen completed.
  uint64_t completed;
  /// Tasks seen failed.
  uint64_t failed;
  /// Waits under way now.
  uint64_t waiting;
  /// Tasks waited for now that were last seen queued.
  uint64_t queued;
  /// Tasks waited for now that were last seen running.
  uint64_t running;
  /// Of how many completions it is known how late they were noticed.
  uint64_t lag_count;
  /// How late they were, in seconds: the mean.
  struct spark_t2i_optional_double lag_mean_seconds;
  /// What 95 of 100 stayed within, to within 3 %.
  struct spark_t2i_optional_double lag_p95_seconds;
  /// What a request for the state of a task is worth at present, in seconds of lag.
  double poll_price;
  /// Requests a second that may be sent at present; none for no limit.
  struct spark_t2i_optional_double requests_per_second_allowed;
  /// Requests a second that were sent over about the last second.
  double requests_per_second_used;
  /// Bytes of images received.
  uint64_t downloaded_bytes;
  /// The exact sum of what all tasks seen ended have cost, in USD: a decimal number. Every task counts once.
  struct spark_t2i_text cost;
} spark_t2i_stats_fields;

/// The settings of an emulator. Begin with `SPARK_T2I_EMULATOR_OPTIONS_INIT`.
typedef struct spark_t2i_emulator_options {
  /// The size of this struct, as the caller's compiler knows it.
  size_t size;
  /// How long tasks take: `2s` (the default), `500ms`, `lognormal:12s:0.25` (median and spread), or the path of a file of
  /// recorded seconds.
  struct spark_t2i_text latency;
  /// The part of the tasks that fail, 0 (the default) to 1, with the code 003001095.
  double failure_rate;
  /// Requests a second, 0.001 to 1000000; those beyond are answered with 429. Default: no limit.
  double rate_limit;
  /// What an image costs in USD: a decimal number. Default: 0.035714285714.
  struct spark_t2i_text price;
  /// The one key that is accepted. Default: any.
  struct spark_t2i_text api_key;
  /// Makes latencies, failures and faults the same at every run: 0 to 2^63-1. Default: `SPARK_T2I_UNSET`.
  int64_t seed;
  /// Whether running tasks tell how much is done: 1 (the default) or 0.
  int32_t progress;
  /// A file for tasks that outlive a restart. Default: none.
  struct spark_t2i_text state;
  /// Where to listen. Default: a free port of 127.0.0.1.
  struct spark_t2i_text addr;
  /// What goes wrong on purpose: `NAME[:PROBABILITY][@KIND]`, such as `http-503:0.2`.
  const struct spark_t2i_text *faults;
  /// How many.
  size_t fault_count;
} spark_t2i_emulator_options;

/// Takes a log record: where it comes from (`spark_t2i::submit`) and what it says, both valid until it returns. It is called
/// on the callback thread.
typedef void (*spark_t2i_log_callback)(void *user_data,
                                       int32_t level,
                                       struct spark_t2i_text target,
                                       struct spark_t2i_text message);

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/// The text of a C string, which has to end with NUL: its bytes up to there. NULL gives `{NULL, 0}`. Nothing is copied.
/// Thread-safe.
struct spark_t2i_text spark_t2i_text_of(const char *string);

/// Checks a request by the rules of the service, every one of them; nothing is sent. Thread-safe.
enum spark_t2i_result spark_t2i_validate(const struct spark_t2i_request *request,
                                         struct spark_t2i_report **report,
                                         struct spark_t2i_error **error);

/// Checks parameters in JSON, whatever the text is. Thread-safe.
enum spark_t2i_result spark_t2i_validate_json(struct spark_t2i_text parameters,
                                              struct spark_t2i_report **report,
                                              struct spark_t2i_error **error);

/// Sets width and height of a request to those of a preset (`1:1`, `4:3`, `3:2`, `16:9`, `21:9`, upright ones such as `9:16`,
/// and each with `-2k`) or of a text such as `2560x1440`. Thread-safe.
enum spark_t2i_result spark_t2i_request_set_size(struct spark_t2i_request *request,
                                                 struct spark_t2i_text size,
                                                 struct spark_t2i_error **error);

/// Makes a client: `options` may be NULL, so that all have their defaults. Nothing is sent. Thread-safe.
///
/// Errors: `SPARK_T2I_AUTHENTICATION` for a missing or malformed key, `SPARK_T2I_INVALID_REQUEST` for a setting that cannot
/// be, `SPARK_T2I_IO` for a certificate file that cannot be read.
enum spark_t2i_result spark_t2i_client_new(const struct spark_t2i_options *options,
                                           struct spark_t2i_client **client,
                                           struct spark_t2i_error **error);

/// Submits a request, waits for its end and gives the image, all within `timeout_seconds` (below 0: the client's
/// `wait_timeout_seconds`). Nothing is downloaded yet. Blocks. Thread-safe.
///
/// Errors: those of `spark_t2i_client_submit` and `spark_t2i_task_wait`.
enum spark_t2i_result spark_t2i_client_generate(const struct spark_t2i_client *client,
                                                const struct spark_t2i_request *request,
                                                double timeout_seconds,
                                                struct spark_t2i_image **image,
                                                struct spark_t2i_error **error);

/// Begins the same and returns at once. `callbacks` are told of events and of the end; where they are NULL, a thread waits
/// with `spark_t2i_call_wait` or `spark_t2i_call_next_event`. `call` may be NULL if there is an `on_done`: the call then
/// looks after itself. What was given may be freed when this returns, the client as well. Thread-safe.
enum spark_t2i_result spark_t2i_client_generate_start(const struct spark_t2i_client *client,
                                                      const struct spark_t2i_request *request,
                                                      double timeout_seconds,
                                                      const struct spark_t2i_callbacks *callbacks,
                                                      struct spark_t2i_call **call,
                                                      struct spark_t2i_error **error);

/// Submits a request and gives its task, without waiting for its end. Blocks. Thread-safe.
///
/// Errors: `SPARK_T2I_INVALID_REQUEST` before anything is sent; `SPARK_T2I_OUTCOME_UNKNOWN` when the service may have taken
/// the request but no id came back (it is not repeated then); `SPARK_T2I_AUTHENTICATION`, `SPARK_T2I_PERMISSION`,
/// `SPARK_T2I_INSUFFICIENT_BALANCE`; `SPARK_T2I_RATE_LIMITED` and `SPARK_T2I_CONNECTION` beyond the retries;
/// `SPARK_T2I_NOT_FOUND` for a wrong base URL; `SPARK_T2I_TIMEOUT`.
enum spark_t2i_result spark_t2i_client_submit(const struct spark_t2i_client *client,
                                              const struct spark_t2i_request *request,
                                              double timeout_seconds,
                                              struct spark_t2i_task **task,
                                              struct spark_t2i_error **error);

/// Begins the same: as `spark_t2i_client_generate_start`. Thread-safe.
enum spark_t2i_result spark_t2i_client_submit_start(const struct spark_t2i_client *client,
                                                    const struct spark_t2i_request *request,
                                                    double timeout_seconds,
                                                    const struct spark_t2i_callbacks *callbacks,
                                                    struct spark_t2i_call **call,
                                                    struct spark_t2i_error **error);

/// What a request would probably cost: NULL where the service has no estimate, which is no error. Nothing is charged. Blocks.
/// Thread-safe.
///
/// Errors: as `spark_t2i_client_submit`, but never `SPARK_T2I_OUTCOME_UNKNOWN`.
enum spark_t2i_result spark_t2i_client_estimate(const struct spark_t2i_client *client,
                                                const struct spark_t2i_request *request,
                                                double timeout_seconds,
                                                struct spark_t2i_estimate **estimate,
                                                struct spark_t2i_error **error);

/// Begins the same: as `spark_t2i_client_generate_start`. Thread-safe.
enum spark_t2i_result spark_t2i_client_estimate_start(const struct spark_t2i_client *client,
                                                      const struct spark_t2i_request *request,
                                                      double timeout_seconds,
                                                      const struct spark_t2i_callbacks *callbacks,
                                                      struct spark_t2i_call **call,
                                                      struct spark_t2i_error **error);

/// The task with this id, whoever submitted it. Nothing is sent. Thread-safe.
///
/// Errors: `SPARK_T2I_INVALID_REQUEST` when the text cannot be an id.
enum spark_t2i_result spark_t2i_client_task(const struct spark_t2i_client *client,
                                            struct spark_t2i_text id,
                                            struct spark_t2i_task **task,
                                            struct spark_t2i_error **error);

/// What a client has done so far in this process. Thread-safe.
enum spark_t2i_result spark_t2i_client_stats(const struct spark_t2i_client *client,
                                             struct spark_t2i_stats **stats,
                                             struct spark_t2i_error **error);

/// The id of a task: valid until the task is freed; none of what is no task. Thread-safe.
struct spark_t2i_text spark_t2i_task_id(const struct spark_t2i_task *task);

/// What the service last said of a task, to be freed; NULL where it was not asked yet. Nothing is sent. Thread-safe.
enum spark_t2i_result spark_t2i_task_snapshot(const struct spark_t2i_task *task,
                                              struct spark_t2i_snapshot **snapshot,
                                              struct spark_t2i_error **error);

/// How late the end of a task was noticed, in seconds, where that is known. Thread-safe.
struct spark_t2i_optional_double spark_t2i_task_lag_seconds(const struct spark_t2i_task *task);

/// An image of a task that was last seen completed: the first at `position` 0. `SPARK_T2I_END` where there are not as many.
/// Nothing is sent. Thread-safe.
enum spark_t2i_result spark_t2i_task_image(const struct spark_t2i_task *task,
                                           size_t position,
                                           struct spark_t2i_image **image,
                                           struct spark_t2i_error **error);

/// Waits for the end of a task and gives its image, all within `timeout_seconds` (below 0: the client's
/// `wait_timeout_seconds`). Blocks. Thread-safe.
///
/// Errors: `SPARK_T2I_TASK_FAILED`; `SPARK_T2I_TIMEOUT`, after which the task goes on; `SPARK_T2I_AUTHENTICATION` and
/// `SPARK_T2I_PERMISSION` at once; `SPARK_T2I_NOT_FOUND` after a grace of 10 s. All else is waited through.
enum spark_t2i_result spark_t2i_task_wait(const struct spark_t2i_task *task,
                                          double timeout_seconds,
                                          struct spark_t2i_image **image,
                                          struct spark_t2i_error **error);

/// Begins the same: as `spark_t2i_client_generate_start`. Thread-safe.
enum spark_t2i_result spark_t2i_task_wait_start(const struct spark_t2i_task *task,
                                                double timeout_seconds,
                                                const struct spark_t2i_callbacks *callbacks,
                                                struct spark_t2i_call **call,
                                                struct spark_t2i_error **error);

/// Begins to watch a task: every event until its end, of which the last tells how it ended; the call itself then ends well,
/// with nothing in its outcome. Otherwise as `spark_t2i_task_wait_start`. Thread-safe.
enum spark_t2i_result spark_t2i_task_events_start(const struct spark_t2i_task *task,
                                                  double timeout_seconds,
                                                  const struct spark_t2i_callbacks *callbacks,
                                                  struct spark_t2i_call **call,
                                                  struct spark_t2i_error **error);

/// Asks the service for a task once. Blocks. Thread-safe.
enum spark_t2i_result spark_t2i_task_refresh(const struct spark_t2i_task *task,
                                             double timeout_seconds,
                                             struct spark_t2i_snapshot **snapshot,
                                             struct spark_t2i_error **error);

/// Begins the same: as `spark_t2i_client_generate_start`. Thread-safe.
enum spark_t2i_result spark_t2i_task_refresh_start(const struct spark_t2i_task *task,
                                                   double timeout_seconds,
                                                   const struct spark_t2i_callbacks *callbacks,
                                                   struct spark_t2i_call **call,
                                                   struct spark_t2i_error **error);

/// What is known of an image without fetching it. Thread-safe.
const struct spark_t2i_image_fields *spark_t2i_image_get(const struct spark_t2i_image *image);

/// Fetches an image into memory. Blocks. Thread-safe.
///
/// Errors: `SPARK_T2I_DOWNLOAD`, `SPARK_T2I_TIMEOUT`.
enum spark_t2i_result spark_t2i_image_bytes(const struct spark_t2i_image *image,
                                            double timeout_seconds,
                                            struct spark_t2i_bytes **bytes,
                                            struct spark_t2i_error **error);

/// Begins the same: as `spark_t2i_client_generate_start`. Thread-safe.
enum spark_t2i_result spark_t2i_image_bytes_start(const struct spark_t2i_image *image,
                                                  double timeout_seconds,
                                                  const struct spark_t2i_callbacks *callbacks,
                                                  struct spark_t2i_call **call,
                                                  struct spark_t2i_error **error);

/// Fetches an image into a file, which is whole or absent. `flags` are 0, or `SPARK_T2I_OVERWRITE` and
/// `SPARK_T2I_ADD_EXTENSION` joined by `|`. What was saved is told in `saved`, which may be NULL. Blocks. Thread-safe.
///
/// Errors: `SPARK_T2I_IO`, for a file that exists already as well; `SPARK_T2I_DOWNLOAD`; `SPARK_T2I_TIMEOUT`.
enum spark_t2i_result spark_t2i_image_save(const struct spark_t2i_image *image,
                                           struct spark_t2i_text path,
                                           uint32_t flags,
                                           double timeout_seconds,
                                           struct spark_t2i_saved **saved,
                                           struct spark_t2i_error **error);

/// Begins the same: as `spark_t2i_client_generate_start`. Thread-safe.
enum spark_t2i_result spark_t2i_image_save_start(const struct spark_t2i_image *image,
                                                 struct spark_t2i_text path,
                                                 uint32_t flags,
                                                 double timeout_seconds,
                                                 const struct spark_t2i_callbacks *callbacks,
                                                 struct spark_t2i_call **call,
                                                 struct spark_t2i_error **error);

/// Waits for the end of a call that has no callbacks, at most so many seconds; below 0: as long as it takes. Events and
/// images that nobody has taken are passed over.
///
/// Returns what `outcome.result` says; `SPARK_T2I_PENDING`, and leaves `outcome` alone, where the call has not ended yet;
/// `SPARK_T2I_INVALID_REQUEST` where it has callbacks, or its outcome was taken before. What is in `outcome` belongs to the
/// caller, the error among it; `outcome` may be NULL. Thread-safe.
enum spark_t2i_result spark_t2i_call_wait(struct spark_t2i_call *call,
                                          double at_most_seconds,
                                          struct spark_t2i_outcome *outcome);

/// Waits for the next event of a call that has no callbacks, at most so many seconds; below 0: as long as it takes.
///
/// Returns `SPARK_T2I_OK` with an event, to be freed; `SPARK_T2I_PENDING`; or `SPARK_T2I_END` when there are no more, and
/// `spark_t2i_call_wait` gives the outcome. Thread-safe.
enum spark_t2i_result spark_t2i_call_next_event(struct spark_t2i_call *call,
                                                double at_most_seconds,
                                                struct spark_t2i_event **event,
                                                struct spark_t2i_error **error);

/// Waits for what becomes of the next of many requests, of a call that has no callbacks, at most so many seconds; below 0: as
/// long as it takes. The source of the requests is called from here.
///
/// Returns `SPARK_T2I_OK` with `generated`, of which the caller owns the handle (the request itself may have failed: see
/// `generated.result`); `SPARK_T2I_PENDING`; or `SPARK_T2I_END` when all have ended or the call was cancelled. Thread-safe.
enum spark_t2i_result spark_t2i_call_next_generated(struct spark_t2i_call *call,
                                                    double at_most_seconds,
                                                    struct spark_t2i_generated *generated,
                                                    struct spark_t2i_error **error);

/// Ends a call at once, as cancelled, unless it has ended. The tasks at the service go on. Nothing happens to a call that is
/// NULL. Thread-safe.
///
/// Returns `SPARK_T2I_OK`, or `SPARK_T2I_INVALID_REQUEST` for what is no handle.
enum spark_t2i_result spark_t2i_call_cancel(struct spark_t2i_call *call);

/// The ids of the tasks that a call is after now, as far as they are known, as JSON: a list of texts. It is how whoever
/// cancels a call learns what goes on at the service. Thread-safe.
enum spark_t2i_result spark_t2i_call_task_ids(const struct spark_t2i_call *call,
                                              struct spark_t2i_bytes **task_ids,
                                              struct spark_t2i_error **error);

/// Frees a call. One that is under way is cancelled. When this returns, none of its callbacks runs or will run: it waits for
/// the one that is running, unless that is who calls this.
///
/// Returns `SPARK_T2I_OK`, also for NULL, or `SPARK_T2I_INVALID_REQUEST` for a handle that was freed before. Thread-safe.
enum spark_t2i_result spark_t2i_call_free(struct spark_t2i_call *call);

/// Begins to generate many images, `max_in_flight` at a time, in the order of their completion. `source` gives the requests
/// one by one, as there is room; each may take `timeout_seconds`. A request that fails is told like any other. Thread-safe.
///
/// With `callbacks`, `on_generated` tells of each, and both functions are called on the callback thread; without, it is
/// `spark_t2i_call_next_generated` that calls the source and gives what came of each. After the call was freed neither is
/// called.
enum spark_t2i_result spark_t2i_client_generate_many_start(const struct spark_t2i_client *client,
                                                           spark_t2i_source source,
                                                           void *source_data,
                                                           double timeout_seconds,
                                                           const struct spark_t2i_callbacks *callbacks,
                                                           struct spark_t2i_call **call,
                                                           struct spark_t2i_error **error);

/// All there is to say of an error, until it is freed. Thread-safe.
const struct spark_t2i_error_fields *spark_t2i_error_get(const struct spark_t2i_error *error);

/// The verdict on a request, until it is freed. Thread-safe.
const struct spark_t2i_report_fields *spark_t2i_report_get(const struct spark_t2i_report *report);

/// What one answer of the service said about a task, until it is freed. Thread-safe.
const struct spark_t2i_snapshot_fields *spark_t2i_snapshot_get(const struct spark_t2i_snapshot *snapshot);

/// What happened to a task, until it is freed. Thread-safe.
const struct spark_t2i_event_fields *spark_t2i_event_get(const struct spark_t2i_event *event);

/// What a request would probably cost, until it is freed. Thread-safe.
const struct spark_t2i_estimate_fields *spark_t2i_estimate_get(const struct spark_t2i_estimate *estimate);

/// What was saved, until it is freed. Thread-safe.
const struct spark_t2i_saved_fields *spark_t2i_saved_get(const struct spark_t2i_saved *saved);

/// What a client has done, until it is freed. Thread-safe.
const struct spark_t2i_stats_fields *spark_t2i_stats_get(const struct spark_t2i_stats *stats);

/// The bytes: `{NULL, 0}` of what is no such handle. A text is in UTF-8, and a NUL follows its last byte. Valid until it is
/// freed. Thread-safe.
struct spark_t2i_text spark_t2i_bytes_get(const struct spark_t2i_bytes *bytes);

/// Frees a client. Calls under way, tasks and images go on without it. Thread-safe.
enum spark_t2i_result spark_t2i_client_free(struct spark_t2i_client *client);

/// Frees a task's handle. The task itself goes on. Thread-safe.
enum spark_t2i_result spark_t2i_task_free(struct spark_t2i_task *task);

/// Frees an image. Thread-safe.
enum spark_t2i_result spark_t2i_image_free(struct spark_t2i_image *image);

/// Frees an error. Thread-safe.
enum spark_t2i_result spark_t2i_error_free(struct spark_t2i_error *error);

/// Frees a report. Thread-safe.
enum spark_t2i_result spark_t2i_report_free(struct spark_t2i_report *report);

/// Frees a snapshot. Thread-safe.
enum spark_t2i_result spark_t2i_snapshot_free(struct spark_t2i_snapshot *snapshot);

/// Frees an event. Thread-safe.
enum spark_t2i_result spark_t2i_event_free(struct spark_t2i_event *event);

/// Frees an estimate. Thread-safe.
enum spark_t2i_result spark_t2i_estimate_free(struct spark_t2i_estimate *estimate);

/// Frees bytes. Thread-safe.
enum spark_t2i_result spark_t2i_bytes_free(struct spark_t2i_bytes *bytes);

/// Frees what was told of a saved file. Thread-safe.
enum spark_t2i_result spark_t2i_saved_free(struct spark_t2i_saved *saved);

/// Frees counters. Thread-safe.
enum spark_t2i_result spark_t2i_stats_free(struct spark_t2i_stats *stats);

/// Frees an emulator, and stops it. Thread-safe.
enum spark_t2i_result spark_t2i_emulator_free(struct spark_t2i_emulator *emulator);

/// How many handles there are that were not freed. For tests: a program that frees all ends with 0. Thread-safe.
size_t spark_t2i_handle_count(void);

/// The name of an error kind, as in every language: `invalid_request` and so on; none of what is no error kind. Always valid.
/// Thread-safe.
struct spark_t2i_text spark_t2i_kind_name(int32_t result);

/// The version of the library. A program may compare it with `SPARK_T2I_VERSION`, that of its header. Thread-safe.
const char *spark_t2i_version(void);

/// Ends every call as cancelled, and the threads of the library; waits for each of the two for at most so many seconds (below
/// 0: one). The callbacks of those calls are made before. To be called before the program ends or what callbacks use is taken
/// down. Handles stay valid; a call that is begun afterwards starts the threads anew. Within a callback it does not wait for
/// the callback thread. Thread-safe.
void spark_t2i_shut_down(double at_most_seconds);

/// Starts the service on loopback, inside this process, on threads of its own: for tests and demos, with no key and no
/// network. `options` may be NULL. It stops when it is freed. Thread-safe.
///
/// Errors: `SPARK_T2I_INVALID_REQUEST` for an option that cannot be; `SPARK_T2I_IO` when the system gives no port, no threads
/// or no file.
enum spark_t2i_result spark_t2i_emulator_new(const struct spark_t2i_emulator_options *options,
                                             struct spark_t2i_emulator **emulator,
                                             struct spark_t2i_error **error);

/// The base URL for clients: valid until the emulator is freed; none of what is no emulator. Thread-safe.
struct spark_t2i_text spark_t2i_emulator_url(const struct spark_t2i_emulator *emulator);

/// What it has seen so far, as JSON: what `GET /_emulator/stats` answers. Thread-safe.
enum spark_t2i_result spark_t2i_emulator_stats(const struct spark_t2i_emulator *emulator,
                                               struct spark_t2i_bytes **json,
                                               struct spark_t2i_error **error);

/// Lets these things go wrong from now on, and no others. Thread-safe.
///
/// Errors: `SPARK_T2I_INVALID_REQUEST` for a text that is no fault.
enum spark_t2i_result spark_t2i_emulator_set_faults(const struct spark_t2i_emulator *emulator,
                                                    const struct spark_t2i_text *fault,
                                                    size_t fault_count,
                                                    struct spark_t2i_error **error);

/// Tells log records from now on to `callback`, in place of one that was told before; NULL for none. `level` is a
/// `spark_t2i_log_level`: records of it and graver ones are told. They hold no key and no prompt. When this returns, the one
/// that was told before does not run any more, unless it is who calls this. Thread-safe.
///
/// Errors: `SPARK_T2I_INVALID_REQUEST` for a level that is none.
enum spark_t2i_result spark_t2i_log_to(int32_t level,
                                       spark_t2i_log_callback callback,
                                       void *user_data,
                                       struct spark_t2i_error **error);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* SPARK_T2I_H */
