//! Certificates for the private servers and their clients: made anew for each run, worth nothing elsewhere.

use crate::Result;
use crate::scratch::{make_dir, write_private};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    PKCS_ECDSA_P384_SHA384,
};
use std::path::{Path, PathBuf};

/// The user whom servers believe by a certificate, which bears this name.
pub(crate) const CERTIFIED_USER: &str = "rebis_cert";

/// A folder with `ca.pem`, `wrong-ca.pem`, `server.pem` and `.key`, `client.pem` and `.key`, `stranger.pem` and `.key` (a client
/// whom the wrong authority has signed).
#[derive(Debug)]
pub(crate) struct Certificates {
    folder: PathBuf,
}

impl Certificates {
    /// Makes them below `scratch`.
    pub(crate) fn new(scratch: &Path) -> Result<Certificates> {
        let certificates = Certificates { folder: scratch.join("tls") };
        make_dir(&certificates.folder, 0o700)?;
        let authority = certificates.authority("ca")?;
        let wrong = certificates.authority("wrong-ca")?;
        let names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
        let usage = ExtendedKeyUsagePurpose::ServerAuth;
        certificates.sign("server", "localhost", names.to_vec(), usage, &authority)?;
        let usage = ExtendedKeyUsagePurpose::ClientAuth;
        certificates.sign("client", CERTIFIED_USER, Vec::new(), usage.clone(), &authority)?;
        certificates.sign("stranger", CERTIFIED_USER, Vec::new(), usage, &wrong)?;
        Ok(certificates)
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// It signs by SHA-384: a login that is bound to the certificate must not take SHA-256 for granted.
    fn authority(&self, name: &str) -> Result<Issuer<'static, KeyPair>> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384)?;
        let mut parameters = named(name, Vec::new())?;
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        write_private(&self.file(&format!("{name}.pem")), &parameters.self_signed(&key)?.pem())?;
        Ok(Issuer::new(parameters, key))
    }

    fn sign(
        &self,
        name: &str,
        subject: &str,
        hosts: Vec<String>,
        usage: ExtendedKeyUsagePurpose,
        authority: &Issuer<'_, KeyPair>,
    ) -> Result<()> {
        let key = KeyPair::generate()?;
        let mut parameters = named(subject, hosts)?;
        parameters.extended_key_usages = vec![usage];
        let certificate = parameters.signed_by(&key, authority)?;
        write_private(&self.file(&format!("{name}.pem")), &certificate.pem())?;
        write_private(&self.file(&format!("{name}.key")), &key.serialize_pem())
    }
}

fn named(name: &str, hosts: Vec<String>) -> Result<CertificateParams> {
    let mut parameters = CertificateParams::new(hosts)?;
    parameters.distinguished_name.push(DnType::CommonName, name);
    Ok(parameters)
}
