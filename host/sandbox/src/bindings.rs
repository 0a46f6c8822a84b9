//! Bindings to the contract, generated from its text.

wasmtime::component::bindgen!({
    path: "wit/1.1.0",
    world: "plugin",
    with: { "switchback:scoring/message.message": crate::borrowed::BorrowedMessage },
    imports: { default: trappable },
});
