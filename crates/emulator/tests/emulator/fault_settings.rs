//! Which faults are set, how often they strike, and who may change them.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};

use serde_json::{Value, json};
use spark_t2i_emulator::{Emulator, Fault};

use crate::http::{Answer, CREATE, Call, STATS, body, create, instant, status};

const FAULTS: &str = "/_emulator/faults";

fn fault(text: &str) -> Fault {
    text.parse().unwrap()
}

fn setting(body: &Value) -> Call {
    Call::post(FAULTS, body.to_string()).header("Content-Type", "application/json")
}

fn set_over_http(emulator: &Emulator) -> Value {
    Call::get(FAULTS).send(emulator).expect(200)
}

/// The numbers of the creates, of so many, that a fault strikes.
fn struck(emulator: &Emulator, creates: usize) -> Vec<usize> {
    let create = Call::post(CREATE, body(&json!({"prompt": "a"})));
    (0..creates).filter(|_| create.send(emulator).status == 500).collect()
}

#[test]
fn the_same_seed_strikes_the_same_requests() {
    let start = |seed| Emulator::builder().seed(seed).fault(fault("http-500:0.3")).start().unwrap();
    let (one, other) = (start(7), start(7));
    let first = struck(&one, 40);
    assert!(!first.is_empty() && first.len() < 40, "{first:?}");
    for _ in 0..5 {
        status(&other, "unknown");
    }
    assert_eq!(first, struck(&other, 40), "status requests between do not shift the creates");
    one.set_faults(one.faults());
    assert_eq!(first, struck(&one, 40), "set again, it begins anew");
    assert_ne!(first, struck(&start(8), 40));
    assert_eq!(one.stats().faults("http-500"), 2 * first.len() as u64);
}

#[test]
fn faults_do_not_shift_what_chance_decides_over_tasks() {
    let start = || Emulator::builder().seed(7).failure_rate(0.5).latency(std::time::Duration::ZERO).start().unwrap();
    let states = |emulator: &Emulator| -> Vec<Value> {
        let ids: Vec<_> = (0..20).map(|_| create(emulator, &json!({"prompt": "a"}))).collect();
        emulator.clear_faults();
        ids.iter().map(|id| status(emulator, id).expect(200)["status"].clone()).collect()
    };
    let (plain, faulty) = (start(), start());
    faulty.set_faults([fault("odd-progress:0.5"), fault("http-500:0")]);
    assert_eq!(states(&plain), states(&faulty));
}

#[test]
fn faults_are_set_and_cleared_while_it_runs() {
    let emulator = Emulator::builder().fault(fault("http-500:0.5")).fault(fault("no-id@create")).start().unwrap();
    assert_eq!(set_over_http(&emulator), json!({"faults": ["http-500:0.5", "no-id@create"]}));
    let set = setting(&json!({"faults": ["http-429@create", "slow-body:0.25"]})).send(&emulator).expect(200);
    assert_eq!(set, json!({"faults": ["http-429@create", "slow-body:0.25"]}), "in place of those before");
    assert_eq!(emulator.faults(), [fault("http-429@create"), fault("slow-body:0.25")]);
    let answer = Call::post(CREATE, body(&json!({"prompt": "a"}))).send(&emulator);
    assert_eq!((answer.status, answer.header("retry-after")), (429, Some("1")));
    assert_eq!(Call::new("DELETE", FAULTS).send(&emulator).expect(200), json!({"faults": []}));
    create(&emulator, &json!({"prompt": "a"}));
    emulator.set_faults([fault("http-503")]);
    assert_eq!(set_over_http(&emulator), json!({"faults": ["http-503"]}));
    setting(&json!({"faults": []})).send(&emulator).expect(200);
    assert!(emulator.faults().is_empty());
    create(&emulator, &json!({"prompt": "a"}));
    assert_eq!(emulator.stats().requests.other, 0, "the emulator's own paths are not counted");
}

#[test]
fn the_emulators_own_paths_are_never_struck() {
    let emulator = instant();
    emulator.set_faults(Fault::all());
    for _ in 0..3 {
        Call::get(STATS).send(&emulator).expect(200);
        set_over_http(&emulator);
    }
}

