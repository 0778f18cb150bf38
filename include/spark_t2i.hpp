/// Spark T2I for C++17: a thin layer over spark_t2i.h, which it needs and nothing else.
///
///     spark_t2i::Client client;
///     auto image = client.generate(spark_t2i::Request("a red fox in the snow").size("16:9-2k").seed(42));
///     std::cout << image.save("fox.png").path << '\n';
///
/// Client, Task, Image, Pending, Events, Many and Emulator are handles: they can be moved, not copied. All else is a value.
/// Every function is thread-safe; an object that is being moved or destroyed is in nobody else's hands, as always.
///
/// Errors are exceptions: spark_t2i::Exception, and below it a class for each kind. With SPARK_T2I_NO_EXCEPTIONS (which is
/// set where the compiler has none) each function that may fail returns a spark_t2i::Result instead; Returned<T> below is
/// the one or the other. A program chooses once, for all of its files.
///
/// A duration is of std::chrono; a timeout that is not given is the client's wait_timeout.

#ifndef SPARK_T2I_HPP
#define SPARK_T2I_HPP

#include "spark_t2i.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <future>
#include <iterator>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#if !defined(SPARK_T2I_NO_EXCEPTIONS) && !defined(__cpp_exceptions)
#define SPARK_T2I_NO_EXCEPTIONS
#endif

namespace spark_t2i {

/// Seconds with a fraction; every std::chrono duration becomes them by itself.
using Seconds = std::chrono::duration<double>;

/// What kind of thing went wrong.
enum class Kind : int {
  invalid_request = SPARK_T2I_INVALID_REQUEST,
  authentication = SPARK_T2I_AUTHENTICATION,
  permission = SPARK_T2I_PERMISSION,
  insufficient_balance = SPARK_T2I_INSUFFICIENT_BALANCE,
  rate_limited = SPARK_T2I_RATE_LIMITED,
  timeout = SPARK_T2I_TIMEOUT,
  connection = SPARK_T2I_CONNECTION,
  protocol = SPARK_T2I_PROTOCOL,
  not_found = SPARK_T2I_NOT_FOUND,
  task_failed = SPARK_T2I_TASK_FAILED,
  outcome_unknown = SPARK_T2I_OUTCOME_UNKNOWN,
  download = SPARK_T2I_DOWNLOAD,
  io = SPARK_T2I_IO,
  cancelled = SPARK_T2I_CANCELLED,
  internal = SPARK_T2I_INTERNAL,
};

/// Whether what failed was charged.
enum class Charged : int {
  unknown = SPARK_T2I_CHARGED_UNKNOWN,
  no = SPARK_T2I_CHARGED_NO,
  yes = SPARK_T2I_CHARGED_YES,
};

/// The state of a task.
enum class Status : int {
  other = SPARK_T2I_STATUS_OTHER,
  queued = SPARK_T2I_STATUS_QUEUED,
  running = SPARK_T2I_STATUS_RUNNING,
  completed = SPARK_T2I_STATUS_COMPLETED,
  failed = SPARK_T2I_STATUS_FAILED,
};

/// What happened to a task.
enum class EventKind : int {
  other = SPARK_T2I_EVENT_OTHER,
  submitted = SPARK_T2I_EVENT_SUBMITTED,
  queued = SPARK_T2I_EVENT_QUEUED,
  running = SPARK_T2I_EVENT_RUNNING,
  retrying = SPARK_T2I_EVENT_RETRYING,
  completed = SPARK_T2I_EVENT_COMPLETED,
  failed = SPARK_T2I_EVENT_FAILED,
};

/// How much is recorded.
enum class LogLevel : int {
  off = SPARK_T2I_LOG_OFF,
  error = SPARK_T2I_LOG_ERROR,
  warning = SPARK_T2I_LOG_WARNING,
  info = SPARK_T2I_LOG_INFO,
  debug = SPARK_T2I_LOG_DEBUG,
  trace = SPARK_T2I_LOG_TRACE,
};

/// A rule that a request breaks. The fields of this and of all that follows are those of the struct of the same name in C.
struct Violation {
  std::optional<std::string> code;
  std::string field;
  std::string message;
};

/// Something allowed that probably gives a poor image.
struct Warning {
  std::string field;
  std::string message;
};

/// The verdict on a request.
struct Report {
  bool valid = false;
  std::vector<Violation> violations;
  std::vector<Warning> warnings;
};

/// What went wrong.
struct Error {
  Kind kind = Kind::internal;
  std::string kind_name;
  /// All of it in one line for people.
  std::string text;
  std::string message;
  std::optional<std::string> code;
  std::vector<Violation> violations;
  std::optional<int> http_status;
  std::optional<std::string> task_id;
  bool retryable = false;
  Charged charged = Charged::unknown;
  std::optional<Seconds> retry_after;
  std::optional<std::string> body;
  std::optional<std::string> cause;
};

/// What a task used and cost. Money is a decimal number as text.
struct Usage {
  std::optional<std::string> cost;
  std::optional<std::string> discount;
  std::optional<std::uint64_t> input_tokens;
  std::optional<std::uint64_t> output_tokens;
  std::optional<std::uint64_t> total_tokens;
};

/// One generated thing.
struct Content {
  std::optional<std::string> type;
  std::optional<std::string> url;
  std::optional<std::uint64_t> size;
  std::optional<std::string> job_id;
};

/// One element of a task's output.
struct Output {
  std::vector<Content> content;
};

/// The reason that the service gave for a failure.
struct ServerError {
  std::optional<std::string> code;
  std::string message;
};

/// What one answer of the service said about a task.
struct Snapshot {
  std::optional<std::string> id;
  Status status = Status::other;
  std::string status_word;
  std::optional<std::string> model;
  std::optional<std::int64_t> created_unix;
  std::optional<double> progress;
  std::vector<Output> output;
  std::optional<Usage> usage;
  std::optional<ServerError> error;
  std::optional<double> in_queue_unix;
  std::optional<double> upload_unix;
  std::optional<double> completed_unix;
  /// The answer's JSON.
  std::string raw;
};

/// Something that happened to a task.
struct Event {
  EventKind kind = EventKind::other;
  std::string kind_name;
  std::string task_id;
  Seconds elapsed{};
  std::optional<double> progress;
  std::optional<Seconds> delay;
  std::optional<Error> error;
  std::optional<Snapshot> snapshot;
};

/// What a request would probably cost.
struct Estimate {
  std::string cost;
  std::optional<std::string> currency;
  std::optional<std::string> discount;
  std::optional<std::string> billing_model;
  std::optional<std::string> model;
  std::optional<std::uint64_t> sample_count;
  std::optional<std::uint64_t> updated_unix_ms;
  std::string raw;
};

/// A file that was saved.
struct Saved {
  std::string path;
  std::uint64_t bytes = 0;
  std::string format;
  std::optional<std::uint64_t> width;
  std::optional<std::uint64_t> height;
};

/// What a client has done since it was made.
struct Stats {
  std::uint64_t create_requests = 0;
  std::uint64_t status_requests = 0;
  std::uint64_t estimate_requests = 0;
  std::uint64_t download_requests = 0;
  std::uint64_t retries = 0;
  std::uint64_t submitted = 0;
  std::uint64_t outcomes_unknown = 0;
  std::uint64_t completed = 0;
  std::uint64_t failed = 0;
  std::uint64_t waiting = 0;
  std::uint64_t queued = 0;
  std::uint64_t running = 0;
  std::uint64_t lag_count = 0;
  std::optional<Seconds> lag_mean;
  std::optional<Seconds> lag_p95;
  double poll_price = 0;
  std::optional<double> requests_per_second_allowed;
  double requests_per_second_used = 0;
  std::uint64_t downloaded_bytes = 0;
  std::string cost;
};

#ifndef SPARK_T2I_NO_EXCEPTIONS
/// Every error.
class Exception : public std::runtime_error {
 public:
  explicit Exception(Error error)
      : std::runtime_error(error.text), error_(std::make_shared<const Error>(std::move(error))) {}
  /// What went wrong, in full.
  const Error &error() const noexcept { return *error_; }

