#define _GNU_SOURCE
#include "support.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

void fail(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vfprintf(stderr, format, arguments);
  va_end(arguments);
  fputc('\n', stderr);
  exit(1);
}

static void *allocated(void *memory) {
  if (memory == NULL) fail("out of memory");
  return memory;
}

struct buffer {
  char *data;
  size_t length;
  size_t room;
};

static void append(struct buffer *buffer, const void *data, size_t length) {
  if (buffer->length + length >= buffer->room) {
    buffer->room = 2 * (buffer->length + length) + 64;
    buffer->data = allocated(realloc(buffer->data, buffer->room));
  }
  if (length > 0) memcpy(buffer->data + buffer->length, data, length);
  buffer->length += length;
  buffer->data[buffer->length] = '\0';
}

char *text_of(const json_t *pieces, size_t *length) {
  struct buffer buffer = {NULL, 0, 0};
  append(&buffer, "", 0);
  if (json_is_string(pieces)) append(&buffer, json_string_value(pieces), json_string_length(pieces));
  for (size_t i = 0; i < json_array_size(pieces); i++) {
    const json_t *piece = json_array_get(pieces, i);
    const json_t *text = json_is_string(piece) ? piece : json_object_get(piece, "text");
    double times = json_is_string(piece) ? 1 : json_number_value(json_object_get(piece, "times"));
    for (size_t n = 0; n < (size_t)times; n++) append(&buffer, json_string_value(text), json_string_length(text));
  }
  *length = buffer.length;
  return buffer.data;
}

char *read_file(const char *path, size_t *length) {
  FILE *file = fopen(path, "rb");
  if (file == NULL) return NULL;
  struct buffer buffer = {NULL, 0, 0};
  char block[65536];
  size_t got;
  append(&buffer, "", 0);
  while ((got = fread(block, 1, sizeof block, file)) > 0) append(&buffer, block, got);
  bool broken = ferror(file) != 0;
  fclose(file);
  if (broken) {
    free(buffer.data);
    return NULL;
  }
  *length = buffer.length;
  return buffer.data;
}

void write_file(const char *path, const char *content) {
  FILE *file = fopen(path, "wb");
  if (file == NULL || fputs(content, file) < 0 || fclose(file) != 0) fail("%s: %s", path, strerror(errno));
}

uint32_t crc32_of(const void *data, size_t length) {
  uint32_t crc = 0xffffffffU;
  for (size_t i = 0; i < length; i++) {
    crc ^= ((const unsigned char *)data)[i];
    for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (0xedb88320U & (0U - (crc & 1U)));
  }
  return ~crc;
}

json_t *cases_of(const char *fixtures, const char *folder) {
  char path[4096];
  struct dirent **names;
  json_t *all = json_array();
  snprintf(path, sizeof path, "%s/%s", fixtures, folder);
  int count = scandir(path, &names, NULL, alphasort);
  if (count < 0) fail("%s: %s", path, strerror(errno));
  for (int i = 0; i < count; i++) {
    if (names[i]->d_name[0] != '.') {
      json_error_t problem;
      snprintf(path, sizeof path, "%s/%s/%s", fixtures, folder, names[i]->d_name);
      /* As integers where they fit: a seed of 2^63-1 is exact. */
      json_t *file = json_load_file(path, JSON_ALLOW_NUL, &problem);
      if (file == NULL) file = json_load_file(path, JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, &problem);
      if (file == NULL) fail("%s: %s", path, problem.text);
      json_array_extend(all, json_object_get(file, "cases"));
      json_decref(file);
    }
    free(names[i]);
  }
  free(names);
  if (json_array_size(all) == 0) fail("%s/%s holds no cases", fixtures, folder);
  return all;
}

static struct sockaddr_in address_of(const char *base_url) {
  struct sockaddr_in address = {.sin_family = AF_INET};
  char host[64];
  unsigned port;
  if (sscanf(base_url, "http://%63[0-9.]:%u", host, &port) != 2 || inet_pton(AF_INET, host, &address.sin_addr) != 1)
    fail("not an address on loopback: %s", base_url);
  address.sin_port = htons((uint16_t)port);
  return address;
}

static bool send_all(int to, const void *data, size_t length) {
  for (size_t sent = 0; sent < length;) {
    ssize_t part = send(to, (const char *)data + sent, length - sent, MSG_NOSIGNAL);
    if (part <= 0) return false;
    sent += (size_t)part;
  }
  return true;
}

