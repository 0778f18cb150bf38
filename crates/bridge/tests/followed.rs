//! Calls as languages with callbacks and threads see them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod common;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use spark_t2i_bridge::{AnyCall, Error, ErrorKind, Event, Followed, Follower, Generated, Image, Request, Step, Yields};

use common::{LONG, client, emulator};

const SHORT: Duration = Duration::from_millis(100);

/// A value of a binding's own.
enum Value {
    Nothing,
    Event,
    Image,
    Generated { index: usize, failed: bool },
}

impl From<()> for Value {
    fn from((): ()) -> Self {
        Self::Nothing
    }
}

impl From<Event> for Value {
    fn from(_: Event) -> Self {
        Self::Event
    }
}

impl From<Image> for Value {
    fn from(_: Image) -> Self {
        Self::Image
    }
}

impl From<Generated> for Value {
    fn from(generated: Generated) -> Self {
        Self::Generated { index: generated.index, failed: generated.result.is_err() }
    }
}

/// Sends on what it is told.
struct Sends(Sender<Step<Value, Value>>);

impl Follower<Value> for Sends {
    fn item(&self, item: Value) {
        self.0.send(Step::Item(item)).unwrap();
    }

    fn done(&self, end: Result<Value, Error>) {
        self.0.send(Step::Done(end)).unwrap();
    }
}

/// As a binding does, but each time on a thread of its own.
fn deliver(call: Arc<Followed<Value>>) {
    thread::spawn(move || call.deliver(deliver));
}

fn kind<T>(result: Result<T, Error>) -> Option<ErrorKind> {
    result.err().map(|error| error.kind())
}

fn generate(latency: Duration, follower: Option<Box<dyn Follower<Value>>>) -> Arc<Followed<Value>> {
    static EMULATORS: OnceLock<[spark_t2i_emulator::Emulator; 2]> = OnceLock::new();
    let [quick, endless] = EMULATORS.get_or_init(|| [emulator(SHORT), emulator(Duration::from_secs(600))]);
    let client = client(if latency == SHORT { quick } else { endless });
    let call: Arc<dyn AnyCall<Value>> = Arc::new(client.generate(Request::new("a fox"), None, true));
    Arc::new(Followed::new(call, follower))
}

#[test]
fn a_follower_is_told_of_every_event_and_once_of_the_end() {
    let (told, tell) = mpsc::channel();
    let call = generate(SHORT, Some(Box::new(Sends(told))));
    deliver(Arc::clone(&call));
    let mut events = 0;
    loop {
        match tell.recv_timeout(LONG).unwrap() {
            Step::Item(Value::Event) => events += 1,
            Step::Done(Ok(Value::Image)) => break,
            _ => panic!("neither an event nor an image"),
        }
    }
    assert!(events >= 3, "submitted, something on the way, completed: {events}");
    drop(call);
    assert!(tell.recv_timeout(LONG).is_err(), "nothing comes after the end, and nothing keeps the follower");
}

#[test]
fn nobody_waits_for_what_a_follower_is_told() {
    let (told, _tell) = mpsc::channel();
    let call = generate(LONG, Some(Box::new(Sends(told))));
    assert_eq!(kind(call.end(None)), Some(ErrorKind::InvalidRequest));
    assert_eq!(kind(call.next(Yields::Events, None)), Some(ErrorKind::InvalidRequest));
}

#[test]
fn threads_take_items_and_the_end_which_is_there_once() {
    let call = generate(SHORT, None);
    assert!(matches!(call.next(Yields::Events, Some(LONG)), Ok(Step::Item(Value::Event))));
    let what_is_not_there = call.next(Yields::Generated, Some(LONG));
    assert_eq!(kind(what_is_not_there), Some(ErrorKind::InvalidRequest), "no event was lost with it");
    assert!(matches!(call.end(None), Ok(Some(Value::Image))), "the other events were passed over");
    assert_eq!(kind(call.end(None)), Some(ErrorKind::InvalidRequest), "it was taken");
    assert!(matches!(call.next(Yields::Events, None), Ok(Step::Done(Ok(())))));
}

#[test]
fn waiting_ends_in_time_with_the_call_as_it_was_and_its_task_known() {
    let call = generate(LONG, None);
    // The first event comes with the id.
    assert!(matches!(call.next(Yields::Events, Some(LONG)), Ok(Step::Item(_))));
    assert!(matches!(call.end(Some(SHORT)), Ok(None)));
    let ids: Vec<String> = serde_json::from_str(&call.task_ids()).unwrap();
    call.cancel();
    let error = call.end(None).err().unwrap();
    assert_eq!((error.kind(), error.task_id().map(ToString::to_string)), (ErrorKind::Cancelled, ids.first().cloned()));
}

#[test]
fn whoever_waits_for_many_asks_their_source_and_nobody_after_the_close() {
    let emulator = emulator(SHORT);
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let next = Box::new(move |index| {
        assert_eq!(count.fetch_add(1, Ordering::AcqRel), index);
        Some(Ok(Request::new(format!("fox {index}"))))
    });
    let many = Followed::<Value>::many(&client(&emulator), next, None, None);
    assert_eq!(asked.load(Ordering::Acquire), 0, "nobody waits yet");
    for _ in 0..3 {
        assert!(matches!(many.next(Yields::Generated, Some(LONG)), Ok(Step::Item(Value::Generated { .. }))));
    }
    assert_eq!(kind(many.next(Yields::Events, None)), Some(ErrorKind::InvalidRequest));
    many.close();
    let before = asked.load(Ordering::Acquire);
    assert!(matches!(many.next(Yields::Generated, Some(LONG)), Ok(Step::Item(_) | Step::Done(Ok(())))));
    assert_eq!(asked.load(Ordering::Acquire), before);
}

#[test]
fn a_follower_of_many_is_told_of_each_until_there_are_no_more() {
    let emulator = emulator(SHORT);
    let (told, tell) = mpsc::channel();
    let next = Box::new(|index| (index < 5).then(|| Ok(Request::new(if index == 3 { "" } else { "a fox" }))));
    let many = Followed::<Value>::many(&client(&emulator), next, None, Some(Box::new(Sends(told))));
    deliver(Arc::new(many));
    let mut indices = Vec::new();
    loop {
        match tell.recv_timeout(LONG).unwrap() {
            Step::Item(Value::Generated { index, failed }) => {
                assert_eq!(failed, index == 3, "an empty prompt breaks a rule");
                indices.push(index);
            }
            Step::Done(Ok(Value::Nothing)) => break,
            _ => panic!("neither an image nor the end"),
        }
    }
    indices.sort_unstable();
    assert_eq!(indices, [0, 1, 2, 3, 4]);
}

#[test]
fn closing_waits_for_the_follower_and_is_the_last_of_it() {
    struct Slow(Sender<&'static str>);

    impl Follower<Value> for Slow {
        fn item(&self, _: Value) {
            self.0.send("begins").unwrap();
            thread::sleep(SHORT);
            self.0.send("ends").unwrap();
        }

        fn done(&self, _: Result<Value, Error>) {
            self.0.send("done").unwrap();
        }
    }

    let (told, tell) = mpsc::channel();
    let call = generate(LONG, Some(Box::new(Slow(told))));
    deliver(Arc::clone(&call));
    assert_eq!(tell.recv_timeout(LONG), Ok("begins"));
    call.close();
    assert_eq!(tell.try_recv(), Ok("ends"), "closing waited for it");
    drop(call);
    assert!(tell.recv_timeout(LONG).is_err(), "neither an item nor the end is told after it");
}
