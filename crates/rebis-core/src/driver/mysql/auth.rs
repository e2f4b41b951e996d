//! How a client proves who it is: the password never travels as it is, unless nobody can listen or the URL allows it.

use mysql_common::auth::plugins::caching_sha2_password::scramble_sha256;
use mysql_common::auth::plugins::client_ed25519::{self, ClientEd25519};
use mysql_common::auth::plugins::mysql_native_password::scramble_native;
use mysql_common::auth::plugins::{ChallengeResponsePlugin, Context, Response};
use mysql_common::crypto::der::{PubKeyFileType, pem_to_der};
use mysql_common::crypto::rsa::{GetRandom, Pkcs1OaepPadding, PublicKey};
use mysql_common::num_bigint::BigUint;
use mysql_common::packets::AuthPlugin;

use super::packet::{Reader, Wire};
use super::{answer::Patience, error};
use crate::error::{Error, ErrorKind, Result};

/// The server's random bytes, which make each proof another one.
pub(super) type Nonce = [u8; 20];

/// What a client proves, and how freely.
pub(super) struct Proof<'a> {
    pub(super) password: &'a str,
    /// Inside TLS, or over a unix socket: nobody listens, so the password may travel as it is where the method wants it so.
    pub(super) private: bool,
    /// The URL permits `mysql_clear_password`.
    pub(super) cleartext: bool,
}

/// More steps than any method takes.
const MOST_STEPS: usize = 8;

/// What the caching method says after the proof, and asks for.
const FAST: u8 = 3;
const FULL: u8 = 4;
const ASK_FOR_KEY: u8 = 2;

/// The first proof, for the method that the greeting names. One that is not known is answered as the oldest: the server
/// then asks for what the user's account needs.
pub(super) fn first_proof(plugin: &[u8], nonce: &Nonce, proof: &Proof<'_>) -> (AuthPlugin<'static>, Vec<u8>) {
    match AuthPlugin::from_bytes(plugin) {
        AuthPlugin::CachingSha2Password => (AuthPlugin::CachingSha2Password, sha2(nonce, proof)),
        _ => (AuthPlugin::MysqlNativePassword, native(nonce, proof)),
    }
}

fn sha2(nonce: &Nonce, proof: &Proof<'_>) -> Vec<u8> {
    scramble_sha256(nonce, proof.password.as_bytes()).map_or_else(Vec::new, |proof| proof.to_vec())
}

fn native(nonce: &Nonce, proof: &Proof<'_>) -> Vec<u8> {
    scramble_native(nonce, proof.password.as_bytes()).map_or_else(Vec::new, |proof| proof.to_vec())
}

/// Answers what the server asks, until it is content or refuses.
///
/// # Errors
/// [`ErrorKind::Authentication`], [`ErrorKind::Unsupported`] for a method that is not known, a disconnect.
pub(super) fn converse(
    wire: &mut Wire,
    mut nonce: Nonce,
    proof: &Proof<'_>,
    patience: &mut Patience,
) -> Result<()> {
    for _ in 0..MOST_STEPS {
        wire.read(patience)?;
        let payload = wire.payload();
        match payload.first() {
            Some(0x00) => return Ok(()),
            Some(0xff) => {
                let refused = error::from_packet(payload);
                return Err(refused.unwrap_or_else(|| wire.protocol_error("a truncated error")));
            }
            Some(0xfe) => {
                let mut reader = Reader(&payload[1..]);
                let plugin = reader.terminated().to_vec();
                let challenge = reader.0.to_vec();
                if let Some(fresh) = reader.bytes(nonce.len()) {
                    nonce.copy_from_slice(fresh);
                }
                let proof = switched_proof(&plugin, &nonce, &challenge, proof)?;
                reply(wire, &proof)?;
            }
            Some(0x01) => match payload.get(1) {
                Some(&FAST) if payload.len() == 2 => {}
                Some(&FULL) if payload.len() == 2 => full(wire, &nonce, proof, patience)?,
                _ => return Err(wire.protocol_error("an unknown step of authentication")),
            },
            _ => return Err(wire.protocol_error("an unknown step of authentication")),
        }
    }
    Err(wire.protocol_error("no end of authentication"))
}

fn switched_proof(plugin: &[u8], nonce: &Nonce, challenge: &[u8], proof: &Proof<'_>) -> Result<Vec<u8>> {
    match AuthPlugin::from_bytes(plugin) {
        AuthPlugin::MysqlNativePassword => Ok(native(nonce, proof)),
        AuthPlugin::CachingSha2Password => Ok(sha2(nonce, proof)),
        AuthPlugin::Ed25519 => ed25519(challenge, proof),
        AuthPlugin::MysqlClearPassword if proof.cleartext => Ok(cleartext(proof)),
        AuthPlugin::MysqlClearPassword => Err(Error::new(
            ErrorKind::Authentication,
            "the server wants the password as it is, readable on the way (mysql_clear_password); \
             the URL option allow_cleartext_password=true permits it",
        )),
        _ => {
            // The oldest method of all has no name.
            let name =
                if plugin.is_empty() { "mysql_old_password".into() } else { String::from_utf8_lossy(plugin) };
            Err(Error::new(
                ErrorKind::Unsupported,
                format!(
                    "the server wants the authentication method '{name}', which Rebis does not have; \
                     it has mysql_native_password, caching_sha2_password and client_ed25519"
                ),
            ))
        }
    }
}