char *http(const char *base_url, const char *path, const char *body) {
  struct sockaddr_in address = address_of(base_url);
  struct buffer request = {NULL, 0, 0};
  struct buffer answer = {NULL, 0, 0};
  char head[4096];
  int with = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (with < 0 || connect(with, (struct sockaddr *)&address, sizeof address) != 0)
    fail("%s: %s", base_url, strerror(errno));
  snprintf(head, sizeof head,
           "%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n"
           "Content-Length: %zu\r\n\r\n",
           body == NULL ? "GET" : "POST", path, body == NULL ? 0 : strlen(body));
  append(&request, head, strlen(head));
  if (body != NULL) append(&request, body, strlen(body));
  if (!send_all(with, request.data, request.length)) fail("%s%s: %s", base_url, path, strerror(errno));
  free(request.data);
  char block[65536];
  ssize_t got;
  append(&answer, "", 0);
  while ((got = recv(with, block, sizeof block, 0)) > 0) append(&answer, block, (size_t)got);
  close(with);
  char *end = strstr(answer.data, "\r\n\r\n");
  if (end == NULL || strncmp(answer.data, "HTTP/1.1 200", 12) != 0) fail("%s%s: %s", base_url, path, answer.data);
  if (strcasestr(answer.data, "\r\ntransfer-encoding:") != NULL && strcasestr(answer.data, "chunked") < end)
    fail("%s%s: an answer in chunks, which this cannot read", base_url, path);
  char *content = allocated(strdup(end + 4));
  free(answer.data);
  return content;
}

struct server {
  int listening;
  char url[64];
  pthread_t thread;
  pthread_mutex_t lock;
  int status;
  struct buffer body;
};

static void answer(struct server *server, int with) {
  struct buffer request = {NULL, 0, 0};
  char block[65536];
  ssize_t got;
  size_t whole = SIZE_MAX;
  append(&request, "", 0);
  while (request.length < whole && (got = recv(with, block, sizeof block, 0)) > 0) {
    append(&request, block, (size_t)got);
    char *end = strstr(request.data, "\r\n\r\n");
    if (end != NULL) {
      char *length = strcasestr(request.data, "\r\ncontent-length:");
      whole = (size_t)(end - request.data) + 4 + (length == NULL ? 0 : strtoul(length + 17, NULL, 10));
    }
  }
  free(request.data);
  if (whole == SIZE_MAX) return;
  pthread_mutex_lock(&server->lock);
  char head[256];
  snprintf(head, sizeof head,
           "HTTP/1.1 %d Fixed\r\nContent-Type: application/json\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n",
           server->status, server->body.length);
  if (send_all(with, head, strlen(head))) send_all(with, server->body.data, server->body.length);
  pthread_mutex_unlock(&server->lock);
}

static void *serve(void *argument) {
  struct server *server = argument;
  int with;
  while ((with = accept(server->listening, NULL, NULL)) >= 0) {
    int at_once = 1;
    setsockopt(with, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
    answer(server, with);
    close(with);
  }
  return NULL;
}

struct server *server_start(void) {
  struct server *server = allocated(calloc(1, sizeof *server));
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t length = sizeof address;
  server->listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  pthread_mutex_init(&server->lock, NULL);
  if (server->listening < 0 || bind(server->listening, (struct sockaddr *)&address, sizeof address) != 0 ||
      listen(server->listening, 64) != 0 || getsockname(server->listening, (struct sockaddr *)&address, &length) != 0 ||
      pthread_create(&server->thread, NULL, serve, server) != 0)
    fail("the server does not start: %s", strerror(errno));
  snprintf(server->url, sizeof server->url, "http://127.0.0.1:%u", (unsigned)ntohs(address.sin_port));
  return server;
}

const char *server_url(const struct server *server) { return server->url; }

void server_answer(struct server *server, int status, const void *body, size_t length) {
  pthread_mutex_lock(&server->lock);
  server->status = status;
  server->body.length = 0;
  append(&server->body, body, length);
  pthread_mutex_unlock(&server->lock);
}

void server_stop(struct server *server) {
  shutdown(server->listening, SHUT_RDWR);
  pthread_join(server->thread, NULL);
  close(server->listening);
  pthread_mutex_destroy(&server->lock);
  free(server->body.data);
  free(server);
}

double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}
