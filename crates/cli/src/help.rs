//! The parts of the help pages that clap does not write.

use spark_t2i_emulator::Fault;

pub(crate) const MAIN: &str = "\
Examples:
  spark-t2i generate \"a red fox in the snow\" --local
  spark-t2i generate \"a red fox in the snow\" --size 16:9-2k --seed 42 -o fox.png
  id=$(spark-t2i submit \"a red fox in the snow\") && spark-t2i task \"$id\" -o fox.png

The service needs an API key, in SPARK_T2I_API_KEY or in a file (--api-key-file), never as an argument. \
Without one, --local or `spark-t2i serve` answer in its place.

Results go to standard output and everything else to standard error. With --json each command that calls \
the service prints exactly one JSON object: a result, or {\"error\":{…}}.

Exit codes:
    0  done
    2  the request or the command line breaks a rule
    3  the API key is missing, refused, or may not do this
    4  too little balance, or too many requests
    5  not done in time (--wait-timeout); the task goes on
    6  no connection, an answer that makes no sense, or no such task
    7  the task failed
    8  nobody can say whether the service took (and charged) the request
    9  the image could not be fetched, or a file not be read or written
  130  stopped with Ctrl-C; the task goes on
    1  a bug of this program

`spark-t2i COMMAND --help` tells more about a command.";

pub(crate) const GENERATE: &str = "\
Examples:
  spark-t2i generate \"a red fox in the snow\" --size 16:9-2k --seed 42 -o fox.png
  spark-t2i generate \"一只雪中的红狐\" --local
  echo \"a red fox\" | spark-t2i generate - --json
  xdg-open \"$(spark-t2i generate \"a red fox\" --quiet)\"";

pub(crate) const GENERATE_LONG: &str = "\
Examples:
  spark-t2i generate \"a red fox in the snow\" --size 16:9-2k --seed 42 -o fox.png
  spark-t2i generate \"一只雪中的红狐\" --local
  echo \"a red fox\" | spark-t2i generate - --json
  xdg-open \"$(spark-t2i generate \"a red fox\" --quiet)\"

Without -o the file is named after the prompt and the seed (a-red-fox-42.png), or after the prompt and the \
first characters of the task's id; if the name is taken, with -2, -3 and so on.

Standard output holds the path of the file (on a terminal the summary tells it), with --json one object: \
  task_id, status, model, prompt, seed, width, height, file, url, bytes, cost (a string, in USD), discount, \
  requests (sent by this command), lag_seconds (from the end of the task to our noticing it, by the clocks \
  of the service and of this machine; null where they do not agree), seconds (of this command); \
  null stands for what is not known. A failure is {\"error\":{…}} with kind, message, code, violations, \
  http_status, task_id, retryable, charged (no, yes, unknown), retry_after_seconds, body, cause. \
Errors are told on standard error too, unless --json and --quiet are given together.

A lost connection, a timeout or Ctrl-C loses no task: `spark-t2i task ID -o FILE` takes it up again.";

pub(crate) const SUBMIT: &str = "\
Examples:
  id=$(spark-t2i submit \"a red fox in the snow\" --seed 42)
  spark-t2i task \"$id\" -o fox.png";

pub(crate) const SUBMIT_LONG: &str = "\
Examples:
  id=$(spark-t2i submit \"a red fox in the snow\" --seed 42)
  spark-t2i task \"$id\" -o fox.png

Prints the id of the task and nothing else; with --json the object that `generate` prints, with null for what \
is not known yet. A submit is never repeated unless it certainly did not reach the service: exit code 8 says \
that nobody knows.";

pub(crate) const TASK: &str = "\
Examples:
  spark-t2i task d758n65e878c73cmdg20
  spark-t2i task d758n65e878c73cmdg20 --wait -o fox.png
  spark-t2i task d758n65e878c73cmdg20 --wait --json";

pub(crate) const TASK_LONG: &str = "\
Examples:
  spark-t2i task d758n65e878c73cmdg20
  spark-t2i task d758n65e878c73cmdg20 --wait -o fox.png
  spark-t2i task d758n65e878c73cmdg20 --wait --json

Without --wait it looks once. -o waits, too. A task that failed is an error, with exit code 7. With --json it \
prints the object that `generate` prints; prompt and seed are null, as the service does not tell them.";

pub(crate) const ESTIMATE: &str = "\
Examples:
  spark-t2i estimate \"a red fox in the snow\" --size 16:9-2k
  spark-t2i estimate \"a red fox in the snow\" --local --json";

pub(crate) const ESTIMATE_LONG: &str = "\
Examples:
  spark-t2i estimate \"a red fox in the snow\" --size 16:9-2k
  spark-t2i estimate \"a red fox in the snow\" --local --json

Nothing is charged. With --json: cost (a string; null if the service has no estimate), currency, discount, \
billing_model, model, sample_count, updated_at (Unix milliseconds).";

pub(crate) const VALIDATE: &str = "\
Examples:
  echo '{\"prompt\": \"a red fox\", \"widht\": 1024}' | spark-t2i validate
  spark-t2i validate parameters.json && echo good";

pub(crate) const VALIDATE_LONG: &str = "\
Examples:
  echo '{\"prompt\": \"a red fox\", \"widht\": 1024}' | spark-t2i validate
  spark-t2i validate parameters.json && echo good

The parameters are prompt, use_pre_llm, seed, width and height. Prints \
  {\"valid\":…,\"violations\":[{\"code\",\"field\",\"message\"}],\"warnings\":[{\"field\",\"message\"}]} \
with every broken rule and the specification's code of each, and exits with 0 if valid, with 2 if not.";

pub(crate) const SERVE: &str = "\
Examples:
  spark-t2i serve --addr 127.0.0.1:8080 --latency lognormal:12s:0.25
  spark-t2i serve --state tasks.jsonl --failure-rate 0.1 --rate-limit 20
  spark-t2i serve --fault http-503:0.2 --fault reset-after-accept:0.01@create --seed 7";

const SERVE_LONG: &str = "\
Examples:
  spark-t2i serve --addr 127.0.0.1:8080 --latency lognormal:12s:0.25
  spark-t2i serve --state tasks.jsonl --failure-rate 0.1 --rate-limit 20
  spark-t2i serve --fault http-503:0.2 --fault reset-after-accept:0.01@create --seed 7

In another terminal:
  export SPARK_T2I_BASE_URL=http://127.0.0.1:8080 SPARK_T2I_API_KEY=any-key
  spark-t2i generate \"a red fox in the snow\"

Prints its URL as the one line on standard output once it accepts connections; Ctrl-C ends it. It validates by \
the specification and paints abstract pictures; it is no diffusion model. GET /_emulator/stats counts.

Of several faults at most one strikes a request: each has its share of the requests, in the order given, as long \
as there are any left. While it runs, from this machine only:
  curl localhost:8080/_emulator/faults --json '{\"faults\":[\"http-500:0.5\"]}'
  curl localhost:8080/_emulator/faults -X DELETE";

/// With the faults, from the emulator's own table.
pub(crate) fn serve_long() -> String {
    let list = |is_accepted: bool| -> String {
        let faults = Fault::all().filter(|fault| fault.is_accepted() == is_accepted);
        let lines = faults.map(|fault| format!("\n  {:23}{}{}", fault.name(), fault.description(), only(&fault)));
        lines.collect::<Vec<_>>().concat()
    };
    format!(
        "{SERVE_LONG}\n\n\
         Faults in place of the service, which does nothing (no task, no charge):{}\n\n\
         Faults after the service did what it was asked (a create makes a task, which is charged):{}",
        list(false),
        list(true)
    )
}

/// The kinds of requests that a fault is for, if it is not for all.
fn only(fault: &Fault) -> String {
    let kinds: Vec<_> = fault.kinds().collect();
    if kinds.len() == 4 { String::new() } else { format!(" ({})", kinds.join(", ")) }
}

pub(crate) const COMPLETIONS: &str = "\
Examples:
  spark-t2i completions bash > ~/.local/share/bash-completion/completions/spark-t2i
  spark-t2i completions zsh > ~/.zfunc/_spark-t2i
  spark-t2i completions fish > ~/.config/fish/completions/spark-t2i.fish";
