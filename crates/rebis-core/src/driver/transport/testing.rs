//! The server's side of TLS for tests: an authority of their own, certificates, a stream.

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::crypto::ring as provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A server's end of an encrypted connection.
pub(in crate::driver) type TlsStream = StreamOwned<ServerConnection, TcpStream>;

/// A folder with a test's certificates; it goes with its value.
pub(in crate::driver) struct Folder(PathBuf);

impl Folder {
    pub(in crate::driver) fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("rebis-tls-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    /// Writes a file and returns its path.
    pub(in crate::driver) fn write(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    pub(in crate::driver) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What a server shows, and proves to have.
#[derive(Clone)]
pub(in crate::driver) struct Identity {
    pub(in crate::driver) certificate: String,
    pub(in crate::driver) key: String,
}

impl Identity {
    pub(in crate::driver) fn der(&self) -> CertificateDer<'static> {
        CertificateDer::from_pem_slice(self.certificate.as_bytes()).unwrap()
    }

    /// Does the handshake of the server's side.
    ///
    /// # Errors
    /// When the client leaves it.
    pub(in crate::driver) fn accept(&self, stream: TcpStream) -> std::io::Result<TlsStream> {
        let key = PrivateKeyDer::from_pem_slice(self.key.as_bytes()).unwrap();
        let key = provider::sign::any_supported_type(&key).unwrap();
        // Not looked at: a server may show what rustls itself would not.
        let shown = SingleCertAndKey::from(CertifiedKey::new(vec![self.der()], key));
        let config = ServerConfig::builder_with_provider(Arc::new(provider::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(shown));
        let mut stream = StreamOwned::new(ServerConnection::new(Arc::new(config)).unwrap(), stream);
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock)?;
        }
        Ok(stream)
    }
}

/// An authority's certificate and one for a server of these names.
pub(in crate::driver) fn authority(names: &[&str]) -> (String, Identity) {
    let authority_key = KeyPair::generate().unwrap();
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root = authority.self_signed(&authority_key).unwrap().pem();
    let key = KeyPair::generate().unwrap();
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    let issuer = Issuer::new(authority, authority_key);
    let certificate = CertificateParams::new(names).unwrap().signed_by(&key, &issuer).unwrap().pem();
    (root, Identity { certificate, key: key.serialize_pem() })
}

/// A certificate that signs itself, as `openssl req -x509` makes them: an authority's by its marks.
pub(in crate::driver) fn self_signed(name: &str, is_over: bool) -> Identity {
    let key = KeyPair::generate().unwrap();
    let mut parameters = CertificateParams::new(vec![name.to_owned()]).unwrap();
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    if is_over {
        parameters.not_after = rcgen::date_time_ymd(2001, 1, 1);
    }
    Identity { certificate: parameters.self_signed(&key).unwrap().pem(), key: key.serialize_pem() }
}

/// A certificate of X.509's first version, by OpenSSL 3.0: `openssl x509 -req -in v1.csr -signkey v1.key`.
pub(in crate::driver) fn first_version() -> Identity {
    Identity { certificate: CERTIFICATE.to_owned(), key: KEY.to_owned() }
}

const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----
MIIBJDCBywIUVer/k7Ipm3RKFdQr/YmoLOn/bhgwCgYIKoZIzj0EAwIwFDESMBAG
A1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMTEzMDQwNloYDzIwODEwODI0MTMwNDA2
WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
AATWBKmdOb6piTPYktlNYiB/mP4veYrmCtzwXjP2p5QIIRtMeHOyCI1ZOWFnADFe
mFfL2h+0m5XIkzCXrMxpy8KbMAoGCCqGSM49BAMCA0gAMEUCIA4S3WCKPf55g/Lv
7FEyxNUtg+Qe5OeINxptqjvNetnvAiEAjB8UDsnxHEde+jmjTcN9ZsPsn/9BmdGR
ImiTQ8LRILE=
-----END CERTIFICATE-----
";

/// Worth nothing: it was made for this test.
const KEY: &str = "-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgu3NcgdIXvVmyJQ3s
dsO66VOo9y3TYn4nohfQJJ3umRyhRANCAATWBKmdOb6piTPYktlNYiB/mP4veYrm
CtzwXjP2p5QIIRtMeHOyCI1ZOWFnADFemFfL2h+0m5XIkzCXrMxpy8Kb
-----END PRIVATE KEY-----
";
