//! Calls, as a binding sees them: waited for in slices, or told once and taken; cancelled; ended with the runtime.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod common;

use std::sync::mpsc;
use std::time::{Duration, Instant};

use spark_t2i_bridge::{
    AnyCall, Argument, Client, ErrorKind, Event, EventKind, Image, Many, Options, Request, Step, Value, report,
};
use spark_t2i_emulator::Emulator;

use common::{LONG, client, emulator};

#[test]
fn a_watched_call_yields_its_events_and_then_its_image() {
    let emulator = emulator(Duration::from_millis(200));
    let call = client(&emulator).generate(Request::new("a fox"), None, true);
    let mut events: Vec<Event> = Vec::new();
    let image: Image = loop {
        match call.wait(LONG) {
            Step::Item(event) => events.push(event),
            Step::Done(image) => break image.unwrap(),
            Step::Pending => panic!("nothing came of the call"),
        }
    };
    assert!(matches!(events[0].kind, EventKind::Submitted));
    assert!(matches!(events.last().unwrap().kind, EventKind::Completed(_)));
    assert_eq!((image.about().width, image.about().size.is_some()), (Some(1328), true));
    assert_eq!(call.task_ids(), [image.about().task_id.clone()], "whoever was interrupted just now wants it");
    // Its end was told.
    assert!(matches!(call.take(), Step::Done(Err(error)) if error.kind() == ErrorKind::InvalidRequest));
}

#[test]
fn whoever_asked_to_be_told_is_told_once() {
    let emulator = emulator(Duration::from_millis(100));
    let call = client(&emulator).submit(Request::new("a fox"), None);
    let (told, wait) = mpsc::channel();
    let again = told.clone();
    call.when_ready(move || told.send("first").unwrap());
    assert_eq!(wait.recv_timeout(LONG), Ok("first"));
    // There is something already.
    call.when_ready(move || again.send("at once").unwrap());
    assert_eq!(wait.try_recv(), Ok("at once"));
    assert!(matches!(call.take(), Step::Done(Ok(_))));
    assert!(wait.try_recv().is_err());
}

#[test]
fn cancelling_ends_a_call_at_once_and_tells_its_task() {
    let emulator = emulator(LONG);
    let client = client(&emulator);
    let call = client.generate(Request::new("a fox"), None, true);
    assert!(matches!(call.wait(LONG), Step::Item(_)), "it is submitted");
    let ids = call.task_ids();
    let begin = Instant::now();
    call.cancel();
    let error = loop {
        match call.wait(LONG) {
            Step::Item(_) => {}
            Step::Done(result) => break result.err().unwrap(),
            Step::Pending => panic!("it was cancelled"),
        }
    };
    assert!(begin.elapsed() < Duration::from_secs(1));
    assert_eq!(error.kind(), ErrorKind::Cancelled);
    assert_eq!(error.task_id(), Some(&ids[0]));
    assert_eq!(client.stats().unwrap().waiting, 0, "the work is gone, too");
}

#[test]
fn dropping_a_call_stops_its_work() {
    let emulator = emulator(LONG);
    let client = client(&emulator);
    let call = client.generate(Request::new("a fox"), None, true);
    assert!(matches!(call.wait(LONG), Step::Item(_)));
    drop(call);
    assert_eq!(client.stats().unwrap().waiting, 0);
}

#[test]
fn many_yield_each_with_its_index_a_wrong_request_too() {
    let emulator = emulator(Duration::from_millis(50));
    let client = client(&emulator);
    let many = Many::new(&client);
    for index in 0..5 {
        let prompt = if index == 3 { " " } else { "a fox" };
        many.add(index, Ok(Request::new(prompt)), None);
    }
    let mut seen = Vec::new();
    while seen.len() < 5 {
        let Step::Item(generated) = many.wait(LONG) else { panic!("one is missing: {seen:?}") };
        seen.push((generated.index, generated.result.err().map(|error| error.kind())));
    }
    seen.sort_unstable_by_key(|(index, _)| *index);
    let wrong = Some(ErrorKind::InvalidRequest);
    assert!(many.task_ids().is_empty(), "those that have ended are not remembered");
    assert_eq!(seen, [(0, None), (1, None), (2, None), (3, wrong), (4, None)]);
}