#[track_caller]
fn refused(emulator: &Emulator, answer: &Answer, status: u16, words: &str) {
    let message = answer.expect(status)["message"].as_str().unwrap().to_owned();
    assert!(message.contains(words), "{message}");
    assert_eq!(emulator.faults(), [fault("http-500@image")], "nothing was changed");
}

#[test]
fn what_is_no_fault_changes_nothing() {
    let emulator = Emulator::builder().fault(fault("http-500@image")).start().unwrap();
    for (body, words) in [
        (json!({"faults": ["http-429", "http-5000"]}), "did you mean \"http-500\"?"),
        (json!({"faults": ["http-429", "http-500:2"]}), "the probability of http-500 is 0 to 1, not \"2\""),
        (json!({"faults": ["wrong-size@create"]}), "of image"),
        (json!({"faults": "http-500"}), "the body is not"),
        (json!({"faults": [], "seed": 7}), "the body is not"),
        (json!({}), "the body is not"),
        (json!(["http-500"]), "the body is not"),
    ] {
        refused(&emulator, &setting(&body).send(&emulator), 400, words);
    }
    for body in ["", "{", "\u{1b}"] {
        let call = Call::post(FAULTS, body).header("Content-Type", "application/json; charset=utf-8");
        refused(&emulator, &call.send(&emulator), 400, "the body is not");
    }
}

#[test]
fn a_page_of_the_web_cannot_set_faults() {
    let emulator = Emulator::builder().fault(fault("http-500@image")).start().unwrap();
    let body = json!({"faults": []}).to_string();
    // A form, and a script that may not ask for more: those need no permission from this server.
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonx", ""] {
        let call = Call::post(FAULTS, &*body).header("Content-Type", kind);
        refused(&emulator, &call.send(&emulator), 415, "Content-Type: application/json");
    }
    refused(&emulator, &Call::post(FAULTS, &*body).send(&emulator), 415, "Content-Type");
    // A name of the page's own that leads to this machine.
    for host in [Some("evil.example"), Some("evil.example:80"), Some("localhost.evil.example"), Some("10.0.0.1")] {
        for call in [Call::get(FAULTS), Call::new("DELETE", FAULTS), setting(&json!({"faults": []}))] {
            refused(&emulator, &call.host(host).send(&emulator), 403, "the Host header");
        }
    }
    let twice = Call::new("DELETE", FAULTS).header("Host", "localhost");
    refused(&emulator, &twice.send(&emulator), 403, "the Host header");
    let answer = Call::new("OPTIONS", FAULTS).header("Origin", "http://evil.example").send(&emulator);
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (405, None));
}

#[test]
fn loopback_is_known_by_all_its_addresses() {
    for address in ["127.0.0.1:0", "127.1.2.3:0", "[::1]:0", "[::ffff:127.0.0.1]:0"] {
        let address: SocketAddr = address.parse().unwrap();
        if TcpListener::bind(address).is_err() {
            eprintln!("left out: this machine has no {address}");
            continue;
        }
        let emulator = Emulator::builder().addr(address).start().unwrap();
        let host = emulator.addr().to_string();
        setting(&json!({"faults": ["http-500"]})).host(Some(&host)).send(&emulator).expect(200);
    }
}

/// An address of this machine that is not loopback, if it has one: what is sent there comes from there.
fn own_address() -> Option<SocketAddr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    // Sends nothing: it only settles the route. Documentation addresses (RFC 5737) belong to nobody.
    socket.connect(("192.0.2.1", 9)).ok()?;
    let address = SocketAddr::new(socket.local_addr().ok()?.ip(), 0);
    (!address.ip().is_loopback() && TcpListener::bind(address).is_ok()).then_some(address)
}

#[test]
fn other_machines_cannot_set_faults() {
    let Some(address) = own_address() else {
        eprintln!("left out: this machine has no address but loopback");
        return;
    };
    let start = Emulator::builder().addr(address).api_key("k").fault(fault("http-500@image"));
    let emulator = start.start().unwrap();
    for call in [Call::get(FAULTS), Call::new("DELETE", FAULTS), setting(&json!({"faults": []}))] {
        refused(&emulator, &call.send(&emulator), 403, "from the emulator's own machine only");
    }
}
