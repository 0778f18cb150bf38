//! The log of `-v` and `-vv`, on standard error. The client logs no key and no prompt at any level; what other libraries
//! log is left out.

use std::io;

use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

const OURS: [&str; 4] = ["spark_t2i", "spark_t2i_core", "spark_t2i_emulator", "spark_t2i_cli"];

pub(crate) fn start(verbose: u8) {
    let level = match verbose {
        0 => return,
        1 => Level::INFO,
        _ => Level::DEBUG,
    };
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(io::stderr)
        .with_ansi(anstream::AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never)
        .with_target(verbose > 1);
    // A second start would change nothing.
    _ = tracing_subscriber::registry()
        .with(layer)
        .with(Targets::new().with_targets(OURS.map(|target| (target, level))))
        .try_init();
}