#[test]
fn options_by_name_are_read_or_refused_with_their_name() {
    let read = |name: &str, value: Argument| Options::by_name(Argument::Map(vec![(name.to_owned(), value)]));
    assert_eq!(read("wait_timeout", Argument::Number(0.5)).unwrap().wait_timeout, Some(Duration::from_millis(500)));
    assert_eq!(read("max_retries", Argument::Integer(2)).unwrap().max_retries, Some(2));
    assert_eq!(read("max_in_flight", Argument::Number(2.0)).unwrap().max_in_flight, Some(2));
    assert_eq!(read("api_key", Argument::Absent).unwrap().api_key, None);
    for (name, value) in [
        ("wait_timeout", Argument::Number(-1.0)),
        ("wait_timeout", Argument::Number(f64::NAN)),
        ("wait_timeout", Argument::Text("5".to_owned())),
        ("max_retries", Argument::Integer(-1)),
        ("max_retries", Argument::Number(1.5)),
        ("max_retries", Argument::Boolean(true)),
        ("headers", Argument::List(Vec::new())),
        ("api_kye", Argument::Text("secret".to_owned())),
    ] {
        let error = read(name, value).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        assert!(error.message().contains(name) && !error.message().contains("secret"), "{error}");
    }
    assert_eq!(read("waitTimeout", Argument::Number(0.5)).unwrap().wait_timeout, Some(Duration::from_millis(500)));
    let in_their_words = read("maxRetries", Argument::Number(1.5)).err().unwrap();
    assert!(in_their_words.message().contains("maxRetries"), "{in_their_words}");
    let wrong_place = read("max_retries", Argument::Text("sk-secret".to_owned())).err().unwrap();
    assert!(!wrong_place.message().contains("sk-secret"), "{wrong_place}");
}

#[test]
fn half_a_surrogate_pair_is_no_text() {
    assert_eq!(Argument::from_utf16(&[0xd83e, 0xdd8a]), Argument::Text("\u{1f98a}".to_owned()));
    let halves = Argument::from_utf16(&[0xdd8a, 0xd83e]);
    assert!(matches!(halves, Argument::IllFormedText(_)));
    let verdict = report(&Argument::Map(vec![("prompt".to_owned(), halves)]));
    assert!(verdict.violations[0].message.contains("well-formed"));
}

#[test]
fn a_seed_that_may_have_been_rounded_is_refused() {
    let with = |name: &str, number: Argument| {
        let pair = |name: &str, value| (name.to_owned(), value);
        let side = Argument::Integer(1024);
        let mut pairs = vec![pair("prompt", Argument::Text("a fox".to_owned())), pair("height", side.clone())];
        pairs.push(pair("width", if name == "width" { number.clone() } else { side }));
        if name == "seed" {
            pairs.push(pair("seed", number));
        }
        report(&Argument::Map(pairs))
    };
    let beyond = (1 << 53) + 2;
    let refused = with("seed", Argument::Rounded(beyond));
    assert!(refused.violations[0].message.ends_with("9007199254740994, which may have been rounded: give every digit"));
    assert_eq!(refused.violations[0].code.map(|code| code.to_string()).as_deref(), Some("003001004"));
    assert!(with("seed", Argument::Integer(beyond)).is_valid());
    assert_eq!(Argument::from_only_number(9_007_199_254_740_994.0), Argument::Rounded(beyond));
    assert_eq!(Argument::from_only_number(9_007_199_254_740_991.0), Argument::Number(9_007_199_254_740_991.0));
    assert_eq!(Argument::from_only_number(-9_007_199_254_740_992.0), Argument::Rounded(-(1 << 53)));
    assert_eq!(Argument::from_only_number(1e300), Argument::Number(1e300));
    // As a side it is far too large, whatever was meant.
    assert_eq!(with("width", Argument::Rounded(beyond)), with("width", Argument::Integer(beyond)));
}

#[test]
fn a_call_of_any_type_yields_values() {
    let emulator = emulator(Duration::from_millis(20));
    let call: Box<dyn AnyCall> = Box::new(client(&emulator).generate(Request::new("a fox"), None, true));
    let Step::Item(Value::Record(name, fields)) = call.wait(LONG) else { panic!("no record") };
    assert_eq!(name, "Event");
    assert_eq!(fields[0].0, "kind");
    assert!(
        matches!(&fields[0].1, Value::Record("EventKind", kind) if matches!(&kind[0].1, Value::Text(text) if text == "submitted"))
    );
}