 private:
  // Shared, so that a copy cannot throw.
  std::shared_ptr<const Error> error_;
};

/// An error of one kind.
template <Kind>
class ExceptionOf : public Exception {
 public:
  using Exception::Exception;
};

using InvalidRequestError = ExceptionOf<Kind::invalid_request>;
using AuthenticationError = ExceptionOf<Kind::authentication>;
using PermissionError = ExceptionOf<Kind::permission>;
using InsufficientBalanceError = ExceptionOf<Kind::insufficient_balance>;
using RateLimitedError = ExceptionOf<Kind::rate_limited>;
using TimeoutError = ExceptionOf<Kind::timeout>;
using ConnectionError = ExceptionOf<Kind::connection>;
using ProtocolError = ExceptionOf<Kind::protocol>;
using NotFoundError = ExceptionOf<Kind::not_found>;
using TaskFailedError = ExceptionOf<Kind::task_failed>;
using OutcomeUnknownError = ExceptionOf<Kind::outcome_unknown>;
using DownloadError = ExceptionOf<Kind::download>;
using FileError = ExceptionOf<Kind::io>;
using CancelledError = ExceptionOf<Kind::cancelled>;
using InternalError = ExceptionOf<Kind::internal>;

/// Throws an error as the class of its kind.
[[noreturn]] inline void raise(Error error) {
  switch (error.kind) {
    case Kind::invalid_request: throw InvalidRequestError(std::move(error));
    case Kind::authentication: throw AuthenticationError(std::move(error));
    case Kind::permission: throw PermissionError(std::move(error));
    case Kind::insufficient_balance: throw InsufficientBalanceError(std::move(error));
    case Kind::rate_limited: throw RateLimitedError(std::move(error));
    case Kind::timeout: throw TimeoutError(std::move(error));
    case Kind::connection: throw ConnectionError(std::move(error));
    case Kind::protocol: throw ProtocolError(std::move(error));
    case Kind::not_found: throw NotFoundError(std::move(error));
    case Kind::task_failed: throw TaskFailedError(std::move(error));
    case Kind::outcome_unknown: throw OutcomeUnknownError(std::move(error));
    case Kind::download: throw DownloadError(std::move(error));
    case Kind::io: throw FileError(std::move(error));
    case Kind::cancelled: throw CancelledError(std::move(error));
    case Kind::internal: throw InternalError(std::move(error));
  }
  // A kind of a later version.
  throw Exception(std::move(error));
}
#endif

/// A value, or why there is none. Asked for what it has not, it throws; where there are no exceptions, it aborts.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : held_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : held_(std::in_place_index<1>, std::move(error)) {}

  bool has_value() const noexcept { return held_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }

  T &value() & { return check(), *std::get_if<0>(&held_); }
  const T &value() const & { return check(), *std::get_if<0>(&held_); }
  T &&value() && { return check(), std::move(*std::get_if<0>(&held_)); }
  T &operator*() & { return value(); }
  const T &operator*() const & { return value(); }
  T &&operator*() && { return std::move(*this).value(); }
  T *operator->() { return &value(); }
  const T *operator->() const { return &value(); }

  const Error &error() const {
    if (has_value()) std::abort();
    return *std::get_if<1>(&held_);
  }

 private:
  void check() const {
    if (has_value()) return;
#ifdef SPARK_T2I_NO_EXCEPTIONS
    std::abort();
#else
    raise(error());
#endif
  }

  std::variant<T, Error> held_;
};

/// What a function returns that may fail: the value, or a Result where there are no exceptions.
#ifdef SPARK_T2I_NO_EXCEPTIONS
template <class T>
using Returned = Result<T>;
#else
template <class T>
using Returned = T;
#endif

