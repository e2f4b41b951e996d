//! URL options → how a connection is encrypted, read and checked when the engine is built.

use std::fmt;
use std::sync::Arc;

use rustls::client::Resumption;
use rustls::compress::CompressionCache;
use rustls::crypto::ring as provider;
use rustls::{ClientConfig, RootCertStore};

use super::certificates::{self, Trust, Verifier};
use crate::error::{Error, ErrorKind, Result};
use crate::url::UrlOptions;

/// What a database calls the options.
#[derive(Debug)]
pub(crate) struct TlsNames {
    pub(crate) mode: &'static str,
    pub(crate) root: &'static str,
    pub(crate) certificate: &'static str,
    pub(crate) key: &'static str,
}

/// Whether and how a connection is encrypted. Never changed once made, and without a lock: a forked child uses it as it is.
#[derive(Clone)]
pub(crate) struct Tls {
    mode: Mode,
    /// The option by which the mode was chosen, for errors.
    option: &'static str,
    /// `None` when nothing is encrypted.
    config: Option<Arc<ClientConfig>>,
}

/// The modes in the order of what they promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Mode {
    Disable,
    Prefer,
    Require,
    VerifyCa,
    VerifyFull,
}

impl Tls {
    /// Takes the four options and reads their files.
    ///
    /// # Errors
    /// [`ErrorKind::Url`] for a mode that is none, [`ErrorKind::Configuration`] for a file that cannot be used.
    pub(crate) fn take(options: &mut UrlOptions<'_>, names: &TlsNames) -> Result<Self> {
        let asked = options.text(names.mode)?.map(|text| Mode::read(text, names.mode)).transpose()?;
        let root = options.text(names.root)?;
        let certificate = options.text(names.certificate)?;
        let key = options.text(names.key)?;
        let mode = Mode::effective(asked, root);
        if mode == Mode::Disable {
            return Ok(Tls { mode, option: names.mode, config: None });
        }
        let trust = match root {
            // `require` and `prefer` believe any certificate, so nothing is loaded for them.
            _ if mode < Mode::VerifyCa => Trust { roots: RootCertStore::empty(), pinned: Vec::new() },
            Some(file) if file != SYSTEM => certificates::trust(names.root, file)?,
            _ => certificates::system()?,
        };
        let identity = match (certificate, key) {
            (Some(certificate), Some(key)) => {
                let chain = certificates::chain(names.certificate, certificate)?;
                Some((chain, certificates::key(names.key, key)?))
            }
            (None, None) => None,
            _ => {
                let text = format!("the URL options '{}' and '{}' go together", names.certificate, names.key);
                return Err(Error::new(ErrorKind::Url, text));
            }
        };
        // Its first use looks at what the processor can do and keeps the answer. That takes no lock, but here nobody has to
        // rely on it: a connect in a forked child finds it done.
        let _ = ring::digest::digest(&ring::digest::SHA256, b"");
        let unfit = |error: rustls::Error| {
            let text = format!(
                "the certificate in '{}' and the key in '{}' cannot be used together",
                names.certificate, names.key
            );
            Error::new(ErrorKind::Configuration, text).with_source(error)
        };
        let builder = ClientConfig::builder_with_provider(Arc::new(provider::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(unfit)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Verifier::new(mode, trust)));
        let mut config = match identity {
            Some((chain, key)) => builder.with_client_auth_cert(chain, key).map_err(unfit)?,
            None => builder.with_no_client_auth(),
        };
        // Both have a mutex inside, which a fork in another thread's handshake would leave locked in the child.
        config.resumption = Resumption::disabled();
        config.cert_compression_cache = Arc::new(CompressionCache::Disabled);
        Ok(Tls { mode, option: names.mode, config: Some(Arc::new(config)) })
    }

    /// Not encrypted, whatever the URL says: for a socket on which nobody can listen.
    pub(crate) fn disabled(&self) -> Self {
        Tls { mode: Mode::Disable, option: self.option, config: None }
    }

    /// How to encrypt; `None` when that is not wanted.
    pub(crate) fn config(&self) -> Option<&Arc<ClientConfig>> {
        self.config.as_ref()
    }

    /// Whether a connection that is not encrypted is none.
    pub(crate) fn is_required(&self) -> bool {
        self.mode >= Mode::Require
    }

    /// Whether the server has to show a certificate that somebody known has signed.
    pub(crate) fn is_verified(&self) -> bool {
        self.mode >= Mode::VerifyCa
    }

    /// Whether the certificate must be for the host's name.
    pub(crate) fn checks_name(&self) -> bool {
        self.mode == Mode::VerifyFull
    }

    /// The mode as it stands in a URL: `sslmode=require`.
    pub(crate) fn setting(&self) -> String {
        format!("{}={}", self.option, self.mode.name())
    }
}

/// The word that stands for the system's certificates where a file could stand.
const SYSTEM: &str = "system";

impl Mode {
    /// libpq's words and MySQL's.
    fn read(text: &str, option: &'static str) -> Result<Self> {
        match text.to_ascii_lowercase().replace('_', "-").as_str() {
            "disable" | "disabled" => Ok(Mode::Disable),
            // libpq's `allow` begins unencrypted. Who does not mind either gets what is better.
            "allow" | "prefer" | "preferred" => Ok(Mode::Prefer),
            "require" | "required" => Ok(Mode::Require),
            "verify-ca" => Ok(Mode::VerifyCa),
            "verify-full" | "verify-identity" => Ok(Mode::VerifyFull),
            _ => {
                let expected = "disable, prefer, require, verify-ca or verify-full";
                Err(Error::new(ErrorKind::Url, format!("the URL option '{option}' must be {expected}")))
            }
        }
    }

    /// Who names a root certificate wants it looked at: `require`, and no mode at all, verify then.
    fn effective(asked: Option<Mode>, root: Option<&str>) -> Self {
        match (asked, root) {
            (None, None) => Mode::Prefer,
            // The system trusts authorities that give anybody a certificate for his own name: the name must be looked at.
            (None | Some(Mode::Require), Some(SYSTEM)) => Mode::VerifyFull,
            (None | Some(Mode::Require), Some(_)) => Mode::VerifyCa,
            (Some(mode), _) => mode,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Mode::Disable => "disable",
            Mode::Prefer => "prefer",
            Mode::Require => "require",
            Mode::VerifyCa => "verify-ca",
            Mode::VerifyFull => "verify-full",
        }
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tls({})", self.setting())
    }
}