#[test]
fn a_request_that_is_added_after_the_cancel_is_not_sent() {
    let emulator = emulator(Duration::from_millis(100));
    let many = Many::new(&client(&emulator));
    many.cancel();
    many.add(0, Ok(Request::new("a fox")), None);
    assert!(matches!(many.wait(LONG), Step::Item(generated)
        if generated.result.as_ref().is_err_and(|error| error.kind() == ErrorKind::Cancelled)));
    assert!(matches!(many.wait(LONG), Step::Done(Err(error)) if error.kind() == ErrorKind::Cancelled));
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(emulator.stats().charges.count, 0);
}

fn client_of_two(emulator: &Emulator) -> Client {
    let options = Options {
        api_key: Some("any".to_owned()),
        base_url: Some(emulator.url().to_owned()),
        poll_interval: Some(Duration::from_millis(20)),
        max_in_flight: Some(2),
        ..Options::default()
    };
    Client::new(options).unwrap()
}

#[test]
fn requests_are_asked_for_as_there_is_room_until_there_are_no_more() {
    let emulator = emulator(Duration::from_millis(50));
    let many = Many::new(&client_of_two(&emulator));
    let (mut asked, mut seen, mut refused) = (0, Vec::new(), 0);
    loop {
        while let Some(turn) = many.turn() {
            assert!(asked - seen.len() < 2, "two at a time, and what was not taken counts");
            assert_eq!(turn.index(), asked);
            if asked == 5 {
                turn.no_more();
                continue;
            }
            turn.add(Ok(Request::new(if asked == 3 { " " } else { "a fox" })), None);
            asked += 1;
        }
        match many.next(Some(LONG)) {
            Step::Item(generated) => {
                refused += usize::from(generated.result.is_err());
                seen.push(generated.index);
            }
            Step::Done(end) => break end.unwrap(),
            Step::Pending => panic!("nothing came of those under way"),
        }
    }
    seen.sort_unstable();
    assert_eq!((seen, refused), (vec![0, 1, 2, 3, 4], 1));
    assert!(matches!(many.take(), Step::Done(Ok(()))), "the end is there until it is taken");
}

#[test]
fn a_slow_source_keeps_nothing_back() {
    let emulator = emulator(Duration::from_millis(20));
    let many = Many::new(&client(&emulator));
    let mut asked = 0;
    while let Some(turn) = many.turn() {
        asked += 1;
        assert!(asked < 30, "there would be room for 64");
        std::thread::sleep(Duration::from_millis(100));
        turn.add(Ok(Request::new("a fox")), None);
    }
    assert!(matches!(many.take(), Step::Item(_)));
    assert!(many.turn().is_some(), "now it may be asked again");
}

#[test]
fn a_source_is_asked_by_one_at_a_time_for_the_same_request_until_it_gives_it() {
    let emulator = emulator(Duration::from_millis(20));
    let many = Many::new(&client(&emulator));
    let turn = many.turn().unwrap();
    assert!(many.turn().is_none());
    // It has failed.
    drop(turn);
    let turn = many.turn().unwrap();
    assert_eq!(turn.index(), 0);
    turn.add(Ok(Request::new("a fox")), None);
    let turn = many.turn().unwrap();
    assert_eq!(turn.index(), 1);
    turn.no_more();
    assert!(many.turn().is_none());
    assert!(matches!(many.next(Some(LONG)), Step::Item(_)));
    assert!(matches!(many.next(None), Step::Done(Ok(()))));
}

#[test]
fn a_source_of_what_was_cancelled_is_not_asked_any_more() {
    let emulator = emulator(LONG);
    let many = Many::new(&client(&emulator));
    many.turn().unwrap().add(Ok(Request::new("a fox")), None);
    let turn = many.turn().unwrap();
    many.cancel();
    turn.add(Ok(Request::new("a fox")), None);
    assert!(many.turn().is_none());
    for _ in 0..2 {
        assert!(matches!(many.next(Some(LONG)), Step::Item(generated) if generated.result.is_err()));
    }
    assert!(matches!(many.wait(LONG), Step::Done(Err(error)) if error.kind() == ErrorKind::Cancelled));
}

#[test]
fn any_number_of_threads_may_wait_for_one_call() {
    let emulator = emulator(Duration::from_millis(100));
    let call = client(&emulator).generate(Request::new("a fox"), None, false);
    assert!(matches!(call.next(Some(Duration::ZERO)), Step::Pending));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert!(matches!(call.next(None), Step::Done(Ok(())))));
        }
    });
    assert!(matches!(call.take(), Step::Done(Ok(_))), "and one takes what came of it");
    assert!(matches!(call.next(None), Step::Done(Ok(()))));
}
