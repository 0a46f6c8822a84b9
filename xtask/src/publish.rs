//! `cargo xtask publish-check`: whether the crates that are published would work for those who get them from a registry.

mod api;
mod bounds;
mod packages;
mod systems;

use anyhow::Result;

use packages::Packages;

/// Packs the published crates, and builds and documents what was packed; then looks at what they declare.
pub(crate) fn check() -> Result<()> {
    let packages = Packages::unpacked()?;
    packages.build()?;
    packages.document()?;
    systems::check(&packages)?;
    bounds::check(&packages)?;
    api::check(&packages)
}