namespace detail {

inline spark_t2i_text text(std::string_view text) noexcept {
  // An empty text is one, too: its address must not be NULL.
  return {text.data() == nullptr ? "" : text.data(), text.size()};
}

inline spark_t2i_text text(const std::optional<std::string> &given) noexcept {
  return given ? text(std::string_view(*given)) : spark_t2i_text{nullptr, 0};
}

inline std::string_view view(spark_t2i_text text) noexcept {
  return text.data == nullptr ? std::string_view() : std::string_view(text.data, text.length);
}

inline std::string string(spark_t2i_text text) { return std::string(view(text)); }

inline std::optional<std::string> optional(spark_t2i_text text) {
  return text.data == nullptr ? std::nullopt : std::optional<std::string>(string(text));
}

inline std::optional<std::uint64_t> optional(spark_t2i_optional_uint64 number) {
  return number.known ? std::optional<std::uint64_t>(number.value) : std::nullopt;
}

inline std::optional<std::int64_t> optional(spark_t2i_optional_int64 number) {
  return number.known ? std::optional<std::int64_t>(number.value) : std::nullopt;
}

inline std::optional<double> optional(spark_t2i_optional_double number) {
  return number.known ? std::optional<double>(number.value) : std::nullopt;
}

inline std::optional<Seconds> seconds(spark_t2i_optional_double number) {
  return number.known ? std::optional<Seconds>(Seconds(number.value)) : std::nullopt;
}

/// As C has it: below 0 for "not given"; what is below 0 by mistake is no number, which C refuses.
inline double seconds(const std::optional<Seconds> &given) noexcept {
  if (!given) return -1.0;
  return given->count() < 0 ? std::numeric_limits<double>::quiet_NaN() : given->count();
}

inline double number(const std::optional<double> &given) noexcept {
  if (!given) return -1.0;
  return *given < 0 ? std::numeric_limits<double>::quiet_NaN() : *given;
}

inline std::vector<Violation> values(const spark_t2i_violation *first, std::size_t count) {
  std::vector<Violation> all;
  for (std::size_t i = 0; i < count; ++i)
    all.push_back({optional(first[i].code), string(first[i].field), string(first[i].message)});
  return all;
}

inline Error value(const spark_t2i_error_fields &from) {
  Error error;
  error.kind = static_cast<Kind>(static_cast<int>(from.kind));
  error.kind_name = string(from.kind_name);
  error.text = string(from.text);
  error.message = string(from.message);
  error.code = optional(from.code);
  error.violations = values(from.violations, from.violation_count);
  if (from.http_status != 0) error.http_status = static_cast<int>(from.http_status);
  error.task_id = optional(from.task_id);
  error.retryable = from.retryable;
  error.charged = static_cast<Charged>(from.charged);
  error.retry_after = seconds(from.retry_after_seconds);
  error.body = optional(from.body);
  error.cause = optional(from.cause);
  return error;
}

inline Report value(const spark_t2i_report_fields &from) {
  Report report;
  report.valid = from.valid;
  report.violations = values(from.violations, from.violation_count);
  for (std::size_t i = 0; i < from.warning_count; ++i)
    report.warnings.push_back({string(from.warnings[i].field), string(from.warnings[i].message)});
  return report;
}

inline Usage value(const spark_t2i_usage &from) {
  return {optional(from.cost), optional(from.discount), optional(from.input_tokens), optional(from.output_tokens),
          optional(from.total_tokens)};
}

inline Snapshot value(const spark_t2i_snapshot_fields &from) {
  Snapshot snapshot;
  snapshot.id = optional(from.id);
  snapshot.status = static_cast<Status>(from.status);
  snapshot.status_word = string(from.status_word);
  snapshot.model = optional(from.model);
  snapshot.created_unix = optional(from.created_unix);
  snapshot.progress = optional(from.progress);
  for (std::size_t i = 0; i < from.output_count; ++i) {
    Output output;
    for (std::size_t j = 0; j < from.output[i].content_count; ++j) {
      const spark_t2i_content &content = from.output[i].content[j];
      output.content.push_back(
          {optional(content.type), optional(content.url), optional(content.size), optional(content.job_id)});
    }
    snapshot.output.push_back(std::move(output));
  }
  if (from.usage != nullptr) snapshot.usage = value(*from.usage);
  if (from.error != nullptr) snapshot.error = ServerError{optional(from.error->code), string(from.error->message)};
  snapshot.in_queue_unix = optional(from.in_queue_unix);
  snapshot.upload_unix = optional(from.upload_unix);
  snapshot.completed_unix = optional(from.completed_unix);
  snapshot.raw = string(from.raw);
  return snapshot;
}

inline Event value(const spark_t2i_event_fields &from) {
  Event event;
  event.kind = static_cast<EventKind>(from.kind);
  event.kind_name = string(from.kind_name);
  event.task_id = string(from.task_id);
  event.elapsed = Seconds(from.elapsed_seconds);
  event.progress = optional(from.progress);
  event.delay = seconds(from.delay_seconds);
  if (from.error != nullptr) event.error = value(*from.error);
  if (from.snapshot != nullptr) event.snapshot = value(*from.snapshot);
  return event;
}

inline Estimate value(const spark_t2i_estimate_fields &from) {
  return {string(from.cost),          optional(from.currency),     optional(from.discount),        optional(from.billing_model),
          optional(from.model),       optional(from.sample_count), optional(from.updated_unix_ms), string(from.raw)};
}

inline Saved value(const spark_t2i_saved_fields &from) {
  return {string(from.path), from.bytes, string(from.format), optional(from.width), optional(from.height)};
}

inline Stats value(const spark_t2i_stats_fields &from) {
  Stats stats;
  stats.create_requests = from.create_requests;
  stats.status_requests = from.status_requests;
  stats.estimate_requests = from.estimate_requests;
  stats.download_requests = from.download_requests;
  stats.retries = from.retries;
  stats.submitted = from.submitted;
  stats.outcomes_unknown = from.outcomes_unknown;
  stats.completed = from.completed;
  stats.failed = from.failed;
  stats.waiting = from.waiting;
  stats.queued = from.queued;
  stats.running = from.running;
  stats.lag_count = from.lag_count;
  stats.lag_mean = seconds(from.lag_mean_seconds);
  stats.lag_p95 = seconds(from.lag_p95_seconds);
  stats.poll_price = from.poll_price;
  stats.requests_per_second_allowed = optional(from.requests_per_second_allowed);
  stats.requests_per_second_used = from.requests_per_second_used;
  stats.downloaded_bytes = from.downloaded_bytes;
  stats.cost = string(from.cost);
  return stats;
}

/// Owns a handle of C.
template <class T, spark_t2i_result (*Free)(T *)>
class Handle {
 public:
  Handle() noexcept = default;
  explicit Handle(T *handle) noexcept : handle_(handle) {}
  Handle(Handle &&other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Handle &operator=(Handle &&other) noexcept {
    if (this != &other) reset(std::exchange(other.handle_, nullptr));
    return *this;
  }
  ~Handle() { reset(nullptr); }

  T *get() const noexcept { return handle_; }
  /// Where C puts one.
  T **place() noexcept {
    reset(nullptr);
    return &handle_;
  }
  void reset(T *handle) noexcept { Free(std::exchange(handle_, handle)); }

 private:
  T *handle_ = nullptr;
};

using ClientHandle = Handle<spark_t2i_client, spark_t2i_client_free>;
using TaskHandle = Handle<spark_t2i_task, spark_t2i_task_free>;
using ImageHandle = Handle<spark_t2i_image, spark_t2i_image_free>;
using CallHandle = Handle<spark_t2i_call, spark_t2i_call_free>;
using ErrorHandle = Handle<spark_t2i_error, spark_t2i_error_free>;
using ReportHandle = Handle<spark_t2i_report, spark_t2i_report_free>;
using SnapshotHandle = Handle<spark_t2i_snapshot, spark_t2i_snapshot_free>;
using EventHandle = Handle<spark_t2i_event, spark_t2i_event_free>;
using EstimateHandle = Handle<spark_t2i_estimate, spark_t2i_estimate_free>;
using BytesHandle = Handle<spark_t2i_bytes, spark_t2i_bytes_free>;
using SavedHandle = Handle<spark_t2i_saved, spark_t2i_saved_free>;
using StatsHandle = Handle<spark_t2i_stats, spark_t2i_stats_free>;
using EmulatorHandle = Handle<spark_t2i_emulator, spark_t2i_emulator_free>;

inline Error value(const ErrorHandle &error) { return value(*spark_t2i_error_get(error.get())); }

/// What C did, as a value of C++: `make` is called where it succeeded.
template <class Make>
auto made(spark_t2i_result result, const ErrorHandle &error, Make make) -> Result<decltype(make())> {
  if (result == SPARK_T2I_OK) return make();
  return value(error);
}

template <class T>
Returned<T> returned(Result<T> result) {
#ifdef SPARK_T2I_NO_EXCEPTIONS
  return result;
#else
  return std::move(result).value();
#endif
}

}  // namespace detail

/// Bytes that are not copied: those of an image.
class Bytes {
 public:
  explicit Bytes(detail::BytesHandle handle) noexcept : handle_(std::move(handle)) {}
  const std::byte *data() const noexcept {
    return reinterpret_cast<const std::byte *>(spark_t2i_bytes_get(handle_.get()).data);
  }
  std::size_t size() const noexcept { return spark_t2i_bytes_get(handle_.get()).length; }
  const std::byte *begin() const noexcept { return data(); }
  const std::byte *end() const noexcept { return data() + size(); }
  /// The same as characters.
  std::string_view view() const noexcept { return detail::view(spark_t2i_bytes_get(handle_.get())); }

