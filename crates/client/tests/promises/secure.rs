//! TLS and HTTP/2: whom the client trusts, and which refusals of a stream are safe to repeat.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use spark_t2i::{Client, ClientBuilder, ErrorKind, Request};
use tempfile::NamedTempFile;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::scripted::{ID, KEY};

/// What the HTTP/2 server does with a request after reading all of it.
#[derive(Clone, Copy, PartialEq)]
enum Stream {
    Created,
    Reset(h2::Reason),
}

struct Secure {
    port: u16,
    requests: Arc<AtomicUsize>,
    connections: Arc<AtomicUsize>,
    authority: NamedTempFile,
}

impl Secure {
    /// A server with a certificate for `name`, which answers its requests in turn by `script`.
    async fn start(name: &str, expired: bool, script: Vec<Stream>) -> Self {
        let mut authority = CertificateParams::new(Vec::new()).unwrap();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let mut certificate = CertificateParams::new(vec![name.to_owned()]).unwrap();
        if expired {
            certificate.not_after = rcgen::date_time_ymd(2020, 1, 1);
        }
        let certificate = certificate.signed_by(&key, &authority).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut tls = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::try_from(key.serialize_der()).unwrap())
            .unwrap();
        tls.alpn_protocols = vec![b"h2".to_vec()];
        let mut file = NamedTempFile::new().unwrap();
        file.write_all(authority.pem().as_bytes()).unwrap();

        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            port: listener.local_addr().unwrap().port(),
            requests: Arc::default(),
            connections: Arc::default(),
            authority: file,
        };
        let (acceptor, requests, connections) =
            (TlsAcceptor::from(Arc::new(tls)), Arc::clone(&server.requests), Arc::clone(&server.connections));
        tokio::spawn(async move {
            loop {
                let (socket, _) = listener.accept().await.unwrap();
                connections.fetch_add(1, Ordering::SeqCst);
                let (acceptor, requests, script) = (acceptor.clone(), Arc::clone(&requests), script.clone());
                tokio::spawn(async move {
                    let Ok(socket) = acceptor.accept(socket).await else { return };
                    let mut connection = h2::server::handshake(socket).await.unwrap();
                    while let Some(Ok((request, mut answer))) = connection.accept().await {
                        let step = script[requests.fetch_add(1, Ordering::SeqCst).min(script.len() - 1)];
                        tokio::spawn(async move {
                            let mut body = request.into_body();
                            while body.data().await.is_some() {}
                            match step {
                                Stream::Reset(reason) => answer.send_reset(reason),
                                Stream::Created => {
                                    let head = http::Response::new(());
                                    let mut stream = answer.send_response(head, false).unwrap();
                                    stream
                                        .send_data(format!(r#"{{"id":"{ID}","status":"queued"}}"#).into(), true)
                                        .unwrap();
                                }
                            }
                        });
                    }
                });
            }
        });
        server
    }

    fn builder(&self) -> ClientBuilder {
        Client::builder().api_key(KEY).base_url(format!("https://localhost:{}", self.port))
    }

    fn trusted(&self) -> Client {
        self.builder().ca_bundle(self.authority.path()).build().unwrap()
    }

    fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

#[tokio::test]
async fn a_refused_stream_never_reached_the_application_and_is_repeated() {
    let server =
        Secure::start("localhost", false, vec![Stream::Reset(h2::Reason::REFUSED_STREAM), Stream::Created]).await;
    let client = server.trusted();
    let task = client.submit(&Request::new("a fox")).await.unwrap();
    assert_eq!(task.id().as_str(), ID);
    assert_eq!((server.requests(), client.stats().retries), (2, 1));
}

#[tokio::test]
async fn a_stream_reset_for_any_other_reason_is_not_repeated() {
    for reason in [h2::Reason::INTERNAL_ERROR, h2::Reason::CANCEL, h2::Reason::ENHANCE_YOUR_CALM] {
        let server = Secure::start("localhost", false, vec![Stream::Reset(reason), Stream::Created]).await;
        let error = server.trusted().submit(&Request::new("a fox")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OutcomeUnknown, "{reason}: {error:?}");
        assert_eq!(server.requests(), 1, "{reason}");
    }
}

#[tokio::test]
async fn a_certificate_that_is_not_right_is_refused_at_once_and_told_nothing() {
    let right = Secure::start("localhost", false, vec![Stream::Created]).await;
    let wrong_host = Secure::start("elsewhere.example", false, vec![Stream::Created]).await;
    let expired = Secure::start("localhost", true, vec![Stream::Created]).await;
    let cases = [
        ("unknown authority", &right, right.builder().build().unwrap()),
        ("wrong host", &wrong_host, wrong_host.trusted()),
        ("expired", &expired, expired.trusted()),
    ];
    for (name, server, client) in cases {
        let submit = client.submit(&Request::new("a fox")).await.unwrap_err();
        let wait = client.task(ID).unwrap().wait_for(Duration::from_secs(20)).await.unwrap_err();
        for error in [submit, wait] {
            assert_eq!((error.kind(), error.retryable()), (ErrorKind::Connection, false), "{name}: {error:?}");
            assert!(error.message().contains("certificate"), "{name}: {error}");
        }
        assert_eq!(server.connections.load(Ordering::SeqCst), 2, "{name}: tried again");
        assert_eq!(server.requests(), 0, "{name}: a request was sent");
    }
}
