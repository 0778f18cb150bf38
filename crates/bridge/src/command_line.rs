use std::ffi::OsString;

/// Runs the command `spark-t2i`; the first argument is the program's name. It may take over the signals of this process,
/// which should end with the exit code that this returns.
pub fn run_command_line(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    spark_t2i_cli::run(arguments)
}