 private:
  detail::BytesHandle handle_;
};

/// Width and height in pixels.
struct Size {
  std::int64_t width = 0;
  std::int64_t height = 0;
};

/// That of a preset (`1:1`, `4:3`, `3:2`, `16:9`, `21:9`, upright ones such as `9:16`, and each with `-2k`) or of a text such
/// as `2560x1440`.
inline Returned<Size> size_of(std::string_view text) {
  spark_t2i_request request = SPARK_T2I_REQUEST_INIT;
  detail::ErrorHandle error;
  auto result = spark_t2i_request_set_size(&request, detail::text(text), error.place());
  return detail::returned(detail::made(result, error, [&] { return Size{request.width, request.height}; }));
}

/// One image to be generated. What breaks a rule is found before anything is sent.
class Request {
 public:
  explicit Request(std::string_view prompt) : prompt_(prompt) {}

  /// Names another model.
  Request &model(std::string_view model) & { return model_ = model, *this; }
  /// -1 for a random image, or 1 to 2^63-1.
  Request &seed(std::int64_t seed) & { return seed_ = seed, *this; }
  /// Width and height in pixels.
  Request &size(std::int64_t width, std::int64_t height) & { return size(Size{width, height}); }
  Request &size(Size size) & { return size_ = size, *this; }
#ifndef SPARK_T2I_NO_EXCEPTIONS
  /// As size_of reads it.
  Request &size(std::string_view text) & { return size(size_of(text)); }
  Request &&size(std::string_view text) && { return std::move(this->size(text)); }
#endif
  /// Whether the service shall expand the prompt first.
  Request &use_pre_llm(bool use) & { return use_pre_llm_ = use, *this; }

  Request &&model(std::string_view model) && { return std::move(this->model(model)); }
  Request &&seed(std::int64_t seed) && { return std::move(this->seed(seed)); }
  Request &&size(std::int64_t width, std::int64_t height) && { return std::move(this->size(width, height)); }
  Request &&size(Size size) && { return std::move(this->size(size)); }
  Request &&use_pre_llm(bool use) && { return std::move(this->use_pre_llm(use)); }

  /// As C has it: valid as long as this is there and is not changed.
  spark_t2i_request c_request() const noexcept {
    spark_t2i_request request = SPARK_T2I_REQUEST_INIT;
    request.prompt = detail::text(std::string_view(prompt_));
    request.model = detail::text(model_);
    if (seed_) request.seed = *seed_;
    if (size_) request.width = size_->width, request.height = size_->height;
    if (use_pre_llm_) request.use_pre_llm = *use_pre_llm_ ? 1 : 0;
    return request;
  }

 private:
  std::string prompt_;
  std::optional<std::string> model_;
  std::optional<std::int64_t> seed_;
  std::optional<Size> size_;
  std::optional<bool> use_pre_llm_;
};

/// The settings of a client, as in C; what is not given has its default.
struct Options {
  std::optional<std::string> api_key;
  std::optional<std::string> base_url;
  std::optional<Seconds> connect_timeout;
  std::optional<Seconds> request_timeout;
  std::optional<Seconds> wait_timeout;
  std::optional<std::uint32_t> max_retries;
  std::optional<double> max_requests_per_second;
  std::optional<Seconds> poll_cost;
  std::optional<Seconds> poll_interval;
  std::optional<std::string> latency_profile;
  std::optional<std::uint32_t> max_in_flight;
  std::vector<std::pair<std::string, std::string>> headers;
  std::optional<std::string> proxy;
  std::optional<std::string> ca_bundle;
  std::optional<std::string> user_agent_suffix;
  /// Submits again where nobody can say whether the service took a request: it may be paid twice.
  bool resubmit_on_outcome_unknown = false;
};

/// How to save an image.
struct SaveOptions {
  bool overwrite = false;
  bool add_extension = false;
  std::optional<Seconds> timeout;
};

/// Takes events.
using OnEvent = std::function<void(const Event &)>;

class Image;
class Task;

namespace detail {
/// The part of an outcome that a call of this type has.
template <class T>
struct Outcome;
}  // namespace detail

/// A call under way, and what will come of it. Destroyed, it is cancelled, and waited for where a callback of it runs.
template <class T>
class Pending {
 public:
  Pending(Pending &&) noexcept = default;
  Pending &operator=(Pending &&other) noexcept {
    if (this != &other) {
      abandon();
      state_ = std::move(other.state_);
      call_ = std::move(other.call_);
      future_ = std::move(other.future_);
    }
    return *this;
  }
  ~Pending() { abandon(); }

  /// What will come of it, once. This object has to stay as long as it is wanted: with it the call ends.
  std::future<Returned<T>> future() { return std::move(future_); }
  /// Waits for what comes of it, once.
  Returned<T> get() { return future_.get(); }
  /// Waits, at most so long. Whether it has ended.
  bool wait_for(Seconds at_most) const { return future_.wait_for(at_most) == std::future_status::ready; }
  /// Ends it at once, with an error of the kind cancelled. The task at the service goes on.
  void cancel() const noexcept { spark_t2i_call_cancel(call_.get()); }

  /// Begins a call of C: for this header.
  template <class Start>
  static Pending begin(OnEvent on_event, Start start) {
    Pending pending;
    pending.state_->on_event = std::move(on_event);
    pending.future_ = pending.state_->promise.get_future();
    spark_t2i_callbacks callbacks = SPARK_T2I_CALLBACKS_INIT;
    callbacks.user_data = pending.state_.get();
    if (pending.state_->on_event) callbacks.on_event = &State::told_event;
    callbacks.on_done = &State::told_done;
    detail::ErrorHandle error;
    if (start(&callbacks, pending.call_.place(), error.place()) != SPARK_T2I_OK)
      pending.state_->tell(detail::value(error));
    return pending;
  }

