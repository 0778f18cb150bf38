/* What a call across the border costs, with one thread and with eight: medians of rounds. */

#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "spark_t2i.h"

#define CALLS 200000
#define ROUNDS 15
#define MOST_THREADS 8

static double cpu_seconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static spark_t2i_task *task;
static spark_t2i_snapshot *snapshot;
static pthread_barrier_t start;

static size_t read_status(void) { return (size_t)spark_t2i_snapshot_get(snapshot)->status; }
static size_t read_id(void) { return spark_t2i_task_id(task).length; }
static size_t of_a_freed_one(void) { return spark_t2i_task_id((const spark_t2i_task *)(const void *)&start).length; }
static size_t make_and_free(void) {
  spark_t2i_request request = SPARK_T2I_REQUEST_INIT;
  spark_t2i_report *report = NULL;
  request.prompt = (spark_t2i_text){"a red fox in the snow", 21};
  spark_t2i_validate(&request, &report, NULL);
  return spark_t2i_report_free(report);
}

struct thread {
  size_t (*call)(void);
  pthread_t thread;
  double ns;
  /* So that no call is left out. */
  size_t sum;
};

static int by_size(const void *one, const void *other) {
  const double a = *(const double *)one, b = *(const double *)other;
  return (a > b) - (a < b);
}

static void *measure(void *argument) {
  struct thread *thread = argument;
  double rounds[ROUNDS];
  for (int round = 0; round < ROUNDS; round++) {
    pthread_barrier_wait(&start);
    const double begin = cpu_seconds();
    for (int i = 0; i < CALLS; i++) thread->sum += thread->call();
    rounds[round] = (cpu_seconds() - begin) * 1e9 / CALLS;
  }
  qsort(rounds, ROUNDS, sizeof *rounds, by_size);
  thread->ns = rounds[ROUNDS / 2];
  return NULL;
}

static double cost(size_t (*call)(void), unsigned count) {
  struct thread threads[MOST_THREADS];
  double sum = 0;
  pthread_barrier_init(&start, NULL, count);
  for (unsigned i = 0; i < count; i++) {
    threads[i].call = call;
    threads[i].sum = 0;
    if (pthread_create(&threads[i].thread, NULL, measure, &threads[i]) != 0) exit(1);
  }
  for (unsigned i = 0; i < count; i++) {
    pthread_join(threads[i].thread, NULL);
    sum += threads[i].ns;
  }
  pthread_barrier_destroy(&start);
  return sum / count;
}

int main(void) {
  spark_t2i_emulator *emulator = NULL;
  spark_t2i_client *client = NULL;
  spark_t2i_options options = SPARK_T2I_OPTIONS_INIT;
  spark_t2i_request request = SPARK_T2I_REQUEST_INIT;
  request.prompt = spark_t2i_text_of("a red fox in the snow");
  options.api_key = spark_t2i_text_of("any");
  if (spark_t2i_emulator_new(NULL, &emulator, NULL) != SPARK_T2I_OK) return 1;
  options.base_url = spark_t2i_emulator_url(emulator);
  if (spark_t2i_client_new(&options, &client, NULL) != SPARK_T2I_OK ||
      spark_t2i_client_submit(client, &request, -1, &task, NULL) != SPARK_T2I_OK ||
      spark_t2i_task_snapshot(task, &snapshot, NULL) != SPARK_T2I_OK)
    return 1;
  static const struct {
    const char *name;
    size_t (*call)(void);
  } calls[] = {{"the status of a snapshot", read_status},
               {"the id of a task", read_id},
               {"what is no handle", of_a_freed_one},
               {"a report made, with its rules, and freed", make_and_free}};
  printf("CPU time a call (target: < 200 ns)      1 thread  8 threads on the same handle\n");
  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
    printf("%-40s %5.0f ns %5.0f ns\n", calls[i].name, cost(calls[i].call, 1), cost(calls[i].call, 8));
  spark_t2i_snapshot_free(snapshot);
  spark_t2i_task_free(task);
  spark_t2i_client_free(client);
  spark_t2i_emulator_free(emulator);
  spark_t2i_shut_down(1);
  return spark_t2i_handle_count() != 0;
}
