/* The conformance runner of C: runner FIXTURES [SERVER [PART-OF-A-NAME]]. Without a server, all but the scenarios. */

#include <stdio.h>
#include <stdlib.h>

#include "support.h"

int main(int count, char **arguments) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (count < 2) fail("usage: %s FIXTURES [SERVER [PART-OF-A-NAME]]", arguments[0]);
  run_errors_table(arguments[1]);
  run_validation(arguments[1]);
  run_decoding(arguments[1]);
  if (count > 2) run_scenarios(arguments[2], count > 3 ? arguments[3] : NULL);
  spark_t2i_shut_down(10);
  if (spark_t2i_handle_count() != 0) fail("%zu handles were not freed", spark_t2i_handle_count());
  return 0;
}
