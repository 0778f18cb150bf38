// The C++ layer without exceptions: every function that may fail returns a Result.

#include <spark_t2i.hpp>

#include <cstdio>
#include <cstdlib>

#ifndef SPARK_T2I_NO_EXCEPTIONS
#error "the compiler has exceptions: this would test nothing"
#endif

using namespace std::chrono_literals;

namespace {

void check(bool condition, const char *text, int line) {
  if (condition) return;
  std::fprintf(stderr, "line %d: not so: %s\n", line, text);
  std::exit(1);
}

// NOLINTNEXTLINE: the text of the condition is wanted.
#define CHECK(condition) check((condition), #condition, __LINE__)

static_assert(std::is_same_v<decltype(std::declval<spark_t2i::Client>().generate(spark_t2i::Request(""))),
                             spark_t2i::Result<spark_t2i::Image>>);

void run() {
  spark_t2i::EmulatorOptions options;
  options.latency = "50ms";
  auto emulator = spark_t2i::Emulator::create(options);
  CHECK(emulator.has_value());
  auto client_options = emulator->options();
  client_options.poll_interval = 50ms;
  auto client = spark_t2i::Client::create(client_options);
  CHECK(client.has_value());
  auto size = spark_t2i::size_of("1:1");
  CHECK(size && size->width == 1328);
  auto image = client->generate(spark_t2i::Request("a red fox").size(*size));
  CHECK(image && image->width() == 1328U);
  auto bytes = image->bytes();
  CHECK(bytes && bytes->size() == *image->size());

  auto refused = client->generate(spark_t2i::Request(""));
  CHECK(!refused && refused.error().kind == spark_t2i::Kind::invalid_request && !refused.error().violations.empty());
  CHECK(!client->task("a b").has_value());
  CHECK(!spark_t2i::size_of("none").has_value());
  spark_t2i::Options wrong;
  wrong.api_key = "two\nlines";
  CHECK(spark_t2i::Client::create(wrong).error().kind == spark_t2i::Kind::authentication);

  auto future = client->generate_async(spark_t2i::Request("a red fox").size(512, 512));
  spark_t2i::Result<spark_t2i::Image> later = future.get();
  CHECK(later.has_value());
  auto no_future = client->generate_async(spark_t2i::Request(""));
  CHECK(no_future.get().error().code.has_value());

  auto task = client->submit(spark_t2i::Request("a red fox").size(512, 512));
  auto events = task->events();
  int count = 0;
  for (const auto &event : *events) count += event.task_id == task->id() ? 1 : 0;
  CHECK(count >= 2 && !events->error());
  auto many = client->generate_many(std::vector<spark_t2i::Request>(3, spark_t2i::Request("a red fox").size(512, 512)));
  count = 0;
  for (auto &generated : *many) count += generated.image ? 1 : 0;
  CHECK(count == 3 && !many->error());
  CHECK(client->stats()->submitted == 6);
}

}  // namespace

int main() {
  run();
  spark_t2i::shut_down(10s);
  CHECK(spark_t2i_handle_count() == 0);
  std::puts("without exceptions");
  return 0;
}
