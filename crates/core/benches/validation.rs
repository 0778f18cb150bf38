//! How long the rules take: `cargo bench -p spark-t2i-core`. The target is under 1 µs for a valid typed request of
//! 120 characters.

use divan::{Bencher, black_box};
use spark_t2i_core::{Report, Request, TaskSnapshot};

fn main() {
    divan::main();
}

const PROMPT: &str = "a red fox in the snow, late light between old birches, fine mist over the frozen river, calm, wide, soft colours, detail";

fn typed(prompt: String) -> Request {
    Request::new(prompt).size(2560, 1440).seed(42).use_pre_llm(false)
}

#[divan::bench]
fn valid_typed_request_of_120_characters(bencher: Bencher) {
    let request = typed(PROMPT.to_owned());
    assert_eq!(request.prompt.chars().count(), 120);
    assert_eq!(request.validate(), Report::default());
    bencher.bench_local(|| black_box(&request).validate());
}

#[divan::bench]
fn valid_typed_request_of_120_chinese_characters(bencher: Bencher) {
    let request = typed("雪".repeat(120));
    assert_eq!(request.validate(), Report::default());
    bencher.bench_local(|| black_box(&request).validate());
}

#[divan::bench]
fn valid_json_of_120_characters(bencher: Bencher) {
    let json = format!(r#"{{"prompt":"{PROMPT}","use_pre_llm":false,"seed":42,"width":2560,"height":1440}}"#);
    assert_eq!(Report::of_json(&json), Report::default());
    bencher.bench_local(|| Report::of_json(black_box(&json)));
}

#[divan::bench]
fn decoding_a_completed_task(bencher: Bencher) {
    let body = br#"{"id":"d758n65e878c73cmdg20","status":"completed","model":"spark_t2i_3_0","created_at":1780633394,"progress":1.0,"output":[{"content":[{"type":"image","url":"https://images.example/d758n65e878c73cmdg20.png","size":1834221,"jobId":"j"}]}],"usage":{"cost":"0.035714285714","discount":0.7,"input_tokens":12,"output_tokens":4096,"total_tokens":4108},"metadata":{"completed_at":1780633403.2}}"#;
    bencher.bench_local(|| TaskSnapshot::decode(black_box(body)));
}
