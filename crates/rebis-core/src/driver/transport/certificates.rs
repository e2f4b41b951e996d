//! Certificates: read from PEM files, and the server's judged.

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, RootCertStore, SignatureScheme};

use super::tls::Mode;
use crate::error::{Error, ErrorKind, Result};

/// Whom a client believes.
#[derive(Debug)]
pub(super) struct Trust {
    pub(super) roots: RootCertStore,
    /// The same certificates as they stand in the file: a server may show one of them itself.
    pub(super) pinned: Vec<CertificateDer<'static>>,
}

/// The certificates of a root file.
pub(super) fn trust(option: &str, file: &str) -> Result<Trust> {
    let pinned = chain(option, file)?;
    let mut roots = RootCertStore::empty();
    for certificate in &pinned {
        roots.add(certificate.clone()).map_err(|error| unusable(option, file).with_source(error))?;
    }
    Ok(Trust { roots, pinned })
}

/// What the system trusts.
pub(super) fn system() -> Result<Trust> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    // A system has hundreds; one that cannot be read costs what it has signed, nothing else.
    let (known, _) = roots.add_parsable_certificates(found.certs);
    if known == 0 {
        let text = "the system's root certificates are needed to verify the server, and there are none; \
                    name a file with the authority's certificate in the URL";
        let error = Error::new(ErrorKind::Configuration, text);
        return Err(match found.errors.into_iter().next() {
            Some(reason) => error.with_source(reason),
            None => error,
        });
    }
    Ok(Trust { roots, pinned: Vec::new() })
}

/// All certificates of a file, at least one.
pub(super) fn chain(option: &str, file: &str) -> Result<Vec<CertificateDer<'static>>> {
    let found: Vec<_> = CertificateDer::pem_slice_iter(&read(option, file)?)
        .collect::<Result<_, _>>()
        .map_err(|error| unusable(option, file).with_source(error))?;
    if found.is_empty() {
        return Err(named(option, file, "holds no certificate in PEM form"));
    }
    Ok(found)
}

/// The private key of a file.
pub(super) fn key(option: &str, file: &str) -> Result<PrivateKeyDer<'static>> {
    let text = read(option, file)?;
    PrivateKeyDer::from_pem_slice(&text).map_err(|error| {
        let what = if text.windows(ENCRYPTED.len()).any(|part| part == ENCRYPTED) {
            "holds an encrypted key: it must be readable without a passphrase"
        } else {
            "holds no private key in PEM form"
        };
        named(option, file, what).with_source(error)
    })
}

/// In the head of an encrypted key: `BEGIN ENCRYPTED PRIVATE KEY`, `Proc-Type: 4,ENCRYPTED`.
const ENCRYPTED: &[u8] = b"ENCRYPTED";

fn read(option: &str, file: &str) -> Result<Vec<u8>> {
    std::fs::read(file).map_err(|error| named(option, file, "cannot be read").with_source(error))
}

fn unusable(option: &str, file: &str) -> Error {
    named(option, file, "holds something that is no certificate")
}

fn named(option: &str, file: &str, what: &str) -> Error {
    Error::new(ErrorKind::Configuration, format!("the file {file} of the URL option '{option}' {what}"))
}

/// Judges the server's certificate as the mode wants it.
#[derive(Debug)]
pub(super) struct Verifier {
    mode: Mode,
    trust: Trust,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Verifier {
    pub(super) fn new(mode: Mode, trust: Trust) -> Self {
        let algorithms = rustls::crypto::ring::default_provider().signature_verification_algorithms;
        Verifier { mode, trust, algorithms }
    }

    /// Whether it is one of the root file's own: a server with one self-signed certificate, which is an authority's by
    /// its marks, and no server's. Its time must be now all the same.
    fn is_pinned(&self, certificate: &CertificateDer<'_>, refused: &rustls::Error) -> bool {
        use CertificateError::*;
        let out_of_time = matches!(
            refused,
            rustls::Error::InvalidCertificate(
                Expired | ExpiredContext { .. } | NotValidYet | NotValidYetContext { .. }
            )
        );
        !out_of_time && self.trust.pinned.iter().any(|pinned| pinned == certificate)
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if self.mode < Mode::VerifyCa {
            return Ok(ServerCertVerified::assertion());
        }
        let parsed = ParsedCertificate::try_from(certificate)?;
        let signed = verify_server_cert_signed_by_trust_anchor(
            &parsed,
            &self.trust.roots,
            intermediates,
            now,
            self.algorithms.all,
        );
        match signed {
            Err(error) if !self.is_pinned(certificate, &error) => return Err(error),
            _ => {}
        }
        if self.mode == Mode::VerifyFull {
            verify_server_name(&parsed, name)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        if self.mode < Mode::VerifyCa && !is_readable(certificate) {
            return Ok(HandshakeSignatureValid::assertion());
        }
        verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        if self.mode < Mode::VerifyCa && !is_readable(certificate) {
            return Ok(HandshakeSignatureValid::assertion());
        }
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// Many servers have a certificate of X.509's first version, made by three lines of `openssl`, which webpki does not read.
/// Where any certificate is believed, it is too; but who cannot check that the server has its key does not bind a login to it.
pub(super) fn is_readable(certificate: &CertificateDer<'_>) -> bool {
    ParsedCertificate::try_from(certificate).is_ok()
}