/// MariaDB's method: the challenge, signed by a key that is made of the password.
fn ed25519(challenge: &[u8], proof: &Proof<'_>) -> Result<Vec<u8>> {
    let refused = || Error::new(ErrorKind::Protocol, "the server's challenge for client_ed25519 is none");
    let challenge = challenge.get(..client_ed25519::NONCE_BYTES).ok_or_else(refused)?;
    match ClientEd25519::default().run(proof, challenge) {
        Ok(Response::Last { packet: Some(signature) }) => Ok(signature),
        _ => Err(refused()),
    }
}

/// What `mysql_common` asks of a login.
impl Context for &Proof<'_> {
    fn pass(&self) -> &[u8] {
        self.password.as_bytes()
    }

    fn is_ipc_transport(&self) -> bool {
        false
    }

    fn is_tls_transport(&self) -> bool {
        self.private
    }

    fn scramble(&self) -> &[u8] {
        &[]
    }

    fn server_key_pem(&self) -> Option<&[u8]> {
        None
    }
}

fn cleartext(proof: &Proof<'_>) -> Vec<u8> {
    let mut password = proof.password.as_bytes().to_vec();
    password.push(0);
    password
}

/// The server's cache does not know the password: it has to see it once, inside TLS or over a unix socket as it is, else
/// encrypted.
fn full(wire: &mut Wire, nonce: &Nonce, proof: &Proof<'_>, patience: &mut Patience) -> Result<()> {
    if proof.private {
        return reply(wire, &cleartext(proof));
    }
    reply(wire, &[ASK_FOR_KEY])?;
    wire.read(patience)?;
    let payload = wire.payload();
    let encrypted = match payload.first() {
        Some(0x01) => encrypt(&payload[1..], nonce, proof)?,
        Some(0xff) => {
            let refused = error::from_packet(payload);
            return Err(refused.unwrap_or_else(|| wire.protocol_error("a truncated error")));
        }
        _ => None,
    };
    match encrypted {
        Some(encrypted) => reply(wire, &encrypted),
        None => Err(wire.protocol_error("no public key that is one")),
    }
}

/// The password, masked by the nonce and encrypted for the server; `None` when its key is none.
fn encrypt(pem: &[u8], nonce: &Nonce, proof: &Proof<'_>) -> Result<Option<Vec<u8>>> {
    let Some((modulus, exponent)) = public_key(pem) else { return Ok(None) };
    let mut password = cleartext(proof);
    // The padding takes 42 bytes, and would panic rather than say that there is no room.
    if password.len() + 42 > modulus.len() {
        return Err(Error::new(
            ErrorKind::Authentication,
            "the password is too long for the server's public key",
        ));
    }
    for (byte, mask) in password.iter_mut().zip(nonce.iter().cycle()) {
        *byte ^= mask;
    }
    let key = PublicKey::new(BigUint::from_bytes_be(modulus.as_slice()), BigUint::from_bytes_be(&exponent));
    key.encrypt_block(&password, Pkcs1OaepPadding::new(GetRandom)).map(Some).map_err(|reason| {
        Error::new(ErrorKind::Authentication, "the password could not be encrypted").with_source(reason)
    })
}

/// Modulus and exponent of a key. `mysql_common` has this too, and panics when the key is malformed.
fn public_key(pem: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    const SEQUENCE: u8 = 0x30;
    const BITS: u8 = 0x03;
    const INTEGER: u8 = 0x02;
    let (der, form) = pem_to_der(pem).ok()?;
    let mut outer = Reader(element(&mut Reader(&der), SEQUENCE)?);
    let mut numbers = match form {
        PubKeyFileType::Pkcs1 => outer,
        PubKeyFileType::Pkcs8 => {
            element(&mut outer, SEQUENCE)?;
            let mut bits = Reader(element(&mut outer, BITS)?);
            // No bits are unused.
            (bits.u8()? == 0).then_some(())?;
            Reader(element(&mut bits, SEQUENCE)?)
        }
    };
    let modulus = element(&mut numbers, INTEGER)?;
    let modulus = modulus.strip_prefix(&[0]).unwrap_or(modulus);
    let exponent = element(&mut numbers, INTEGER)?;
    // From 1024 to 8192 bits, the uppermost of them set; a small odd exponent.
    let sound =
        (128..=1024).contains(&modulus.len()) && modulus[0] & 0x80 != 0 && (1..=8).contains(&exponent.len());
    sound.then(|| (modulus.to_vec(), exponent.to_vec()))
}

fn element<'a>(reader: &mut Reader<'a>, tag: u8) -> Option<&'a [u8]> {
    (reader.u8()? == tag).then_some(())?;
    let length = match reader.u8()? {
        0x81 => reader.u8()?.into(),
        0x82 => reader.bytes(2)?.iter().fold(0, |length, &byte| length << 8 | usize::from(byte)),
        short @ 0..=0x7f => short.into(),
        _ => return None,
    };
    reader.bytes(length)
}

fn reply(wire: &mut Wire, bytes: &[u8]) -> Result<()> {
    let next = wire.write(wire.sequence(), |output| {
        output.extend_from_slice(bytes);
        Ok(())
    })?;
    wire.flush()?;
    wire.expect(next);
    Ok(())
}
