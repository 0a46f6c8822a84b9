//! Whose a function is, by its name.

use rustc_demangle::try_demangle;

/// A function, and what it is counted under.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Owner {
    /// None for a function without a name, of a module without one.
    pub(super) group: Option<String>,
    /// The name as people read it.
    pub(super) function: Option<String>,
}

/// What functions are counted under that have a name and belong to no crate or package: what is exported, and C.
const NO_CRATE: &str = "no crate";

/// Of a name as linkers write it.
///
/// In Rust, the first crate in the name counts: that of a type whose method it is, or of the trait where the type is a reference or a
/// slice. What is generic counts where it was written, and not where it is used. In Go it is the package. What a linked component
/// has is named by its module: `libc.so!malloc`.
pub(super) fn owner(name: &str) -> Owner {
    if let Some((module, function)) = name.split_once('!') {
        let function = Some(function).filter(|function| !function.is_empty()).map(readable);
        return Owner { group: Some(module.to_owned()), function: function.or_else(|| Some(module.to_owned())) };
    }
    let function = readable(name);
    let group = first_crate(&function).or_else(|| of_built_in(name)).or_else(|| package(&function));
    let group = group.unwrap_or_else(|| NO_CRATE.to_owned());
    Owner { group: Some(group), function: Some(function) }
}

/// Without the hashes of Rust's compiler.
fn readable(name: &str) -> String {
    try_demangle(name).map_or_else(|_| name.to_owned(), |demangled| format!("{demangled:#}"))
}

/// `alloc` of `<alloc::string::String as core::fmt::Write>::write_str`.
fn first_crate(function: &str) -> Option<String> {
    let (before, _) = function.split_once("::")?;
    let start = before.rfind(|c: char| !c.is_alphanumeric() && c != '_').map_or(0, |at| at + 1);
    Some(&before[start..]).filter(|name| !name.is_empty()).map(str::to_owned)
}

/// `alloc` of `<[u32]>::sort_by::<..>`: whose a method of what is built in is, only the name as the compiler writes it tells, which
/// begins with the path of the `impl` (RFC 2603): `_RINvMNtCs1a2b_5alloc5sliceSm7sort_by`.
fn of_built_in(name: &str) -> Option<String> {
    let (_, root) = name.strip_prefix("_R")?.split_once("Cs")?;
    let (_, named) = root.split_once('_')?;
    let digits = named.bytes().take_while(u8::is_ascii_digit).count();
    let length: usize = named[..digits].parse().ok()?;
    named.get(digits..digits.checked_add(length)?).map(str::to_owned)
}

/// `internal/poll` of `internal/poll.(*FD).Read`.
fn package(function: &str) -> Option<String> {
    let last = function.rfind('/').map_or(0, |at| at + 1);
    let (name, _) = function[last..].split_once('.')?;
    (!name.is_empty()).then(|| function[..last + name.len()].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_whose_a_function_is() {
        for (name, group, function) in [
            ("_ZN4core3fmt5write17h0123456789abcdefE", "core", "core::fmt::write"),
            (
                "_ZN58_$LT$alloc..string..String$u20$as$u20$core..fmt..Write$GT$9write_str17h0123456789abcdefE",
                "alloc",
                "<alloc::string::String as core::fmt::Write>::write_str",
            ),
            (
                "_ZN42_$LT$$RF$T$u20$as$u20$core..fmt..Debug$GT$3fmt17h0123456789abcdefE",
                "core",
                "<&T as core::fmt::Debug>::fmt",
            ),
            ("_RNvCs1234_7mycrate3foo", "mycrate", "mycrate::foo"),
            (
                "_RINvMNtCslNYArtu3iFV_5alloc5sliceSm7sort_byNCNvCs4Q2Qx8jI5j6_1a1f0EBJ_",
                "alloc",
                "<[u32]>::sort_by::<a::f::{closure#0}>",
            ),
            ("_RNvMNtCsgEmfK2I1SDS_4core5sliceSm7reverseCs4Q2Qx8jI5j6_1a", "core", "<[u32]>::reverse"),
            (
                "_RNvMNtNtCsgEmfK2I1SDS_4core3ptr9const_ptrPu13is_aligned_toCs4Q2Qx8jI5j6_1a",
                "core",
                "<*const ()>::is_aligned_to",
            ),
            ("internal/poll.(*FD).Read", "internal/poll", "internal/poll.(*FD).Read"),
            ("main.score", "main", "main.score"),
            ("example.org/a/v2%2e0.F", "example.org/a/v2%2e0", "example.org/a/v2%2e0.F"),
            ("cabi_realloc", NO_CRATE, "cabi_realloc"),
            ("libc.so!malloc", "libc.so", "malloc"),
            ("libc.so!", "libc.so", "libc.so"),
        ] {
            let expected = Owner { group: Some(group.to_owned()), function: Some(function.to_owned()) };
            assert_eq!(owner(name), expected, "{name}");
        }
    }
}
