//! Records of TLS 1.2 that no library would write, under the keys of a connection (RFC 5246 §6.2.3.3, RFC 5288 §3).

use ring::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use rustls::{ConnectionTrafficSecrets, ServerConnection};

pub struct Sealer {
    key: LessSafeKey,
    iv: [u8; 12],
    sequence: u64,
}

impl Sealer {
    pub fn new(session: ServerConnection) -> Self {
        let (sequence, secrets) = session.dangerous_extract_secrets().unwrap().tx;
        let ConnectionTrafficSecrets::Aes128Gcm { key, iv } = secrets else { panic!("another cipher was chosen") };
        let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, key.as_ref()).unwrap());
        Self { key, iv: iv.as_ref().try_into().unwrap(), sequence }
    }

    /// The next record of the server.
    pub fn seal(&mut self, kind: u8, plain: &[u8]) -> Vec<u8> {
        let sequence = self.sequence.to_be_bytes();
        self.sequence += 1;
        let mut nonce = self.iv;
        nonce[4..].iter_mut().zip(sequence).for_each(|(byte, number)| *byte ^= number);
        let length = |bytes: usize| u16::try_from(bytes).unwrap().to_be_bytes();
        let about = [&sequence[..], &[kind, 3, 3], &length(plain.len())].concat();
        let mut sealed = plain.to_vec();
        let nonce_of_record = Nonce::assume_unique_for_key(nonce);
        self.key.seal_in_place_append_tag(nonce_of_record, Aad::from(about), &mut sealed).unwrap();
        [&[kind, 3, 3][..], &length(8 + sealed.len()), &nonce[4..], &sealed].concat()
    }
}
