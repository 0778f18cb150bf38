//! A scenario's answers over HTTP/2 behind TLS, with a certificate that is right or wrong as the scenario says.

use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use h2::server::{Connection, SendResponse};
use h2::{Reason, RecvStream};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::{cipher_suite, default_provider};
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::server::TlsStream;

use super::answer::Answer;
use super::case::{Certificate, Meeting, Step, Then};
use super::run::{Run, Seen};
use super::slow::Slowness;

/// A certificate for a server, and the authority to trust for it, in PEM.
pub(super) struct Identity {
    acceptor: TlsAcceptor,
    pub(super) ca_bundle_pem: String,
}

impl Identity {
    pub(super) fn new(certificate: Certificate, slowness: Slowness) -> Result<Self, Box<dyn std::error::Error>> {
        let authority = || {
            let mut parameters = CertificateParams::new(Vec::new())?;
            parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            CertifiedIssuer::self_signed(parameters, KeyPair::generate()?)
        };
        let issuer = authority()?;
        let name = if certificate == Certificate::WrongHost { "elsewhere.example" } else { "localhost" };
        let mut parameters = CertificateParams::new(vec![name.to_owned()])?;
        if certificate == Certificate::Expired {
            parameters.not_after = rcgen::date_time_ymd(2020, 1, 1);
        }
        let key = KeyPair::generate()?;
        let chain = vec![parameters.signed_by(&key, &issuer)?.der().clone()];
        let mut provider = default_provider();
        if slowness.is_any() {
            // Not AES-GCM, the tags of which ring computes in a way that valgrind takes for the use of uninitialised memory.
            provider.cipher_suites = vec![cipher_suite::TLS13_CHACHA20_POLY1305_SHA256];
        }
        let mut config = ServerConfig::builder_with_provider(Arc::new(provider))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, PrivateKeyDer::try_from(key.serialize_der())?)?;
        config.alpn_protocols = vec![b"h2".to_vec()];
        // An authority that has nothing to do with the certificate, where the client shall not trust it.
        let trusted = if certificate == Certificate::SelfSigned { authority()? } else { issuer };
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)), ca_bundle_pem: trusted.pem() })
    }

    /// Serves the run until the task is aborted.
    pub(super) async fn serve(self, listener: TcpListener, run: Arc<Run>, prefix: String) {
        let mut count = 0;
        loop {
            let Ok((stream, _)) = listener.accept().await else { continue };
            let meetings = &run.case.server.listen.connections;
            let meeting = meetings.get(count).or(meetings.last()).copied().unwrap_or_default();
            count += 1;
            let (acceptor, run, prefix) = (self.acceptor.clone(), Arc::clone(&run), prefix.clone());
            tokio::spawn(async move {
                match meeting {
                    Meeting::Accept | Meeting::Goaway => {
                        // A client that does not like the certificate ends here.
                        let Ok(stream) = acceptor.accept(stream).await else { return };
                        // Whatever goes wrong from here on is what the scenario, or the client, wanted.
                        _ = speak(stream, meeting, &run, &prefix).await;
                    }
                    other => meet(other, stream).await,
                }
            });
        }
    }
}

/// Ends a connection of which nothing is read.
pub(super) async fn meet(meeting: Meeting, stream: TcpStream) {
    match meeting {
        Meeting::Reset => _ = stream.set_zero_linger(),
        Meeting::Silence => {
            // Until the client gives up.
            let mut unread = [0; 1024];
            while stream.readable().await.is_ok() && !matches!(stream.try_read(&mut unread), Ok(0)) {}
        }
        Meeting::Close | Meeting::Accept | Meeting::Goaway => {}
    }
}

async fn speak(stream: TlsStream<TcpStream>, meeting: Meeting, run: &Arc<Run>, prefix: &str) -> Result<(), h2::Error> {
    if meeting == Meeting::Goaway {
        send_away(stream).await;
        return Ok(());
    }
    let mut connection = h2::server::handshake(stream).await?;
    let (goaway, mut asked_to_go) = tokio::sync::mpsc::channel(1);
    loop {
        tokio::select! {
            request = connection.accept() => {
                let Some(request) = request else { return Ok(()) };
                let (request, answer) = request?;
                let (run, prefix, goaway) = (Arc::clone(run), prefix.to_owned(), goaway.clone());
                tokio::spawn(async move {
                    // The client may be gone, or may have taken the request back.
                    _ = respond(request, answer, &run, &prefix, &goaway).await;
                });
            }
            _ = asked_to_go.recv() => return go_away(connection).await,
        }
    }
}

