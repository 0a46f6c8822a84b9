//! What a release is made of, for `switchback pack`.

use switchback_pack::{CodeOf, Sizes};

use crate::show;

/// Owners of code that are shown; all others are one line.
const OWNERS_SHOWN: usize = 12;

/// The longest name that is shown, in characters.
const NAME_CHARS_MAX: usize = 160;

/// What stands in the place of a name.
const NO_NAME: &str = "no name";

/// Labels, and what stands beside them.
pub(crate) fn lines(sizes: &Sizes) -> Vec<(&'static str, String)> {
    let Sizes { code_bytes, memory_bytes, manifest_bytes, other_bytes, start_bytes, functions, .. } = sizes;
    let bytes = |bytes: usize| show::bytes(bytes as u64);
    let [code, memory, manifest, other] = [*code_bytes, *memory_bytes, *manifest_bytes, *other_bytes].map(bytes);
    let mut lines = vec![("made of", format!("code {code}, memory {memory}, manifest {manifest}, other {other}"))];
    lines.push((
        "snapshot",
        format!(
            "{memory} of {} are not zero; built with {} of data, prepared from {}",
            show::bytes(*start_bytes),
            bytes(sizes.built_data_bytes),
            bytes(sizes.prepare_data_bytes)
        ),
    ));
    let compiled = sizes.compiled_bytes.map_or_else(|| "not accepted by a host".to_owned(), bytes);
    lines.push(("compiled", compiled));
    let all: usize = sizes.owners.iter().map(|of| of.bytes).sum();
    lines.push(("functions", format!("{}, {} as they were built", show::count(*functions as u64), bytes(all))));
    let (shown, others) = sizes.owners.split_at(OWNERS_SHOWN.min(sizes.owners.len()));
    for (i, of) in shown.iter().enumerate() {
        let name = of.name.as_deref().map_or_else(|| NO_NAME.to_owned(), |name| show::printable(name, NAME_CHARS_MAX));
        lines.push((if i == 0 { "code of" } else { "" }, share(of.bytes, all, of.functions, &name)));
    }
    if !others.is_empty() {
        let [functions, bytes] =
            [|of: &CodeOf| of.functions, |of: &CodeOf| of.bytes].map(|part| others.iter().map(part).sum());
        lines.push(("", share(bytes, all, functions, &format!("{} others", others.len()))));
    }
    // What is put in the place of WASI has names in any case.
    if sizes.largest.iter().all(|of| of.name.is_none()) {
        lines.push(("", "the build leaves no names: `strip` of a cargo profile, `-s` of Go's linker, `--strip-all`. A release has none \
                         anyway, so building with names makes it no larger".to_owned()));
        return lines;
    }
    for (i, of) in sizes.largest.iter().enumerate() {
        let name = of.name.as_deref().map_or_else(|| NO_NAME.to_owned(), |name| show::printable(name, NAME_CHARS_MAX));
        lines.push((if i == 0 { "largest" } else { "" }, format!("{:>10}  {name}", bytes(of.bytes))));
    }
    lines
}

fn share(bytes: usize, all: usize, functions: usize, name: &str) -> String {
    let share = show::share(bytes as u64, all as u64);
    format!("{:>10}  {share:>7}  {name} ({})", show::bytes(bytes as u64), show::count(functions as u64))
}
