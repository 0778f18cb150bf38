//! The end of a program: alone in its process, as it ends the runtime that every call runs on.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use std::time::{Duration, Instant};

use spark_t2i_bridge::{Client, ErrorKind, Many, Options, Request, Step, shut_down};
use spark_t2i_emulator::Emulator;

const LONG: Duration = Duration::from_secs(20);

#[test]
fn everything_under_way_ends_as_cancelled_and_what_comes_after_starts_anew() {
    let emulator = Emulator::builder().latency(LONG).start().unwrap();
    let options = Options {
        api_key: Some("any".to_owned()),
        base_url: Some(emulator.url().to_owned()),
        max_requests_per_second: Some(0.0),
        ..Options::default()
    };
    let client = Client::new(options).unwrap();
    let calls: Vec<_> = (0..100).map(|_| client.generate(Request::new("a fox"), None, false)).collect();
    let many = Many::new(&client);
    many.add(7, Ok(Request::new("a fox")), None);
    while emulator.stats().tasks.created < 101 {
        std::thread::sleep(Duration::from_millis(5));
    }
    let begin = Instant::now();
    shut_down(Duration::from_secs(1));
    for call in &calls {
        let Step::Done(Err(error)) = call.wait(LONG) else { panic!("a call outlived the runtime") };
        assert_eq!(error.kind(), ErrorKind::Cancelled);
    }
    let Step::Item(generated) = many.wait(LONG) else { panic!("one of many was forgotten") };
    assert_eq!((generated.index, generated.result.err().unwrap().kind()), (7, ErrorKind::Cancelled));
    assert!(begin.elapsed() < Duration::from_secs(2));
    let submit = client.submit(Request::new("a fox"), None);
    assert!(matches!(submit.wait(LONG), Step::Done(Ok(_))), "a call after the end starts a new runtime");
    shut_down(Duration::from_secs(1));
}