 private:
  struct State : std::enable_shared_from_this<State> {
    std::promise<Returned<T>> promise;
    OnEvent on_event;
    std::mutex mutex;
    bool told = false;

    /// Who is first may tell.
    bool first() {
      std::lock_guard<std::mutex> lock(mutex);
      return !std::exchange(told, true);
    }

    void tell(Result<T> result) {
      if (!first()) return;
#ifdef SPARK_T2I_NO_EXCEPTIONS
      promise.set_value(std::move(result));
#else
      try {
        promise.set_value(std::move(result).value());
      } catch (...) {
        promise.set_exception(std::current_exception());
      }
#endif
    }

    static void told_event(void *user_data, const spark_t2i_event_fields *event) {
      // The function may destroy the object that this belongs to.
      std::shared_ptr<State> state = static_cast<State *>(user_data)->shared_from_this();
#ifdef SPARK_T2I_NO_EXCEPTIONS
      state->on_event(detail::value(*event));
#else
      try {
        state->on_event(detail::value(*event));
      } catch (...) {
        if (state->first()) state->promise.set_exception(std::current_exception());
      }
#endif
    }

    static void told_done(void *user_data, const spark_t2i_outcome *outcome) {
      std::shared_ptr<State> state = static_cast<State *>(user_data)->shared_from_this();
      detail::ErrorHandle error(outcome->error);
      state->tell(detail::made(outcome->result, error, [&] { return detail::Outcome<T>::of(*outcome); }));
    }
  };

  Pending() : state_(std::make_shared<State>()) {}

  void abandon() {
    if (!state_) return;
    call_.reset(nullptr);
    Error error;
    error.kind = Kind::cancelled;
    error.kind_name = "cancelled";
    error.text = error.message = "the call was given up before its end";
    state_->tell(std::move(error));
  }

  std::shared_ptr<State> state_;
  // After the state, which it uses: it goes first.
  detail::CallHandle call_;
  std::future<Returned<T>> future_;
};

namespace detail {

/// What a range over a call shares.
template <class Source, class Item>
class Iterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = Item;
  using difference_type = std::ptrdiff_t;
  using pointer = Item *;
  using reference = Item &;

  Iterator() = default;
  explicit Iterator(Source *source) : source_(source) { ++*this; }
  reference operator*() const { return source_->item(); }
  pointer operator->() const { return &source_->item(); }
  Iterator &operator++() {
    if (!source_->advance()) source_ = nullptr;
    return *this;
  }
  void operator++(int) { ++*this; }
  friend bool operator==(const Iterator &one, const Iterator &other) { return one.source_ == other.source_; }
  friend bool operator!=(const Iterator &one, const Iterator &other) { return !(one == other); }

 private:
  Source *source_ = nullptr;
};

}  // namespace detail

/// The events of a task, for one loop: each step waits for the next one. Destroyed, it stops watching.
class Events {
 public:
  using iterator = detail::Iterator<Events, Event>;
  iterator begin() { return iterator(this); }
  iterator end() { return iterator(); }
  /// Ends the loop. For other threads.
  void cancel() const noexcept { spark_t2i_call_cancel(call_.get()); }
  /// Why the loop ended before its time, where there are no exceptions.
  const std::optional<Error> &error() const noexcept { return error_; }

  explicit Events(detail::CallHandle call) noexcept : call_(std::move(call)) {}
  Event &item() noexcept { return item_; }
  bool advance() {
    detail::EventHandle event;
    detail::ErrorHandle error;
    switch (spark_t2i_call_next_event(call_.get(), -1, event.place(), error.place())) {
      case SPARK_T2I_OK: item_ = detail::value(*spark_t2i_event_get(event.get())); return true;
      case SPARK_T2I_END: return false;
      default: break;
    }
#ifdef SPARK_T2I_NO_EXCEPTIONS
    error_ = detail::value(error);
    return false;
#else
    raise(detail::value(error));
#endif
  }

 private:
  detail::CallHandle call_;
  Event item_;
  std::optional<Error> error_;
};

/// A finished image. Nothing is downloaded before it is asked for.
class Image {
 public:
  explicit Image(detail::ImageHandle handle) noexcept : handle_(std::move(handle)) {}

  /// The texts are valid as long as the image is.
  std::string_view task_id() const noexcept { return detail::view(fields().task_id); }
  std::string_view url() const noexcept { return detail::view(fields().url); }
  std::optional<std::uint64_t> size() const noexcept { return detail::optional(fields().size); }
  std::optional<std::string> job_id() const { return detail::optional(fields().job_id); }
  std::optional<std::uint64_t> width() const noexcept { return detail::optional(fields().width); }
  std::optional<std::uint64_t> height() const noexcept { return detail::optional(fields().height); }
  /// What the service said of the task.
  Snapshot snapshot() const { return fields().snapshot == nullptr ? Snapshot() : detail::value(*fields().snapshot); }
  /// What it cost.
  std::optional<Usage> usage() const { return snapshot().usage; }

  /// Fetches it into memory.
  Returned<Bytes> bytes(std::optional<Seconds> timeout = {}) const {
    detail::BytesHandle bytes;
    detail::ErrorHandle error;
    auto result = spark_t2i_image_bytes(handle_.get(), detail::seconds(timeout), bytes.place(), error.place());
    return detail::returned(detail::made(result, error, [&] { return Bytes(std::move(bytes)); }));
  }
  Pending<Bytes> bytes_async(std::optional<Seconds> timeout = {}) const {
    return Pending<Bytes>::begin({}, [&](auto... rest) {
      return spark_t2i_image_bytes_start(handle_.get(), detail::seconds(timeout), rest...);
    });
  }

  /// Fetches it into a file, which is whole or absent.
  Returned<Saved> save(std::string_view path, const SaveOptions &options = {}) const {
    detail::SavedHandle saved;
    detail::ErrorHandle error;
    auto result = spark_t2i_image_save(handle_.get(), detail::text(path), flags(options),
                                       detail::seconds(options.timeout), saved.place(), error.place());
    return detail::returned(
        detail::made(result, error, [&] { return detail::value(*spark_t2i_saved_get(saved.get())); }));
  }
  Pending<Saved> save_async(std::string_view path, const SaveOptions &options = {}) const {
    return Pending<Saved>::begin({}, [&](auto... rest) {
      return spark_t2i_image_save_start(handle_.get(), detail::text(path), flags(options),
                                        detail::seconds(options.timeout), rest...);
    });
  }

  /// The handle of C, which stays this object's.
  spark_t2i_image *c_handle() const noexcept { return handle_.get(); }

 private:
  const spark_t2i_image_fields &fields() const noexcept { return *spark_t2i_image_get(handle_.get()); }
  static std::uint32_t flags(const SaveOptions &options) noexcept {
    return (options.overwrite ? static_cast<std::uint32_t>(SPARK_T2I_OVERWRITE) : 0U) |
           (options.add_extension ? static_cast<std::uint32_t>(SPARK_T2I_ADD_EXTENSION) : 0U);
  }

