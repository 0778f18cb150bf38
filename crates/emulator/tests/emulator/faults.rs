//! Each fault, as it arrives and as the counters tell it.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use spark_t2i_core::{Status, TaskSnapshot};
use spark_t2i_emulator::painter::file_size;
use spark_t2i_emulator::{Emulator, Fault};

use crate::http::{
    CREATE, Call, ESTIMATE, End, Received, body, create, download, finished, image_path, instant, state_of, status,
};

const SIDES: (u32, u32) = (600, 512);

/// Far more than anything here takes.
const LONGEST: Duration = Duration::from_secs(60);

fn fox() -> Value {
    json!({"prompt": "a fox", "width": SIDES.0, "height": SIDES.1})
}

fn call_create() -> Call {
    Call::post(CREATE, body(&fox()))
}

/// An emulator with a finished task and its image's path, on which this fault is then set.
fn with_task(fault: Fault) -> (Emulator, String, String) {
    let emulator = instant();
    let id = create(&emulator, &fox());
    let path = format!("/images/{id}.png");
    emulator.set_faults([fault]);
    (emulator, id, path)
}

/// Longer than a machine is busy, for a fault that never answers.
fn patience(fault: &Fault) -> Duration {
    let hangs = fault.name().starts_with("hang");
    if hangs { Duration::from_millis(1500) } else { LONGEST }
}

/// What arrived, in short.
fn shape(received: &Received) -> String {
    let end = match received.end {
        End::Closed => "closed",
        End::Reset => "reset",
        End::Silence => "silence",
    };
    if received.bytes.is_empty() {
        return end.to_owned();
    }
    let answer = received.answer();
    let promised: usize = answer.header("content-length").unwrap().parse().unwrap();
    if answer.body.len() < promised {
        assert!(answer.body.len() == promised / 2);
        return format!("half, then {end}");
    }
    assert_eq!(received.end, End::Closed, "as the request asked");
    let content = match answer.header("content-type") {
        Some("application/json") if serde_json::from_slice::<Value>(&answer.body).is_ok() => "JSON",
        Some("application/json") => "broken JSON",
        Some("text/html; charset=utf-8") if answer.body.starts_with(b"<!DOCTYPE html>") => "HTML",
        Some("image/png") => "PNG",
        None if answer.body.is_empty() => "nothing",
        other => panic!("{other:?}"),
    };
    let headers =
        ["retry-after", "location"].iter().filter_map(|name| Some(format!(" {name} {}", answer.header(name)?)));
    format!("{}{} {content}", answer.status, headers.collect::<String>())
}

/// What a fault looks like on a kind of request; `unspoiled` is what its answers look like otherwise.
fn expected(fault: &Fault, path: &str, unspoiled: &str) -> String {
    match fault.name() {
        "reset-before-accept" | "reset-after-accept" => "reset".to_owned(),
        "close-after-accept" => "closed".to_owned(),
        "hang-after-accept" => "silence".to_owned(),
        "http-401" => "401 JSON".to_owned(),
        "http-402" => "402 JSON".to_owned(),
        "http-403" => "403 JSON".to_owned(),
        "not-found" => "404 JSON".to_owned(),
        "http-429" => "429 retry-after 1 JSON".to_owned(),
        "http-500" | "http-500-after-accept" => "500 JSON".to_owned(),
        "http-502" => "502 HTML".to_owned(),
        "http-503" => "503 retry-after 1 JSON".to_owned(),
        "http-503-bare" => "503 JSON".to_owned(),
        "http-504-after-accept" => "504 HTML".to_owned(),
        "redirect" => format!("307 location http://elsewhere.invalid{path} nothing"),
        "redirect-loop" => format!("307 location {path} nothing"),
        "html-200" => "200 HTML".to_owned(),
        "empty-200" => "200 nothing".to_owned(),
        "truncated-json" | "not-utf8" => "200 broken JSON".to_owned(),
        "truncated-body" => "half, then closed".to_owned(),
        "reset-in-body" => "half, then reset".to_owned(),
        "hang-in-body" => "half, then silence".to_owned(),
        "slow-head" | "slow-body" | "no-id" | "odd-status" | "stale-status" | "odd-progress" | "empty-cost"
        | "wrong-size" => unspoiled.to_owned(),
        other => panic!("{other} has no test"),
    }
}

/// Tries every fault of a kind, all at once: some take seconds.
fn for_each_of(kind: &str, check: impl Fn(Fault) + Sync) {
    thread::scope(|scope| {
        for fault in Fault::all().filter(|fault| fault.kinds().any(|one| one == kind)) {
            let check = &check;
            scope.spawn(move || check(fault));
        }
    });
}

