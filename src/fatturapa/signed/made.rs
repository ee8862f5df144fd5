//! Signed files for tests, put together by hand so that they can be wrong in any way.

use rcgen::{
    CertificateParams, DnType, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, SerialNumber, SignatureAlgorithm, SigningKey as _,
    date_time_ymd,
};
use ring::digest::{SHA256, SHA384, digest};

use super::parts::Part;

const DATA: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x01];
const SIGNED_DATA: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x02];
const CONTENT_TYPE: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09, 0x03];
const MESSAGE_DIGEST: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09, 0x04];
const SIGNING_TIME: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09, 0x05];
const ON_SHA256: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01];
const ON_SHA384: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02];
const ECDSA_WITH_SHA256: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02];
const ECDSA_WITH_SHA384: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x03];

/// An element of DER.
pub(super) fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let mut length: Vec<u8> = content.len().to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
    if content.len() >= 0x80 {
        length.insert(0, 0x80 | u8::try_from(length.len()).unwrap());
    } else {
        length = vec![u8::try_from(content.len()).unwrap()];
    }
    [vec![tag], length, content].concat()
}

/// The same in BER: elements with others inside end where an end mark says so, and OCTET STRINGs come in pieces.
pub(super) fn in_ber(der: &[u8]) -> Vec<u8> {
    let mut ber = Vec::new();
    let mut rest = der;
    while let Ok(part) = Part::first(rest) {
        rest = &rest[part.whole.len()..];
        match part.whole[0] {
            0x04 => {
                let pieces: Vec<u8> = part.content.chunks(7).flat_map(|piece| element(0x04, &[piece])).collect();
                ber.extend([&[0x24, 0x80], &pieces[..], &[0, 0]].concat());
            }
            tag if tag & 0x20 != 0 => ber.extend([&[tag, 0x80], &in_ber(part.content)[..], &[0, 0]].concat()),
            _ => ber.extend(part.whole),
        }
    }
    ber
}

/// Someone with a key and a certificate for it.
pub(super) struct Person {
    key: KeyPair,
    certificate: Vec<u8>,
}

impl Person {
    /// Maria Rossi, with a certificate for the years 2025 to 2027 and a key on P-256.
    pub(super) fn maria() -> Self {
        Self::with_key(&PKCS_ECDSA_P256_SHA256)
    }

    /// The same with a key on P-384.
    pub(super) fn maria_on_p384() -> Self {
        Self::with_key(&PKCS_ECDSA_P384_SHA384)
    }

    fn with_key(algorithm: &'static SignatureAlgorithm) -> Self {
        let key = KeyPair::generate_for(algorithm).unwrap();
        let mut params = CertificateParams::default();
        params.not_before = date_time_ymd(2025, 1, 1);
        params.not_after = date_time_ymd(2028, 1, 1);
        params.serial_number = Some(SerialNumber::from(0x00C0_FFEE_u64));
        params.distinguished_name.push(DnType::CountryName, "IT");
        params.distinguished_name.push(DnType::OrganizationName, "Caffè & Più S.r.l.");
        params.distinguished_name.push(DnType::CommonName, "Maria Rossi");
        params.distinguished_name.push(DnType::CustomDnType(vec![2, 5, 4, 5]), "TINIT-RSSMRA80A01H501U");
        let certificate = params.self_signed(&key).unwrap().der().to_vec();
        Self { key, certificate }
    }

    /// Her certificate, in DER.
    pub(super) fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    fn is_on_p384(&self) -> bool {
        self.key.algorithm() == &PKCS_ECDSA_P384_SHA384
    }

    /// The issuer's name and the number of her certificate, each as an element.
    fn issuer_and_serial(&self) -> (&[u8], &[u8]) {
        let mut parts = Part::first(&self.certificate).unwrap().parts().unwrap().any().unwrap().parts().unwrap();
        parts.any().unwrap();
        let serial = parts.any().unwrap().whole;
        parts.any().unwrap();
        (parts.any().unwrap().whole, serial)
    }
}

