//! Writes boxes (ISO/IEC 14496-12, clause 4.2).

/// Appends a box to `out`: its size, its type, and what `content` writes.
pub fn write_box(out: &mut Vec<u8>, name: &[u8; 4], content: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend([0; 4]);
    out.extend(name);
    content(out);
    let size = u32::try_from(out.len() - start).unwrap_or(u32::MAX);
    if let Some(field) = out.get_mut(start..start + 4) {
        field.copy_from_slice(&size.to_be_bytes());
    }
}

/// Appends a box with a version and flags.
pub fn write_full_box(out: &mut Vec<u8>, name: &[u8; 4], version: u8, flags: u32, content: impl FnOnce(&mut Vec<u8>)) {
    write_box(out, name, |out| {
        put(out, u32::from(version) << 24 | flags);
        content(out);
    });
}

/// Appends 32 bits, big-endian.
pub fn put(out: &mut Vec<u8>, value: u32) {
    out.extend(value.to_be_bytes());
}

/// Appends 64 bits, big-endian.
pub fn put64(out: &mut Vec<u8>, value: u64) {
    out.extend(value.to_be_bytes());
}

/// Appends 16 bits, big-endian.
pub fn put16(out: &mut Vec<u8>, value: u16) {
    out.extend(value.to_be_bytes());
}

/// The path and the content of every box in `bytes`, nested boxes included.
#[cfg(test)]
pub fn parse(bytes: &[u8]) -> Vec<(String, &[u8])> {
    fn walk<'a>(mut bytes: &'a [u8], path: &str, into: &mut Vec<(String, &'a [u8])>) {
        while !bytes.is_empty() {
            let size = u32::from_be_bytes(bytes[..4].try_into().unwrap()) as usize;
            let name = std::str::from_utf8(&bytes[4..8]).unwrap();
            let (this, content) = (format!("{path}/{name}"), &bytes[8..size]);
            into.push((this.clone(), content));
            // The number of bytes before the nested boxes.
            let fields = match name {
                "moov" | "trak" | "mdia" | "minf" | "dinf" | "stbl" | "mvex" | "moof" | "traf" => Some(0),
                "stsd" | "dref" => Some(8),
                "fLaC" | "Opus" | "mp4a" => Some(28),
                _ => None,
            };
            if let Some(fields) = fields {
                walk(&content[fields..], &this, into);
            }
            bytes = &bytes[size..];
        }
    }
    let mut all = Vec::new();
    walk(bytes, "", &mut all);
    all
}