  detail::ImageHandle handle_;
};

/// A task at the service.
class Task {
 public:
  explicit Task(detail::TaskHandle handle) noexcept : handle_(std::move(handle)) {}

  /// Valid as long as the task's object is.
  std::string_view id() const noexcept { return detail::view(spark_t2i_task_id(handle_.get())); }
  /// How late its end was noticed, where that is known.
  std::optional<Seconds> lag() const { return detail::seconds(spark_t2i_task_lag_seconds(handle_.get())); }
  /// What the service last said of it; nothing where it was not asked yet.
  Returned<std::optional<Snapshot>> snapshot() const {
    detail::SnapshotHandle snapshot;
    detail::ErrorHandle error;
    auto result = spark_t2i_task_snapshot(handle_.get(), snapshot.place(), error.place());
    return detail::returned(detail::made(result, error, [&] {
      return snapshot.get() == nullptr ? std::nullopt
                                       : std::optional<Snapshot>(detail::value(*spark_t2i_snapshot_get(snapshot.get())));
    }));
  }
  /// The images of a task last seen completed; none of any other.
  std::vector<Image> images() const {
    std::vector<Image> images;
    detail::ImageHandle image;
    while (spark_t2i_task_image(handle_.get(), images.size(), image.place(), nullptr) == SPARK_T2I_OK)
      images.emplace_back(std::move(image));
    return images;
  }

  /// Waits for its end.
  Returned<Image> wait(std::optional<Seconds> timeout = {}) const {
    detail::ImageHandle image;
    detail::ErrorHandle error;
    auto result = spark_t2i_task_wait(handle_.get(), detail::seconds(timeout), image.place(), error.place());
    return detail::returned(detail::made(result, error, [&] { return Image(std::move(image)); }));
  }
  Pending<Image> wait_async(OnEvent on_event = {}, std::optional<Seconds> timeout = {}) const {
    return Pending<Image>::begin(std::move(on_event), [&](auto... rest) {
      return spark_t2i_task_wait_start(handle_.get(), detail::seconds(timeout), rest...);
    });
  }

  /// Every event until its end.
  Returned<Events> events(std::optional<Seconds> timeout = {}) const {
    detail::CallHandle call;
    detail::ErrorHandle error;
    auto result =
        spark_t2i_task_events_start(handle_.get(), detail::seconds(timeout), nullptr, call.place(), error.place());
    return detail::returned(detail::made(result, error, [&] { return Events(std::move(call)); }));
  }

  /// Asks the service once.
  Returned<Snapshot> refresh(std::optional<Seconds> timeout = {}) const {
    detail::SnapshotHandle snapshot;
    detail::ErrorHandle error;
    auto result = spark_t2i_task_refresh(handle_.get(), detail::seconds(timeout), snapshot.place(), error.place());
    return detail::returned(
        detail::made(result, error, [&] { return detail::value(*spark_t2i_snapshot_get(snapshot.get())); }));
  }
  Pending<Snapshot> refresh_async(std::optional<Seconds> timeout = {}) const {
    return Pending<Snapshot>::begin({}, [&](auto... rest) {
      return spark_t2i_task_refresh_start(handle_.get(), detail::seconds(timeout), rest...);
    });
  }

  /// The handle of C, which stays this object's.
  spark_t2i_task *c_handle() const noexcept { return handle_.get(); }

 private:
  detail::TaskHandle handle_;
};

namespace detail {

template <>
struct Outcome<Image> {
  static Image of(const spark_t2i_outcome &outcome) { return Image(ImageHandle(outcome.image)); }
};
template <>
struct Outcome<Task> {
  static Task of(const spark_t2i_outcome &outcome) { return Task(TaskHandle(outcome.task)); }
};
template <>
struct Outcome<Bytes> {
  static Bytes of(const spark_t2i_outcome &outcome) { return Bytes(BytesHandle(outcome.bytes)); }
};
template <>
struct Outcome<Snapshot> {
  static Snapshot of(const spark_t2i_outcome &outcome) {
    SnapshotHandle snapshot(outcome.snapshot);
    return value(*spark_t2i_snapshot_get(snapshot.get()));
  }
};
template <>
struct Outcome<Saved> {
  static Saved of(const spark_t2i_outcome &outcome) {
    SavedHandle saved(outcome.saved);
    return value(*spark_t2i_saved_get(saved.get()));
  }
};
template <>
struct Outcome<std::optional<Estimate>> {
  static std::optional<Estimate> of(const spark_t2i_outcome &outcome) {
    EstimateHandle estimate(outcome.estimate);
    if (estimate.get() == nullptr) return std::nullopt;
    return value(*spark_t2i_estimate_get(estimate.get()));
  }
};

}  // namespace detail

/// What became of one request of many.
struct Generated {
  /// Which request it was: how many came before it.
  std::size_t index = 0;
  /// The image, or why there is none.
  Result<Image> image;
};

/// Many images in the order of their completion, for one loop: each step waits for the next one. Destroyed, it stops.
class Many {
 public:
  using iterator = detail::Iterator<Many, Generated>;
  iterator begin() { return iterator(this); }
  iterator end() { return iterator(); }
  /// Ends it: what is under way is told as cancelled. For other threads.
  void cancel() const noexcept { spark_t2i_call_cancel(call_.get()); }
  /// Why the loop ended before its time, where there are no exceptions.
  const std::optional<Error> &error() const noexcept { return error_; }

  Generated &item() noexcept { return *item_; }
  bool advance() {
    spark_t2i_generated generated = {0, SPARK_T2I_OK, nullptr, nullptr};
    detail::ErrorHandle error;
    auto result = spark_t2i_call_next_generated(call_.get(), -1, &generated, error.place());
    if (result == SPARK_T2I_OK) {
      detail::ImageHandle image(generated.image);
      detail::ErrorHandle problem(generated.error);
      item_.emplace(Generated{
          generated.index, detail::made(generated.result, problem, [&] { return Image(std::move(image)); })});
      return true;
    }
#ifndef SPARK_T2I_NO_EXCEPTIONS
    // What was begun before the source threw has been told.
    if (source_->thrown) std::rethrow_exception(std::exchange(source_->thrown, nullptr));
#endif
    if (result == SPARK_T2I_END) return false;
#ifdef SPARK_T2I_NO_EXCEPTIONS
    error_ = detail::value(error);
    return false;
#else
    raise(detail::value(error));
#endif
  }

  /// Begins: for this header.
  template <class Start>
  static Result<Many> begin(std::function<std::optional<Request>()> next, Start start) {
    Many many;
    many.source_->next = std::move(next);
    detail::ErrorHandle error;
    auto result = start(&Source::give, many.source_.get(), many.call_.place(), error.place());
    return detail::made(result, error, [&] { return std::move(many); });
  }

