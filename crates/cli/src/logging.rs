//! The log of `-v` and `-vv`, on standard error. The client logs no key and no prompt at any level; what other libraries
//! log is left out.

use std::io;

use tracing::subscriber::DefaultGuard;
use tracing::{Dispatch, Level, dispatcher};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;

const OURS: [&str; 4] = ["spark_t2i", "spark_t2i_core", "spark_t2i_emulator", "spark_t2i_cli"];

/// Logs for the whole process, or, where that has a log of its own, what happens on this thread as long as the guard
/// lives.
pub(crate) fn start(verbose: u8) -> Option<DefaultGuard> {
    let level = match verbose {
        0 => return None,
        1 => Level::INFO,
        _ => Level::DEBUG,
    };
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(io::stderr)
        .with_ansi(anstream::AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never)
        .with_target(verbose > 1);
    let targets = Targets::new().with_targets(OURS.map(|target| (target, level)));
    let log = Dispatch::new(tracing_subscriber::registry().with(layer).with(targets));
    match dispatcher::set_global_default(log.clone()) {
        Ok(()) => None,
        Err(_) => Some(dispatcher::set_default(&log)),
    }
}
