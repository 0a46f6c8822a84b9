//! Compressed files, read as what is in them.

use std::io::{self, BufReader, Cursor, Read};

use flate2::bufread::MultiGzDecoder;

/// What a gzip file begins with (RFC 1952).
const GZIP: &[u8] = b"\x1f\x8b\x08";

/// What a zstd file begins with (RFC 8878).
const ZSTD: &[u8] = b"\x28\xb5\x2f\xfd";

/// The content of a file, as [`uncompressed`] sees it.
pub(super) type Content<'a> = Box<dyn Read + Send + 'a>;

/// The content of a file; what it begins with tells, never its name: Dovecot compresses messages in a Maildir without
/// another name.
pub(super) fn uncompressed<'a>(mut file: impl Read + Send + 'a) -> io::Result<Content<'a>> {
    let mut magic = Vec::new();
    file.by_ref().take(ZSTD.len() as u64).read_to_end(&mut magic)?;
    let is_gzip = magic.starts_with(GZIP);
    let is_zstd = magic == ZSTD;
    let whole = Cursor::new(magic).chain(file);
    Ok(match (is_gzip, is_zstd) {
        (true, _) => Box::new(MultiGzDecoder::new(BufReader::new(whole))),
        (_, true) => Box::new(zstd::Decoder::new(whole)?),
        _ => Box::new(whole),
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::write::GzEncoder;

    use super::*;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn read(bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut content = Vec::new();
        uncompressed(bytes)?.read_to_end(&mut content)?;
        Ok(content)
    }

    #[test]
    fn gzip_and_zstd_in_several_members_are_read_and_all_else_is_left_as_it_is() {
        let zstd = |text: &[u8]| zstd::encode_all(text, 3).unwrap();
        assert_eq!(read(&[gzip(b"one "), gzip(b"two")].concat()).unwrap(), b"one two");
        assert_eq!(read(&[zstd(b"one "), zstd(b"two")].concat()).unwrap(), b"one two");
        for plain in [&b""[..], b"\x1f", b"\x1f\x8b\x07", b"Subject: x"] {
            assert_eq!(read(plain).unwrap(), plain);
        }
    }

    #[test]
    fn a_compressed_file_that_is_cut_off_is_an_error() {
        let whole = gzip(&[b'x'; 10_000]);
        assert!(read(&whole[..whole.len() / 2]).is_err());
        let whole = zstd::encode_all(&[b'x'; 10_000][..], 3).unwrap();
        assert!(read(&whole[..whole.len() - 1]).is_err());
    }
}