 private:
  struct Source {
    std::function<std::optional<Request>()> next;
    // What the request of C points to.
    std::optional<Request> current;
#ifndef SPARK_T2I_NO_EXCEPTIONS
    std::exception_ptr thrown;
#endif

    static bool give(void *user_data, std::size_t, spark_t2i_request *request) {
      auto *source = static_cast<Source *>(user_data);
#ifdef SPARK_T2I_NO_EXCEPTIONS
      return source->given(request);
#else
      try {
        return source->given(request);
      } catch (...) {
        source->thrown = std::current_exception();
        return false;
      }
#endif
    }

    bool given(spark_t2i_request *request) {
      current = next();
      if (!current) return false;
      *request = current->c_request();
      return true;
    }
  };

  Many() : source_(std::make_unique<Source>()) {}

  std::unique_ptr<Source> source_;
  // After the source, which it uses: it goes first.
  detail::CallHandle call_;
  std::optional<Generated> item_;
  std::optional<Error> error_;
};

/// A client of the service. Any number of threads may use it.
class Client {
 public:
#ifndef SPARK_T2I_NO_EXCEPTIONS
  /// A client; key and base URL come from the environment where they are not given. Nothing is sent.
  explicit Client(const Options &options = {}) : Client(create(options)) {}
#endif
  /// The same.
  static Returned<Client> create(const Options &options = {}) {
    spark_t2i_options c = SPARK_T2I_OPTIONS_INIT;
    c.api_key = detail::text(options.api_key);
    c.base_url = detail::text(options.base_url);
    c.connect_timeout_seconds = detail::seconds(options.connect_timeout);
    c.request_timeout_seconds = detail::seconds(options.request_timeout);
    c.wait_timeout_seconds = detail::seconds(options.wait_timeout);
    if (options.max_retries) c.max_retries = *options.max_retries;
    c.max_requests_per_second = detail::number(options.max_requests_per_second);
    c.poll_cost_seconds = detail::seconds(options.poll_cost);
    c.poll_interval_seconds = detail::seconds(options.poll_interval);
    c.latency_profile = detail::text(options.latency_profile);
    if (options.max_in_flight) c.max_in_flight = *options.max_in_flight;
    std::vector<spark_t2i_header> headers;
    for (const auto &header : options.headers)
      headers.push_back({detail::text(std::string_view(header.first)), detail::text(std::string_view(header.second))});
    c.headers = headers.data();
    c.header_count = headers.size();
    c.proxy = detail::text(options.proxy);
    c.ca_bundle = detail::text(options.ca_bundle);
    c.user_agent_suffix = detail::text(options.user_agent_suffix);
    c.on_outcome_unknown = options.resubmit_on_outcome_unknown ? SPARK_T2I_RESUBMIT : SPARK_T2I_FAIL;
    detail::ClientHandle client;
    detail::ErrorHandle error;
    auto result = spark_t2i_client_new(&c, client.place(), error.place());
    return detail::returned(detail::made(result, error, [&] { return Client(std::move(client)); }));
  }

  /// Submits, waits and gives the image. Nothing is downloaded yet.
  Returned<Image> generate(const Request &request, std::optional<Seconds> timeout = {}) const {
    return call<Image, detail::ImageHandle>(spark_t2i_client_generate, request, timeout,
                                            [](auto &image) { return Image(std::move(image)); });
  }
  /// The same without waiting here. `on_event` is called on the library's callback thread.
  Pending<Image> generate_async(const Request &request, OnEvent on_event = {},
                                std::optional<Seconds> timeout = {}) const {
    return start<Image>(spark_t2i_client_generate_start, request, std::move(on_event), timeout);
  }

  /// Submits, and does not wait for the task's end.
  Returned<Task> submit(const Request &request, std::optional<Seconds> timeout = {}) const {
    return call<Task, detail::TaskHandle>(spark_t2i_client_submit, request, timeout,
                                          [](auto &task) { return Task(std::move(task)); });
  }
  Pending<Task> submit_async(const Request &request, std::optional<Seconds> timeout = {}) const {
    return start<Task>(spark_t2i_client_submit_start, request, {}, timeout);
  }

  /// What a request would probably cost; nothing where the service has no estimate.
  Returned<std::optional<Estimate>> estimate(const Request &request, std::optional<Seconds> timeout = {}) const {
    return call<std::optional<Estimate>, detail::EstimateHandle>(
        spark_t2i_client_estimate, request, timeout, [](auto &estimate) -> std::optional<Estimate> {
          if (estimate.get() == nullptr) return std::nullopt;
          return detail::value(*spark_t2i_estimate_get(estimate.get()));
        });
  }
  Pending<std::optional<Estimate>> estimate_async(const Request &request, std::optional<Seconds> timeout = {}) const {
    return start<std::optional<Estimate>>(spark_t2i_client_estimate_start, request, {}, timeout);
  }

  /// Many images, `max_in_flight` at a time. `next` gives the requests as there is room, and nothing at their end.
  Returned<Many> generate_many_from(std::function<std::optional<Request>()> next,
                                    std::optional<Seconds> timeout = {}) const {
    return detail::returned(Many::begin(std::move(next), [&](auto source, auto *data, auto... rest) {
      return spark_t2i_client_generate_many_start(handle_.get(), source, data, detail::seconds(timeout), nullptr, rest...);
    }));
  }
  /// The same with a range of requests, or of what a Request can be made of. One that is no temporary has to stay.
  template <class Requests>
  Returned<Many> generate_many(Requests &&requests, std::optional<Seconds> timeout = {}) const {
    using Held = std::conditional_t<std::is_lvalue_reference_v<Requests>, std::remove_reference_t<Requests> *,
                                    std::shared_ptr<std::remove_reference_t<Requests>>>;
    Held held;
    if constexpr (std::is_lvalue_reference_v<Requests>) held = &requests;
    else held = std::make_shared<std::remove_reference_t<Requests>>(std::forward<Requests>(requests));
    auto at = std::begin(*held);
    return generate_many_from(
        [held, at]() mutable -> std::optional<Request> {
          if (at == std::end(*held)) return std::nullopt;
          return Request(*at++);
        },
        timeout);
  }

  /// The task with this id, whoever submitted it. Nothing is sent.
  Returned<Task> task(std::string_view id) const {
    detail::TaskHandle task;
    detail::ErrorHandle error;
    auto result = spark_t2i_client_task(handle_.get(), detail::text(id), task.place(), error.place());
    return detail::returned(detail::made(result, error, [&] { return Task(std::move(task)); }));
  }

  /// What this client has done so far.
  Returned<Stats> stats() const {
    detail::StatsHandle stats;
    detail::ErrorHandle error;
    auto result = spark_t2i_client_stats(handle_.get(), stats.place(), error.place());
    return detail::returned(
        detail::made(result, error, [&] { return detail::value(*spark_t2i_stats_get(stats.get())); }));
  }

