//! Classes of bytes in normalised text, for 64 bytes at a time: one bit per byte.

/// How many bytes are classified together.
pub(super) const BLOCK: usize = 64;

/// Marks the bytes that make words: letters, digits, `$`, `%` and everything beyond ASCII.
#[inline(always)]
pub(super) fn word_bytes(block: &[u8; BLOCK]) -> u64 {
    bitmask(block, |byte| {
        let letter = byte.wrapping_sub(b'a') < 26;
        let amount = (byte == b'0') | (byte == b'$') | (byte == b'%');
        letter | amount | (byte >= 0x80)
    })
}

/// Marks the spaces, the only white space that normalised text has.
#[inline(always)]
pub(super) fn spaces(block: &[u8; BLOCK]) -> u64 {
    bitmask(block, |byte| byte == b' ')
}

/// Marks the second and later bytes of UTF-8 characters.
#[inline(always)]
pub(super) fn continuations(block: &[u8; BLOCK]) -> u64 {
    bitmask(block, |byte| byte & 0xC0 == 0x80)
}

/// One bit per byte. Sixteen bytes are tested together (the compiler makes vector code of the inner
/// loop), and eight flags are gathered by one multiplication that moves each to its place in the top byte.
#[inline(always)]
fn bitmask(block: &[u8; BLOCK], test: impl Fn(u8) -> bool) -> u64 {
    const GATHER: u64 = 0x0102_0408_1020_4080;
    let mut flags = [0_u8; BLOCK];
    for (flag, &byte) in flags.iter_mut().zip(block) {
        *flag = u8::from(test(byte));
    }
    let (eights, _) = flags.as_chunks::<8>();
    let mut mask = 0;
    for (i, &eight) in eights.iter().enumerate() {
        let gathered = u64::from_le_bytes(eight).wrapping_mul(GATHER) >> 56;
        mask |= gathered << (8 * i);
    }
    mask
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A block of full stops, which are in no class, but for one byte.
    fn block_with(byte: u8, place: usize) -> [u8; BLOCK] {
        let mut block = [b'.'; BLOCK];
        block[place] = byte;
        block
    }

    #[test]
    fn every_byte_is_classified_alike_at_every_place() {
        for byte in 0..=u8::MAX {
            let word = byte.is_ascii_lowercase() || b"0$%".contains(&byte) || !byte.is_ascii();
            for place in 0..BLOCK {
                let block = block_with(byte, place);
                assert_eq!(word_bytes(&block), u64::from(word) << place, "byte {byte}");
                assert_eq!(spaces(&block), u64::from(byte == b' ') << place, "byte {byte}");
                let inside = (0x80..0xC0).contains(&byte);
                assert_eq!(continuations(&block), u64::from(inside) << place, "byte {byte}");
            }
        }
    }
}
