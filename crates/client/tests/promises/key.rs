//! Promise 7: the key stays home.

use std::time::Duration;

use spark_t2i::{Client, ErrorKind, Request};

use crate::scripted::{Act, ID, KEY, Scripted, completed, png};

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

/// The emulator takes any key, and a short one is a part of many words.
#[tokio::test]
async fn a_key_that_is_a_common_word_does_not_spoil_answers() {
    let server = Scripted::start(|_, _| Act::json(200, r#"{"id":"company-7","status":"queued"}"#));
    let client = Client::builder().api_key("any").base_url(server.url()).build().unwrap();
    assert_eq!(client.submit(&Request::new("a fox")).await.unwrap().id().as_str(), "company-7");
}
