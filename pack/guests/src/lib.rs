//! Guests that were built already: core WebAssembly modules, to be packed with a model's data where there is no toolchain.
//!
//! Each is built from this repository's `plugins/`, compressed, and named by the SHA-256 of the module. `cargo xtask guests` builds
//! them anew and says whether the same toolchain makes the same bytes.
//!
//! ```
//! let module = switchback_guests::TRAINED.module()?;
//! assert_eq!(&module[..4], b"\0asm");
//! # Ok::<(), switchback_guests::DamagedGuest>(())
//! ```
#![forbid(unsafe_code)]

use sha2::{Digest as _, Sha256};

/// The guest of linear models that `switchback train` makes; its data is a `switchback_linear::Model`.
pub const TRAINED: Guest = Guest {
    name: "trained",
    compressed: include_bytes!("../modules/trained.wasm.zst"),
    sha256: include_str!("../modules/trained.sha256"),
};

/// The guest of ONNX files; its data is a `switchback_onnx_graph::Model`.
pub const ONNX: Guest = Guest {
    name: "onnx",
    compressed: include_bytes!("../modules/onnx.wasm.zst"),
    sha256: include_str!("../modules/onnx.sha256"),
};

/// All of them.
pub const ALL: [Guest; 2] = [TRAINED, ONNX];

/// A core module, compressed.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Guest {
    /// The folder in `plugins/` that it is built from.
    pub name: &'static str,
    compressed: &'static [u8],
    sha256: &'static str,
}

/// A module whose bytes are not those that were committed.
#[derive(Debug, thiserror::Error)]
#[error("the guest {name} that this program contains is damaged: install it again")]
pub struct DamagedGuest {
    name: &'static str,
}

/// The largest module, in bytes.
const MODULE_BYTES_MAX: usize = 64 << 20;

impl Guest {
    /// The SHA-256 of the module, as 64 hexadecimal digits in lower case.
    pub fn sha256(&self) -> &'static str {
        self.sha256.trim_ascii_end()
    }

    /// The module, for `switchback_pack::pack_module` and the like.
    ///
    /// # Errors
    /// If it has not the digest that it is named by.
    pub fn module(&self) -> Result<Vec<u8>, DamagedGuest> {
        let damaged = DamagedGuest { name: self.name };
        let Ok(module) = zstd::bulk::decompress(self.compressed, MODULE_BYTES_MAX) else { return Err(damaged) };
        let digest: String = Sha256::digest(&module).iter().map(|byte| format!("{byte:02x}")).collect();
        if digest == self.sha256() { Ok(module) } else { Err(damaged) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_guest_is_a_module_with_the_digest_that_it_is_named_by() {
        for guest in ALL {
            assert_eq!(&guest.module().unwrap()[..8], b"\0asm\x01\0\0\0", "{}", guest.name);
        }
    }

    #[test]
    fn a_guest_that_is_damaged_is_not_handed_out() {
        let other = Guest { sha256: "00", ..TRAINED };
        let short = Guest { compressed: &TRAINED.compressed[..100], ..TRAINED };
        for guest in [other, short] {
            assert!(guest.module().unwrap_err().to_string().contains("the guest trained"));
        }
    }
}
