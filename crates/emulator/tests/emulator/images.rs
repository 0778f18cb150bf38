use std::time::Duration;

use serde_json::json;
use spark_t2i_emulator::Emulator;
use spark_t2i_emulator::painter::{Picture, file_size, paint};

use crate::http::{Answer, Call, create, finished, image_path, instant};

const WIDTH: u32 = 600;
const HEIGHT: u32 = 512;

/// An emulator with a small finished image, and the image's path.
fn with_image() -> (Emulator, String) {
    let emulator = instant();
    let parameters = json!({"prompt": "a fox", "seed": 42, "width": WIDTH, "height": HEIGHT, "use_pre_llm": false});
    let path = image_path(&finished(&emulator, &create(&emulator, &parameters)));
    (emulator, path)
}

fn ranged(emulator: &Emulator, path: &str, range: impl Into<Vec<u8>>) -> Answer {
    Call::get(path).header("Range", range).send(emulator)
}

#[test]
fn an_image_is_the_painters_file_of_the_stated_size() {
    let (emulator, path) = with_image();
    let answer = Call::get(&path).send(&emulator);
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("image/png"));
    assert_eq!(answer.header("accept-ranges"), Some("bytes"));
    assert_eq!(answer.header("content-length"), Some(&*file_size(WIDTH, HEIGHT).to_string()));
    let text = [("model", "spark_t2i_3_0"), ("use_pre_llm", "false")];
    assert!(answer.body == paint(&Picture { prompt: "a fox", seed: 42, width: WIDTH, height: HEIGHT, text: &text }));
    let etag = answer.header("etag").unwrap();
    assert!(etag.starts_with('"') && etag.ends_with('"'), "a strong one: {etag}");
}

#[test]
fn head_tells_the_size_and_sends_nothing() {
    let (emulator, path) = with_image();
    for range in ["bytes=0-9", "x"] {
        let answer = Call::new("HEAD", &path).header("Range", range).send(&emulator);
        assert_eq!((answer.status, answer.body.len()), (200, 0));
        assert_eq!(answer.header("content-length"), Some(&*file_size(WIDTH, HEIGHT).to_string()));
        assert_eq!(answer.header("content-type"), Some("image/png"));
    }
    assert_eq!(emulator.stats().downloads, 0);
}

#[test]
fn a_broken_download_goes_on_where_it_stopped() {
    let (emulator, path) = with_image();
    let whole = Call::get(&path).send(&emulator);
    let etag = whole.header("etag").unwrap();
    let size = whole.body.len();
    let first = ranged(&emulator, &path, "bytes=0-99999");
    assert_eq!(first.status, 206);
    assert_eq!(first.header("content-range"), Some(&*format!("bytes 0-99999/{size}")));
    let rest = Call::get(&path).header("Range", "bytes=100000-").header("If-Range", etag).send(&emulator);
    assert_eq!(rest.status, 206);
    assert_eq!(rest.header("content-range"), Some(&*format!("bytes 100000-{}/{size}", size - 1)));
    assert_eq!(rest.header("etag"), Some(etag));
    assert!([first.body, rest.body].concat() == whole.body);
    let last = ranged(&emulator, &path, "bytes=-7");
    assert!(last.status == 206 && last.body == whole.body[size - 7..]);
    assert_eq!(emulator.stats().downloads, 4);
}

#[test]
fn a_range_of_another_file_gets_the_whole_one() {
    let (emulator, path) = with_image();
    let etag = Call::new("HEAD", &path).send(&emulator).header("etag").unwrap().to_owned();
    let weak = format!("W/{etag}");
    for known in ["\"other\"", "Wed, 21 Oct 2015 07:28:00 GMT", "", &weak, "é"] {
        let answer = Call::get(&path).header("Range", "bytes=5-9").header("If-Range", known).send(&emulator);
        assert_eq!(answer.status, 200, "{known}");
        assert_eq!(answer.body.len() as u64, file_size(WIDTH, HEIGHT));
    }
}

#[test]
fn bytes_that_are_not_there_are_refused_with_the_size() {
    let (emulator, path) = with_image();
    for range in ["bytes=10000000-", "bytes=99999999999999999999999-", "bytes=-0"] {
        let answer = ranged(&emulator, &path, range);
        answer.expect(416);
        assert_eq!(answer.header("content-range"), Some(&*format!("bytes */{}", file_size(WIDTH, HEIGHT))));
    }
}

#[test]
fn odd_ranges_get_the_whole_image() {
    let (emulator, path) = with_image();
    let odd: [&[u8]; 8] =
        [b"", b"bytes", b"bytes=", b"bytes=9-0", b"bytes=0-1,4-5", b"bytes=a-b", b"pages=1-2", b"bytes=\xff-"];
    for range in odd {
        let answer = ranged(&emulator, &path, range);
        assert_eq!((answer.status, answer.body.len() as u64), (200, file_size(WIDTH, HEIGHT)), "{range:?}");
    }
}

#[test]
fn there_is_no_image_before_its_time_and_none_of_another_name() {
    let emulator = Emulator::builder().latency(Duration::from_secs(600)).start().unwrap();
    let id = create(&emulator, &json!({"prompt": "a fox"}));
    for file in [&format!("{id}.png"), &id, &format!("{id}.jpg"), "x.png", ".png", "%ff.png"] {
        Call::get(&format!("/images/{file}")).send(&emulator).expect(404);
    }
}
