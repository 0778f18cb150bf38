use std::time::Duration;

use serde_json::json;
use spark_t2i_emulator::{Charges, Emulator, Requests, Stats};

use crate::http::{CREATE, Call, ESTIMATE, STATS, body, create, download, finished, instant, status};

fn over_http(emulator: &Emulator) -> Stats {
    serde_json::from_value(Call::get(STATS).send(emulator).expect(200)).unwrap()
}

#[test]
fn the_counters_say_what_happened_in_process_and_over_http() {
    let emulator = instant();
    let (a, b) = (create(&emulator, &json!({"prompt": "a"})), create(&emulator, &json!({"prompt": "b"})));
    create(&emulator, &json!({"prompt": "never asked for"}));
    let task = finished(&emulator, &a);
    for id in [&a, &a, &b, "unknown"] {
        status(&emulator, id);
    }
    download(&emulator, &task);
    Call::post(ESTIMATE, body(&json!({"prompt": "a"}))).send(&emulator).expect(200);
    Call::new("POST", CREATE).send(&emulator).expect(401);
    Call::get("/").send(&emulator).expect(404);
    Call::get("/api/v1/skill/models").send(&emulator).expect(200);
    Call::get("/model/v1/models/skill/search").send(&emulator).expect(401);

    let stats = emulator.stats();
    assert_eq!(stats, over_http(&emulator));
    assert_eq!(stats, over_http(&emulator), "asking changes nothing");
    assert_eq!(stats.requests, Requests { create: 4, estimate: 1, status: 5, image: 1, catalogue: 2, other: 1 });
    assert_eq!((stats.tasks.created, stats.tasks.completed, stats.tasks.restored), (3, 3, 0));
    assert_eq!(stats.charges, Charges { count: 3, total: "0.107142857142".parse().unwrap() });
    assert_eq!(stats.refused.into_iter().collect::<Vec<_>>(), [(401, 2), (404, 2)]);
    assert_eq!(stats.polls_per_task.max, 3);
    assert!((stats.polls_per_task.mean - 4.0 / 3.0).abs() < 1e-9);
    assert_eq!(stats.polls_per_task.told, Some(2.0), "the third was never asked for");
    assert_eq!(stats.downloads, 1);
    assert_eq!(stats.lag_seconds.count, 2);
    assert!(stats.lag_seconds.mean.unwrap() > 0.0 && stats.lag_seconds.p95 >= stats.lag_seconds.mean);
}

#[test]
fn an_idle_emulator_has_counted_nothing() {
    let emulator = instant();
    let stats = over_http(&emulator);
    assert_eq!(stats, emulator.stats());
    assert_eq!((stats.tasks.created, stats.charges.count, stats.lag_seconds.mean), (0, 0, None));
    assert_eq!(stats.requests, Requests::default());
}

#[test]
fn tasks_are_counted_by_their_state_now() {
    let emulator = Emulator::builder().latency(Duration::from_secs(600)).start().unwrap();
    let id = create(&emulator, &json!({"prompt": "a"}));
    assert_eq!(status(&emulator, &id).expect(200)["status"], "queued");
    let stats = emulator.stats();
    assert_eq!((stats.tasks.queued, stats.tasks.completed, stats.lag_seconds.count), (1, 0, 0));
    assert_eq!((stats.polls_per_task.max, stats.polls_per_task.told), (1, None));
}
