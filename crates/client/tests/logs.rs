//! Promise 7 in the logs. A program of its own, because what is logged is settled once for a whole process.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[allow(dead_code, reason = "shared with the other promises")]
#[path = "promises/scripted.rs"]
mod scripted;

#[path = "scenarios/log.rs"]
mod log;

use std::fmt::Write as _;
use std::time::Duration;

use spark_t2i::Request;

use crate::scripted::{Act, ID, KEY, Scripted, Seen, png, with_image};

/// Every kind of end, with everything logged that any crate below us logs.
#[tokio::test]
async fn no_log_error_or_debug_output_holds_the_key_and_no_info_log_a_prompt() {
    let log = log::everything();
    let mut shown = String::new();
    // A gateway that echoes what it was sent, in bodies that succeed, fail and cannot be read.
    let scripts: [fn(&Seen, usize) -> Act; 6] = [
        |seen, _| Act::json(200, &format!(r#"{{"echo":{:?}}}"#, seen.head)),
        |seen, _| Act::json(400, &format!(r#"{{"error":{{"code":3001002,"message":{:?}}}}}"#, seen.head)),
        |seen, _| Act::json(500, &seen.head),
        |seen, _| {
            if seen.is_create() {
                Act::created()
            } else {
                Act::json(200, &format!(r#"{{"status":"failed","error":{:?}}}"#, seen.head))
            }
        },
        |seen, _| {
            if seen.is_create() { Act::created() } else { Act::json(401, &format!(r#"{{"message":{:?}}}"#, seen.head)) }
        },
        |_, _| Act::reset(),
    ];
    for script in scripts {
        let server = Scripted::start(script);
        let client = server.builder().wait_timeout(Duration::from_millis(300)).build().unwrap();
        let error = client.generate(Request::new("a-secret-prompt")).await.unwrap_err();
        write!(shown, "{error} {error:?} {:?} {client:?} {:?} {:?}", error.cause(), server.builder(), client.task(ID))
            .unwrap();
        let task = client.task(ID).unwrap();
        if let Ok(snapshot) = task.refresh().await {
            shown += snapshot.raw();
        }
    }
    let server = with_image(|_, _| Act::Reply(200, vec![], png()), None);
    server.client().generate(Request::new("a-secret-prompt")).await.unwrap().bytes().await.unwrap();
    let log = log.text();
    assert!(log.contains("TRACE") && log.contains(ID), "the log is empty, so the test shows nothing: {log}");
    for span in [format!("wait{{task_id={ID}}}"), format!("download{{task_id={ID}}}"), "submit".to_owned()] {
        assert!(log.contains(&span), "no span {span}");
    }
    assert!(!log.contains(KEY), "{}", log.lines().find(|line| line.contains(KEY)).unwrap());
    assert!(!shown.contains(KEY), "{shown}");
    let told = |line: &&str| line.contains("INFO") || line.contains("WARN") || line.contains("ERROR");
    let prompt = log.lines().filter(told).find(|line| line.contains("a-secret-prompt"));
    assert_eq!(prompt, None);
}
