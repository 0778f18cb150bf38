use std::net::{Ipv4Addr, TcpStream};
use std::time::{Duration, Instant};

use spark_t2i_emulator::{Builder, Emulator, StartError};

use crate::http::{Call, STATS, instant};

#[track_caller]
fn refused(builder: Builder) -> String {
    builder.start().unwrap_err().to_string()
}

#[test]
fn options_out_of_range_are_named() {
    for rate in [-0.1, 1.1, f64::NAN] {
        assert!(refused(Emulator::builder().failure_rate(rate)).starts_with("failure_rate must be 0 to 1"));
    }
    for limit in [0.0, -1.0, f64::INFINITY, f64::NAN] {
        assert!(refused(Emulator::builder().rate_limit(limit)).starts_with("rate_limit must be"));
    }
    assert!(refused(Emulator::builder().price("-1".parse().unwrap())).starts_with("price must be 0 or more"));
    for key in ["", " ", "a b", "a\nb", "é"] {
        assert!(refused(Emulator::builder().api_key(key)).starts_with("api_key must be"));
    }
}

#[test]
fn other_machines_get_in_only_with_a_key() {
    let open = Emulator::builder().addr((Ipv4Addr::UNSPECIFIED, 0));
    let error = open.clone().start().unwrap_err();
    assert!(matches!(error, StartError::RefusedAddress(_)), "{error}");
    assert!(error.to_string().contains("127.0.0.1"));
    let emulator = open.api_key("sesame").start().unwrap();
    assert_eq!(emulator.url(), format!("http://127.0.0.1:{}", emulator.addr().port()));
}

#[test]
fn an_address_in_use_is_told() {
    let emulator = instant();
    let error = Emulator::builder().addr(emulator.addr()).start().unwrap_err();
    assert!(matches!(error, StartError::AddressInUse(addr) if addr == emulator.addr()), "{error}");
}

#[test]
fn an_address_of_another_machine_is_told() {
    // Documentation addresses (RFC 5737) belong to nobody.
    let elsewhere = Emulator::builder().addr((Ipv4Addr::new(192, 0, 2, 1), 0)).api_key("k");
    assert!(refused(elsewhere).contains("192.0.2.1"));
}

#[test]
fn a_stopped_emulator_frees_its_address() {
    let emulator = instant();
    let addr = emulator.addr();
    // A connection that stays open does not hold it up.
    let connection = TcpStream::connect(addr).unwrap();
    emulator.stop();
    assert!(TcpStream::connect(addr).is_err());
    drop(connection);
    let again = Emulator::builder().addr(addr).start().unwrap();
    Call::get(STATS).send(&again).expect(200);
}

#[test]
fn it_starts_and_stops_inside_of_an_async_runtime() {
    let runtimes =
        [tokio::runtime::Builder::new_current_thread().build(), tokio::runtime::Builder::new_multi_thread().build()];
    for runtime in runtimes {
        runtime.unwrap().block_on(async {
            let emulator = instant();
            Call::get(STATS).send(&emulator).expect(200);
            drop(emulator);
            instant().stop();
        });
    }
}

#[test]
fn stopping_does_not_wait_for_a_picture() {
    let emulator = instant();
    let id = crate::http::create(&emulator, &serde_json::json!({"prompt": "a", "width": 2048, "height": 2048}));
    let mut connection = TcpStream::connect(emulator.addr()).unwrap();
    std::io::Write::write_all(&mut connection, format!("GET /images/{id}.png HTTP/1.1\r\n\r\n").as_bytes()).unwrap();
    while emulator.stats().requests.image == 0 {
        std::thread::sleep(Duration::from_millis(1));
    }
    let start = Instant::now();
    drop(emulator);
    assert!(start.elapsed() < Duration::from_secs(10), "bounded, on however slow a machine");
}

#[test]
fn many_run_side_by_side() {
    let emulators: Vec<_> = (0..20).map(|_| instant()).collect();
    for emulator in &emulators {
        crate::http::create(emulator, &serde_json::json!({"prompt": "a"}));
    }
    assert!(emulators.iter().all(|emulator| emulator.stats().tasks.created == 1));
}

#[test]
fn the_key_stands_in_no_debug_output() {
    let builder = Emulator::builder().api_key("sesame");
    assert!(!format!("{builder:?}").contains("sesame"));
    assert!(!format!("{:?}", builder.start().unwrap()).contains("sesame"));
    assert!(!refused(Emulator::builder().api_key("open sesame")).contains("sesame"));
}

#[test]
fn it_can_be_sent_and_shared_between_threads() {
    fn shareable<T: Send + Sync + 'static>() {}
    shareable::<Emulator>();
    shareable::<Builder>();
    shareable::<StartError>();
}