  /// The handle of C, which stays this object's.
  spark_t2i_client *c_handle() const noexcept { return handle_.get(); }

 private:
  explicit Client(detail::ClientHandle handle) noexcept : handle_(std::move(handle)) {}

  template <class T, class Handle, class Function, class Make>
  Returned<T> call(Function function, const Request &request, std::optional<Seconds> timeout, Make make) const {
    auto c = request.c_request();
    Handle handle;
    detail::ErrorHandle error;
    auto result = function(handle_.get(), &c, detail::seconds(timeout), handle.place(), error.place());
    return detail::returned(detail::made(result, error, [&] { return make(handle); }));
  }

  template <class T, class Function>
  Pending<T> start(Function function, const Request &request, OnEvent on_event, std::optional<Seconds> timeout) const {
    return Pending<T>::begin(std::move(on_event), [&](auto... rest) {
      auto c = request.c_request();
      return function(handle_.get(), &c, detail::seconds(timeout), rest...);
    });
  }

  detail::ClientHandle handle_;
};

/// Checks a request by every rule of the service; nothing is sent.
inline Returned<Report> validate(const Request &request) {
  auto c = request.c_request();
  detail::ReportHandle report;
  detail::ErrorHandle error;
  auto result = spark_t2i_validate(&c, report.place(), error.place());
  return detail::returned(
      detail::made(result, error, [&] { return detail::value(*spark_t2i_report_get(report.get())); }));
}

/// Checks parameters in JSON, whatever the text is.
inline Returned<Report> validate_json(std::string_view parameters) {
  detail::ReportHandle report;
  detail::ErrorHandle error;
  auto result = spark_t2i_validate_json(detail::text(parameters), report.place(), error.place());
  return detail::returned(
      detail::made(result, error, [&] { return detail::value(*spark_t2i_report_get(report.get())); }));
}

/// The settings of an emulator, as in C.
struct EmulatorOptions {
  /// `2s`, `lognormal:12s:0.25`, or the path of a file of recorded seconds.
  std::optional<std::string> latency;
  std::optional<double> failure_rate;
  std::optional<double> rate_limit;
  std::optional<std::string> price;
  std::optional<std::string> api_key;
  std::optional<std::int64_t> seed;
  std::optional<bool> progress;
  std::optional<std::string> state;
  std::optional<std::string> addr;
  std::vector<std::string> faults;
};

/// The service on loopback, inside this process: for tests and demos. It stops when it is destroyed.
class Emulator {
 public:
#ifndef SPARK_T2I_NO_EXCEPTIONS
  explicit Emulator(const EmulatorOptions &options = {}) : Emulator(create(options)) {}
#endif
  static Returned<Emulator> create(const EmulatorOptions &options = {}) {
    spark_t2i_emulator_options c = SPARK_T2I_EMULATOR_OPTIONS_INIT;
    c.latency = detail::text(options.latency);
    c.failure_rate = detail::number(options.failure_rate);
    c.rate_limit = detail::number(options.rate_limit);
    c.price = detail::text(options.price);
    c.api_key = detail::text(options.api_key);
    if (options.seed) c.seed = *options.seed;
    if (options.progress) c.progress = *options.progress ? 1 : 0;
    c.state = detail::text(options.state);
    c.addr = detail::text(options.addr);
    auto faults = c_faults(options.faults);
    c.faults = faults.data();
    c.fault_count = faults.size();
    detail::EmulatorHandle emulator;
    detail::ErrorHandle error;
    auto result = spark_t2i_emulator_new(&c, emulator.place(), error.place());
    return detail::returned(
        detail::made(result, error, [&] { return Emulator(std::move(emulator), options.api_key.value_or("emulator")); }));
  }

  /// The base URL for clients.
  std::string url() const { return detail::string(spark_t2i_emulator_url(handle_.get())); }
  /// Options of a client of it.
  Options options() const {
    Options options;
    options.base_url = url();
    options.api_key = api_key_;
    return options;
  }
  /// What it has seen so far, as JSON.
  Returned<std::string> stats_json() const {
    detail::BytesHandle json;
    detail::ErrorHandle error;
    auto result = spark_t2i_emulator_stats(handle_.get(), json.place(), error.place());
    return detail::returned(
        detail::made(result, error, [&] { return detail::string(spark_t2i_bytes_get(json.get())); }));
  }
  /// Lets these things go wrong from now on, and no others. True; an error where one is no fault.
  Returned<bool> set_faults(const std::vector<std::string> &faults) const {
    auto c = c_faults(faults);
    detail::ErrorHandle error;
    auto result = spark_t2i_emulator_set_faults(handle_.get(), c.data(), c.size(), error.place());
    return detail::returned(detail::made(result, error, [] { return true; }));
  }

 private:
  Emulator(detail::EmulatorHandle handle, std::string api_key) noexcept
      : handle_(std::move(handle)), api_key_(std::move(api_key)) {}
  static std::vector<spark_t2i_text> c_faults(const std::vector<std::string> &faults) {
    std::vector<spark_t2i_text> all;
    for (const auto &fault : faults) all.push_back(detail::text(std::string_view(fault)));
    return all;
  }

  detail::EmulatorHandle handle_;
  std::string api_key_;
};

/// Takes log records: how grave, from where, and what they say.
using OnLog = std::function<void(LogLevel, std::string_view, std::string_view)>;

/// Tells log records from now on to this function, on the library's callback thread; nothing to none. What it throws is lost.
/// The function is kept until the program ends.
inline void log_to(LogLevel level, OnLog on_log) {
  static std::mutex mutex;
  static std::vector<std::unique_ptr<OnLog>> kept;
  OnLog *function = nullptr;
  if (on_log) {
    std::lock_guard<std::mutex> lock(mutex);
    kept.push_back(std::make_unique<OnLog>(std::move(on_log)));
    function = kept.back().get();
  }
  auto callback = [](void *user_data, std::int32_t grave, spark_t2i_text target, spark_t2i_text message) {
    auto &told = *static_cast<OnLog *>(user_data);
#ifdef SPARK_T2I_NO_EXCEPTIONS
    told(static_cast<LogLevel>(grave), detail::view(target), detail::view(message));
#else
    try {
      told(static_cast<LogLevel>(grave), detail::view(target), detail::view(message));
    } catch (...) {
    }
#endif
  };
  spark_t2i_log_to(static_cast<std::int32_t>(level), function != nullptr ? +callback : nullptr, function, nullptr);
}

/// Ends every call as cancelled, and the library's threads. To be called before the program ends; a call that is begun
/// afterwards starts them anew.
inline void shut_down(Seconds at_most = Seconds(1)) { spark_t2i_shut_down(at_most.count()); }

/// The version of the library.
inline std::string_view version() { return spark_t2i_version(); }

}  // namespace spark_t2i

#endif