/// Tells the client that no stream was taken and none will be, and reads on until it has gone: to close with something
/// unread would reset the connection, and the telling might be lost. The library cannot do this: it closes at once.
async fn send_away(mut stream: TlsStream<TcpStream>) {
    const SETTINGS: [u8; 9] = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    const GOAWAY_LAST_STREAM_0_NO_ERROR: [u8; 17] = [0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let said = stream.write_all(&[&SETTINGS[..], &GOAWAY_LAST_STREAM_0_NO_ERROR].concat()).await;
    let mut unread = [0; 1024];
    while said.is_ok() && stream.read(&mut unread).await.is_ok_and(|count| count > 0) {}
}

/// Tells that no stream will be taken any more, and closes the connection with those that were unanswered.
async fn go_away(mut connection: Connection<TlsStream<TcpStream>, axum::body::Bytes>) -> Result<(), h2::Error> {
    connection.abrupt_shutdown(Reason::NO_ERROR);
    std::future::poll_fn(|cx| connection.poll_closed(cx)).await
}

async fn respond(
    request: Request<RecvStream>,
    mut answer: SendResponse<axum::body::Bytes>,
    run: &Run,
    prefix: &str,
    goaway: &tokio::sync::mpsc::Sender<()>,
) -> Result<(), h2::Error> {
    let (parts, mut stream) = request.into_parts();
    let mut body = Vec::new();
    while let Some(chunk) = stream.data().await {
        let chunk = chunk?;
        // What was read makes room for more.
        stream.flow_control().release_capacity(chunk.len())?;
        body.extend_from_slice(&chunk);
    }
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let path = path.strip_prefix(prefix).unwrap_or(path);
    let kind = super::kind_of(&parts.method, path, false);
    let seen = Seen::new(kind, &parts.method, path, &parts.headers, body);
    let Some(step) = run.take(seen) else {
        answer.send_reset(Reason::INTERNAL_ERROR);
        return Ok(());
    };
    tokio::time::sleep(Duration::from_secs_f64(step.delay_seconds)).await;
    if step.goaway {
        _ = goaway.send(()).await;
        return Ok(());
    }
    if let Some(reason) = step.reset_stream.as_deref().and_then(reason) {
        answer.send_reset(reason);
        return Ok(());
    }
    match step.no_answer {
        Some(Then::Silence) => {
            // Until the client takes the request back.
            return std::future::poll_fn(|cx| answer.poll_reset(cx)).await.map(drop);
        }
        Some(_) => {
            answer.send_reset(Reason::CANCEL);
            return Ok(());
        }
        None => {}
    }
    send(&step, run, answer)
}

fn send(step: &Step, run: &Run, mut answer: SendResponse<axum::body::Bytes>) -> Result<(), h2::Error> {
    let ready = Answer::of(step, &run.values);
    let mut response = Response::new(());
    *response.status_mut() = StatusCode::from_u16(ready.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in &ready.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().append(name, value);
        }
    }
    let mut stream = answer.send_response(response, false)?;
    let body = ready.body.get(..step.cut.unwrap_or(usize::MAX)).unwrap_or(&ready.body).to_vec();
    if step.then == Then::Reset {
        stream.send_data(body.into(), false)?;
        stream.send_reset(Reason::INTERNAL_ERROR);
        return Ok(());
    }
    stream.send_data(body.into(), true)
}

/// The HTTP/2 error code of this name.
pub(super) fn reason(name: &str) -> Option<Reason> {
    Some(match name {
        "NO_ERROR" => Reason::NO_ERROR,
        "PROTOCOL_ERROR" => Reason::PROTOCOL_ERROR,
        "INTERNAL_ERROR" => Reason::INTERNAL_ERROR,
        "REFUSED_STREAM" => Reason::REFUSED_STREAM,
        "CANCEL" => Reason::CANCEL,
        "ENHANCE_YOUR_CALM" => Reason::ENHANCE_YOUR_CALM,
        _ => return None,
    })
}
