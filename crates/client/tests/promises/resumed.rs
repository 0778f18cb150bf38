//! Promise 2: it never loses a task.

use std::time::Duration;

use spark_t2i::{ErrorKind, Request, Size, Status};

use crate::scripted::{Act, ID, Scripted, png, with_image};

#[tokio::test]
async fn every_error_after_the_submit_carries_the_id() {
    let ends: [(ErrorKind, fn() -> Act); 10] = [
        (ErrorKind::TaskFailed, || {
            Act::json(200, r#"{"status":"failed","error":{"code":3001095,"error_message":"no"}}"#)
        }),
        (ErrorKind::Authentication, || Act::json(401, "")),
        (ErrorKind::Permission, || Act::json(403, "")),
        (ErrorKind::InsufficientBalance, || Act::json(402, "")),
        (ErrorKind::Timeout, || Act::status("running")),
        (ErrorKind::Timeout, || Act::json(500, "")),
        (ErrorKind::Timeout, Act::reset),
        (ErrorKind::Timeout, Act::silence),
        (ErrorKind::Protocol, || Act::json(200, r#"{"status":"completed"}"#)),
        (ErrorKind::Protocol, || {
            Act::json(200, r#"{"status":"completed","output":[{"content":[{"type":"video","url":"http://x"}]}]}"#)
        }),
    ];
    for (kind, answer) in ends {
        let server = Scripted::start(move |seen, _| if seen.is_create() { Act::created() } else { answer() });
        let client = server.builder().wait_timeout(Duration::from_millis(400)).build().unwrap();
        let error = client.generate(Request::new("a fox")).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error:?}");
        assert_eq!(error.task_id().unwrap().as_str(), ID, "{error:?}");
        assert!(error.to_string().contains(ID), "{error}");
    }
}

#[tokio::test]
async fn a_task_is_taken_up_again_by_its_id_by_another_client() {
    let server = with_image(|_, _| Act::Reply(200, vec![], png()), None);
    let id = server.client().submit(&Request::new("a fox")).await.unwrap().id().to_string();
    let image = server.client().task(&id).unwrap().wait().await.unwrap();
    assert_eq!(image.task_id().as_str(), ID);
    assert_eq!(image.bytes().await.unwrap(), png());
}

#[tokio::test]
async fn an_id_from_outside_cannot_lead_to_another_path() {
    let server = Scripted::start(|_, _| Act::status("running"));
    let client = server.client();
    for id in ["", "..", "a/b", "a?b", "a#b", "a%2e", "a b", "ä", "a\nb"] {
        assert_eq!(client.task(id).unwrap_err().kind(), ErrorKind::InvalidRequest, "{id}");
    }
    client.task("a:b~c").unwrap().refresh().await.unwrap();
    assert_eq!(server.seen()[0].line, "GET /model/v1/generation/task/a:b~c");
}

#[tokio::test]
async fn the_raw_answer_is_reachable_with_unknown_fields() {
    let server = Scripted::start(|_, _| Act::json(200, r#"{"id":"x","status":"Warming_Up","novelty":[1.10]}"#));
    let task = server.client().task(ID).unwrap();
    assert_eq!(task.status(), None);
    let snapshot = task.refresh().await.unwrap();
    assert_eq!(snapshot.status, Status::Other("Warming_Up".to_owned()));
    assert!(snapshot.raw().contains(r#""novelty":[1.10]"#));
}

#[tokio::test]
async fn an_image_is_had_again_from_what_was_kept_of_it_without_asking() {
    let server = with_image(|_, _| Act::Reply(200, vec![], png()), None);
    let image = server.client().generate(Request::new("a fox").size(1000, 800)).await.unwrap();
    let (id, raw) = (image.task_id().to_string(), image.task().raw().to_owned());
    let asked = |seen: &str| !seen.ends_with("/image");
    let before = server.seen().iter().filter(|seen| asked(&seen.line)).count();

    let client = server.client();
    let again = client.image(&id, &raw, image.position(), Some(Size { width: 1000, height: 800 })).unwrap();
    assert_eq!(serde_json::to_string(&again).unwrap(), serde_json::to_string(&image).unwrap());
    assert_eq!(again.bytes().await.unwrap(), png());
    assert_eq!(server.seen().iter().filter(|seen| asked(&seen.line)).count(), before);
    assert_eq!(client.stats().completed, 0, "nor is its cost counted once more");

    let running = r#"{"status":"running","output":[{"content":[{"type":"image","url":"http://127.0.0.1/x"}]}]}"#;
    for (id, raw, position) in [("a/b", &*raw, 0), (&id, "", 0), (&id, "[]", 0), (&id, &raw, 1), (&id, running, 0)] {
        let error = client.image(id, raw, position, None).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{error}");
    }
}
