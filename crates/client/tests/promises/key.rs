//! Promise 7: the key stays home.

use std::fmt::Write as _;
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use spark_t2i::{Client, ErrorKind, Request};
use tracing_subscriber::fmt::MakeWriter;

use crate::scripted::{Act, ID, KEY, Scripted, Seen, completed, png, with_image};

#[tokio::test]
async fn the_key_goes_to_the_base_url_and_to_nobody_else() {
    let elsewhere = Scripted::start_at("127.0.0.2:0", |_, _| Act::Reply(200, vec![], png()));
    let (image, moved) = (format!("{}/image", elsewhere.url()), format!("{}/model/v1/generation", elsewhere.url()));
    let server =
        Scripted::start(move |seen, _| if seen.is_create() { Act::created() } else { completed(&image, None) });
    let client = server.builder().header("X-Tenant", "also-secret").build().unwrap();
    client.generate(Request::new("a fox")).await.unwrap().bytes().await.unwrap();
    assert!(server.seen().iter().all(|seen| seen.header("authorization") == Some(&format!("Bearer {KEY}"))));
    assert!(server.seen().iter().all(|seen| seen.header("x-tenant") == Some("also-secret")));

    // Redirects, of a submit and of a look, are not followed.
    for status in [301, 302, 303, 307, 308] {
        let moved = moved.clone();
        let redirecting = Scripted::start(move |_, _| Act::json(status, "").header("Location", moved.clone()));
        let client = redirecting.builder().wait_timeout(Duration::from_millis(300)).build().unwrap();
        assert!(client.submit(&Request::new("a fox")).await.is_err());
        assert!(client.task(ID).unwrap().wait().await.is_err());
        assert!(client.estimate(&Request::new("a fox")).await.is_err());
    }
    let foreign = elsewhere.seen();
    assert_eq!(foreign.len(), 1, "only the image was fetched there");
    for seen in foreign {
        assert!(!seen.head.contains(KEY) && !seen.head.contains("also-secret"), "{}", seen.head);
        assert_eq!((seen.header("authorization"), seen.header("referer")), (None, None));
    }
}

#[tokio::test]
async fn the_key_is_not_sent_in_clear_text_to_another_machine() {
    for url in ["http://cloud.example", "http://192.168.1.7:8080", "http://localhost.example", "ftp://127.0.0.1"] {
        let error = Client::builder().api_key(KEY).base_url(url).build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{url}");
    }
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Every kind of end, with everything logged that any crate below us logs.
#[tokio::test]
async fn no_log_error_or_debug_output_holds_the_key_and_no_info_log_a_prompt() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_max_level(tracing::Level::TRACE)
        .with_writer(log.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
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
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
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

/// The emulator takes any key, and a short one is a part of many words.
#[tokio::test]
async fn a_key_that_is_a_common_word_does_not_spoil_answers() {
    let server = Scripted::start(|_, _| Act::json(200, r#"{"id":"company-7","status":"queued"}"#));
    let client = Client::builder().api_key("any").base_url(server.url()).build().unwrap();
    assert_eq!(client.submit(&Request::new("a fox")).await.unwrap().id().as_str(), "company-7");
}

#[tokio::test]
async fn images_are_not_fetched_by_other_schemes_or_in_circles() {
    for url in
        ["file:///etc/passwd", "ftp://127.0.0.1/x", "data:image/png;base64,AAAA", "javascript:1", "not a url", "//x"]
    {
        let server = Scripted::start(move |_, _| completed(url, None));
        let error = server.client().task(ID).unwrap().wait().await.unwrap().bytes().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Download, "{url}");
        assert_eq!(error.task_id().unwrap().as_str(), ID);
    }
    let server = with_image(
        |seen, _| Act::json(302, "").header("Location", format!("http://{}/image", seen.header("host").unwrap())),
        None,
    );
    let error = server.client().generate(Request::new("a fox")).await.unwrap().bytes().await.unwrap_err();
    assert!(error.message().contains("redirects"), "{error}");
    assert_eq!(server.seen().iter().filter(|seen| seen.is_image()).count(), 6, "at most five redirects are followed");
}