#[test]
fn a_create_is_charged_exactly_if_the_fault_says_so() {
    for_each_of("create", |fault| {
        let emulator = Emulator::builder().latency(Duration::ZERO).fault(fault).start().unwrap();
        let received = call_create().receive(&emulator, patience(&fault));
        assert_eq!(shape(&received), expected(&fault, CREATE, "200 JSON"), "{fault}");
        let (stats, accepted) = (emulator.stats(), u64::from(fault.is_accepted()));
        assert_eq!((stats.tasks.created, stats.charges.count), (accepted, accepted), "{fault}");
        assert_eq!((stats.requests.create, stats.faults(fault.name())), (1, 1), "{fault}");
        // Not struck any more, it goes on as ever.
        emulator.clear_faults();
        call_create().send(&emulator).expect(200);
        assert_eq!(emulator.stats().charges.count, accepted + 1, "{fault}");
    });
}

#[test]
fn an_estimate_suffers_alike() {
    for_each_of("estimate", |fault| {
        let emulator = Emulator::builder().fault(fault).start().unwrap();
        let received = Call::post(ESTIMATE, body(&fox())).receive(&emulator, patience(&fault));
        assert_eq!(shape(&received), expected(&fault, ESTIMATE, "200 JSON"), "{fault}");
        let stats = emulator.stats();
        assert_eq!((stats.requests.estimate, stats.faults(fault.name()), stats.charges.count), (1, 1, 0), "{fault}");
    });
}

#[test]
fn a_status_that_never_arrives_counts_as_a_poll_and_not_as_told() {
    for_each_of("status", |fault| {
        let (emulator, id, _) = with_task(fault);
        let path = format!("{CREATE}/task/{id}");
        let received = Call::get(&path).key("k").receive(&emulator, patience(&fault));
        assert_eq!(shape(&received), expected(&fault, &path, "200 JSON"), "{fault}");
        let stats = emulator.stats();
        assert_eq!((stats.requests.status, stats.faults(fault.name())), (1, 1), "{fault}");
        assert_eq!(stats.polls_per_task.max, u32::from(fault.is_accepted()), "{fault}");
        let body = if received.bytes.is_empty() { Vec::new() } else { received.answer().body };
        let tells = TaskSnapshot::decode(&body).is_ok_and(|task| task.status == Status::Completed);
        assert_eq!(stats.lag_seconds.count, u64::from(tells), "{fault}");
        emulator.clear_faults();
        assert_eq!(state_of(&status(&emulator, &id)), Status::Completed, "{fault}");
        assert_eq!(emulator.stats().lag_seconds.count, 1, "{fault}");
    });
}

#[test]
fn an_image_that_never_arrives_is_no_download() {
    for_each_of("image", |fault| {
        let (emulator, _, path) = with_task(fault);
        let received = Call::get(&path).receive(&emulator, patience(&fault));
        let shape = shape(&received);
        assert_eq!(shape, expected(&fault, &path, "200 PNG"), "{fault}");
        let stats = emulator.stats();
        assert_eq!((stats.requests.image, stats.faults(fault.name())), (1, 1), "{fault}");
        assert_eq!(stats.downloads, u64::from(shape == "200 PNG" || shape.starts_with("half")), "{fault}");
        assert_eq!(Call::new("HEAD", &path).send(&emulator).status, 200, "HEAD is never struck: {fault}");
    });
}

#[test]
fn slow_answers_take_two_seconds_and_are_whole() {
    for_each_of("image", |fault| {
        if !fault.name().starts_with("slow") {
            return;
        }
        let (emulator, _, path) = with_task(fault);
        let start = Instant::now();
        let received = Call::get(&path).receive(&emulator, patience(&fault));
        let (took, first) = (start.elapsed(), received.first.unwrap());
        assert!(took >= Duration::from_millis(1900), "{fault}: {took:?}");
        assert_eq!(first >= Duration::from_millis(1900), fault.name() == "slow-head", "{fault}: {first:?}");
        emulator.clear_faults();
        assert!(received.answer().body == Call::get(&path).send(&emulator).body, "{fault}");
    });
}

