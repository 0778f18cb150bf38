use std::path::Path;
use std::sync::{Arc, OnceLock};

use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use spark_t2i_core::{Error, ErrorKind};

/// The TLS settings of both HTTP clients: ring, the platform's roots, webpki-roots where there are none.
///
/// They are our own, because a library must not set the process-wide default of rustls.
pub(crate) fn config(ca_bundle: Option<&Path>) -> Result<ClientConfig, Error> {
    let mut config = trusting(ca_bundle)?;
    // Of a configuration that is handed to it, reqwest takes the protocols as they are.
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// For a client that is never to make a secure connection: an answer to one would be refused. It costs nothing, where the
/// platform's roots take milliseconds and megabytes.
pub(crate) fn trusting_nobody() -> Result<ClientConfig, Error> {
    Ok(ours()?.0.with_root_certificates(RootCertStore::empty()).with_no_client_auth())
}

fn trusting(ca_bundle: Option<&Path>) -> Result<ClientConfig, Error> {
    // Reading the platform's roots takes milliseconds: once for all clients that add nothing of their own.
    static PLAIN: OnceLock<ClientConfig> = OnceLock::new();
    match ca_bundle {
        Some(path) => with_roots(certificates(path)?),
        None => match PLAIN.get() {
            Some(config) => Ok(config.clone()),
            None => with_roots(Vec::new()).map(|config| PLAIN.get_or_init(|| config).clone()),
        },
    }
}

fn with_roots(extra: Vec<CertificateDer<'static>>) -> Result<ClientConfig, Error> {
    let (builder, provider) = ours()?;
    // On Android the platform's verifier needs a JVM handle that a library does not have.
    #[cfg(not(target_os = "android"))]
    {
        use rustls_platform_verifier::Verifier;
        match Verifier::new_with_extra_roots(extra.iter().cloned(), provider) {
            Ok(verifier) => {
                return Ok(builder
                    .dangerous()
                    .with_custom_certificate_verifier(Arc::new(verifier))
                    .with_no_client_auth());
            }
            Err(error) => tracing::debug!(%error, "no certificates of the platform; using webpki-roots"),
        }
    }
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    for certificate in extra {
        roots.add(certificate).map_err(|error| {
            Error::new(ErrorKind::Io, "ca_bundle holds a certificate that cannot be used").with_source(error)
        })?;
    }
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

type Builder = rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>;

fn ours() -> Result<(Builder, Arc<CryptoProvider>), Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::internal("ring offers no usable TLS version").with_source(error))?;
    Ok((builder, provider))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let unreadable = |why: String| Error::new(ErrorKind::Io, format!("ca_bundle {}: {why}", path.display()));
    let certificates: Vec<_> = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .map_err(|error| unreadable(format!("cannot be read as PEM certificates: {error}")))?;
    if certificates.is_empty() { Err(unreadable("holds no certificate".to_owned())) } else { Ok(certificates) }
}
