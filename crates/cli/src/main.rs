//! The command `spark-t2i`: text to image with `spark_t2i_3_0` from a terminal or a script.

use std::process::ExitCode;

fn main() -> ExitCode {
    spark_t2i_cli::run(std::env::args_os()).into()
}
