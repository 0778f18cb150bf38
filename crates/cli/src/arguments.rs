//! What can be given on the command line, and nothing of what it means.

#![allow(clippy::doc_markdown, rustdoc::bare_urls, reason = "these are the texts of the help pages, not Markdown")]

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{NonEmptyStringValueParser, Styles};
use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;
use spark_t2i_emulator::{Fault, Latency};

use crate::duration;
use crate::help;
use crate::output::Output;
use crate::request::{self, Sides};
use crate::serve;

const STYLES: Styles = Styles::styled()
    .header(anstyle::Style::new().bold().underline())
    .usage(anstyle::Style::new().bold().underline())
    .literal(anstyle::AnsiColor::Cyan.on_default().bold())
    .placeholder(anstyle::AnsiColor::Cyan.on_default())
    .error(anstyle::AnsiColor::Red.on_default().bold())
    .valid(anstyle::AnsiColor::Green.on_default())
    .invalid(anstyle::AnsiColor::Yellow.on_default());

/// Text to image with spark_t2i_3_0: send a prompt, get a picture.
#[derive(Debug, Parser)]
#[command(
    name = "spark-t2i",
    bin_name = "spark-t2i",
    version,
    styles = STYLES,
    after_help = help::MAIN,
    max_term_width = 110,
    disable_help_subcommand = true,
    arg_required_else_help = true
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Generate(Generate),
    Submit(Submit),
    Task(Task),
    Estimate(Estimate),
    Validate(Validate),
    Serve(Serve),
    Completions(Completions),
}

impl Command {
    pub(crate) fn output(&self) -> Output {
        match self {
            Self::Generate(arguments) => arguments.output,
            Self::Submit(arguments) => arguments.output,
            Self::Task(arguments) => arguments.output,
            Self::Estimate(arguments) => arguments.output,
            Self::Serve(arguments) => arguments.output(),
            // What it prints is JSON in any case, so that its failures are, too.
            Self::Validate(_) => Output { json: true, quiet: false, verbose: 0 },
            Self::Completions(_) => Output { json: false, quiet: false, verbose: 0 },
        }
    }
}

/// Make an image and save it
#[derive(Debug, Args)]
#[command(after_help = help::GENERATE, after_long_help = help::GENERATE_LONG)]
pub(crate) struct Generate {
    #[command(flatten)]
    pub(crate) request: RequestOptions,

    #[command(flatten)]
    pub(crate) file: FileOptions,

    /// Use an emulator inside this command: no key, no network, no cost
    ///
    /// It paints an abstract picture from prompt, seed and size; it is no diffusion model.
    #[arg(long, help_heading = "Service", conflicts_with_all = ["base_url", "api_key_file"])]
    pub(crate) local: bool,

    #[command(flatten)]
    pub(crate) service: ServiceOptions,

    #[command(flatten)]
    pub(crate) output: Output,
}

/// Create a task without waiting for it; prints its id
#[derive(Debug, Args)]
#[command(after_help = help::SUBMIT, after_long_help = help::SUBMIT_LONG)]
pub(crate) struct Submit {
    #[command(flatten)]
    pub(crate) request: RequestOptions,

    #[command(flatten)]
    pub(crate) service: ServiceOptions,

    #[command(flatten)]
    pub(crate) output: Output,
}

/// Look at a task, wait for it, fetch its image
#[derive(Debug, Args)]
#[command(after_help = help::TASK, after_long_help = help::TASK_LONG)]
pub(crate) struct Task {
    /// The task's id, as `submit` printed it
    #[arg(value_name = "ID")]
    pub(crate) id: String,

    /// Wait until the task has ended
    #[arg(long, help_heading = "Waiting")]
    pub(crate) wait: bool,

    #[command(flatten)]
    pub(crate) file: FileOptions,

    #[command(flatten)]
    pub(crate) service: ServiceOptions,

    #[command(flatten)]
    pub(crate) output: Output,
}

/// Ask what an image would cost
#[derive(Debug, Args)]
#[command(after_help = help::ESTIMATE, after_long_help = help::ESTIMATE_LONG)]
pub(crate) struct Estimate {
    #[command(flatten)]
    pub(crate) request: RequestOptions,

    /// Use an emulator inside this command: no key, no network
    #[arg(long, help_heading = "Service", conflicts_with_all = ["base_url", "api_key_file"])]
    pub(crate) local: bool,

    #[command(flatten)]
    pub(crate) service: ServiceOptions,

    #[command(flatten)]
    pub(crate) output: Output,
}

/// Check parameters in JSON; sends nothing
#[derive(Debug, Args)]
#[command(after_help = help::VALIDATE, after_long_help = help::VALIDATE_LONG)]
pub(crate) struct Validate {
    /// A file with a JSON object of parameters; `-` or nothing for standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,

    /// Print the verdict on one line on a terminal, too
    #[arg(long)]
    pub(crate) json: bool,
}

/// Run an emulator of the service on this machine
#[derive(Debug, Args)]
#[command(after_help = help::SERVE, after_long_help = help::serve_long())]
pub(crate) struct Serve {
    /// Where to listen: IP:PORT, or just a port of 127.0.0.1; port 0 is any free one
    ///
    /// An address that other machines may reach needs --api-key-file.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0", value_parser = serve::address)]
    pub(crate) addr: std::net::SocketAddr,

    /// How long tasks take: 2s, lognormal:12s:0.25 (median and sigma), or a file of recorded seconds
    #[arg(long, value_name = "LATENCY", default_value = "2s")]
    pub(crate) latency: Latency,

    /// The part of the tasks that fail, from 0 to 1
    #[arg(long, value_name = "PART", default_value_t = 0.0, allow_negative_numbers = true)]
    pub(crate) failure_rate: f64,