#[test]
fn only_the_spoiled_part_of_an_answer_is_spoiled() {
    let spoiled = |name: &str| {
        let (emulator, id, _) = with_task(name.parse().unwrap());
        let answer = status(&emulator, &id);
        emulator.clear_faults();
        (answer, status(&emulator, &id).expect(200))
    };
    for (name, place, value) in [
        ("odd-status", "/status", Some(json!("pondering"))),
        ("odd-progress", "/progress", Some(json!(0.5))),
        ("empty-cost", "/usage/cost", Some(json!(""))),
    ] {
        let (answer, whole) = spoiled(name);
        let mut answer = answer.expect(200);
        assert_eq!(answer.pointer(place), value.as_ref(), "{name}");
        *answer.pointer_mut(place).unwrap() = whole.pointer(place).unwrap().clone();
        assert_eq!(answer, whole, "{name}");
    }
    let (answer, whole) = spoiled("no-id");
    let mut answer = answer.expect(200);
    assert!(answer.get("id").is_none());
    answer["id"] = whole["id"].clone();
    assert_eq!(answer, whole);

    let (answer, _) = spoiled("stale-status");
    let answer = answer.expect(200);
    assert_eq!((&answer["status"], &answer["progress"]), (&json!("queued"), &json!(0.0)));
    assert!(answer.get("output").is_none() && answer.get("usage").is_none());

    let (answer, whole) = spoiled("not-utf8");
    assert!(String::from_utf8(answer.body.clone()).is_err());
    let task = TaskSnapshot::decode(&answer.body).unwrap();
    assert_eq!(task.id.unwrap().as_str(), whole["id"]);
}

#[test]
fn a_file_of_the_wrong_size_is_not_what_the_task_promised() {
    let (emulator, id, path) = with_task("wrong-size".parse().unwrap());
    let promised = file_size(SIDES.0, SIDES.1);
    assert_eq!(finished(&emulator, &id)["output"][0]["content"][0]["size"], promised);
    let answer = Call::get(&path).send(&emulator);
    assert_eq!(answer.body.len() as u64, promised - 1000);
    assert_eq!(answer.header("content-length"), Some(&*(promised - 1000).to_string()));
    emulator.clear_faults();
    assert_eq!(download(&emulator, &finished(&emulator, &id)).len() as u64, promised);
}

#[test]
fn what_is_refused_is_not_lost_after_it_was_accepted() {
    let emulator = Emulator::builder().fault("reset-after-accept".parse().unwrap()).start().unwrap();
    Call::new("POST", CREATE).send(&emulator).expect(401);
    Call::post(CREATE, body(&json!({}))).send(&emulator).expect(400);
    status(&emulator, "unknown").expect(404);
    let stats = emulator.stats();
    assert!(stats.faults.is_empty() && stats.charges.count == 0);
    assert_eq!(stats.refused.into_iter().collect::<Vec<_>>(), [(400, 1), (401, 1), (404, 1)]);
}

#[test]
fn where_there_is_nothing_to_spoil_nothing_is_counted() {
    let emulator =
        Emulator::builder().latency(Duration::from_secs(600)).fault("empty-cost".parse().unwrap()).start().unwrap();
    let id = create(&emulator, &fox());
    assert!(status(&emulator, &id).expect(200).get("usage").is_none());
    assert!(emulator.stats().faults.is_empty());
    let estimate = Call::post(ESTIMATE, body(&fox())).send(&emulator).expect(200);
    assert_eq!(estimate["data"]["cost"], "");
    assert_eq!(emulator.stats().faults("empty-cost"), 1);
}

#[test]
fn error_answers_are_counted_as_refused_and_lost_connections_are_not() {
    let emulator = instant();
    for name in ["http-500", "http-500-after-accept", "http-429", "reset-after-accept", "html-200"] {
        emulator.set_faults([name.parse().unwrap()]);
        call_create().receive(&emulator, LONGEST);
    }
    let stats = emulator.stats();
    assert_eq!(stats.refused.into_iter().collect::<Vec<_>>(), [(429, 1), (500, 2)]);
    assert_eq!((stats.charges.count, stats.faults.values().sum::<u64>()), (3, 5));
}

#[test]
fn the_urls_of_images_are_struck_by_the_paths_that_tasks_tell() {
    let emulator = instant();
    let task = finished(&emulator, &create(&emulator, &fox()));
    emulator.set_faults(["http-403@image".parse().unwrap()]);
    Call::get(&image_path(&task)).send(&emulator).expect(403);
}

#[test]
fn odd_paths_are_redirected_or_refused_and_never_without_an_answer() {
    let emulator = Emulator::builder().fault("redirect-loop".parse().unwrap()).start().unwrap();
    for character in ('\u{1}'..='\u{ff}').filter(|character| *character != '/') {
        let answer = Call::get(&format!("{CREATE}/task/a{character}b")).key("k").receive(&emulator, LONGEST).answer();
        assert!([307, 400].contains(&answer.status), "{character:?}: {}", answer.status);
    }
    assert!(emulator.stats().faults("redirect-loop") > 60);
}
