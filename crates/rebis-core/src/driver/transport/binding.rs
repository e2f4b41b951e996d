//! What binds a login to the server's certificate: `tls-server-end-point` of RFC 5929.

use ring::digest::{Algorithm, SHA256, SHA384, SHA512, digest};
use rustls::pki_types::CertificateDer;

use super::certificates::is_readable;

const SEQUENCE: u8 = 0x30;
const OBJECT: u8 = 0x06;
const BIT_STRING: u8 = 0x03;
const CONTEXT_0: u8 = 0xa0;

/// 1.2.840.113549.1.1: RSA's signatures; the last number says which.
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01];
/// 1.2.840.10045.4: ECDSA's.
const ECDSA: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04];
/// 2.16.840.1.101.3.4.2: the SHA-2 hashes by themselves.
const SHA2: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02];

/// The hash of a certificate by the algorithm of its own signature; SHA-256 in place of MD5 and SHA-1. `None` where none is
/// defined (Ed25519), or where nobody has checked that the server has the certificate's key.
pub(super) fn end_point(certificate: &CertificateDer<'_>) -> Option<Vec<u8>> {
    if !is_readable(certificate) {
        return None;
    }
    let algorithm = signature_hash(certificate)?;
    Some(digest(algorithm, certificate).as_ref().to_vec())
}

/// `Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm SEQUENCE { OBJECT, parameters }, signature }`
fn signature_hash(certificate: &[u8]) -> Option<&'static Algorithm> {
    let mut outer = certificate;
    let mut parts = element(&mut outer, SEQUENCE)?;
    element(&mut parts, SEQUENCE)?;
    let mut algorithm = element(&mut parts, SEQUENCE)?;
    element(&mut parts, BIT_STRING)?;
    let name = element(&mut algorithm, OBJECT)?;
    match (name.strip_prefix(RSA), name.strip_prefix(ECDSA)) {
        // MD5, SHA-1, SHA-256.
        (Some([4 | 5 | 11]), _) | (_, Some([1] | [3, 2])) => Some(&SHA256),
        (Some([12]), _) | (_, Some([3, 3])) => Some(&SHA384),
        (Some([13]), _) | (_, Some([3, 4])) => Some(&SHA512),
        // RSA-PSS has its hash among its parameters: SEQUENCE { [0] SEQUENCE { OBJECT, ... }, ... }.
        (Some([10]), _) => {
            let mut parameters = element(&mut algorithm, SEQUENCE)?;
            // SHA-1 when it is left out.
            let Some(mut tagged) = element(&mut parameters, CONTEXT_0) else { return Some(&SHA256) };
            let mut hash = element(&mut tagged, SEQUENCE)?;
            match element(&mut hash, OBJECT)?.strip_prefix(SHA2)? {
                [1] => Some(&SHA256),
                [2] => Some(&SHA384),
                [3] => Some(&SHA512),
                _ => None,
            }
        }
        _ => None,
    }
}

/// The content of the next element, which must have this tag; goes past it.
fn element<'a>(rest: &mut &'a [u8], tag: u8) -> Option<&'a [u8]> {
    let (&[found, first], body) = rest.split_first_chunk::<2>()?;
    (found == tag).then_some(())?;
    let (length, body) = match first {
        short @ 0..=0x7f => (usize::from(short), body),
        // In so many bytes more; a certificate has at most 16 MiB.
        long @ 0x81..=0x83 => {
            let (bytes, body) = body.split_at_checked(usize::from(long & 0x7f))?;
            (bytes.iter().fold(0, |length, &byte| length << 8 | usize::from(byte)), body)
        }
        _ => return None,
    };
    let (content, after) = body.split_at_checked(length)?;
    *rest = after;
    Some(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn der(tag: u8, content: &[u8]) -> Vec<u8> {
        let length = u8::try_from(content.len()).unwrap();
        let head = if length < 0x80 { vec![tag, length] } else { vec![tag, 0x81, length] };
        [head, content.to_vec()].concat()
    }

    fn signed_by(algorithm: &[u8]) -> Vec<u8> {
        let parts = [der(SEQUENCE, &[0; 130]), der(SEQUENCE, algorithm), der(BIT_STRING, &[0, 1])];
        der(SEQUENCE, &parts.concat())
    }

    fn hash_of(algorithm: &[u8]) -> Option<usize> {
        signature_hash(&signed_by(algorithm)).map(Algorithm::output_len)
    }

    #[test]
    fn the_hash_is_that_of_the_signature() {
        for (last, length) in [(4, 32), (5, 32), (11, 32), (12, 48), (13, 64)] {
            assert_eq!(hash_of(&der(OBJECT, &[RSA, &[last]].concat())), Some(length), "RSA {last}");
        }
        for (last, length) in [(&[1][..], 32), (&[3, 2], 32), (&[3, 3], 48), (&[3, 4], 64)] {
            assert_eq!(hash_of(&der(OBJECT, &[ECDSA, last].concat())), Some(length), "ECDSA {last:?}");
        }
        // Ed25519: 1.3.101.112
        assert_eq!(hash_of(&der(OBJECT, &[0x2b, 0x65, 0x70])), None);
    }

    #[test]
    fn rsa_pss_names_its_hash_among_the_parameters() {
        let pss = der(OBJECT, &[RSA, &[10]].concat());
        for (last, length) in [(1, 32), (2, 48), (3, 64)] {
            let hash = der(SEQUENCE, &der(OBJECT, &[SHA2, &[last]].concat()));
            let parameters = der(SEQUENCE, &der(CONTEXT_0, &hash));
            assert_eq!(hash_of(&[pss.clone(), parameters].concat()), Some(length));
        }
        assert_eq!(hash_of(&[pss, der(SEQUENCE, &[])].concat()), Some(32));
    }

    #[test]
    fn what_is_cut_short_has_none() {
        let whole = signed_by(&der(OBJECT, &[RSA, &[11]].concat()));
        for length in 0..whole.len() {
            assert!(signature_hash(&whole[..length]).is_none(), "{length}");
        }
        assert!(signature_hash(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff]).is_none());
    }
}
