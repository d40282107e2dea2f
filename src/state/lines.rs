//! A record as a line: its checksum, a space, JSON. A line that was damaged costs that line and no other.

use super::Record;

/// The checksum is CRC-32 (IEEE 802.3), as eight hexadecimal digits.
const DIGITS: usize = 8;

/// A record as a line of the file, with its end.
pub fn line(record: &Record<'_>) -> Result<String, serde_json::Error> {
    let json = serde_json::to_string(record)?;
    Ok(format!("{:08x} {json}\n", crc32fast::hash(json.as_bytes())))
}

/// The records of a text, and how many of its lines cannot be read.
pub fn records(text: &[u8]) -> (Vec<Record<'static>>, usize) {
    let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let (mut good, mut bad) = (Vec::new(), 0);
    for line in lines {
        match record(line) {
            Some(record) => good.push(record),
            None => bad += 1,
        }
    }
    (good, bad)
}

fn record(line: &[u8]) -> Option<Record<'static>> {
    let (sum, rest) = line.split_at_checked(DIGITS)?;
    let json = rest.strip_prefix(b" ")?;
    let sum = u32::from_str_radix(std::str::from_utf8(sum).ok()?, 16).ok()?;
    if sum != crc32fast::hash(json) {
        return None;
    }
    serde_json::from_slice(json).ok()
}
