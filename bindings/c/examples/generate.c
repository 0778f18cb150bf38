#include <spark_t2i.h>
#include <stdio.h>

int main(void) {
  spark_t2i_client *client = NULL;
  spark_t2i_image *image = NULL;
  spark_t2i_error *error = NULL;
  spark_t2i_request request = SPARK_T2I_REQUEST_INIT;
  request.prompt = spark_t2i_text_of("a red fox in the snow");
  if (spark_t2i_client_new(NULL, &client, &error) || spark_t2i_client_generate(client, &request, -1, &image, &error) ||
      spark_t2i_image_save(image, spark_t2i_text_of("fox.png"), SPARK_T2I_OVERWRITE, -1, NULL, &error))
    fprintf(stderr, "%s\n", spark_t2i_error_get(error)->text.data);
  else
    printf("fox.png: task %s\n", spark_t2i_image_get(image)->task_id.data);
  const int failed = error != NULL;
  spark_t2i_error_free(error);
  spark_t2i_image_free(image);
  spark_t2i_client_free(client);
  return failed;
}