    /// Running tasks do not tell how much is done
    #[arg(long)]
    pub(crate) no_progress: bool,

    /// Answer 429 beyond this many requests a second
    #[arg(long, value_name = "PER_SECOND", allow_negative_numbers = true)]
    pub(crate) rate_limit: Option<f64>,

    /// Let something go wrong, with a probability from 0 to 1 and for one kind of request; may be repeated
    ///
    /// KIND is create, estimate, status or image. The names are listed below.
    #[arg(long = "fault", value_name = "NAME[:PROBABILITY][@KIND]")]
    pub(crate) faults: Vec<Fault>,

    /// Draw the same latencies, failures and faults at every run
    #[arg(long, value_name = "SEED", allow_negative_numbers = true)]
    pub(crate) seed: Option<u64>,

    /// What an image costs, in USD
    #[arg(long, value_name = "USD", default_value = "0.035714285714", allow_negative_numbers = true)]
    pub(crate) price: spark_t2i::Decimal,

    /// Keep the tasks in this file: they outlive a restart
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,

    /// Serve the scenarios in this folder too, each at /scenarios/NAME
    #[arg(long, value_name = "DIR")]
    pub(crate) scenarios: Option<PathBuf>,

    /// Accept only the key in this file (otherwise any key)
    #[arg(long, value_name = "FILE")]
    pub(crate) api_key_file: Option<PathBuf>,

    /// Nothing on standard error but errors
    #[arg(short, long)]
    pub(crate) quiet: bool,

    /// Log to standard error; -vv logs more
    #[arg(short, long, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
}

impl Serve {
    pub(crate) fn output(&self) -> Output {
        Output { json: false, quiet: self.quiet, verbose: self.verbose }
    }
}

/// Print a completion script for a shell
#[derive(Debug, Args)]
#[command(after_help = help::COMPLETIONS)]
pub(crate) struct Completions {
    /// The shell
    pub(crate) shell: Shell,
}

/// What the image shall be. Odd numbers are passed on as they are: the specification's rules judge them, with its
/// codes, and not the parser of the command line.
#[derive(Debug, Args)]
pub(crate) struct RequestOptions {
    /// What the image shows, in English or Chinese; `-` reads it from standard input
    ///
    /// 1 to 800 characters; up to 120 are recommended. It is sent as given (of standard input, one line break at the
    /// end is left out).
    #[arg(value_name = "PROMPT")]
    pub(crate) prompt: OsString,

    /// The size: a preset such as 16:9 or 16:9-2k, or WIDTHxHEIGHT [default: 1328x1328]
    ///
    /// Presets: 1:1, 4:3, 3:2, 16:9, 21:9 and, upright, 3:4, 2:3, 9:16, 9:21; each also with -2k for high definition
    /// (16:9 is 1664x936, 16:9-2k is 2560x1440).
    #[arg(long, help_heading = "Image", value_name = "SIZE", value_parser = request::size)]
    #[arg(conflicts_with_all = ["width", "height"], allow_negative_numbers = true)]
    pub(crate) size: Option<Sides>,

    /// The width in pixels; only together with --height
    #[arg(long, help_heading = "Image", value_name = "PIXELS", allow_negative_numbers = true)]
    pub(crate) width: Option<String>,

    /// The height in pixels; only together with --width
    #[arg(long, help_heading = "Image", value_name = "PIXELS", allow_negative_numbers = true)]
    pub(crate) height: Option<String>,

    /// 1 to 2^63-1: the same seed very probably gives the same image; -1 for a random one [default: -1]
    #[arg(long, help_heading = "Image", value_name = "SEED", allow_negative_numbers = true)]
    pub(crate) seed: Option<String>,

    /// Do not let the service expand the prompt first
    #[arg(long, help_heading = "Image")]
    pub(crate) no_pre_llm: bool,

    /// Another model than spark_t2i_3_0
    #[arg(long, help_heading = "Image", value_name = "MODEL", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) model: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct FileOptions {
    /// Where to save the image; `-` for standard output
    ///
    /// Checked before anything is sent: a file that exists is not replaced without --force.
    #[arg(short = 'o', long = "output", help_heading = "File", value_name = "FILE")]
    pub(crate) path: Option<PathBuf>,

    /// Replace the file if it exists
    #[arg(long, help_heading = "File")]
    pub(crate) force: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ServiceOptions {
    /// Where the service is [default: $SPARK_T2I_BASE_URL, or https://cloud.vtrix.ai]
    #[arg(long, help_heading = "Service", value_name = "URL")]
    pub(crate) base_url: Option<String>,

    /// A file that holds the API key [default: the key in $SPARK_T2I_API_KEY]
    #[arg(long, help_heading = "Service", value_name = "FILE")]
    pub(crate) api_key_file: Option<PathBuf>,

    /// How long the whole may take, the download included: 90s, 2m, 500ms, or a number of seconds
    #[arg(long, help_heading = "Service", value_name = "DURATION", default_value = "600s")]
    #[arg(value_parser = duration::parse)]
    pub(crate) wait_timeout: Duration,

    /// Ask for the task at a fixed interval, instead of when it is likely to be done by what earlier tasks took
    #[arg(long, help_heading = "Service", value_name = "DURATION", value_parser = duration::parse)]
    pub(crate) poll_interval: Option<Duration>,

    /// Do not keep in the user's cache folder how long tasks take, nor use what is kept there
    #[arg(long, help_heading = "Service")]
    pub(crate) no_latency_profile: bool,

    /// The most requests to send in a second; 0 for no limit
    #[arg(
        long,
        help_heading = "Service",
        value_name = "NUMBER",
        default_value_t = 50.0,
        allow_negative_numbers = true
    )]
    pub(crate) max_requests_per_second: f64,
}
