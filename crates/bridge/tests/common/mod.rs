use std::time::Duration;

use spark_t2i_bridge::{Client, Options};
use spark_t2i_emulator::Emulator;

/// No test waits as long.
pub(crate) const LONG: Duration = Duration::from_secs(20);

/// One whose tasks take so long.
pub(crate) fn emulator(latency: Duration) -> Emulator {
    Emulator::builder().latency(latency).start().unwrap()
}

/// A client of it that asks often.
pub(crate) fn client(emulator: &Emulator) -> Client {
    let options = Options {
        api_key: Some("any".to_owned()),
        base_url: Some(emulator.url().to_owned()),
        poll_interval: Some(Duration::from_millis(20)),
        ..Options::default()
    };
    Client::new(options).unwrap()
}