/// A signed file in the making.
pub(super) struct Made<'a> {
    /// Who signs.
    pub(super) person: &'a Person,
    /// The document inside.
    pub(super) content: &'a [u8],
    /// What is signed, if not what is inside.
    pub(super) signed: Option<&'a [u8]>,
    /// Whether attributes are signed, and in which order: by their numbers in the list of type, time and digest.
    pub(super) attributes: Option<[usize; 3]>,
    /// Whether the attributes are signed in the order in which they are sent.
    pub(super) signed_as_sent: bool,
    /// The certificates inside.
    pub(super) certificates: Vec<Vec<u8>>,
    /// How often the person signed.
    pub(super) signers: usize,
    /// The issuer's name by which the certificate is told, if not that in the certificate.
    pub(super) issuer: Option<Vec<u8>>,
    /// The type of the content, as the signed attributes have it.
    pub(super) signed_type: &'static [u8],
}

impl<'a> Made<'a> {
    /// A document signed by someone, as it should be.
    pub(super) fn new(person: &'a Person, content: &'a [u8]) -> Self {
        let certificates = vec![person.certificate.clone()];
        Self {
            person,
            content,
            signed: None,
            attributes: Some([0, 1, 2]),
            signed_as_sent: false,
            certificates,
            signers: 1,
            issuer: None,
            signed_type: DATA,
        }
    }

    /// The file, in DER.
    pub(super) fn der(&self) -> Vec<u8> {
        let content = element(0xA0, &[&element(0x04, &[self.content])]);
        let certificates: Vec<&[u8]> = self.certificates.iter().map(Vec::as_slice).collect();
        let data = element(
            0x30,
            &[
                &element(0x02, &[&[1]]),
                &element(0x31, &[&self.digest_algorithm()]),
                &element(0x30, &[&element(0x06, &[DATA]), &content]),
                &element(0xA0, &certificates),
                &element(0x31, &vec![self.signer(); self.signers].iter().map(Vec::as_slice).collect::<Vec<_>>()),
            ],
        );
        element(0x30, &[&element(0x06, &[SIGNED_DATA]), &element(0xA0, &[&data])])
    }

    fn digest_algorithm(&self) -> Vec<u8> {
        let identifier = if self.person.is_on_p384() { ON_SHA384 } else { ON_SHA256 };
        element(0x30, &[&element(0x06, &[identifier])])
    }

    fn signer(&self) -> Vec<u8> {
        let signed = self.signed.unwrap_or(self.content);
        let (issuer, serial) = self.person.issuer_and_serial();
        let issuer = self.issuer.as_deref().unwrap_or(issuer);
        let attributes = self.attributes.map(|order| self.signed_attributes(signed, order));
        let message = match &attributes {
            None => signed.to_vec(),
            Some(sent) => {
                let mut attributes = sent.clone();
                if !self.signed_as_sent {
                    attributes.sort();
                }
                element(0x31, &[&attributes.concat()])
            }
        };
        let algorithm = if self.person.is_on_p384() { ECDSA_WITH_SHA384 } else { ECDSA_WITH_SHA256 };
        element(
            0x30,
            &[
                &element(0x02, &[&[1]]),
                &element(0x30, &[issuer, serial]),
                &self.digest_algorithm(),
                &attributes.map(|sent| element(0xA0, &[&sent.concat()])).unwrap_or_default(),
                &element(0x30, &[&element(0x06, &[algorithm])]),
                &element(0x04, &[&self.person.key.sign(&message).unwrap()]),
            ],
        )
    }

    fn signed_attributes(&self, signed: &[u8], order: [usize; 3]) -> Vec<Vec<u8>> {
        let digest = digest(if self.person.is_on_p384() { &SHA384 } else { &SHA256 }, signed);
        let attribute =
            |kind: &[u8], tag, value: &[u8]| element(0x30, &[&element(0x06, &[kind]), &element(0x31, &[&element(tag, &[value])])]);
        let all = [
            attribute(CONTENT_TYPE, 0x06, self.signed_type),
            attribute(SIGNING_TIME, 0x17, b"260331090000Z"),
            attribute(MESSAGE_DIGEST, 0x04, digest.as_ref()),
        ];
        order.map(|place| all[place].clone()).to_vec()
    }
}
