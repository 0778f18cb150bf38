// The C++ layer: surface [PART-OF-A-NAME].

#include <spark_t2i.hpp>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using spark_t2i::Client;
using spark_t2i::Emulator;
using spark_t2i::EmulatorOptions;
using spark_t2i::EventKind;
using spark_t2i::Request;

namespace {

struct Failed {
  std::string what;
};

template <class... Parts>
void check(bool condition, const Parts &...parts) {
  if (condition) return;
  std::ostringstream text;
  (text << ... << parts);
  throw Failed{text.str()};
}

// NOLINTNEXTLINE: the text of the condition is wanted.
#define CHECK(condition) check((condition), "line ", __LINE__, ": not so: ", #condition)

template <class Expected, class Work>
spark_t2i::Error thrown(Work work) {
  try {
    work();
  } catch (const Expected &error) {
    CHECK(std::string(error.what()) == error.error().text);
    return error.error();
  } catch (const spark_t2i::Exception &error) {
    throw Failed{std::string("another error: ") + error.what()};
  }
  throw Failed{"nothing was thrown"};
}

Emulator emulator(const char *latency) {
  EmulatorOptions options;
  options.latency = latency;
  return Emulator(options);
}

Client client_of(const Emulator &emulator) {
  auto options = emulator.options();
  options.poll_interval = 50ms;
  options.max_requests_per_second = 0;
  options.max_in_flight = 4;
  options.headers = {{"X-Test", "surface"}};
  options.user_agent_suffix = "surface/1";
  return Client(options);
}

Request fox() { return Request("a red fox in the snow").size(512, 512).seed(42); }

static_assert(!std::is_copy_constructible_v<Client> && std::is_nothrow_move_constructible_v<Client>);
static_assert(!std::is_copy_constructible_v<spark_t2i::Task> && !std::is_copy_constructible_v<spark_t2i::Image>);
static_assert(!std::is_copy_constructible_v<spark_t2i::Pending<spark_t2i::Image>>);
static_assert(std::is_copy_constructible_v<spark_t2i::Exception>);
static_assert(std::is_base_of_v<std::runtime_error, spark_t2i::TimeoutError>);

void an_image_in_memory_and_in_a_file() {
  auto service = emulator("50ms");
  auto client = client_of(service);
  auto image = client.generate(fox());
  CHECK(image.width() == 512U && image.height() == 512U && !image.task_id().empty());
  CHECK(image.usage()->cost == "0.035714285714");
  auto bytes = image.bytes();
  CHECK(bytes.size() == *image.size() && bytes.view().substr(1, 3) == "PNG");
  CHECK(static_cast<std::size_t>(std::distance(bytes.begin(), bytes.end())) == bytes.size());
  char folder[] = "/tmp/spark-t2i-XXXXXX";
  CHECK(mkdtemp(folder) != nullptr);
  const std::string path = std::string(folder) + "/fox";
  spark_t2i::SaveOptions options;
  options.add_extension = true;
  auto saved = image.save(path, options);
  CHECK(saved.path == path + ".png" && saved.format == "png" && saved.bytes == bytes.size() && saved.width == 512U);
  auto error = thrown<spark_t2i::FileError>([&] { image.save(saved.path); });
  CHECK(error.kind_name == "io" && error.message.find(saved.path) != std::string::npos);
  options.add_extension = false;
  options.overwrite = true;
  CHECK(image.save_async(saved.path, options).get().bytes == bytes.size());
  std::ifstream file(saved.path, std::ios::binary);
  const std::string content((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  CHECK(content == bytes.view());
  std::remove(saved.path.c_str());
  std::remove(folder);
}

void everything_that_a_task_can() {
  auto service = emulator("100ms");
  auto client = client_of(service);
  auto task = client.submit(fox());
  const std::string id(task.id());
  CHECK(task.snapshot()->id == id);
  std::vector<EventKind> kinds;
  for (const auto &event : task.events()) {
    CHECK(event.task_id == id && event.elapsed >= 0s);
    kinds.push_back(event.kind);
    if (event.kind == EventKind::completed) CHECK(event.snapshot->status == spark_t2i::Status::completed);
  }
  CHECK(kinds.size() >= 2 && kinds.back() == EventKind::completed);
  auto snapshot = task.refresh();
  CHECK(snapshot.status == spark_t2i::Status::completed && snapshot.raw.find(id) != std::string::npos);
  CHECK(snapshot.output.at(0).content.at(0).type == "image");
  CHECK(task.refresh_async().get().status_word == "completed");
  CHECK(task.wait().task_id() == id && task.wait_async().get().task_id() == id);
  CHECK(task.images().size() == 1 && task.images()[0].task_id() == id);
  CHECK(client.task(id).wait(10s).task_id() == id);
  CHECK(client.submit_async(fox()).get().id() != id);
  auto estimate = client.estimate(fox());
  CHECK(estimate && estimate->currency == "USD" && !estimate->cost.empty());
  CHECK(client.estimate_async(fox()).get()->cost == estimate->cost);
  auto stats = client.stats();
  CHECK(stats.submitted == 2 && stats.completed == 1 && stats.cost == "0.035714285714");
}

void a_future_and_its_events() {
  auto service = emulator("100ms");
  auto client = client_of(service);
  std::atomic<int> events{0};
  std::thread::id thread;
  auto pending = client.generate_async(fox(), [&](const spark_t2i::Event &event) {
    if (event.kind == EventKind::submitted) thread = std::this_thread::get_id();
    ++events;
  });
  std::future<spark_t2i::Image> future = pending.future();
  CHECK(future.wait_for(30s) == std::future_status::ready);
  CHECK(future.get().width() == 512U);
  CHECK(events >= 2 && thread != std::this_thread::get_id());

  // What cannot be is told by the future as well.
  auto refused = client.generate_async(Request(""));
  auto error = thrown<spark_t2i::InvalidRequestError>([&] { refused.get(); });
  CHECK(error.violations.size() == 1 && error.code == error.violations[0].code);
}

void a_callback_that_throws_is_the_end_of_its_call() {
  auto service = emulator("3600s");
  auto client = client_of(service);
  auto pending = client.generate_async(fox(), [](const spark_t2i::Event &) { throw std::out_of_range("mine"); });
  try {
    pending.get();
    throw Failed{"nothing was thrown"};
  } catch (const std::out_of_range &error) {
    CHECK(std::string(error.what()) == "mine");
  }
}

void cancelled_by_hand_or_by_going_out_of_scope() {
  auto service = emulator("3600s");
  auto client = client_of(service);
  auto pending = client.generate_async(fox());
  while (client.stats().waiting == 0) std::this_thread::sleep_for(5ms);
  CHECK(!pending.wait_for(1ms));
  pending.cancel();
  auto error = thrown<spark_t2i::CancelledError>([&] { pending.get(); });
  CHECK(error.task_id && error.retryable);
  std::future<spark_t2i::Image> future;
  {
    auto other = client.generate_async(fox());
    future = other.future();
    auto moved = std::move(other);
    other = client.generate_async(fox());
  }
  thrown<spark_t2i::CancelledError>([&] { future.get(); });

  auto task = client.submit(fox());
  auto events = task.events();
  std::thread canceller([&] {
    std::this_thread::sleep_for(100ms);
    events.cancel();
  });
  int count = 0;
  for (const auto &event : events) count += event.kind == EventKind::queued || event.kind == EventKind::submitted ? 1 : 0;
  canceller.join();
  CHECK(count >= 1);
}

void a_pending_call_may_be_destroyed_by_its_callback() {
  auto service = emulator("3600s");
  auto client = client_of(service);
  std::optional<spark_t2i::Pending<spark_t2i::Image>> pending;
  std::promise<void> destroyed, begun;
  auto started = begun.get_future();
  bool once = false;
  pending.emplace(client.generate_async(fox(), [&](const spark_t2i::Event &) {
    if (std::exchange(once, true)) return;
    started.wait();
    pending.reset();
    destroyed.set_value();
  }));
  begun.set_value();
  CHECK(destroyed.get_future().wait_for(30s) == std::future_status::ready);
}

void many_of_a_range() {
  auto service = emulator("50ms");
  auto client = client_of(service);
  std::vector<Request> requests;
  for (int seed = 0; seed < 10; ++seed) requests.push_back(fox().seed(seed));
  std::set<std::size_t> seen;
  for (auto &generated : client.generate_many(requests)) {
    seen.insert(generated.index);
    // A seed of 0 breaks a rule.
    CHECK(generated.image.has_value() == (generated.index != 0));
    if (generated.index == 0) CHECK(generated.image.error().code == "003001004");
    else CHECK(generated.image->width() == 512U);
  }
  CHECK(seen.size() == 10);

  // A temporary, of what a request is made of; left after the first one.
  for (auto &generated : client.generate_many(std::vector<std::string>{"a fox", "an owl", "a bear"})) {
    CHECK(generated.image.has_value());
    break;
  }

  int asked = 0;
  auto endless = client.generate_many_from([&]() -> std::optional<Request> {
    if (++asked == 3) throw std::out_of_range("mine");
    return fox();
  });
  try {
    for (auto &generated : endless) CHECK(generated.image.has_value());
    throw Failed{"nothing was thrown"};
  } catch (const std::out_of_range &) {
    CHECK(asked == 3);
  }
}

void errors_by_their_kind() {
  auto service = emulator("3600s");
  auto client = client_of(service);
  auto timeout = thrown<spark_t2i::TimeoutError>([&] { client.generate(fox(), 200ms); });
  CHECK(timeout.kind == spark_t2i::Kind::timeout && timeout.task_id && timeout.charged == spark_t2i::Charged::unknown);
  CHECK(service.set_faults({"http-401@create"}));
  auto refused = thrown<spark_t2i::AuthenticationError>([&] { client.submit(fox()); });
  CHECK(refused.http_status == 401 && refused.charged == spark_t2i::Charged::no);
  CHECK(service.set_faults({"reset-after-accept@create"}));
  thrown<spark_t2i::OutcomeUnknownError>([&] { client.submit(fox()); });
  thrown<spark_t2i::InvalidRequestError>([&] { service.set_faults({"no-such-fault"}); });
  thrown<spark_t2i::InvalidRequestError>([&] { client.task("a b"); });
  thrown<spark_t2i::InvalidRequestError>([&] { client.task("\xff"); });
  thrown<spark_t2i::InvalidRequestError>([&] { client.generate(fox(), -1s); });
  thrown<spark_t2i::InvalidRequestError>([&] { fox().size("16:9-9k"); });
  spark_t2i::Options options;
  options.api_key = "two\nlines";
  thrown<spark_t2i::AuthenticationError>([&] { Client client_of_it(options); });
  options.api_key = "key";
  options.ca_bundle = "/no/such/file.pem";
  thrown<spark_t2i::FileError>([&] { Client client_of_it(options); });
  auto moved = std::move(client);
  thrown<spark_t2i::InvalidRequestError>([&] { client.stats(); });  // NOLINT: what was moved from is NULL.
  CHECK(moved.stats().submitted == 1);
}

void checked_without_a_client() {
  auto report = spark_t2i::validate(fox());
  CHECK(report.valid && report.warnings.empty());
  report = spark_t2i::validate(fox().size(100, 100));
  CHECK(!report.valid && report.violations.at(0).field == "size");
  report = spark_t2i::validate_json(R"({"prompt": "a fox", "seed": 0, "widht": 1024})");
  CHECK(report.violations.size() == 2 && !report.violations[1].code);
  CHECK(spark_t2i::size_of("9:16-2k").height == 2560);
  CHECK(spark_t2i::version() == SPARK_T2I_VERSION);
  CHECK(!spark_t2i::validate(Request("")).valid && !spark_t2i::validate(Request(std::string_view())).valid);
}

void log_records() {
  auto service = emulator("20ms");
  auto client = client_of(service);
  std::atomic<int> records{0};
  spark_t2i::log_to(spark_t2i::LogLevel::debug, [&](spark_t2i::LogLevel, std::string_view target, std::string_view) {
    if (target.substr(0, 9) == "spark_t2i") ++records;
    throw std::runtime_error("lost");
  });
  client.generate(fox());
  for (int i = 0; i < 1000 && records == 0; ++i) std::this_thread::sleep_for(5ms);
  spark_t2i::log_to(spark_t2i::LogLevel::off, nullptr);
  CHECK(records > 0);
}

void threads_on_one_client() {
  auto service = emulator("50ms");
  const auto client = client_of(service);
  std::vector<std::thread> threads;
  std::atomic<int> right{0};
  for (int i = 0; i < 16; ++i)
    threads.emplace_back([&client, &right, i] {
      if (client.generate(fox().size(512 + 8 * i, 1024)).width() == 512U + 8U * static_cast<unsigned>(i)) ++right;
    });
  for (auto &thread : threads) thread.join();
  CHECK(right == 16 && service.stats_json().find("\"count\":16") != std::string::npos);
}

}  // namespace

int main(int count, char **arguments) {
  const std::vector<std::pair<const char *, void (*)()>> tests = {
      {"an_image_in_memory_and_in_a_file", an_image_in_memory_and_in_a_file},
      {"everything_that_a_task_can", everything_that_a_task_can},
      {"a_future_and_its_events", a_future_and_its_events},
      {"a_callback_that_throws_is_the_end_of_its_call", a_callback_that_throws_is_the_end_of_its_call},
      {"cancelled_by_hand_or_by_going_out_of_scope", cancelled_by_hand_or_by_going_out_of_scope},
      {"a_pending_call_may_be_destroyed_by_its_callback", a_pending_call_may_be_destroyed_by_its_callback},
      {"many_of_a_range", many_of_a_range},
      {"errors_by_their_kind", errors_by_their_kind},
      {"checked_without_a_client", checked_without_a_client},
      {"log_records", log_records},
      {"threads_on_one_client", threads_on_one_client},
  };
  int failed = 0;
  for (const auto &[name, run] : tests) {
    if (count > 1 && std::strstr(name, arguments[1]) == nullptr) continue;
    std::cout << name << std::endl;
    try {
      run();
      if (spark_t2i_handle_count() != 0) throw Failed{"handles were not freed"};
    } catch (const Failed &failure) {
      std::cerr << name << ": " << failure.what << '\n';
      ++failed;
    } catch (const std::exception &error) {
      std::cerr << name << ": " << error.what() << '\n';
      ++failed;
    }
  }
  spark_t2i::shut_down(10s);
  return failed == 0 ? 0 : 1;
}
